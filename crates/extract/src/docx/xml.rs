//! The walk over an XML part: elements and text in the order of the file, without recursion.
//!
//! Names are compared without their prefix, so that the transitional and the strict namespaces, whatever a file
//! calls them, are read alike. Entities other than the five of XML are not expanded and stay as they stand.

use std::borrow::Cow;
use std::io::{self, BufRead, Read};

use encoding_rs::{DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};
use quick_xml::Reader;
use quick_xml::escape::{resolve_predefined_entity, unescape};
use quick_xml::events::{BytesStart, Event};

/// Elements open at one time past which a part is given up: the parser keeps the name of each.
const MAX_OPEN: u32 = 1 << 16;

/// Bytes of one piece of markup or text past which a part is given up: the parser holds it whole. Twice the text that
/// is kept of a document in one-byte characters.
const MAX_EVENT: u64 = 32 << 20;

/// Whether the content of an element is of interest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Enter {
    /// [`Visitor::close`] is called at its end.
    Yes,
    /// Nothing more is heard of it.
    No,
}

pub(super) trait Visitor {
    fn open(&mut self, element: &Element<'_>) -> Enter;
    fn close(&mut self);
    fn text(&mut self, text: &str);
    /// Whether the rest of the part need not be read.
    fn is_full(&self) -> bool {
        false
    }
}

pub(super) struct Element<'a>(&'a BytesStart<'a>);

impl<'a> Element<'a> {
    /// The name without its prefix.
    pub(super) fn name(&self) -> &'a str {
        self.0.local_name().into_inner()
    }

    /// The value of the first attribute with that name, whatever its prefix.
    pub(super) fn attribute(&self, name: &str) -> Option<Cow<'a, str>> {
        let found =
            self.0.attributes().with_checks(false).flatten().find(|a| a.key.local_name().into_inner() == name)?;
        Some(match unescape(&found.value) {
            Ok(value) => Cow::Owned(value.into_owned()),
            Err(_) => found.value,
        })
    }
}

/// How a walk ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    /// The part is not well-formed or ends too early; what stands before the fault was read.
    pub is_damaged: bool,
    /// Elements nest deeper than the limit and were left out.
    pub is_too_deep: bool,
    /// A tag, a comment or a text is longer than is held; what stands before its end there was read.
    pub is_too_long: bool,
    /// Byte sequences that are no characters.
    pub replaced: u64,
}

/// Walks over a part.
pub(super) fn walk(part: impl Read, max_depth: u32, visitor: &mut impl Visitor) -> Outcome {
    let mut reader = Reader::from_reader(Transcoder::new(part));
    reader.config_mut().expand_empty_elements = true;
    reader.config_mut().allow_dangling_amp = true;
    let mut outcome = Outcome::default();
    let mut buffer = Vec::new();
    let mut depth = 0;
    let mut has_root = false;
    // Depth inside an element that is passed over, itself included.
    let mut skipped = 0;
    loop {
        buffer.clear();
        reader.get_mut().begin_event();
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Start(start)) => {
                has_root = true;
                depth += 1;
                if depth > MAX_OPEN {
                    outcome.is_too_deep = true;
                    break;
                }
                if skipped > 0 {
                    skipped += 1;
                } else if depth > max_depth {
                    outcome.is_too_deep = true;
                    skipped = 1;
                } else if visitor.open(&Element(&start)) == Enter::No {
                    skipped = 1;
                }
            }
            Ok(Event::End(_)) => {
                depth = depth.saturating_sub(1);
                if skipped > 0 {
                    skipped -= 1;
                } else {
                    visitor.close();
                }
            }
            Ok(Event::Text(text)) if skipped == 0 => visitor.text(&text.xml10_content()),
            Ok(Event::CData(text)) if skipped == 0 => visitor.text(&text.xml10_content()),
            Ok(Event::GeneralRef(reference)) if skipped == 0 => match reference.resolve_char_ref() {
                Ok(Some(c)) => visitor.text(c.encode_utf8(&mut [0; 4])),
                Ok(None) => match resolve_predefined_entity(&reference) {
                    Some(text) => visitor.text(text),
                    None => visitor.text(&format!("&{};", &*reference)),
                },
                Err(_) => {
                    outcome.replaced += 1;
                    visitor.text("\u{FFFD}");
                }
            },
            Ok(Event::Eof) => {
                outcome.is_damaged = depth > 0 || !has_root;
                break;
            }
            Ok(_) => {}
            Err(_) => {
                outcome.is_damaged = true;
                break;
            }
        }
        if visitor.is_full() {
            break;
        }
    }
    let source = reader.into_inner();
    outcome.replaced += source.replaced;
    outcome.is_too_long = source.is_over;
    outcome
}

