//! The header section of a message or of one of its parts: fields found by line, values decoded.

use std::borrow::Cow;

use encoding_rs::WINDOWS_1252;
use mail_parser::parsers::MessageStream;
use mail_parser::{Addr, Address, ContentType, HeaderValue};

use crate::member::one_line;

/// Bytes of a field with addresses or words that are read: some 20,000 addresses.
const MAX_FIELD: usize = 1 << 20;

/// Bytes of a field that describes a part that are read. There is one for each part, and the parser compares
/// each attribute with the others.
const MAX_PART_FIELD: usize = 8 << 10;

/// Bytes from the start of an encoded word to its end. RFC 2047 allows 75; some programs write a whole subject
/// as one word.
const MAX_WORD: usize = 4 << 10;

/// Stands between the two characters that look like the start of an encoded word and are none. It is a control
/// character and leaves every value with the others.
const NO_WORD: u8 = 1;

/// Fields of one section that are kept; a mail that went through many hands has some hundred.
const MAX_FIELDS: usize = 10_000;

/// The fields of one header section, as they stand.
#[derive(Debug, Default)]
pub(super) struct Fields<'a> {
    /// Name and value; the value keeps its folds.
    fields: Vec<(&'a [u8], &'a [u8])>,
}

impl<'a> Fields<'a> {
    /// Reads fields from the start of `bytes` to the blank line, and returns them with the position behind it.
    /// A line that is neither a field nor the continuation of one ends the section too and belongs to the body;
    /// so does a line for which `is_end` holds.
    pub(super) fn read(bytes: &'a [u8], is_end: impl Fn(&[u8]) -> bool) -> (Self, usize) {
        let mut fields: Vec<(&[u8], &[u8])> = Vec::new();
        let mut start_of_value = 0;
        let mut at = 0;
        while at < bytes.len() {
            let end = at + line_length(&bytes[at..]);
            let line = trim_line_end(&bytes[at..end]);
            if line.is_empty() {
                at = end;
                break;
            }
            if is_end(line) {
                break;
            }
            if fields.len() == MAX_FIELDS {
                // The rest of the section is read over.
            } else if line[0] == b' ' || line[0] == b'\t' {
                if let Some(last) = fields.last_mut() {
                    last.1 = trim_line_end(&bytes[start_of_value..end]);
                }
            } else if let Some(name) = field_name(line) {
                start_of_value = at + name.len() + 1;
                fields.push((name.trim_ascii_end(), trim_line_end(&bytes[start_of_value..end])));
            } else if !(fields.is_empty() && (line.starts_with(b"From ") || line.starts_with(b">From "))) {
                break;
            }
            at = end;
        }
        (Self { fields }, at)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.fields.iter().filter(move |f| f.0.eq_ignore_ascii_case(name.as_bytes())).map(|f| f.1)
    }

    fn first(&self, name: &str) -> Option<&'a [u8]> {
        self.all(name).next()
    }

    /// The value on one line, encoded words decoded; `None` when the field is missing or blank.
    pub(super) fn words(&self, name: &str) -> Option<String> {
        let value = terminated(self.first(name)?, MAX_FIELD);
        let decoded = match MessageStream::new(&value).parse_unstructured() {
            HeaderValue::Text(text) => one_line(&text),
            _ => return None,
        };
        (!decoded.is_empty()).then_some(decoded)
    }

    /// The value on one line as it stands; `None` when the field is missing or blank.
    pub(super) fn plain(&self, name: &str) -> Option<String> {
        let value = terminated(self.first(name)?, MAX_FIELD);
        let line = one_line(&String::from_utf8_lossy(&value));
        (!line.is_empty()).then_some(line)
    }

    /// The addresses of all fields of that name on one line; `None` when there are none.
    pub(super) fn addresses(&self, name: &str) -> Option<String> {
        let mut out = String::new();
        for value in self.all(name) {
            let value = terminated(value, MAX_FIELD);
            if let HeaderValue::Address(list) = MessageStream::new(&value).parse_address() {
                let written = match &list {
                    Address::List(list) => join(list.iter()),
                    Address::Group(groups) => join(groups.iter().flat_map(|g| &g.addresses)),
                };
                if !out.is_empty() && !written.is_empty() {
                    out.push_str(", ");
                }
                out.push_str(&written);
            }
        }
        (!out.is_empty()).then_some(out)
    }

    /// Whether a field of that name is longer than what is read of it.
    pub(super) fn is_cut(&self, name: &str) -> bool {
        self.all(name).any(|value| value.len() > MAX_FIELD)
    }

    /// `Content-Type`, in lower case but for the values of its attributes.
    pub(super) fn content_type(&self) -> Option<ContentType<'static>> {
        self.structured("Content-Type")
    }

    pub(super) fn content_disposition(&self) -> Option<ContentType<'static>> {
        self.structured("Content-Disposition")
    }

    fn structured(&self, name: &str) -> Option<ContentType<'static>> {
        let value = terminated(self.first(name)?, MAX_PART_FIELD);
        match MessageStream::new(&value).parse_content_type().into_owned() {
            HeaderValue::ContentType(value) => Some(value),
            _ => None,
        }
    }

    /// `Content-Transfer-Encoding` in lower case, empty when there is none.
    pub(super) fn transfer_encoding(&self) -> String {
        self.plain("Content-Transfer-Encoding").unwrap_or_default().to_ascii_lowercase()
    }
}

