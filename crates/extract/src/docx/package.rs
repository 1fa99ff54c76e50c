//! The zip package: parts by name, read within limits, and their relationships.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::rc::Rc;

use docmill_model::MediaType;
use zip::ZipArchive;
use zip::result::ZipError;

use super::xml::{Element, Enter, Visitor, walk};
use crate::{Error, Options};

/// How many times `max_member_bytes` all parts of a package together may expand to.
const TOTAL: u64 = 4;

pub(super) struct Package<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
    /// Index and name of each part by its name in lower case: names are equal without regard to case
    /// (ECMA-376 part 2, 6.2.2.3).
    parts: BTreeMap<String, (usize, String)>,
    max_part: u64,
    /// Bytes that may still be expanded.
    left: Rc<Cell<u64>>,
    is_over: Rc<Cell<bool>>,
    max_relations: usize,
    max_depth: u32,
}

/// Why a part is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    Absent,
    Encrypted,
    Damaged,
    TooLarge,
}

impl<'a> Package<'a> {
    pub(super) fn open(bytes: &'a [u8], options: &Options) -> Result<Self, Error> {
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| damaged("the zip directory cannot be read"))?;
        let mut parts = BTreeMap::new();
        for index in 0..archive.len() {
            let Some(Ok(name)) = archive.name_for_index(index) else { continue };
            let name = name.replace('\\', "/");
            let name = name.trim_start_matches('/');
            parts.entry(name.to_ascii_lowercase()).or_insert_with(|| (index, name.to_owned()));
        }
        Ok(Self {
            archive,
            parts,
            max_part: options.max_member_bytes,
            left: Rc::new(Cell::new(options.max_member_bytes.saturating_mul(TOTAL))),
            is_over: Rc::new(Cell::new(false)),
            max_relations: options.max_parts as usize,
            max_depth: options.max_depth,
        })
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.parts.contains_key(&name.to_ascii_lowercase())
    }

    /// The names of the parts that start so, in the order of their lower-case forms.
    pub(super) fn names(&self, start: &str) -> Vec<String> {
        let start = start.to_ascii_lowercase();
        let found = self.parts.range(start.clone()..).take_while(|(name, _)| name.starts_with(&start));
        found.filter(|(name, _)| !name.ends_with('/')).map(|(_, (_, name))| name.clone()).collect()
    }

    /// A part to read from; past the limits it ends, and [`Self::take_over`] tells.
    pub(super) fn part(&mut self, name: &str) -> Result<impl Read, Missing> {
        let index = self.parts.get(&name.to_ascii_lowercase()).ok_or(Missing::Absent)?.0;
        let inner = self.archive.by_index(index).map_err(|error| match error {
            ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => Missing::Encrypted,
            _ => Missing::Damaged,
        })?;
        Ok(Limited { inner, left: self.max_part, total: self.left.clone(), is_over: self.is_over.clone() })
    }

    /// Whether a limit was met since the last call.
    pub(super) fn take_over(&mut self) -> bool {
        self.is_over.replace(false)
    }

    /// All bytes of a part.
    pub(super) fn bytes(&mut self, name: &str) -> Result<Vec<u8>, Missing> {
        let mut out = Vec::new();
        let result = self.part(name)?.read_to_end(&mut out);
        if self.take_over() {
            return Err(Missing::TooLarge);
        }
        result.map(|_| out).map_err(|_| Missing::Damaged)
    }

    /// The relationships of a part; none when it has none or they cannot be read. An empty name stands for the
    /// package.
    pub(super) fn relations(&mut self, part: &str) -> Relations {
        let (folder, file) = part.rsplit_once('/').unwrap_or(("", part));
        let name = format!("{folder}/_rels/{file}.rels");
        let mut relations = Relations { max: self.max_relations, folder: folder.to_owned(), ..Relations::default() };
        let max_depth = self.max_depth;
        if let Ok(part) = self.part(name.trim_start_matches('/')) {
            walk(part, max_depth, &mut relations);
        }
        relations
    }
}

