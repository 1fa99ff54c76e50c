//! Numbers at fixed places.

use docmill_model::MediaType;
use docmill_model::document::OtherType as O;

pub(super) enum Found {
    Kind(MediaType),
    /// A ZIP archive: what is in it tells.
    Zip,
    /// A compound file of the old office formats: what is in it tells.
    Ole,
}

/// What a file begins with. Prefixes that ordinary words could begin with are not here but in [`find`], with a
/// second test.
const PREFIXES: &[(&[u8], O)] = &[
    (b"\xFF\xD8\xFF", O::Jpeg),
    (b"\x89PNG\r\n\x1A\n", O::Png),
    (b"II*\0", O::Tiff),
    (b"MM\0*", O::Tiff),
    (b"II+\0", O::Tiff),
    (b"MM\0+", O::Tiff),
    (b"GIF87a", O::Gif),
    (b"GIF89a", O::Gif),
    (b"{\\rtf", O::Rtf),
    (b"7z\xBC\xAF\x27\x1C", O::SevenZip),
    (b"\x1F\x8B\x08", O::Gzip),
    (b"fLaC", O::Flac),
    (b"OggS\0", O::Ogg),
    (b"\x1A\x45\xDF\xA3", O::Video),
    (b"\0\0\x01\xBA", O::Video),
    (b"\0\0\x01\xB3", O::Video),
    (b"\x30\x26\xB2\x75\x8E\x66\xCF\x11", O::Video),
    (b"ID3\x02", O::Mp3),
    (b"ID3\x03", O::Mp3),
    (b"ID3\x04", O::Mp3),
    (b"\x7FELF", O::Executable),
    (b"\xFE\xED\xFA\xCE", O::Executable),
    (b"\xFE\xED\xFA\xCF", O::Executable),
    (b"\xCE\xFA\xED\xFE", O::Executable),
    (b"\xCF\xFA\xED\xFE", O::Executable),
    (b"\xCA\xFE\xBA\xBE", O::Executable),
    (b"\0asm", O::Executable),
];

pub(super) fn find(bytes: &[u8]) -> Option<Found> {
    let kind = |kind| Some(Found::Kind(MediaType::Other(kind)));
    if bytes.starts_with(b"%PDF-") {
        return Some(Found::Kind(MediaType::Pdf));
    }
    if [&b"PK\x03\x04"[..], b"PK\x05\x06", b"PK\x07\x08"].iter().any(|p| bytes.starts_with(p)) {
        return Some(Found::Zip);
    }
    if bytes.starts_with(&super::ole::MAGIC) {
        return Some(Found::Ole);
    }
    if let Some(&(_, found)) = PREFIXES.iter().find(|(prefix, _)| bytes.starts_with(prefix)) {
        return kind(found);
    }
    if let Some(found) = riff(bytes).or_else(|| iso_media(bytes)) {
        return kind(found);
    }
    if is_bmp(bytes) {
        kind(O::Bmp)
    } else if is_tar(bytes) {
        kind(O::Tar)
    } else if is_dos_program(bytes) {
        kind(O::Executable)
    } else if is_mpeg_audio(bytes) {
        kind(O::Mp3)
    } else {
        None
    }
}

/// A PDF header that does not stand at the very beginning but within the first 1,024 bytes, as readers of PDF
/// allow. A text that talks of the header has no object behind it.
pub(super) fn has_late_pdf_header(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(1024)];
    let Some(at) = head.windows(5).position(|w| w == b"%PDF-") else { return false };
    let version = bytes.get(at + 5..at + 8).is_some_and(|v| v[0].is_ascii_digit() && v[1] == b'.');
    let body = &bytes[at..bytes.len().min(at + 8192)];
    version && body.windows(4).any(|w| w == b" obj")
}

fn riff(bytes: &[u8]) -> Option<O> {
    if !bytes.starts_with(b"RIFF") {
        return None;
    }
    match bytes.get(8..12)? {
        b"WAVE" => Some(O::Wav),
        b"WEBP" => Some(O::Webp),
        b"AVI " => Some(O::Video),
        _ => None,
    }
}

/// MP4 and its relatives, by the brand.
fn iso_media(bytes: &[u8]) -> Option<O> {
    if bytes.get(4..8)? != b"ftyp" {
        return None;
    }
    Some(match bytes.get(8..12)? {
        b"M4A " | b"M4B " | b"M4P " => O::M4a,
        b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"mif1" | b"msf1" | b"avif" => O::Heic,
        _ => O::Video,
    })
}

/// `BM`, and a known length of the header that follows.
fn is_bmp(bytes: &[u8]) -> bool {
    bytes.starts_with(b"BM") && matches!(bytes.get(14..18), Some([12 | 40 | 52 | 56 | 64 | 108 | 124, 0, 0, 0]))
}

/// A header whose checksum is right, so that archives from before `ustar` are found too.
fn is_tar(bytes: &[u8]) -> bool {
    let Some(header) = bytes.get(..512) else { return false };
    let stated = header[148..156]
        .iter()
        .skip_while(|b| **b == b' ')
        .take_while(|b| (b'0'..=b'7').contains(*b))
        .fold(0_u32, |sum, b| sum * 8 + u32::from(b - b'0'));
    let sum: u32 = header.iter().enumerate().map(|(i, &b)| if (148..156).contains(&i) { 32 } else { b.into() }).sum();
    header[0] != 0 && stated == sum
}

fn is_dos_program(bytes: &[u8]) -> bool {
    let Some(at) = super::u32_at(bytes, 60) else { return false };
    let at = at as usize;
    let signature = at.checked_add(2).and_then(|end| bytes.get(at..end));
    bytes.starts_with(b"MZ") && matches!(signature, Some(b"PE" | b"NE" | b"LE" | b"LX"))
}

/// Two frames of MPEG audio, layer III, one where the other says it ends.
fn is_mpeg_audio(bytes: &[u8]) -> bool {
    let next = mpeg_frame(bytes);
    next.is_some_and(|length| bytes.get(length..).is_some_and(|rest| mpeg_frame(rest).is_some()))
}

/// Length of the frame at the beginning of `bytes` (ISO 11172-3 and 13818-3).
fn mpeg_frame(bytes: &[u8]) -> Option<usize> {
    const KBITS: [[usize; 14]; 2] = [
        [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
        [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    ];
    let &[0xFF, b, c, _] = bytes.get(..4)? else { return None };
    let (version, layer) = (b >> 3 & 3, b >> 1 & 3);
    if b & 0xE0 != 0xE0 || version == 1 || layer != 1 {
        return None;
    }
    let first = version == 3;
    let kbits = *KBITS[usize::from(!first)].get(usize::from(c >> 4).checked_sub(1)?)?;
    let hertz = [44_100, 48_000, 32_000].get(usize::from(c >> 2 & 3))? / [4, 1, 2, 1][usize::from(version)];
    let samples_by_8 = if first { 144 } else { 72 };
    Some(samples_by_8 * kbits * 1000 / hertz + usize::from(c >> 1 & 1))
}
