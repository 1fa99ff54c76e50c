//! The tokenizer and what feeds it and listens to it.

use std::convert::Infallible;

use docmill_model::Warning;
use html5gum::emitters::{Emitter, naive_next_state};
use html5gum::{Reader, State, Tokenizer};

use super::element::{Attributes, Name};
use super::page::Writer;

/// Bytes of an attribute's value that are kept; pictures written into the page are longer.
const MAX_VALUE: usize = 1 << 13;

/// Bytes of text that are handed on at once.
const MAX_TEXT: usize = 1 << 16;

/// Reads everything, or until the limit of text, and gives the finding that elements nest too deep, if they do.
pub(super) fn run<F: FnMut(&mut String) -> bool>(source: Source<F>, mut writer: Writer) -> Option<Warning> {
    // A token is given only to stop.
    Tokenizer::new_with_emitter(source, Listener::new(&mut writer)).next();
    writer.finish()
}

/// Text in pieces, as the tokenizer reads it: byte by byte or up to a mark.
pub(super) struct Source<F> {
    piece: String,
    at: usize,
    more: F,
}

impl<F: FnMut(&mut String) -> bool> Source<F> {
    /// `more` appends the next piece and tells whether there was one.
    pub(super) fn new(first: String, more: F) -> Self {
        Self { piece: first, at: 0, more }
    }

    /// What can be seen: so many bytes at least, if there are so many.
    fn seen(&mut self, count: usize) -> &[u8] {
        while self.piece.len() - self.at < count {
            let read = self.piece.floor_char_boundary(self.at);
            self.piece.drain(..read);
            self.at -= read;
            if !(self.more)(&mut self.piece) {
                break;
            }
        }
        &self.piece.as_bytes()[self.at..]
    }
}

impl<F: FnMut(&mut String) -> bool> Reader for Source<F> {
    type Error = Infallible;

    fn read_byte(&mut self) -> Result<Option<u8>, Infallible> {
        let byte = self.seen(1).first().copied();
        self.at += usize::from(byte.is_some());
        Ok(byte)
    }

    fn try_read_string(&mut self, expected: &[u8], case_sensitive: bool) -> Result<bool, Infallible> {
        let head = self.seen(expected.len()).get(..expected.len());
        let same = |head: &[u8]| if case_sensitive { head == expected } else { head.eq_ignore_ascii_case(expected) };
        let found = head.is_some_and(same);
        self.at += if found { expected.len() } else { 0 };
        Ok(found)
    }

    fn read_until<'b>(&'b mut self, marks: &[u8], _: &'b mut [u8; 4]) -> Result<Option<&'b [u8]>, Infallible> {
        let seen = self.seen(1);
        // A mark at the beginning is given alone.
        let length = match seen.iter().position(|b| marks.contains(b)) {
            Some(0) => 1,
            Some(at) => at,
            None => seen.len(),
        };
        let from = self.at;
        self.at += length;
        Ok((length > 0).then(|| &self.piece.as_bytes()[from..self.at]))
    }
}

/// Collects tags and text for the writer. Keeps nothing of comments, unknown attributes and overlong values.
struct Listener<'w, 'd> {
    writer: &'w mut Writer<'d>,
    text: Vec<u8>,
    name: Vec<u8>,
    is_end: bool,
    closes_itself: bool,
    attributes: Attributes,
    /// Name and value of the attribute being read.
    attribute: Option<(Vec<u8>, Vec<u8>)>,
    last_start: Option<Name>,
}

impl<'w, 'd> Listener<'w, 'd> {
    fn new(writer: &'w mut Writer<'d>) -> Self {
        Self {
            writer,
            text: Vec::new(),
            name: Vec::new(),
            is_end: false,
            closes_itself: false,
            attributes: Attributes::default(),
            attribute: None,
            last_start: None,
        }
    }

    fn init_tag(&mut self, is_end: bool) {
        self.flush_text(true);
        self.name.clear();
        self.is_end = is_end;
        self.closes_itself = false;
        self.attributes = Attributes::default();
        self.attribute = None;
    }