pub(super) fn damaged(what: &str) -> Error {
    Error::Damaged { media_type: MediaType::Docx, what: what.to_owned() }
}

/// Ends where the part, or all parts together, go over the limit.
struct Limited<R> {
    inner: R,
    left: u64,
    total: Rc<Cell<u64>>,
    is_over: Rc<Cell<bool>>,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let room = self.left.min(self.total.get());
        if room == 0 {
            if !buffer.is_empty() && self.inner.read(&mut [0])? > 0 {
                self.is_over.set(true);
            }
            return Ok(0);
        }
        let wanted = buffer.len().min(usize::try_from(room).unwrap_or(usize::MAX));
        let count = self.inner.read(&mut buffer[..wanted])?;
        self.left -= count as u64;
        self.total.set(self.total.get() - count as u64);
        Ok(count)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Relation {
    /// The last component of the type, which the transitional and the strict form share: `header`, `hyperlink`.
    pub kind: String,
    /// The name of a part, or the target as it stands when it lies outside the package.
    pub target: String,
    pub is_external: bool,
}

/// The relationships of a part by their id.
#[derive(Debug, Default)]
pub(super) struct Relations {
    by_id: BTreeMap<String, Relation>,
    folder: String,
    max: usize,
}

impl Relations {
    pub(super) fn get(&self, id: &str) -> Option<&Relation> {
        self.by_id.get(id)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// The parts of a kind, each once, `header2` before `header10`.
    pub(super) fn parts(&self, kind: &str) -> Vec<String> {
        let inside = self.by_id.values().filter(|r| r.kind == kind && !r.is_external);
        let mut names: Vec<String> = inside.map(|r| r.target.clone()).collect();
        names.sort_by_cached_key(|name| (name.len(), name.to_ascii_lowercase()));
        names.dedup_by(|a, b| a.eq_ignore_ascii_case(b));
        names
    }
}

impl Visitor for Relations {
    fn open(&mut self, element: &Element<'_>) -> Enter {
        if element.name() == "Relationship" && self.by_id.len() < self.max {
            let is_external = element.attribute("TargetMode").is_some_and(|m| m == "External");
            let target = element.attribute("Target").unwrap_or_default();
            let target = if is_external { target.into_owned() } else { resolve(&self.folder, &target) };
            let kind = element.attribute("Type").unwrap_or_default();
            let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
            let id = element.attribute("Id").unwrap_or_default().into_owned();
            self.by_id.entry(id).or_insert(Relation { kind, target, is_external });
        }
        Enter::Yes
    }

    fn close(&mut self) {}

    fn text(&mut self, _: &str) {}
}

/// The name of the part that `target` means in a relationship of a part in `folder`.
fn resolve(folder: &str, target: &str) -> String {
    let target = target.replace('\\', "/");
    let target = target.split(['#', '?']).next().unwrap_or_default();
    let base = if target.starts_with('/') { "" } else { folder };
    let mut path: Vec<&str> = Vec::new();
    for component in base.split('/').chain(target.split('/')) {
        match component {
            "" | "." => {}
            ".." => drop(path.pop()),
            name => path.push(name),
        }
    }
    path.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_found_from_the_folder_of_their_part() {
        let check = |folder: &str, target: &str, want: &str| assert_eq!(resolve(folder, target), want, "{target}");
        check("word", "header1.xml", "word/header1.xml");
        check("word", "/word/header1.xml", "word/header1.xml");
        check("word", "../custom/item.xml", "custom/item.xml");
        check("word", "./media/../a.bin", "word/a.bin");
        check("", "word/document.xml", "word/document.xml");
        check("word", "../../../a", "a");
        check("word", "embeddings\\a.xlsx#x", "word/embeddings/a.xlsx");
    }
}