/// Length of the first line with its line feed.
pub(super) fn line_length(bytes: &[u8]) -> usize {
    bytes.iter().position(|&b| b == b'\n').map_or(bytes.len(), |i| i + 1)
}

pub(super) fn trim_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// The name of a field at the start of a line, white space before the colon included.
fn field_name(line: &[u8]) -> Option<&[u8]> {
    let name = &line[..line.iter().position(|&b| b == b':')?];
    let word = name.trim_ascii_end();
    (!word.is_empty() && word.iter().all(|b| b.is_ascii_graphic())).then_some(name)
}

/// The value as the parsers want it: UTF-8, of bounded length, with a line feed behind it.
fn terminated(value: &[u8], max: usize) -> Vec<u8> {
    let is_cut = value.len() > max;
    let value = &value[..value.len().min(max)];
    let value = match std::str::from_utf8(value) {
        // A field does not say its charset. The cut may fall inside a character; that alone is no sign of another.
        Err(error) if error.error_len().is_some() || !is_cut => {
            Cow::Owned(WINDOWS_1252.decode_without_bom_handling(value).0.into_owned().into_bytes())
        }
        _ => Cow::Borrowed(value),
    };
    let mut out = without_open_words(&value);
    out.push(b'\n');
    out
}

/// Marks each start of an encoded word that has no end near it. The decoder would look for the end of each in
/// all of the field, which takes time in the square of its length.
fn without_open_words(value: &[u8]) -> Vec<u8> {
    // The shortest word, `=?ab?q??=`, has its end at 7.
    const SHORTEST: usize = 7;
    let mut out = Vec::with_capacity(value.len() + 1);
    let mut ends = (SHORTEST..value.len()).filter(|&at| value[at..].starts_with(b"?=")).peekable();
    // The end of the word being passed, whose padding may look like another start.
    let mut word_end = 0;
    for (at, &b) in value.iter().enumerate() {
        out.push(b);
        if at >= word_end && b == b'=' && value.get(at + 1) == Some(&b'?') {
            while ends.next_if(|&end| end < at + SHORTEST).is_some() {}
            match ends.peek() {
                Some(&end) if end <= at + MAX_WORD => word_end = end,
                _ => out.push(NO_WORD),
            }
        }
    }
    out
}

fn join<'x>(addresses: impl Iterator<Item = &'x Addr<'x>>) -> String {
    let mut out = String::new();
    for address in addresses {
        let name = one_line(address.name.as_deref().unwrap_or_default());
        let mailbox: String = one_line(address.address.as_deref().unwrap_or_default())
            .chars()
            .filter(|c| !matches!(c, ' ' | '<' | '>'))
            .collect();
        if name.is_empty() && mailbox.is_empty() {
            continue;
        }
        if !out.is_empty() {
            out.push_str(", ");
        }
        match (name.is_empty(), mailbox.is_empty()) {
            (true, _) => out.push_str(&mailbox),
            (false, true) => out.push_str(&quoted(&name)),
            (false, false) => out.push_str(&format!("{} <{mailbox}>", quoted(&name))),
        }
    }
    out
}

