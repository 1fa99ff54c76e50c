//! PDF with a text layer.
//!
//! A page goes through five steps, one file each: what is painted (`ink`), glyphs that stand side by side
//! (`fragment`), the order of the regions (`order`), lines and words (`line`, in the order of reading: `logical`),
//! blocks (`block`), and the page that comes out of it (`compose`).
//!
//! A page depends on its own content alone: pages before [`Options::first_page`] are not interpreted.

mod block;
mod compose;
mod fragment;
mod ink;
mod line;
mod logical;
mod order;
#[cfg(test)]
mod tests;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use docmill_model::{Code, MediaType, Page, PageSize, Warning};
use hayro_interpret::hayro_syntax::content::TypedIter;
use hayro_interpret::hayro_syntax::object::dict::keys::{ANNOTS, CONTENTS, COUNT, PAGES};
use hayro_interpret::hayro_syntax::object::{Array, Dict, Stream};
use hayro_interpret::hayro_syntax::page::{Page as Source, Rotation};
use hayro_interpret::hayro_syntax::{DecryptionError, LoadPdfError, Pdf};
use hayro_interpret::kurbo::{Affine, Rect};
use hayro_interpret::{
    Context, InterpreterCache, InterpreterSettings, InterpreterWarning, RenderContent, interpret, interpret_page,
};

use crate::{Bytes, Error, Flow, Options, Sink, Summary};
use compose::{compose, hundredths};
use ink::{Ink, Limits, Recorder, TooManySteps};

/// The limits of a page. They are not shared between pages, so that a page comes out the same whatever was read
/// before it. A page that a person can read has a hundredth of the characters; the fullest maps have a tenth of the
/// steps and the clips.
const LIMITS: Limits = Limits { chars: 1_000_000, steps: 10_000_000, clips: 200_000 };
/// Bytes of the content of a page in several streams, the largest seen having half a MiB. A page may name one stream as
/// often as it likes, and the copy is to stay far below the memory that a child has.
const MAX_CONTENT: usize = 64 << 20;
/// Pages after which what the interpreter keeps (fonts, colour spaces) is dropped, so that memory does not grow with
/// the document.
const CACHE_PAGES: u32 = 200;
/// A page with fewer characters than this under a picture of more than half its area is a scan with a stamp on it.
const STAMP_CHARS: usize = 20;

/// Reads the text layer of a PDF.
///
/// The limit of characters holds for each page; the one of the document is the caller's to keep. The warning
/// `no_text` is given only when all pages were read, that is with `first_page` 1.
pub fn extract(bytes: &Bytes, options: &Options, sink: &mut dyn Sink) -> Result<Summary, Error> {
    let limits = Limits { chars: options.max_chars.min(LIMITS.chars), ..LIMITS };
    extract_within(limits, bytes, options, sink)
}

fn extract_within(limits: Limits, bytes: &Bytes, options: &Options, sink: &mut dyn Sink) -> Result<Summary, Error> {
    let pdf = open(bytes)?;
    let pages = pdf.pages();
    let total = u32::try_from(pages.len()).unwrap_or(u32::MAX);
    if total == 0 {
        return Err(damaged("the document has no pages"));
    }
    let mut warnings = Vec::new();
    if declared_pages(&pdf).is_some_and(|count| count > i64::from(total)) {
        warnings.push(Warning::new(Code::DAMAGED_PART, "the page tree names pages that cannot be found"));
    }
    if total > options.max_pages {
        warnings.push(Warning::new(Code::PAGE_LIMIT, format!("pages past {} were not read", options.max_pages)));
    }
    let first = options.first_page.max(1);
    let mut cache = InterpreterCache::new();
    let mut blank = first == 1;
    for (number, source) in (1..=options.max_pages).zip(pages.iter()).skip(first as usize - 1) {
        if (number - first) % CACHE_PAGES == CACHE_PAGES - 1 {
            cache = InterpreterCache::new();
        }
        let (page, outcome) = read(source, number, &cache, limits);
        if outcome == Outcome::Broken {
            // A panic may have left it locked.
            cache = InterpreterCache::new();
        }
        blank &= outcome == Outcome::Blank;
        if sink.page(page) == Flow::Stop {
            return Err(Error::Stopped);
        }
    }
    if blank && total <= options.max_pages {
        warnings.push(Warning::new(Code::NO_TEXT, "no page holds text or shows anything"));
    }
    Ok(Summary { media_type: MediaType::Pdf, pages: total, warnings })
}

