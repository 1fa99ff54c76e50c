//! Word documents (Office Open XML): the body in its order, then headers and footers, notes and comments, each
//! block with its path. Embedded files become members.

mod frame;
mod package;
mod story;
mod style;
mod symbol;
mod xml;

use docmill_model::{BlockKind, Code, MediaType, Warning};

use self::package::{Missing, Package, Relations, damaged};
use self::story::{Reading, Story};
use self::style::Styles;
use self::xml::walk;
use crate::draft::{Draft, replaced, text_limit};
use crate::member::{Names, last_component};
use crate::{Bytes, Error, Flow, Member, Options, Sink, Summary};

/// Where the main part is when the package does not say.
const MAIN_PART: &str = "word/document.xml";

/// Reads a document as one page and gives the files embedded in it as members.
pub fn extract(bytes: &Bytes, options: &Options, sink: &mut dyn Sink) -> Result<Summary, Error> {
    let package = Package::open(bytes.as_ref().as_ref(), options)?;
    let mut document = Document::open(package, options);
    document.read_body()?;
    document.read_drawings();
    document.read_margins();
    document.read_notes();
    document.deliver(sink)
}

struct Document<'a> {
    package: Package<'a>,
    options: &'a Options,
    main: String,
    /// Folder of the main part, with its slash.
    folder: String,
    relations: Relations,
    styles: Styles,
    draft: Draft,
    findings: Findings,
    drawings: Vec<String>,
    alt_chunks: Vec<String>,
}

/// What is told once for the whole document.
#[derive(Default)]
struct Findings {
    warnings: Vec<Warning>,
    replaced: u64,
    is_too_deep: bool,
    is_cut: bool,
}

impl<'a> Document<'a> {
    fn open(mut package: Package<'a>, options: &'a Options) -> Self {
        let named = package.relations("").parts("officeDocument");
        let main = named.into_iter().find(|name| package.has(name)).unwrap_or_else(|| MAIN_PART.to_owned());
        let folder = main.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
        let relations = package.relations(&main);
        let mut document = Self {
            package,
            options,
            main,
            folder,
            relations,
            styles: Styles::new(options.max_parts),
            draft: Draft::new(options),
            findings: Findings::default(),
            drawings: Vec::new(),
            alt_chunks: Vec::new(),
        };
        for name in document.parts("styles", "styles.xml") {
            if let Ok(part) = document.package.part(&name) {
                walk(part, options.max_depth, &mut document.styles);
            }
        }
        document
    }

    /// The parts of a kind by the relationships, or those whose names start so when there are none.
    fn parts(&self, kind: &str, usual: &str) -> Vec<String> {
        if self.relations.is_empty() {
            return self.package.names(&format!("{}{usual}", self.folder));
        }
        self.relations.parts(kind)
    }

    fn read_body(&mut self) -> Result<(), Error> {
        let main = self.main.clone();
        let reading = Reading { path: "body", kind: None, item: None };
        match self.read(&main, reading) {
            Ok(()) => Ok(()),
            Err(Missing::Absent) => Err(damaged("the main part is missing")),
            Err(Missing::Encrypted) => Err(Error::NeedsPassword { media_type: MediaType::Docx }),
            Err(Missing::Damaged | Missing::TooLarge) => Err(damaged("the main part cannot be read")),
        }
    }

    /// Diagrams and charts, which are parts of their own, behind the body.
    fn read_drawings(&mut self) {
        let ids = std::mem::take(&mut self.drawings);
        let (mut diagrams, mut charts) = (0, 0);
        for id in ids.iter().take(self.options.max_parts as usize) {
            let Some(relation) = self.relations.get(id).filter(|r| !r.is_external) else { continue };
            let target = relation.target.clone();
            let path = match relation.kind.as_str() {
                "diagramData" => {
                    diagrams += 1;
                    format!("diagram{diagrams}")
                }
                "chart" => {
                    charts += 1;
                    format!("chart{charts}")
                }
                _ => continue,
            };
            self.read_part(&target, Reading { path: &path, kind: None, item: None });
        }
    }

    fn read_margins(&mut self) {
        for (kind, block) in [("header", BlockKind::Header), ("footer", BlockKind::Footer)] {
            for (index, name) in self.parts(kind, kind).into_iter().enumerate() {
                let path = format!("{kind}{}", index + 1);
                self.read_part(&name, Reading { path: &path, kind: Some(block), item: None });
            }
        }
    }

