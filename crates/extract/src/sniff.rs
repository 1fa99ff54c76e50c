//! Tells what a file is, by its content and never by its name: the same bytes under two names are one document.
//!
//! The order is from what cannot be mistaken to what can: numbers at fixed places, the inside of containers, the
//! grammar of mail and markup, and at last the look of the text.

mod json;
mod magic;
mod mail;
mod markdown;
mod markup;
pub(crate) mod ole;
mod zip;

use docmill_model::MediaType;
use docmill_model::document::OtherType;

use crate::csv;
use crate::text::{Decoder, is_control};

/// Bytes of a text that are looked at.
const SAMPLE: usize = 1 << 16;

/// Never fails: what is not recognised is `Other(Unknown)`.
pub fn sniff(bytes: &[u8]) -> MediaType {
    let other = MediaType::Other;
    match magic::find(bytes) {
        Some(magic::Found::Kind(kind)) => return kind,
        Some(magic::Found::Zip) => return zip::kind(bytes),
        Some(magic::Found::Ole) => return ole::kind(bytes),
        None => {}
    }
    let sample = Sample::of(bytes);
    if !sample.is_text() {
        return if magic::has_late_pdf_header(bytes) { MediaType::Pdf } else { other(OtherType::Unknown) };
    }
    let text = sample.text.as_str();
    if let Some(kind) = mail::kind(text, bytes) {
        return kind;
    }
    match markup::kind(text) {
        Some(markup::Kind::Html) => return MediaType::Html,
        Some(markup::Kind::Xml) => return other(OtherType::Xml),
        None => {}
    }
    if magic::has_late_pdf_header(bytes) {
        MediaType::Pdf
    } else if json::is_json(text) {
        other(OtherType::Json)
    } else if markdown::is_markdown(text) {
        MediaType::Markdown
    } else if csv::is_table(text, sample.whole) {
        MediaType::Csv
    } else {
        MediaType::Text
    }
}

/// The beginning of a file, decoded as if it were text.
struct Sample {
    text: String,
    replaced: u64,
    /// Whether it is all of the file.
    whole: bool,
}

impl Sample {
    fn of(bytes: &[u8]) -> Self {
        let mut decoder = Decoder::new(&bytes[..bytes.len().min(SAMPLE)], None);
        let mut text = String::new();
        while decoder.read(&mut text) {}
        Self { text, replaced: decoder.replaced(), whole: bytes.len() <= SAMPLE }
    }

    /// Whether there are letters, and hardly a control character or a byte without a meaning. In random bytes one
    /// of nine is a control character.
    fn is_text(&self) -> bool {
        let chars = self.text.chars().count();
        let controls = self.text.chars().filter(|&c| is_control(c)).count();
        let odd = controls as u64 + self.replaced;
        // Short texts may have one such byte.
        chars > 0 && odd.saturating_sub(1) * 50 <= chars as u64 && (odd * 2) <= chars as u64
    }
}

/// A little-endian number; `None` when the bytes end before it.
fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// As [`u16_at`].
fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests;
