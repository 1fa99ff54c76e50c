//! The parts of a message, found by one pass over its lines.
//!
//! The nesting of multiparts is a stack of boundaries of bounded depth; a nested message is one part and is not
//! looked into. Time is linear in the message's length.

use std::ops::Range;

use mail_parser::ContentType;

use super::header::{Fields, line_length, trim_line_end};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Leaf,
    Multipart,
    /// A multipart that nests too deep and is not looked into.
    TooDeep,
}

/// One part. A multipart holds other parts; every other part is a leaf with a body.
#[derive(Debug)]
pub(super) struct Part<'a> {
    pub fields: Fields<'a>,
    pub content_type: Option<ContentType<'static>>,
    pub parent: Option<usize>,
    pub form: Form,
    /// The encoded body of a leaf; what stands before the first boundary in a multipart.
    pub body: Range<usize>,
}

impl Part<'_> {
    /// Type and subtype, such as `text/plain`, in lower case; what a part without a type is depends on where
    /// it stands.
    pub(super) fn mime(&self, parent: Option<&Part<'_>>) -> String {
        match &self.content_type {
            Some(content_type) => {
                format!("{}/{}", content_type.ctype(), content_type.subtype().unwrap_or_default()).to_ascii_lowercase()
            }
            None if parent.is_some_and(|p| p.is_kind("multipart", "digest")) => "message/rfc822".into(),
            None => "text/plain".into(),
        }
    }

    pub(super) fn is_kind(&self, kind: &str, subtype: &str) -> bool {
        self.content_type.as_ref().is_some_and(|c| {
            c.ctype().eq_ignore_ascii_case(kind) && c.subtype().is_some_and(|s| s.eq_ignore_ascii_case(subtype))
        })
    }

    /// An attribute of `Content-Type`.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.content_type.as_ref()?.attribute(name)
    }
}

/// The parts of a message in the order of the file: the message itself first, each multipart before its parts.
#[derive(Debug, Default)]
pub(super) struct Structure<'a> {
    pub parts: Vec<Part<'a>>,
    /// A multipart has no closing boundary, or none at all.
    pub is_damaged: bool,
    /// Parts were left out because there are too many or they nest too deep.
    pub is_cut: bool,
}

struct Boundary {
    text: Vec<u8>,
    part: usize,
}

enum Line {
    Delimiter(usize),
    Closing(usize),
    Other,
}

/// Finds the parts of `bytes`: the message itself, whatever the limits, and those in it.
pub(super) fn split(bytes: &[u8], max_parts: u32, max_depth: u32) -> Structure<'_> {
    let mut out = Structure::default();
    let mut open: Vec<Boundary> = Vec::new();
    let mut at = 0;
    let mut parent = None;
    loop {
        if !out.parts.is_empty() && out.parts.len() >= max_parts as usize {
            out.is_cut = true;
            break;
        }
        let (fields, length) = Fields::read(&bytes[at..], |line| !matches!(classify(line, &open), Line::Other));
        at += length;
        let content_type = fields.content_type();
        let boundary = content_type
            .as_ref()
            .filter(|c| c.ctype().eq_ignore_ascii_case("multipart"))
            .and_then(|c| c.attribute("boundary"))
            .map(|b| b.trim_ascii_end().bytes().filter(|b| !b.is_ascii_control()).collect::<Vec<u8>>())
            .filter(|b| !b.is_empty());
        let index = out.parts.len();
        out.parts.push(Part { fields, content_type, parent, form: Form::Leaf, body: at..at });
        if let Some(text) = boundary {
            if open.len() < max_depth as usize {
                out.parts[index].form = Form::Multipart;
                open.push(Boundary { text, part: index });
            } else {
                out.parts[index].form = Form::TooDeep;
                out.is_cut = true;
            }
        }
        let Some(next) = skip_to_delimiter(bytes, &mut at, &mut open, &mut out, index) else { break };
        parent = Some(next);
    }
    out.is_damaged |= !open.is_empty() && !out.is_cut;
    forget_multiparts_without_parts(&mut out);
    out
}

