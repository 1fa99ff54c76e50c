//! What of a message is read as its text, and the decoding of parts.

use std::borrow::Cow;

use encoding_rs::Encoding;
use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::charsets::map::charset_decoder;

use super::mime::{Form, Part, Structure};
use crate::text;

/// What becomes of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// Read as text of the message.
    Plain,
    /// Read as HTML of the message.
    Html,
    /// A file of its own.
    Member,
    /// A multipart, or another form of what is already read.
    Nothing,
}

/// Decides for every part. Of the forms in a `multipart/alternative` the plain one is read, or the richest when
/// there is no plain one that says anything.
pub(super) fn uses(structure: &Structure<'_>, bytes: &[u8]) -> Vec<Use> {
    let parts = &structure.parts;
    let mut uses: Vec<Use> = parts.iter().enumerate().map(|(index, part)| alone(index, part, parts)).collect();

    // Whether a part, or one inside it, says something as plain text or as HTML. Parts come behind what holds them.
    let mut plain = vec![false; parts.len()];
    let mut html = vec![false; parts.len()];
    for (index, part) in parts.iter().enumerate().rev() {
        match uses[index] {
            Use::Plain => plain[index] = says_something(part, bytes),
            Use::Html => html[index] = says_something(part, bytes),
            Use::Member | Use::Nothing => {}
        }
        if let Some(parent) = part.parent {
            plain[parent] |= plain[index];
            html[parent] |= html[index];
        }
    }
    let mut chosen: Vec<Option<usize>> = vec![None; parts.len()];
    for (index, part) in parts.iter().enumerate() {
        let Some(parent) = part.parent else { continue };
        let choice = &mut chosen[parent];
        match *choice {
            None if plain[index] || html[index] => *choice = Some(index),
            Some(best) if !plain[best] && (plain[index] || html[index]) => *choice = Some(index),
            _ => {}
        }
    }
    let mut is_passed_over = vec![false; parts.len()];
    for (index, part) in parts.iter().enumerate() {
        let Some(parent) = part.parent else { continue };
        let is_other_form = parts[parent].is_kind("multipart", "alternative") && chosen[parent] != Some(index);
        is_passed_over[index] = is_passed_over[parent] || is_other_form;
        if is_passed_over[index] && matches!(uses[index], Use::Plain | Use::Html) {
            uses[index] = Use::Nothing;
        }
    }
    uses
}

/// What a part is by itself.
fn alone(index: usize, part: &Part<'_>, parts: &[Part<'_>]) -> Use {
    if part.form != Form::Leaf {
        return Use::Nothing;
    }
    let is_root = index == 0;
    let form = match part.mime(part.parent.map(|p| &parts[p])).as_str() {
        "text/plain" | "text/" => Use::Plain,
        "text/html" | "text/x-amp-html" | "text/watch-html" => Use::Html,
        mime if is_root && mime.starts_with("text/") => Use::Plain,
        // A multipart without a boundary cannot be opened, and what it says must not be lost.
        mime if mime.starts_with("multipart/") => Use::Plain,
        _ => Use::Member,
    };
    let disposition = part.fields.content_disposition();
    let is_attachment = disposition.as_ref().is_some_and(|d| d.ctype().eq_ignore_ascii_case("attachment"));
    let has_name = part.attribute("name").is_some() || disposition.is_some_and(|d| d.attribute("filename").is_some());
    if form != Use::Member && !is_root && (is_attachment || has_name) { Use::Member } else { form }
}

/// A text that is blank for as long as this is taken to be blank.
const SAMPLE: usize = 1 << 20;

fn says_something(part: &Part<'_>, bytes: &[u8]) -> bool {
    let decoded = decode_transfer(part, bytes, SAMPLE);
    decoded.bytes.iter().any(|b| !b.is_ascii_whitespace() && *b != 0)
}

/// The bytes of a part without its transfer encoding.
pub(super) struct Decoded<'a> {
    pub bytes: Cow<'a, [u8]>,
    /// Some of the encoded bytes do not belong there and were passed over.
    pub is_damaged: bool,
}

/// An upper bound of the length of a part's decoded bytes.
pub(super) fn decoded_length(part: &Part<'_>) -> u64 {
    let encoded = part.body.len() as u64;
    if part.fields.transfer_encoding() == "base64" { encoded / 4 * 3 } else { encoded }
}

/// Decodes the first `max` encoded bytes of a part.
pub(super) fn decode_transfer<'a>(part: &Part<'_>, bytes: &'a [u8], max: usize) -> Decoded<'a> {
    let body = &bytes[part.body.clone()];
    let body = &body[..body.len().min(max)];
    match part.fields.transfer_encoding().as_str() {
        "base64" => decode_base64(body),
        "quoted-printable" => Decoded { bytes: Cow::Owned(decode_quoted_printable(body)), is_damaged: false },
        _ => Decoded { bytes: Cow::Borrowed(body), is_damaged: false },
    }
}

fn decode_base64(body: &[u8]) -> Decoded<'static> {
    if let Some(bytes) = base64_decode(body) {
        return Decoded { bytes: Cow::Owned(bytes), is_damaged: false };
    }
    let clean: Vec<u8> =
        body.iter().copied().filter(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/')).collect();
    Decoded { bytes: Cow::Owned(base64_decode(&clean).unwrap_or_default()), is_damaged: true }
}

/// RFC 2045 6.7, where an equals sign that starts nothing stands for itself.
fn decode_quoted_printable(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let hex = |b: Option<&u8>| b.and_then(|b| (*b as char).to_digit(16)).map(|d| d as u8);
    let mut at = 0;
    while let Some(&b) = body.get(at) {
        at += 1;
        if b != b'=' {
            out.push(b);
            continue;
        }
        let rest = &body[at..];
        if let (Some(high), Some(low)) = (hex(rest.first()), hex(rest.get(1))) {
            out.push(high << 4 | low);
            at += 2;
            continue;
        }
        let blank = rest.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\r')).count();
        match rest.get(blank) {
            Some(b'\n') => at += blank + 1,
            None => at += blank,
            Some(_) => out.push(b'='),
        }
    }
    out
}