    fn read_notes(&mut self) {
        let kinds = [
            ("footnotes", "footnote", BlockKind::Footnote),
            ("endnotes", "endnote", BlockKind::Footnote),
            ("comments", "comment", BlockKind::Comment),
        ];
        for (kind, item, block) in kinds {
            for name in self.parts(kind, &format!("{kind}.xml")) {
                self.read_part(&name, Reading { path: item, kind: Some(block), item: Some(item) });
            }
        }
    }

    /// Reads a part that the document can do without.
    fn read_part(&mut self, name: &str, reading: Reading<'_>) {
        if self.draft.is_cut() || self.findings.is_cut {
            self.findings.is_cut |= self.package.has(name);
            return;
        }
        if self.read(name, reading).is_err() {
            self.warn(Code::DAMAGED_PART, format!("{} is missing or cannot be read", reading.path));
        }
    }

    fn read(&mut self, name: &str, reading: Reading<'_>) -> Result<(), Missing> {
        // Links of another part than the main one have targets of their own.
        let own = (name != self.main).then(|| self.package.relations(name));
        let relations = own.as_ref().unwrap_or(&self.relations);
        let part = self.package.part(name)?;
        let mut story = Story::new(reading, &mut self.draft, &self.styles, relations, self.options.max_chars);
        let outcome = walk(part, self.options.max_depth, &mut story);
        story.finish();
        self.findings.replaced += outcome.replaced + story.replaced;
        self.findings.is_too_deep |= outcome.is_too_deep;
        self.findings.is_cut |= story.is_cut();
        if own.is_none() {
            self.drawings = story.drawings;
            self.alt_chunks = story.alt_chunks;
        }
        if self.package.take_over() || outcome.is_too_long {
            self.warn(Code::PART_LIMIT, format!("{} expands further than is read", reading.path));
        } else if outcome.is_damaged {
            self.warn(
                Code::DAMAGED_PART,
                format!("{} is damaged: what stands before the fault was read", reading.path),
            );
        }
        Ok(())
    }

    fn warn(&mut self, code: Code, message: String) {
        self.findings.warnings.push(Warning::new(code, message));
    }

    fn deliver(mut self, sink: &mut dyn Sink) -> Result<Summary, Error> {
        let mut warnings = std::mem::take(&mut self.findings.warnings);
        if self.findings.is_too_deep {
            warnings.push(Warning::new(Code::PART_LIMIT, "elements nest deeper than is read"));
        }
        warnings.extend(replaced(self.findings.replaced));
        if self.findings.is_cut && !self.draft.is_cut() {
            warnings.push(text_limit(self.options));
        }
        let has_pictures = !self.package.names(&format!("{}media/", self.folder)).is_empty();
        let draft = std::mem::replace(&mut self.draft, Draft::new(self.options));
        let mut summary = draft.deliver(MediaType::Docx, warnings, self.options, sink)?;
        if has_pictures && let Some(warning) = summary.warnings.iter_mut().find(|w| w.code == Code::NO_TEXT) {
            *warning = Warning::new(Code::NEEDS_OCR, "the document holds pictures and no text");
        }
        self.give_members(sink, &mut summary.warnings)?;
        Ok(summary)
    }

    fn give_members(&mut self, sink: &mut dyn Sink, warnings: &mut Vec<Warning>) -> Result<(), Error> {
        let mut parts = self.package.names(&format!("{}embeddings/", self.folder));
        let included = self.alt_chunks.iter().filter_map(|id| self.relations.get(id)).filter(|r| !r.is_external);
        parts.extend(included.map(|r| r.target.clone()));
        let mut names = Names::default();
        for (index, part) in parts.iter().enumerate() {
            if index >= self.options.max_parts as usize {
                warnings.push(Warning::new(Code::PART_LIMIT, "the document embeds more files than are read"));
                break;
            }
            let name = Some(last_component(part)).filter(|n| !n.is_empty());
            let name = names.unique(name.unwrap_or_else(|| format!("part-{}.bin", index + 1)));
            match self.package.bytes(part) {
                Ok(bytes) => {
                    if sink.member(Member { name }, &bytes) == Flow::Stop {
                        return Err(Error::Stopped);
                    }
                }
                Err(Missing::TooLarge) => warnings
                    .push(Warning::new(Code::PART_LIMIT, format!("the file {name:?} is too large and was left out"))),
                Err(_) => {
                    warnings.push(Warning::new(Code::DAMAGED_PART, format!("the file {name:?} cannot be read")));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
