//! What holds for every format that flows, and for the entry point.

use std::sync::Arc;

use docmill_model::document::OtherType;
use docmill_model::{Code, MediaType, Page};
use proptest::prelude::*;

use crate::testing::{Extractor, Kept, codes, extract_as};
use crate::{Bytes, Error, Flow, Member, Options, Sink, Summary, csv, extract, html, markdown, text};

const FLOWING: [Extractor; 4] = [text::extract, csv::extract, html::extract, markdown::extract];

/// Pieces of which each format makes something, in an order that nobody writes.
const PIECES: [&str; 48] = [
    "word",
    " ",
    "\n",
    "\n\n",
    "\r\n",
    "\t",
    ",",
    ";",
    "|",
    "\"",
    "\"\"",
    "# ",
    "## ",
    "- ",
    "1. ",
    "> ",
    "```\n",
    "    ",
    "|a|b|\n|-|-|\n",
    "[t](https://x.org)",
    "![i](p)",
    "[^1]",
    "[^1]: ",
    "**",
    "`",
    "<",
    ">",
    "<p>",
    "</p>",
    "<table><tr><td>",
    "</td>",
    "<tr>",
    "<th>",
    "</table>",
    "<ul><li>",
    "</ul>",
    "<pre>",
    "</pre>",
    "<script>",
    "</script>",
    "<div hidden>",
    "</div>",
    "<a href=https://x.org>",
    "</a>",
    "<br>",
    "&amp;&#0;",
    "\u{e9}\u{1f600}\0",
    "<!-- <![CDATA[ <?xml ",
];

fn run(bytes: &[u8], options: &Options, sink: &mut dyn Sink) -> Result<Summary, Error> {
    let bytes: Bytes = Arc::new(bytes.to_vec());
    extract(&bytes, options, sink)
}

#[test]
fn a_file_is_read_as_what_it_is() {
    for (source, expected) in [
        ("Plain words.", MediaType::Text),
        ("a,b\n1,2\n", MediaType::Csv),
        ("<html><body>x</body></html>", MediaType::Html),
        ("# Title\n\n- a\n- b\n", MediaType::Markdown),
        ("From: a@x.org\nSubject: s\n\nBody", MediaType::Mail),
    ] {
        let mut kept = Kept::default();
        let summary = run(source.as_bytes(), &Options::default(), &mut kept).expect("it is read");
        assert_eq!((summary.media_type, summary.pages, kept.pages.len()), (expected, 1, 1));
        assert_eq!(summary.warnings, []);
    }
}

#[test]
fn what_is_not_read_is_named() {
    let error = |bytes: &[u8]| run(bytes, &Options::default(), &mut Kept::default()).expect_err("it is refused");
    assert_eq!(error(b""), Error::Empty);
    let rtf = MediaType::Other(OtherType::Rtf);
    assert_eq!(error(b"{\\rtf1 x}"), Error::Unsupported { media_type: rtf });
    assert_eq!(error(b"{\\rtf1 x}").to_string(), "files of type application/rtf are not read yet");
    let unknown = MediaType::Other(OtherType::Unknown);
    assert_eq!(error(&[1, 2, 3, 4]), Error::Unsupported { media_type: unknown });
}

#[test]
fn a_page_that_was_read_before_is_not_given_again() {
    for options in [Options { first_page: 2, ..Options::default() }, Options { max_pages: 0, ..Options::default() }] {
        let mut kept = Kept::default();
        let summary = run(b"words", &options, &mut kept).expect("it is read");
        assert_eq!((summary.pages, kept.pages.len()), (1, 0));
        assert_eq!(codes(&summary).contains(&Code::PAGE_LIMIT), options.max_pages == 0);
    }
}

#[test]
fn the_receiver_may_stop() {
    struct Stopping;
    impl Sink for Stopping {
        fn page(&mut self, _: Page) -> Flow {
            Flow::Stop
        }
        fn member(&mut self, _: Member, _: &[u8]) -> Flow {
            Flow::Stop
        }
    }
    assert_eq!(run(b"words", &Options::default(), &mut Stopping), Err(Error::Stopped));
}

#[test]
fn a_text_of_very_many_paragraphs_has_bounded_blocks_and_all_its_text() {
    for (extract, piece) in [(text::extract as Extractor, "a\n\n"), (html::extract, "<p>a"), (csv::extract, "a,\n")] {
        let source = piece.repeat(100_010);
        let (page, summary) = extract_as(extract, source.as_bytes(), &Options::default());
        assert_eq!(page.text.matches('a').count(), 100_010);
        assert_eq!(page.blocks.len(), 100_000);
        assert_eq!(summary.warnings, []);
    }
}

fn check_all(bytes: &[u8], max_chars: u32) {
    let options = Options { max_chars, max_depth: 8, ..Options::default() };
    for extract in FLOWING {
        let first = extract_as(extract, bytes, &options);
        assert_eq!(first, extract_as(extract, bytes, &options), "two runs differ");
    }
    // Whatever it is taken for, it is read or refused.
    let mut kept = Kept::default();
    let _ = run(bytes, &options, &mut kept);
    kept.pages.iter().for_each(crate::invariant::check);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn pages_hold_their_promises_for_any_bytes(bytes in prop::collection::vec(any::<u8>(), 1..400), limit in 0..300_u32) {
        check_all(&bytes, limit);
    }

    #[test]
    fn pages_hold_their_promises_for_any_structure(
        pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 1..60),
        limit in prop::sample::select(&[3_u32, 40, 100_000][..]),
        cut in any::<prop::sample::Index>(),
    ) {
        let source = pieces.concat();
        check_all(source.as_bytes(), limit);
        check_all(&source.as_bytes()[..cut.index(source.len()) + 1], limit);
    }

    #[test]
    fn letters_of_plain_text_are_neither_lost_nor_turned(source in "[a-z \n,;]{1,200}") {
        for extract in FLOWING {
            let (page, _) = extract_as(extract, source.as_bytes(), &Options::default());
            let letters = |text: &str| text.chars().filter(char::is_ascii_lowercase).collect::<String>();
            prop_assert_eq!(letters(&page.text), letters(&source));
        }
    }
}