    /// Hands the text on. A character may have come in part only; the rest of it follows unless this is the end.
    fn flush_text(&mut self, end: bool) {
        let whole = match std::str::from_utf8(&self.text) {
            Err(error) if error.error_len().is_none() && !end => error.valid_up_to(),
            _ => self.text.len(),
        };
        if whole > 0 {
            self.writer.text(&String::from_utf8_lossy(&self.text[..whole]));
            self.text.drain(..whole);
        }
    }

    /// Puts the attribute that was read on the tag; the first of two with one name counts.
    fn close_attribute(&mut self) {
        let Some((name, value)) = self.attribute.take() else { return };
        let attributes = &mut self.attributes;
        let slot = match name.as_slice() {
            b"hidden" => return attributes.hidden = true,
            b"open" => return attributes.open = true,
            b"style" => &mut attributes.style,
            b"href" => &mut attributes.href,
            b"alt" => &mut attributes.alt,
            _ => return,
        };
        slot.get_or_insert_with(|| String::from_utf8_lossy(&value).into_owned());
    }
}

/// Appends as much as the limit allows.
fn push_within(to: &mut Vec<u8>, bytes: &[u8], limit: usize) {
    to.extend_from_slice(&bytes[..bytes.len().min(limit - to.len().min(limit))]);
}

impl Emitter for Listener<'_, '_> {
    type Token = ();

    fn pop_token(&mut self) -> Option<()> {
        self.writer.is_full().then_some(())
    }

    fn emit_string(&mut self, text: &[u8]) {
        self.text.extend_from_slice(text);
        if self.text.len() >= MAX_TEXT {
            self.flush_text(false);
        }
    }

    fn emit_eof(&mut self) {
        self.flush_text(true);
    }

    fn init_start_tag(&mut self) {
        self.init_tag(false);
    }

    fn init_end_tag(&mut self) {
        self.init_tag(true);
    }

    fn push_tag_name(&mut self, name: &[u8]) {
        push_within(&mut self.name, name, 32);
    }

    fn set_self_closing(&mut self) {
        self.closes_itself = true;
    }

    fn init_attribute(&mut self) {
        self.close_attribute();
        self.attribute = Some(Default::default());
    }

    fn push_attribute_name(&mut self, name: &[u8]) {
        if let Some((to, _)) = &mut self.attribute {
            push_within(to, name, 32);
        }
    }

    fn push_attribute_value(&mut self, value: &[u8]) {
        if let Some((name, to)) = &mut self.attribute
            && matches!(name.as_slice(), b"style" | b"href" | b"alt")
        {
            push_within(to, value, MAX_VALUE);
        }
    }

    fn emit_current_tag(&mut self) -> Option<State> {
        self.close_attribute();
        if self.is_end {
            self.writer.end(&self.name);
            return None;
        }
        self.last_start = Some(Name::new(&self.name));
        let open = self.writer.start(&self.name, &self.attributes, self.closes_itself);
        naive_next_state(&self.name).filter(|_| open)
    }

    fn current_is_appropriate_end_tag_token(&mut self) -> bool {
        self.is_end && self.last_start == Some(Name::new(&self.name))
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&mut self) -> bool {
        self.writer.is_xml()
    }

    fn set_last_start_tag(&mut self, name: Option<&[u8]>) {
        self.last_start = name.map(Name::new);
    }

    fn should_emit_errors(&mut self) -> bool {
        false
    }

    fn emit_error(&mut self, _: html5gum::Error) {}
    fn init_comment(&mut self) {}
    fn push_comment(&mut self, _: &[u8]) {}
    fn emit_current_comment(&mut self) {}
    fn init_doctype(&mut self) {}
    fn push_doctype_name(&mut self, _: &[u8]) {}
    fn set_doctype_public_identifier(&mut self, _: &[u8]) {}
    fn set_doctype_system_identifier(&mut self, _: &[u8]) {}
    fn push_doctype_public_identifier(&mut self, _: &[u8]) {}
    fn push_doctype_system_identifier(&mut self, _: &[u8]) {}
    fn set_force_quirks(&mut self) {}
    fn emit_current_doctype(&mut self) {}
}