fn damaged(what: &str) -> Error {
    Error::Damaged { media_type: MediaType::Pdf, what: what.to_owned() }
}

/// The bytes of a file as the PDF library takes them.
struct Shared(Bytes);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        (*self.0).as_ref()
    }
}

/// The entry of the trailer that an encrypted file has.
const ENCRYPT: &[u8] = b"/Encrypt";

fn open(bytes: &Bytes) -> Result<Pdf, Error> {
    let shared = Arc::new(Shared(bytes.clone()));
    let opened = catch_unwind(AssertUnwindSafe(|| Pdf::new(shared)));
    let opened = opened.map_err(|_| damaged("the structure of the file cannot be read"))?;
    let encrypted = || (**bytes).as_ref().windows(ENCRYPT.len()).any(|window| window == ENCRYPT);
    opened.map_err(|error| match error {
        LoadPdfError::Decryption(DecryptionError::PasswordProtected) => {
            Error::NeedsPassword { media_type: MediaType::Pdf }
        }
        LoadPdfError::Decryption(DecryptionError::UnsupportedAlgorithm) => {
            damaged("the encryption is of an unknown kind")
        }
        LoadPdfError::Decryption(_) => damaged("the encryption cannot be read"),
        // What is encrypted with a key that is not there often looks like a file without pages.
        LoadPdfError::Invalid if encrypted() => Error::NeedsPassword { media_type: MediaType::Pdf },
        LoadPdfError::Invalid => damaged("no pages can be found"),
    })
}

/// How many pages the root of the page tree says there are.
fn declared_pages(pdf: &Pdf) -> Option<i64> {
    let catalog = pdf.xref().get::<Dict<'_>>(pdf.xref().root_id())?;
    catalog.get::<Dict<'_>>(PAGES)?.get::<i32>(COUNT).map(i64::from)
}

/// What came of a page, besides what it tells itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Neither text nor anything else to see.
    Blank,
    Shown,
    /// The library panicked.
    Broken,
}

fn read<'a>(source: &Source<'a>, number: u32, cache: &InterpreterCache<'a>, limits: Limits) -> (Page, Outcome) {
    let (width, height) = source.base_dimensions();
    let mut page = Page {
        number,
        size: Some(PageSize { width: hundredths(width.into()), height: hundredths(height.into()) }),
        rotation: match source.rotation() {
            Rotation::None => 0,
            Rotation::Horizontal => 90,
            Rotation::Flipped => 180,
            Rotation::FlippedHorizontal => 270,
        },
        ..Page::default()
    };
    let bounds = Rect::new(0.0, 0.0, f64::from(width), f64::from(height));
    let mut recorder = Recorder::new(bounds, limits);
    // The recorder is looked at after a panic: it holds whole glyphs at any time.
    let run = catch_unwind(AssertUnwindSafe(|| paint(source, bounds, cache, &mut recorder)));
    let mut outcome = Outcome::Shown;
    match run {
        Ok(missing) => missing.into_iter().for_each(|what| warn(&mut page, Code::DAMAGED_PART, what)),
        Err(reason) if reason.is::<TooManySteps>() => {
            warn(&mut page, Code::DAMAGED_PART, "the page asks for more steps than the limit");
            outcome = Outcome::Broken;
        }
        Err(_) => {
            warn(&mut page, Code::DAMAGED_PART, "the content of the page cannot be interpreted to its end");
            outcome = Outcome::Broken;
        }
    }
    let ink = recorder.into_ink();
    let whole = compose(&ink, &mut page, limits.chars);
    if ink.full || !whole {
        warn(&mut page, Code::TEXT_LIMIT, format!("the text of the page was cut at {} characters", limits.chars));
    }
    judge(&ink, &mut page, bounds.area());
    if outcome == Outcome::Shown && page.text.is_empty() && !ink.paints {
        outcome = Outcome::Blank;
    }
    (page, outcome)
}

