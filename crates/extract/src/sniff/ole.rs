//! What a compound file (the container of the old office formats, of MSG and of encrypted OOXML) holds, by the
//! names in its root. Format: Microsoft's [MS-CFB].

use docmill_model::MediaType;
use docmill_model::document::OtherType as O;

use super::{u16_at, u32_at};

pub(super) const MAGIC: [u8; 8] = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];

/// Directory sectors that are read: 4,096 entries with sectors of 512 bytes. Real roots stand at the beginning.
const MAX_SECTORS: usize = 1_024;

/// Bytes of an entry of the directory.
const ENTRY: usize = 128;

/// The mark for "no entry" in the tree of siblings.
const NONE: u32 = 0xFFFF_FFFF;

pub(super) fn kind(bytes: &[u8]) -> MediaType {
    let names = root_names(bytes).unwrap_or_default();
    let has = |name: &str| names.iter().any(|n| n.eq_ignore_ascii_case(name));
    MediaType::Other(if has("WordDocument") {
        O::Doc
    } else if has("Workbook") || has("Book") {
        O::Xls
    } else if has("PowerPoint Document") || has("PP97_DUALSTORAGE") {
        O::Ppt
    } else if has("__properties_version1.0") || names.iter().any(|n| n.starts_with("__substg1.0_")) {
        O::Msg
    } else {
        O::Ole
    })
}

/// Whether the file is an OOXML document behind a password.
pub(crate) fn is_encrypted_package(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
        && root_names(bytes).is_some_and(|names| names.iter().any(|n| n.eq_ignore_ascii_case("EncryptedPackage")))
}

/// Names of the streams and storages in the root, which compare without regard to case; `None` if there is no directory.
fn root_names(bytes: &[u8]) -> Option<Vec<String>> {
    // 512 bytes in version 3, 4,096 in version 4; nothing else is allowed.
    let sector_size = match u16_at(bytes, 30)? {
        9 => 512,
        12 => 4096,
        _ => return None,
    };
    let file = File { bytes, sector_size };
    let mut entries: Vec<&[u8]> = Vec::new();
    let mut sector = u32_at(bytes, 48)?;
    for _ in 0..MAX_SECTORS {
        let Some(content) = file.sector(sector) else { break };
        entries.extend(content.chunks_exact(ENTRY));
        let Some(next) = file.next(sector) else { break };
        sector = next;
    }
    let mut names = Vec::new();
    let mut seen = vec![false; entries.len()];
    let mut open = vec![u32_at(entries.first()?, 76)?];
    while let Some(index) = open.pop() {
        let index = index as usize;
        let Some(entry) = entries.get(index) else { continue };
        if std::mem::replace(&mut seen[index], true) {
            continue;
        }
        names.push(name_of(entry));
        open.extend([u32_at(entry, 68), u32_at(entry, 72)].into_iter().flatten().filter(|&i| i != NONE));
    }
    Some(names)
}

struct File<'a> {
    bytes: &'a [u8],
    sector_size: usize,
}

impl<'a> File<'a> {
    fn sector(&self, sector: u32) -> Option<&'a [u8]> {
        let start = (sector as usize).checked_add(1)?.checked_mul(self.sector_size)?;
        // The last sector may be cut off.
        let end = start.checked_add(self.sector_size)?.min(self.bytes.len());
        self.bytes.get(start..end)
    }

    /// The sector after `sector` in its chain. The table of chains lies in sectors whose numbers stand in the
    /// header; those of very large files go on elsewhere, where no directory is looked for.
    fn next(&self, sector: u32) -> Option<u32> {
        let per_sector = self.sector_size / 4;
        let table = sector as usize / per_sector;
        if table >= 109 {
            return None;
        }
        let table = self.sector(u32_at(self.bytes, 76 + 4 * table)?)?;
        u32_at(table, 4 * (sector as usize % per_sector))
    }
}

/// The name of an entry: at most 32 units of UTF-16, the zero behind it included, and its length in bytes.
fn name_of(entry: &[u8]) -> String {
    let length = usize::from(u16_at(entry, 64).unwrap_or(0)).saturating_sub(2).min(62);
    let units = entry[..length].chunks_exact(2).map(|u| u16::from_le_bytes([u[0], u[1]]));
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}