/// Gives the bytes of an XML part as UTF-8. Parts are in UTF-8 or UTF-16 (ECMA-376 part 2, 8.1.4); what is no
/// character becomes U+FFFD.
struct Transcoder<R> {
    inner: R,
    decoder: Option<encoding_rs::Decoder>,
    input: Vec<u8>,
    is_last: bool,
    /// Told once everything before it is.
    failure: Option<io::Error>,
    is_done: bool,
    out: Box<[u8]>,
    position: usize,
    length: usize,
    replaced: u64,
    /// Bytes that the event being read may still take.
    left: u64,
    is_over: bool,
}

/// Bytes taken at a time.
const PIECE: usize = 16 << 10;

const REPLACEMENT: &[u8; 3] = b"\xEF\xBF\xBD";

impl<R: Read> Transcoder<R> {
    fn new(inner: R) -> Self {
        Self {
            inner,
            decoder: None,
            input: Vec::new(),
            is_last: false,
            failure: None,
            is_done: false,
            out: vec![0; PIECE].into(),
            position: 0,
            length: 0,
            replaced: 0,
            left: MAX_EVENT,
            is_over: false,
        }
    }

    fn begin_event(&mut self) {
        self.left = MAX_EVENT;
    }

    fn read_piece(&mut self) {
        let room = PIECE - self.input.len();
        self.failure = (&mut self.inner).take(room as u64).read_to_end(&mut self.input).err();
        self.is_last = self.input.len() < PIECE || self.failure.is_some();
    }

    fn decode(&mut self) {
        let encoding = encoding_of(&self.input);
        let decoder = self.decoder.get_or_insert_with(|| encoding.new_decoder_with_bom_removal());
        let room = self.out.len() - REPLACEMENT.len();
        let (result, read, written) =
            decoder.decode_to_utf8_without_replacement(&self.input, &mut self.out[..room], self.is_last);
        self.input.drain(..read);
        (self.position, self.length) = (0, written);
        match result {
            DecoderResult::Malformed(..) => {
                self.out[written..written + REPLACEMENT.len()].copy_from_slice(REPLACEMENT);
                self.length += REPLACEMENT.len();
                self.replaced += 1;
            }
            DecoderResult::InputEmpty => self.is_done = self.is_last,
            DecoderResult::OutputFull => {}
        }
    }
}

fn encoding_of(bytes: &[u8]) -> &'static Encoding {
    match bytes {
        [0xFF, 0xFE, ..] | [b'<', 0, ..] => UTF_16LE,
        [0xFE, 0xFF, ..] | [0, b'<', ..] => UTF_16BE,
        _ => UTF_8,
    }
}

impl<R: Read> BufRead for Transcoder<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            // The end of the part, as far as the parser can tell.
            self.is_over = true;
            return Ok(&[]);
        }
        while self.position == self.length && !self.is_done {
            if !self.is_last && self.input.len() < PIECE {
                self.read_piece();
            }
            self.decode();
        }
        if self.position == self.length
            && let Some(failure) = self.failure.take()
        {
            return Err(failure);
        }
        Ok(&self.out[self.position..self.length])
    }

    fn consume(&mut self, amount: usize) {
        self.position += amount;
        self.left = self.left.saturating_sub(amount as u64);
    }
}

impl<R: Read> Read for Transcoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(buffer.len());
        buffer[..count].copy_from_slice(&available[..count]);
        self.consume(count);
        Ok(count)
    }
}
