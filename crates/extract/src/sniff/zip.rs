//! What a ZIP archive holds, by the names of its entries. Nothing is expanded.

use docmill_model::MediaType;
use docmill_model::document::OtherType as O;

/// Entries that are looked at.
const MAX_ENTRIES: usize = 10_000;

/// Bytes that are searched for entries when the archive has no directory, being cut off.
const SEARCHED: usize = 4 << 20;

pub(super) fn kind(bytes: &[u8]) -> MediaType {
    if let Some(kind) = stored_mimetype(bytes).and_then(of_mimetype) {
        return MediaType::Other(kind);
    }
    let mut package = false;
    let (mut docx, mut xlsx, mut pptx) = (false, false, false);
    let mut look = |name: &[u8]| {
        // A few writers use the separator of Windows, or begin with one.
        let name = String::from_utf8_lossy(name).replace('\\', "/").to_ascii_lowercase();
        let name = name.trim_start_matches('/');
        package |= name == "[content_types].xml" || name == "_rels/.rels";
        docx |= name.starts_with("word/");
        xlsx |= name.starts_with("xl/");
        pptx |= name.starts_with("ppt/");
    };
    if for_each_in_directory(bytes, &mut look).is_none() {
        for_each_header(bytes, &mut look);
    }
    match (package, docx, xlsx, pptx) {
        (true, true, _, _) => MediaType::Docx,
        (true, _, true, _) => MediaType::Other(O::Xlsx),
        (true, _, _, true) => MediaType::Other(O::Pptx),
        _ => MediaType::Other(O::Zip),
    }
}

/// The first entry of ODF and EPUB files: called `mimetype` and stored as it is.
fn stored_mimetype(bytes: &[u8]) -> Option<&[u8]> {
    let name = usize::from(u16_at(bytes, 26)?);
    let extra = usize::from(u16_at(bytes, 28)?);
    if bytes.get(30..30 + name)? != b"mimetype" {
        return None;
    }
    // The longest type that is looked for has fewer bytes than this.
    let from = 30 + name + extra;
    bytes.get(from..bytes.len().min(from + 80))
}

fn of_mimetype(content: &[u8]) -> Option<O> {
    const ODF: &[u8] = b"application/vnd.oasis.opendocument.";
    if content.starts_with(b"application/epub+zip") {
        return Some(O::Epub);
    }
    let rest = content.strip_prefix(ODF)?;
    [(&b"text"[..], O::Odt), (b"spreadsheet", O::Ods), (b"presentation", O::Odp)]
        .into_iter()
        .find_map(|(word, kind)| rest.starts_with(word).then_some(kind))
}

/// Walks the central directory; `None` if there is none.
fn for_each_in_directory(bytes: &[u8], look: &mut dyn FnMut(&[u8])) -> Option<()> {
    // The end record is 22 bytes long and a comment of at most 65,535 follows it.
    let tail = bytes.len().saturating_sub(22 + 0xFFFF);
    let end = tail + bytes[tail..].windows(4).rposition(|w| w == b"PK\x05\x06")?;
    let size = u32_at(bytes, end + 12)? as usize;
    let stated = u32_at(bytes, end + 16)? as usize;
    // Bytes before the archive shift it; a ZIP64 directory ends where its own end record begins.
    let mut at = if is_entry(bytes, stated) { stated } else { end.checked_sub(size)? };
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
        look(text);
        at += 46 + name + extra + comment;
    }
    Some(())
}

fn is_entry(bytes: &[u8], at: usize) -> bool {
    bytes.get(at..).is_some_and(|b| b.starts_with(b"PK\x01\x02"))
}

/// Looks for the headers that stand before each entry.
fn for_each_header(bytes: &[u8], look: &mut dyn FnMut(&[u8])) {
    let searched = &bytes[..bytes.len().min(SEARCHED)];
    let headers = searched.windows(4).enumerate().filter(|(_, w)| w == b"PK\x03\x04");
    for (at, _) in headers.take(MAX_ENTRIES) {
        let name = u16_at(bytes, at + 26).and_then(|length| bytes.get(at + 30..at + 30 + usize::from(length)));
        name.into_iter().for_each(&mut *look);
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_le_bytes([bytes[0], bytes[1]]))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
}