/// A name between double quotes when it would otherwise be taken for more than a name.
fn quoted(name: &str) -> Cow<'_, str> {
    if !name.contains([',', '"', '<', '>']) {
        return Cow::Borrowed(name);
    }
    Cow::Owned(format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\"")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> Fields<'_> {
        Fields::read(text.as_bytes(), |_| false).0
    }

    #[test]
    fn a_value_is_decoded_onto_one_line() {
        let check = |value: &str, want: &str| {
            let text = format!("Subject: {value}\r\n\r\nbody");
            assert_eq!(fields(&text).words("subject").unwrap_or_default(), want, "{value:?}");
        };
        check("plain", "plain");
        check("", "");
        check(" folded\r\n\t over  lines", "folded over lines");
        check("=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße");
        check("=?iso-8859-1?B?4Q==?= tail", "á tail");
        check("=?utf-8?q?one?=\r\n =?utf-8?q?two?=", "onetwo");
        check("a\u{0}b\u{202E}c\u{7}d", "abcd");
        check("=?utf-8?q?a=0D=0ABcc:_x?=", "a Bcc: x");
        check("=?broken", "=?broken");
        check("=?utf-8?q?a=20?= =?utf-8?q?open", "a =?utf-8?q?open");
        check("=?=? a", "=?=? a");
        check(&format!("=?utf-8?q?{}?=", "x".repeat(2000)), &"x".repeat(2000));
        check(&"=?aa?q?xx ".repeat(10_000), "=?aa?q?xx ".repeat(10_000).trim_end());
    }

    #[test]
    fn addresses_are_written_in_one_form() {
        let check = |value: &str, want: &str| {
            let text = format!("To: {value}\n\n");
            assert_eq!(fields(&text).addresses("To").unwrap_or_default(), want, "{value:?}");
        };
        check("a@b.example", "a@b.example");
        check("<a@b.example>", "a@b.example");
        check("Ann Lee <a@b.example>, b@c.example", "Ann Lee <a@b.example>, b@c.example");
        check("\"Lee, Ann\" <a@b.example>", "\"Lee, Ann\" <a@b.example>");
        check("\"Ann \\\"A\\\" Lee\" <a@b.example>", "\"Ann \\\"A\\\" Lee\" <a@b.example>");
        check("a@b.example (Ann Lee)", "Ann Lee <a@b.example>");
        check("=?utf-8?q?J=C3=BCrgen?= <j@x.example>", "Jürgen <j@x.example>");
        check("Team: a@b.example, Bo <b@c.example>; c@d.example", "a@b.example, Bo <b@c.example>, c@d.example");
        check("undisclosed-recipients:;", "");
        check("=?utf-8?q?A=0D=0ATo:_evil?= <a@b.example>", "A To: evil <a@b.example>");
    }

    #[test]
    fn the_section_ends_at_the_blank_line_or_at_what_is_no_field() {
        let check = |text: &str, names: usize, rest: &str| {
            let (fields, end) = Fields::read(text.as_bytes(), |line| line == b"--b");
            assert_eq!((fields.fields.len(), &text[end..]), (names, rest), "{text:?}");
        };
        check("A: 1\nB : 2\n\nbody", 2, "body");
        check("A: 1\r\n\r\nbody", 1, "body");
        check("\nbody", 0, "body");
        check("no field here\n", 0, "no field here\n");
        check("A: 1\nbody at once\n", 1, "body at once\n");
        check("From me@x Mon\nA: 1\n\n", 1, "");
        check("A: 1\n--b\n", 1, "--b\n");
        check("A: 1\n  more", 1, "");
        check("", 0, "");
    }

    #[test]
    fn raw_bytes_that_are_not_utf8_are_read_as_western() {
        let (fields, _) = Fields::read(b"Subject: caf\xE9\n\n", |_| false);
        assert_eq!(fields.words("Subject").unwrap(), "café");
    }
}