/// Goes on to the line that starts the next part and returns the multipart it belongs to; `None` at the end.
/// Up to the first boundary on the way is the body of part `index`.
fn skip_to_delimiter(
    bytes: &[u8],
    at: &mut usize,
    open: &mut Vec<Boundary>,
    out: &mut Structure<'_>,
    index: usize,
) -> Option<usize> {
    let start = *at;
    let mut is_body = true;
    while *at < bytes.len() {
        let line_start = *at;
        *at += line_length(&bytes[line_start..]);
        let line = classify(trim_line_end(&bytes[line_start..*at]), open);
        let (Line::Delimiter(level) | Line::Closing(level)) = line else { continue };
        if is_body {
            // The line end before a boundary belongs to the boundary.
            out.parts[index].body = start..start + trim_line_end(&bytes[start..line_start]).len();
            is_body = false;
        }
        out.is_damaged |= open.len() > level + 1;
        open.truncate(level + 1);
        if let Line::Delimiter(_) = line {
            return Some(open[level].part);
        }
        open.truncate(level);
        if open.is_empty() {
            return None;
        }
    }
    if is_body {
        out.parts[index].body = start..bytes.len();
    }
    None
}

/// Which of the open boundaries a line is, the innermost first.
fn classify(line: &[u8], open: &[Boundary]) -> Line {
    let Some(rest) = line.strip_prefix(b"--") else { return Line::Other };
    let rest = rest.trim_ascii_end();
    for (level, boundary) in open.iter().enumerate().rev() {
        match rest.strip_prefix(boundary.text.as_slice()) {
            Some(b"") => return Line::Delimiter(level),
            Some(b"--") => return Line::Closing(level),
            _ => {}
        }
    }
    Line::Other
}

/// A multipart in which no boundary was found is read as text: what it says must not be lost.
fn forget_multiparts_without_parts(out: &mut Structure<'_>) {
    let mut has_parts = vec![false; out.parts.len()];
    for part in &out.parts {
        if let Some(parent) = part.parent {
            has_parts[parent] = true;
        }
    }
    for (part, has_parts) in out.parts.iter_mut().zip(has_parts) {
        if part.form == Form::Multipart && !has_parts {
            part.form = Form::Leaf;
            part.content_type = None;
            out.is_damaged = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `parent:body` of each part; a multipart shows as `parent:*`.
    fn outline(structure: &Structure<'_>, text: &str) -> String {
        let show = |part: &Part<'_>| {
            let parent = part.parent.map_or("-".to_owned(), |p| p.to_string());
            let body = if part.form == Form::Multipart { "*" } else { &text[part.body.clone()] };
            format!("{parent}:{body}")
        };
        structure.parts.iter().map(show).collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn parts_are_found_by_their_boundaries() {
        let check = |text: &str, want: &str, is_damaged: bool| {
            let structure = split(text.as_bytes(), 100, 8);
            assert_eq!((outline(&structure, text).as_str(), structure.is_damaged), (want, is_damaged), "{text:?}");
            assert!(!structure.is_cut, "{text:?}");
        };
        let a = "Content-Type: multipart/mixed; boundary=a\n\n";
        let b = "Content-Type: multipart/mixed; boundary=\"ab\"\n\n";
        check("Subject: x\n\nhello\n", "-:hello\n", false);
        check("", "-:", false);
        check(&format!("{a}pre\n--a\n\none\n--a\n\ntwo\r\n--a--\npost\n"), "-:* | 0:one | 0:two", false);
        check(&format!("{a}--a  \n\none\n--a"), "-:* | 0:one | 0:", true);
        check(&format!("{a}--a\n\none, cut"), "-:* | 0:one, cut", true);
        check(&format!("{a}--a\n{b}--ab\n\nx\n--ab--\n--a\n\ny\n--a--"), "-:* | 0:* | 1:x | 0:y", false);
        check(&format!("{a}--a\n{b}--ab\n\nx\n--a\n\ny\n--a--"), "-:* | 0:* | 1:x | 0:y", true);
        check(&format!("{a}no boundary at all"), "-:no boundary at all", true);
        check(&format!("{a}--a\nContent-Type: text/plain\n--a\n\ny\n--a--"), "-:* | 0: | 0:y", false);
        check("Content-Type: multipart/mixed\n\nx", "-:x", false);
    }

    #[test]
    fn limits_leave_out_what_is_past_them() {
        let mut deep = String::new();
        for level in 0..1_000 {
            deep.push_str(&format!("Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n"));
        }
        let structure = split(deep.as_bytes(), 10_000, 256);
        assert!(structure.is_cut);
        assert_eq!(structure.parts.len(), 257);

        let many = format!("Content-Type: multipart/mixed; boundary=b\n\n{}", "--b\n\nx\n".repeat(1000));
        let structure = split(many.as_bytes(), 100, 256);
        assert!(structure.is_cut);
        assert_eq!(structure.parts.len(), 100);
        let structure = split(many.as_bytes(), 0, 256);
        assert!(structure.is_cut);
        assert_eq!(structure.parts.len(), 1);
    }
}