/// A text, and how many of its characters stand for bytes that are none.
pub(super) struct Words {
    pub text: String,
    pub replaced: u64,
    pub is_cut: bool,
    pub is_damaged: bool,
}

/// Decodes at most `max_chars` characters of a part that holds text.
pub(super) fn decode_text(part: &Part<'_>, bytes: &[u8], max_chars: u32) -> Words {
    // A character takes four bytes at most, and a byte three in quoted-printable.
    let max = (max_chars as usize).saturating_mul(12).saturating_add(SAMPLE);
    let decoded = decode_transfer(part, bytes, max);
    let charset = part.attribute("charset").unwrap_or_default();
    let standard = Encoding::for_label(charset.as_bytes());
    // Charsets outside the Encoding Standard: UTF-7, code page 850 and the like.
    let other = standard.is_none().then(|| charset_decoder(charset.as_bytes())).flatten();
    let (text, replaced, is_cut) = match other {
        Some(decode) => {
            // No charset takes more than four bytes for a character.
            let end = decoded.bytes.len().min((max_chars as usize).saturating_mul(4));
            let text = decode(&decoded.bytes[..end]);
            let replaced = text.matches(['\0', char::REPLACEMENT_CHARACTER]).count() as u64;
            (text.replace('\0', "\u{FFFD}"), replaced, end < decoded.bytes.len())
        }
        None => {
            let read = text::decode(&decoded.bytes, standard, max_chars);
            (read.text, read.replaced, read.cut)
        }
    };
    Words { text, replaced, is_cut: is_cut || part.body.len() > max, is_damaged: decoded.is_damaged }
}

/// The lines of a text with `\n` between them; flowed lines (RFC 3676) are joined to the paragraphs they were.
pub(super) fn lines(text: &str, part: &Part<'_>) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    if part.attribute("format").is_none_or(|f| !f.eq_ignore_ascii_case("flowed")) {
        return text;
    }
    let deletes_space = part.attribute("delsp").is_some_and(|d| d.eq_ignore_ascii_case("yes"));
    join_flowed(&text, deletes_space)
}

fn join_flowed(text: &str, deletes_space: bool) -> String {
    let mut out = String::with_capacity(text.len());
    // Depth of the quote that the line before left open.
    let mut open: Option<usize> = None;
    for line in text.split('\n') {
        let depth = line.bytes().take_while(|&b| b == b'>').count();
        let (quote, content) = line.split_at(depth);
        let content = content.strip_prefix(' ').unwrap_or(content);
        let is_signature = content == "-- ";
        if open == Some(depth) && !is_signature {
            out.push_str(content);
        } else {
            if !out.is_empty() {
                out.push('\n');
            }
            out.push_str(quote);
            if depth > 0 && !content.is_empty() {
                out.push(' ');
            }
            out.push_str(content);
        }
        open = None;
        if content.ends_with(' ') && !is_signature {
            open = Some(depth);
            if deletes_space {
                out.pop();
            }
        }
    }
    out
}

/// Runs of lines that are not blank.
pub(super) fn paragraphs(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let mut end = 0;
            for line in rest.split_inclusive('\n') {
                if line.trim().is_empty() {
                    break;
                }
                end += line.len();
            }
            let (paragraph, tail) = rest.split_at(end);
            let blank = tail.find('\n').map_or(tail.len(), |i| i + 1);
            rest = &tail[blank..];
            if !paragraph.is_empty() {
                return Some(paragraph.trim_end());
            }
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flowed_lines_become_paragraphs_again() {
        let check = |text: &str, deletes_space: bool, want: &str| {
            assert_eq!(join_flowed(text, deletes_space), want, "{text:?}");
        };
        check("one \ntwo\nthree", false, "one two\nthree");
        check("one \ntwo", true, "onetwo");
        check(" from here\n  two", false, "from here\n two");
        check("> a \n> b\n>> c", false, "> a b\n>> c");
        check("> a \nb", false, "> a \nb");
        check("a\n-- \nme", false, "a\n-- \nme");
        check("a \n-- \nme", false, "a \n-- \nme");
        check("a \n\nb", false, "a \nb");
    }

    #[test]
    fn quoted_printable_keeps_what_it_cannot_read() {
        let check = |text: &[u8], want: &[u8]| assert_eq!(decode_quoted_printable(text), want);
        check(b"a=C3=A9b", "aéb".as_bytes());
        check(b"soft=\r\nbreak= \nhere=", b"softbreakhere");
        check(b"1=2=zz=", b"1=2=zz");
        check(b"", b"");
    }

    #[test]
    fn broken_base64_gives_what_is_sound_in_it() {
        let check = |text: &[u8], want: &[u8], is_damaged: bool| {
            let decoded = decode_base64(text);
            assert_eq!((&*decoded.bytes, decoded.is_damaged), (want, is_damaged));
        };
        check(b"aGVs\r\nbG8=\r\n", b"hello", false);
        check(b"aGVs*bG8=", b"hello", true);
        check(b"", b"", false);
    }

    #[test]
    fn paragraphs_are_runs_of_lines() {
        let check = |text: &str, want: &[&str]| assert_eq!(paragraphs(text).collect::<Vec<_>>(), want);
        check("a\nb\n\n \n\nc  \n", &["a\nb", "c"]);
        check("\n\n", &[]);
        check("", &[]);
        check("  x", &["  x"]);
    }
}
