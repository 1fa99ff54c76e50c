//! What a ZIP archive holds, by the names of its entries. Two small ones are expanded, within a limit.

use std::io::Read;

use docmill_model::MediaType;
use docmill_model::document::OtherType as O;
use flate2::read::DeflateDecoder;

use super::{u16_at, u32_at};

/// Entries that are looked at.
const MAX_ENTRIES: usize = 10_000;

/// Bytes that are searched for entries when the archive has no directory, being cut off.
const SEARCHED: usize = 4 << 20;

/// Bytes of a small entry that are expanded.
const MAX_EXPANDED: u64 = 1 << 16;

pub(super) fn kind(bytes: &[u8]) -> MediaType {
    let mut found = Contents::default();
    if for_each_in_directory(bytes, &mut |name, at| found.look(name, at)).is_none() {
        for_each_header(bytes, &mut |name, at| found.look(name, at));
    }
    let types = |at: Option<usize>| at.and_then(|at| expand(bytes, at)).unwrap_or_default();
    if let Some(kind) = of_mimetype(&types(found.mimetype)) {
        return MediaType::Other(kind);
    }
    if found.container && found.opf {
        return MediaType::Other(O::Epub);
    }
    if found.docx || found.xlsx || found.pptx {
        return of_package(found.docx, found.xlsx);
    }
    // Parts may lie in other folders, or be missing where the file was cut.
    let types = types(found.content_types);
    let has = |word: &str| types.windows(word.len()).any(|w| w == word.as_bytes());
    let (docx, xlsx) = (has("wordprocessingml.document.main"), has("spreadsheetml.sheet.main"));
    if docx || xlsx || has("presentationml.presentation.main") {
        return of_package(docx, xlsx);
    }
    MediaType::Other(O::Zip)
}

fn of_package(docx: bool, xlsx: bool) -> MediaType {
    match (docx, xlsx) {
        (true, _) => MediaType::Docx,
        (_, true) => MediaType::Other(O::Xlsx),
        _ => MediaType::Other(O::Pptx),
    }
}

/// The entries that tell something; those of small ones with the place of their header.
#[derive(Default)]
struct Contents {
    mimetype: Option<usize>,
    content_types: Option<usize>,
    container: bool,
    opf: bool,
    docx: bool,
    xlsx: bool,
    pptx: bool,
}

impl Contents {
    fn look(&mut self, name: &[u8], header: usize) {
        // A few writers use the separator of Windows, or begin with one.
        let name = String::from_utf8_lossy(name).replace('\\', "/").to_ascii_lowercase();
        let name = name.trim_start_matches('/');
        match name {
            "mimetype" => self.mimetype = Some(header),
            "[content_types].xml" => self.content_types = Some(header),
            "meta-inf/container.xml" => self.container = true,
            "word/document.xml" | "word/document2.xml" => self.docx = true,
            "xl/workbook.xml" | "xl/workbook.bin" => self.xlsx = true,
            "ppt/presentation.xml" => self.pptx = true,
            _ => self.opf |= name.ends_with(".opf"),
        }
    }
}

/// The beginning of an entry whose header stands at `at`, stored or deflated.
fn expand(bytes: &[u8], at: usize) -> Option<Vec<u8>> {
    let header = bytes.get(at..at.checked_add(30)?)?;
    let method = u16_at(header, 8)?;
    let start = at + 30 + usize::from(u16_at(header, 26)?) + usize::from(u16_at(header, 28)?);
    let content = bytes.get(start..)?;
    let mut out = Vec::new();
    match method {
        0 => out
            .extend_from_slice(&content[..content.len().min(u32_at(header, 22)? as usize).min(MAX_EXPANDED as usize)]),
        // What was expanded before an error is of use too.
        8 => drop(DeflateDecoder::new(content).take(MAX_EXPANDED).read_to_end(&mut out)),
        _ => return None,
    }
    Some(out)
}

fn of_mimetype(content: &[u8]) -> Option<O> {
    if content.starts_with(b"application/epub+zip") {
        return Some(O::Epub);
    }
    let rest = content.strip_prefix(b"application/vnd.oasis.opendocument.")?;
    [(&b"text"[..], O::Odt), (b"spreadsheet", O::Ods), (b"presentation", O::Odp)]
        .into_iter()
        .find_map(|(word, kind)| rest.starts_with(word).then_some(kind))
}

/// Walks the central directory; `None` if there is none.
fn for_each_in_directory(bytes: &[u8], look: &mut dyn FnMut(&[u8], usize)) -> Option<()> {
    // The end record is 22 bytes long and a comment of at most 65,535 follows it.
    let tail = bytes.len().saturating_sub(22 + 0xFFFF);
    let end = tail + bytes[tail..].windows(4).rposition(|w| w == b"PK\x05\x06")?;
    let size = u32_at(bytes, end + 12)? as usize;
    let stated = u32_at(bytes, end + 16)? as usize;
    // Bytes before the archive shift it; a ZIP64 directory ends where its own end record begins.
    let begin = if is_entry(bytes, stated) { stated } else { end.checked_sub(size)? };
    let shift = begin.saturating_sub(stated);
    let mut at = begin;
    if !is_entry(bytes, at) {
        return None;
    }
    for _ in 0..MAX_ENTRIES {
        if !is_entry(bytes, at) {
            break;
        }
        let length = |offset| u16_at(bytes, at + offset).map(usize::from);
        let (Some(name), Some(extra), Some(comment)) = (length(28), length(30), length(32)) else { break };
        let Some(text) = bytes.get(at + 46..at + 46 + name) else { break };
        let header = u32_at(bytes, at + 42).map_or(usize::MAX, |header| header as usize + shift);
        look(text, header);
        at += 46 + name + extra + comment;
    }
    Some(())
}

fn is_entry(bytes: &[u8], at: usize) -> bool {
    bytes.get(at..).is_some_and(|b| b.starts_with(b"PK\x01\x02"))
}

/// Looks for the headers that stand before each entry.
fn for_each_header(bytes: &[u8], look: &mut dyn FnMut(&[u8], usize)) {
    let searched = &bytes[..bytes.len().min(SEARCHED)];
    let headers = searched.windows(4).enumerate().filter(|(_, w)| w == b"PK\x03\x04");
    for (at, _) in headers.take(MAX_ENTRIES) {
        let name = u16_at(bytes, at + 26).and_then(|length| bytes.get(at + 30..at + 30 + usize::from(length)));
        if let Some(name) = name {
            look(name, at);
        }
    }
}