fn warn(page: &mut Page, code: Code, message: impl Into<String>) {
    page.warnings.push(Warning::on_page(code, message, page.number));
}

/// Interprets the content and the annotations of a page; tells what could not be read.
fn paint<'a>(
    source: &Source<'a>,
    bounds: Rect,
    cache: &InterpreterCache<'a>,
    recorder: &mut Recorder,
) -> Vec<&'static str> {
    let origin = source.intersected_crop_box();
    // The unrotated page, y downwards from its top left.
    let place = Affine::new([1.0, 0.0, 0.0, -1.0, -origin.x0, bounds.height() + origin.y0]);
    let font_failed = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&font_failed);
    let settings = InterpreterSettings {
        warning_sink: Arc::new(move |warning| {
            if matches!(warning, InterpreterWarning::UnsupportedFont) {
                seen.store(true, Ordering::Relaxed);
            }
        }),
        render_content: RenderContent::ANNOTATIONS,
        ..InterpreterSettings::default()
    };
    let (content, lost) = content(source);
    let mut context = Context::new(place, bounds, cache, source.xref(), settings.clone());
    interpret(TypedIter::new(&content), source.resources(), &mut context, recorder);
    drop(content);
    if source.raw().contains_key(ANNOTS) {
        // Annotations start from the state of the page's beginning.
        let mut context = Context::new(place, bounds, cache, source.xref(), settings);
        interpret_page(source, &mut context, recorder);
    }
    let mut missing = Vec::from_iter(lost);
    if font_failed.load(Ordering::Relaxed) {
        missing.push("a font of the page cannot be read, its text may be wrong");
    }
    missing
}

/// The content streams of a page in one piece, and what is told when some of it is missing. The library's own way
/// keeps the content of every page until the document is closed.
fn content(source: &Source<'_>) -> (Vec<u8>, Option<&'static str>) {
    const BROKEN: &str = "a content stream of the page cannot be decoded";
    let dict = source.raw();
    if let Some(stream) = dict.get::<Stream<'_>>(CONTENTS) {
        return match stream.decoded_data() {
            Ok(data) => (data.into_owned(), None),
            Err(_) => (Vec::new(), Some(BROKEN)),
        };
    }
    let Some(array) = dict.get::<Array<'_>>(CONTENTS) else {
        return (Vec::new(), dict.contains_key(CONTENTS).then_some(BROKEN));
    };
    let mut content = Vec::new();
    let mut decoded = 0;
    for data in array.iter::<Stream<'_>>().filter_map(|stream| stream.decoded_data().ok()) {
        if content.len() + data.len() > MAX_CONTENT {
            return (content, Some("the content of the page is longer than is read"));
        }
        content.extend_from_slice(&data);
        // Streams are apart like words.
        content.push(b'\n');
        decoded += 1;
    }
    (content, (decoded != array.raw_iter().count()).then_some(BROKEN))
}

/// Adds the warnings that follow from what a page paints and what text it has.
fn judge(ink: &Ink, page: &mut Page, area: f64) {
    if ink.nulls > 0 {
        warn(page, Code::REPLACED_CHARACTERS, format!("{} characters U+0000 were replaced", ink.nulls));
    }
    // A few marks of a symbol font are no loss; from one in ten on, words are missing letters.
    if ink.unreadable >= 5 && u64::from(ink.unreadable) * 10 > u64::from(ink.shown) {
        let message = format!("{} of {} characters have no known meaning", ink.unreadable, ink.shown);
        warn(page, Code::UNREADABLE_GLYPHS, message);
    }
    let picture = ink.image_area > 0.5 * area;
    if page.text.is_empty() && ink.paints {
        warn(page, Code::NEEDS_OCR, "the page shows something and has no text");
    } else if picture && page.text.chars().filter(|c| !c.is_whitespace()).count() < STAMP_CHARS {
        warn(page, Code::NEEDS_OCR, "a picture covers most of the page, which has little text");
    }
}
