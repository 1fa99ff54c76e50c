use std::sync::Arc;

use docmill_model::{Advance, BlockKind, Code, Page, Span, Text, Warning};
use docmill_testkit::pdf::{LIGATURE, PdfPage, assemble, pdf, stream};
use proptest::prelude::*;

use super::{LIMITS, Limits, extract, extract_within};
use crate::testing::Kept;
use crate::{Bytes, Error, Options, Summary};

fn read_with(file: Vec<u8>, options: &Options) -> (Vec<Page>, Result<Summary, Error>) {
    let mut kept = Kept::default();
    let bytes: Bytes = Arc::new(file);
    let result = extract(&bytes, options, &mut kept);
    kept.pages.iter().for_each(crate::invariant::check);
    (kept.pages, result)
}

fn read(pages: &[PdfPage]) -> (Vec<Page>, Summary) {
    let (pages, summary) = read_with(pdf(pages), &Options::default());
    (pages, summary.expect("the file is sound"))
}

fn page() -> PdfPage {
    PdfPage::new(600, 800)
}

/// Reads one page and compares its text.
#[track_caller]
fn check(page: PdfPage, text: &str) {
    let (pages, _) = read(&[page]);
    assert_eq!(pages[0].text, text);
}

/// Reads a file of which nothing is known but that reading it must end in pages or in an error of the file.
fn ends(file: Vec<u8>) {
    let (_, result) = read_with(file, &Options::default());
    assert!(matches!(result, Ok(_) | Err(Error::Damaged { .. } | Error::NeedsPassword { .. })), "{result:?}");
}

/// Lines of words from a point downwards, 14 points apart.
fn column(page: PdfPage, x: i32, y: i32, lines: &[&str]) -> PdfPage {
    (0..).zip(lines).fold(page, |page, (index, line)| page.text(x, y - 14 * index, 10, line))
}

#[test]
fn words_and_lines_come_out_as_they_stand() {
    check(page(), "");
    check(page().text(50, 700, 10, "one line"), "one line\n");
    check(column(page(), 50, 700, &["first line", "second line"]), "first line\nsecond line\n");
    // Painted from bottom to top, and in parts.
    check(page().text(50, 686, 10, "below").text(80, 700, 10, "it").text(50, 700, 10, "above"), "above it\nbelow\n");
    // No space is painted; the gap is one.
    check(page().draw("BT /F1 10 Tf 50 700 Td [(one) -300 (two) -20 (three)] TJ ET"), "one twothree\n");
    // Letters set apart.
    check(page().draw("BT /F1 10 Tf 2 Tc 50 700 Td (SPACED) Tj 9 0 Td ET"), "SPACED\n");
}

#[test]
fn blocks_are_apart_by_a_blank_line() {
    let lines = ["A paragraph of some words", "and a second line of it."];
    let two = column(column(page(), 50, 700, &lines), 50, 640, &lines);
    check(two.clone(), &format!("{0}\n{1}\n\n{0}\n{1}\n", lines[0], lines[1]));
    let (pages, _) = read(&[two.text(50, 740, 20, "Heading")]);
    let blocks: Vec<_> = pages[0].blocks.iter().map(|b| (b.kind, b.path.as_str())).collect();
    let paragraph = BlockKind::Paragraph;
    assert_eq!(
        blocks,
        [(BlockKind::Heading, "page1/b1"), (paragraph, "page1/b2"), (paragraph, "page1/b3")],
        "{:?}",
        pages[0].text
    );
}

const LEFT: [&str; 5] = [
    "The left column has lines that are",
    "almost as wide as the column is, and",
    "they go on from one line to the next",
    "as they do in a paper that is set in",
    "two columns by its publisher today.",
];
const RIGHT: [&str; 5] = [
    "Nothing of the right column may come",
    "before the left one has been read to",
    "its end, even where the lines of both",
    "stand at the same height on the page",
    "which is what a printer wants to have.",
];

#[test]
fn columns_are_read_one_after_the_other_below_their_heading() {
    let joined = |lines: &[&str]| lines.join("\n");
    for shift in [0, 5] {
        let page = page().text(60, 740, 18, "A heading that goes across both of the columns");
        let page = column(column(page, 50, 700, &LEFT), 320, 700 - shift, &RIGHT);
        let page = page.text(50, 600, 10, "After the columns a line goes across the page, from one side to the other.");
        let expected = format!(
            "A heading that goes across both of the columns\n\n{}\n\n{}\n\n{}\n",
            joined(&LEFT),
            joined(&RIGHT),
            "After the columns a line goes across the page, from one side to the other."
        );
        check(page, &expected);
    }
}

#[test]
fn rows_of_a_table_stay_together() {
    let rows =
        [("Invoice", "12", "340.00"), ("Order", "7", "12.50"), ("Credit", "103", "9.99"), ("Total", "", "362.49")];
    let table = (0..).zip(rows).fold(page(), |page, (index, row)| {
        let y = 700 - 14 * index;
        page.text(50, y, 10, row.0).text(250, y, 10, row.1).text(400, y, 10, row.2)
    });
    check(table, "Invoice 12 340.00\nOrder 7 12.50\nCredit 103 9.99\nTotal 362.49\n");
}

#[test]
fn line_numbers_are_read_before_the_lines() {
    let text = "No sentence is broken by a number beside it";
    let numbered = (0..10).fold(page(), |page, index| {
        let y = 700 - 14 * index;
        page.text(50, y, 10, &(index + 1).to_string()).text(90, y, 10, text)
    });
    let (pages, _) = read(&[numbered]);
    assert!(pages[0].text.contains(&format!("{text}\n{text}\n")), "{}", pages[0].text);
}

#[test]
fn turned_text_is_read_along_its_direction() {
    for degrees in [0, 90, 180, 270] {
        let lines = |page: PdfPage| match degrees {
            0 => page.turned_text(100, 400, 10, 0, "first line").turned_text(100, 386, 10, 0, "second line"),
            90 => page.turned_text(100, 400, 10, 90, "first line").turned_text(114, 400, 10, 90, "second line"),
            180 => page.turned_text(400, 400, 10, 180, "first line").turned_text(400, 414, 10, 180, "second line"),
            _ => page.turned_text(100, 400, 10, 270, "first line").turned_text(86, 400, 10, 270, "second line"),
        };
        check(lines(page()), "first line\nsecond line\n");
        // Text that stands upright when the page is shown comes before other text.
        let both = lines(page().rotated(degrees)).turned_text(300, 300, 10, degrees + 90, "at the margin");
        check(both, "first line\nsecond line\n\nat the margin\n");
    }
}

#[test]
fn slanted_text_stays_in_lines() {
    let slanted = "BT /F1 12 Tf 0.966 0.259 -0.259 0.966 100 300 Tm (Draft only) Tj ET \
                   BT /F1 12 Tf 0.966 0.259 -0.259 0.966 104 285 Tm (do not copy) Tj ET";
    check(page().draw(slanted), "Draft only\ndo not copy\n");
}

#[test]
fn text_to_the_left_comes_in_the_order_of_reading() {
    let shalom = "\u{5E9}\u{5DC}\u{5D5}\u{5DD}";
    let visual: String = shalom.chars().rev().collect();
    check(page().hebrew(100, 700, 10, &format!("{visual} {visual}")), &format!("{shalom} {shalom}\n"));
    // A number inside keeps its digits in order: it stands left of the word that it follows.
    check(page().hebrew(100, 700, 10, &format!("{visual} 12/05 {visual}")), &format!("{shalom} 12/05 {shalom}\n"));
    check(page().hebrew(100, 700, 10, &format!("{visual}12")), &format!("12{shalom}\n"));
    // Hebrew inside of a Latin line.
    check(
        page().hebrew(100, 700, 10, &format!("He said {visual} to all of us")),
        &format!("He said {shalom} to all of us\n"),
    );
    // Painted from right to left, glyph by glyph.
    let painted =
        (0..).zip(shalom.chars()).fold(page(), |page, (i, c)| page.hebrew(200 - 6 * i, 700, 10, &c.to_string()));
    check(painted, &format!("{shalom}\n"));
}

#[test]
fn a_ligature_gives_all_its_letters() {
    let (pages, _) = read(&[page().hebrew(100, 700, 10, &LIGATURE.to_string())]);
    let page = &pages[0];
    assert_eq!(page.text, "\u{5DC}\u{5D0}\n");
    assert_eq!(page.words[0].advance, Advance::Left);
    assert_eq!(page.words[0].cuts, [10600, 10300, 10000]);
}

#[test]
fn glyphs_painted_twice_count_once() {
    let bold = page().text(50, 700, 10, "bold").draw("BT /F1 10 Tf 50.3 700 Td (bold) Tj ET");
    check(bold, "bold\n");
    check(page().draw("BT /F1 10 Tf 2 Tr 50 700 Td (outlined) Tj ET"), "outlined\n");
    check(page().text(50, 700, 10, "all ill"), "all ill\n");
}

#[test]
fn only_what_lies_on_the_page_is_read() {
    check(page().text(50, 900, 10, "above").text(50, 700, 10, "inside"), "inside\n");
    let cropped = page().cropped([100, 100, 400, 400]);
    check(cropped.text(50, 200, 10, "out").text(150, 200, 10, "in"), "in\n");
    check(page().draw("q 0 0 100 100 re W n BT /F1 10 Tf 50 700 Td (hidden) Tj ET Q"), "");
    check(page().draw("BT /F1 10 Tf 3 Tr 50 700 Td (invisible) Tj ET"), "invisible\n");
}

#[test]
fn boxes_are_on_the_unrotated_page_from_the_crop_box() {
    for rotation in [0, 90, 180, 270] {
        let page = page().rotated(rotation).cropped([100, 100, 500, 700]).hebrew(200, 600, 10, "ab");
        let (pages, _) = read(&[page]);
        let page = &pages[0];
        assert_eq!(page.rotation, rotation as u16);
        let size = page.size.expect("a PDF has pages with a size");
        assert_eq!((size.width, size.height), (40_000, 60_000));
        let word = &page.words[0];
        assert_eq!((word.rect.x0, word.rect.x1), (10_000, 11_200));
        assert_eq!((word.rect.y0, word.rect.y1), (9_200, 10_200));
        assert_eq!(word.cuts, [10_000, 10_600, 11_200]);
    }
}

#[track_caller]
fn check_warnings(pages: &[PdfPage], on_pages: &[&[Code]], on_document: &[Code]) {
    let (read, summary) = read(pages);
    let codes = |warnings: &[Warning]| warnings.iter().map(|w| w.code).collect::<Vec<_>>();
    assert_eq!(read.iter().map(|p| codes(&p.warnings)).collect::<Vec<_>>(), on_pages);
    assert_eq!(codes(&summary.warnings), on_document);
}

#[test]
fn a_page_that_shows_something_without_text_needs_ocr() {
    let text = "a line of text that is long enough to be no stamp";
    check_warnings(&[page()], &[&[]], &[Code::NO_TEXT]);
    check_warnings(&[page().image(0, 0, 600, 800)], &[&[Code::NEEDS_OCR]], &[]);
    check_warnings(&[page().rectangle(50, 50, 10, 10, 0)], &[&[Code::NEEDS_OCR]], &[]);
    check_warnings(&[page().rectangle(0, 0, 600, 800, 1)], &[&[]], &[Code::NO_TEXT]);
    check_warnings(&[page().rectangle(700, 50, 10, 10, 0)], &[&[]], &[Code::NO_TEXT]);
    check_warnings(&[page().image(0, 0, 600, 800).text(50, 700, 10, "Page 3")], &[&[Code::NEEDS_OCR]], &[]);
    check_warnings(&[page().image(0, 0, 600, 800).text(50, 700, 10, text)], &[&[]], &[]);
    check_warnings(&[page().image(0, 0, 60, 80).text(50, 700, 10, "Page 3")], &[&[]], &[]);
    check_warnings(&[page(), page().text(50, 700, 10, text)], &[&[], &[]], &[]);
}

#[test]
fn glyphs_without_meaning_are_counted() {
    // The codes of the second font above its letters mean nothing.
    let unknown = |text: &str| page().draw(&format!("BT /F2 10 Tf 50 700 Td (\\365\\365\\365\\365\\365{text}) Tj ET"));
    check_warnings(&[unknown("")], &[&[Code::UNREADABLE_GLYPHS, Code::NEEDS_OCR]], &[]);
    check_warnings(&[unknown("some text")], &[&[Code::UNREADABLE_GLYPHS]], &[]);
    let long = "more than ten times as many glyphs with a meaning as there are without one";
    check_warnings(&[unknown(long)], &[&[]], &[]);
}

#[test]
fn pages_before_the_first_are_skipped_and_change_nothing() {
    let pages: Vec<PdfPage> =
        (1..=5).map(|n| column(page(), 50, 700, &LEFT).text(50, 100, 10, &format!("{n}"))).collect();
    let (all, whole) = read(&pages);
    for first_page in [2, 5, 6] {
        let (rest, summary) = read_with(pdf(&pages), &Options { first_page, ..Options::default() });
        assert_eq!(rest, all[first_page as usize - 1..]);
        assert_eq!(summary.as_ref(), Ok(&whole));
    }
    let (some, summary) = read_with(pdf(&pages), &Options { max_pages: 2, ..Options::default() });
    assert_eq!(some, all[..2]);
    let summary = summary.expect("the file is sound");
    assert_eq!((summary.pages, summary.warnings[0].code), (5, Code::PAGE_LIMIT));
}

#[test]
fn the_text_of_a_page_is_cut_at_the_limit() {
    for max_chars in 0..60 {
        let pages = [column(page().text(50, 780, 20, "Big"), 50, 700, &LEFT), page().text(50, 700, 10, "b")];
        let (pages, _) = read_with(pdf(&pages), &Options { max_chars, ..Options::default() });
        assert!(pages[0].text.chars().count() <= max_chars as usize, "{max_chars}: {:?}", pages[0].text);
        assert!(pages[0].warnings.iter().any(|w| w.code == Code::TEXT_LIMIT));
    }
}

/// A file encrypted with the empty user password (RC4, 40 bits), and `user_key` in the place of its check value.
fn sealed(user_key: &str) -> Vec<u8> {
    let owner_key = "c92422687facee686e373f10b5c7d04738053152f7e2ee30e11c69ec442576ab";
    // BT /F1 12 Tf 20 50 Td (Sealed) Tj ET
    let content =
        b"\xed\x5c\xe7\x2d\xa5\xb1\x75\x23\x17\x86\x72\x85\xbb\x6f\x02\x67\xdb\x88\x73\x34\x12\xdb\x14\x05\x5e\
                    \x00\xdb\x81\x7a\x25\x80\x7b\xca\x21\x69\x8d";
    let mut contents = format!("<< /Length {} >>\nstream\n", content.len()).into_bytes();
    contents.extend_from_slice(content);
    contents.extend_from_slice(b"\nendstream");
    let objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>".to_vec(),
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 100] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_vec(),
        contents,
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_vec(),
        format!("<< /Filter /Standard /V 1 /R 2 /P -4 /O <{owner_key}> /U <{user_key}> >>").into_bytes(),
    ];
    assemble(&objects, "/Encrypt 6 0 R /ID [(0123456789abcdef) (0123456789abcdef)]")
}

#[test]
fn an_empty_password_opens_and_another_is_asked_for() {
    let right = "13f3633f3c8fe41869648cfa5552ce67d52a786c2ca737f8f9c0e496403cd4ae";
    let (pages, _) = read_with(sealed(right), &Options::default());
    assert_eq!(pages[0].text, "Sealed\n");
    let (_, result) = read_with(sealed(&"0".repeat(64)), &Options::default());
    assert!(matches!(result, Err(Error::NeedsPassword { .. })), "{result:?}");
}

#[test]
fn what_is_no_pdf_is_an_error() {
    for file in [Vec::new(), b"%PDF-1.7".to_vec(), b"not a PDF at all".to_vec(), vec![0; 5000], pdf(&[])] {
        let (_, result) = read_with(file, &Options::default());
        assert!(matches!(result, Err(Error::Damaged { .. })), "{result:?}");
    }
}

#[test]
fn pages_that_are_missing_are_told() {
    let whole = pdf(&[page().text(50, 700, 10, "one"), page().text(50, 700, 10, "two")]);
    let text = String::from_utf8(whole).expect("the sample is ASCII");
    let (pages, summary) = read_with(text.replace("/Count 2", "/Count 9").into_bytes(), &Options::default());
    assert_eq!(pages.len(), 2);
    assert_eq!(summary.expect("two pages are there").warnings[0].code, Code::DAMAGED_PART);
    let (pages, _) = read_with(text.replace("/Contents 8 0 R", "/Contents 99 0 R").into_bytes(), &Options::default());
    assert_eq!(pages[0].warnings[0].code, Code::DAMAGED_PART);
    assert_eq!(pages[1].text, "two\n");
}

#[test]
fn a_cut_or_changed_file_is_read_or_refused() {
    let file = pdf(&[column(page(), 50, 700, &LEFT), page().hebrew(50, 700, 10, "abc").image(0, 0, 50, 50)]);
    for cut in (1..file.len()).step_by(97) {
        ends(file[..cut].to_vec());
        let mut changed = file.clone();
        changed[cut] ^= 0x15;
        ends(changed);
    }
}

#[test]
fn hostile_structures_come_to_an_end() {
    let contents = |content: &str| pdf(&[page().draw(content)]);
    let nested = |open: &str, close: &str| format!("{} {}", open.repeat(100_000), close.repeat(100_000));
    // A page tree that contains itself, and one that is 100,000 nodes deep.
    let looped =
        ["<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Count 1 /Kids [2 0 R 3 0 R] >>", "<< /Type /Page >>"];
    let mut deep = vec!["<< /Type /Catalog /Pages 2 0 R >>".to_owned()];
    deep.extend((3..100_000).map(|kid| format!("<< /Type /Pages /Count 1 /Kids [{kid} 0 R] >>")));
    deep.push("<< /Type /Page >>".to_owned());
    let files = [
        assemble(&looped, ""),
        assemble(&deep, ""),
        assemble(&["<< /Type /Catalog /Pages 2 0 R >>".to_owned(), nested("[", "]")], ""),
        contents(&nested("[", "]")),
        contents(&nested("<<", ">>")),
        contents(&nested("(", ")")),
        contents(&nested("q ", "Q ")),
        contents("BT /F1 1e30 Tf 1e30 0 0 1e30 1e30 1e30 Tm (big) Tj /F1 0 Tf (none) Tj 0 0 0 0 0 0 Tm (flat) Tj ET"),
        contents("1e38 0 0 1e38 0 0 cm 1e38 0 0 1e38 0 0 cm BT /F1 1 Tf (x) Tj ET"),
    ];
    files.into_iter().for_each(ends);
}

#[test]
fn a_stream_that_a_page_names_again_and_again_is_read_up_to_a_limit() {
    let mib = " ".repeat(1 << 20);
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Count 1 /Kids [3 0 R] >>".to_owned(),
        format!("<< /Type /Page /MediaBox [0 0 100 100] /Contents [{}] >>", "4 0 R ".repeat(100)),
        stream("", &mib),
    ];
    let (pages, result) = read_with(assemble(&objects, ""), &Options::default());
    assert!(result.is_ok(), "{result:?}");
    assert_eq!(pages[0].warnings[0].message, "the content of the page is longer than is read");
}

#[test]
fn forms_that_call_forms_are_given_up() {
    // Each of twenty forms draws the next one ten times.
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Count 1 /Kids [3 0 R] >>".to_owned(),
        "<< /Type /Page /MediaBox [0 0 100 100] /Contents 4 0 R /Resources << /XObject << /F 5 0 R >> >> >>".to_owned(),
        stream("", "/F Do"),
    ];
    objects.extend((6..26).map(|next| {
        let entries =
            format!("/Type /XObject /Subtype /Form /BBox [0 0 100 100] /Resources << /XObject << /F {next} 0 R >> >>");
        stream(&entries, &"/F Do ".repeat(10))
    }));
    let mut kept = Kept::default();
    let bytes: Bytes = Arc::new(assemble(&objects, ""));
    let limits = Limits { clips: 500, ..LIMITS };
    let result = extract_within(limits, &bytes, &Options::default(), &mut kept);
    assert!(result.is_ok(), "{result:?}");
    assert_eq!(kept.pages[0].warnings[0].code, Code::DAMAGED_PART);
}

/// A line of the property test: words of the second font, in the order in which they are read.
#[derive(Clone, Debug)]
struct Sample {
    words: Vec<String>,
    leftward: bool,
}

fn sample() -> impl Strategy<Value = Sample> {
    let word = |letters: &'static str| prop::collection::vec(letters, 1..4);
    prop_oneof![
        word("[a-zA-Z]{1,7}").prop_map(|words| Sample { words, leftward: false }),
        word("[\u{5D0}-\u{5EA}]{1,7}").prop_map(|words| Sample { words, leftward: true }),
    ]
}

/// A point of the test's own frame, in which the text runs to the right and y falls, in hundredths.
type Place = (i64, i64);

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_box_of_a_range_holds_the_centres_of_its_glyphs(
        left in prop::collection::vec(sample(), 1..8),
        right in prop::collection::vec(sample(), 0..8),
        quarter in 0..4,
        rotation in 0..4,
        picks in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 8),
    ) {
        const SIDE: i32 = 600;
        let mut page = PdfPage::new(SIDE, SIDE).rotated(90 * rotation);
        let mut centres: Vec<(char, Place)> = Vec::new();
        for (x, lines) in [(20, &left), (320, &right)] {
            for (y, line) in (0..).map(|i| 40 + 20 * i).zip(lines) {
                let mut visual = line.words.join(" ");
                if line.leftward {
                    visual = visual.chars().rev().collect();
                }
                // A character is six points wide, and its box reaches from 8 points above the base to 2 below.
                let shown = visual.chars().enumerate().filter(|(_, c)| *c != ' ');
                centres.extend(shown.map(|(i, c)| (c, (100 * i64::from(x) + 600 * i as i64 + 300, 100 * i64::from(y) - 300))));
                let (px, py) = match quarter {
                    0 => (x, SIDE - y),
                    1 => (y, x),
                    2 => (SIDE - x, y),
                    _ => (SIDE - y, SIDE - x),
                };
                page = page.turned_hebrew(px, py, 10, 90 * quarter, &visual);
            }
        }
        let (pages, _) = read(&[page]);
        let page = &pages[0];
        let text = Text::from(page.text.as_str());
        let all = i64::from(100 * SIDE);
        // From the frame of the text to the page, from the top left.
        let on_page = |(x, y): Place| match quarter {
            0 => (x, y),
            1 => (y, all - x),
            2 => (all - x, all - y),
            _ => (all - y, x),
        };
        prop_assert_eq!(page.words.iter().map(|w| w.span.len() as usize).sum::<usize>(), centres.len());
        for (word, length) in picks {
            let word = word.get(&page.words);
            let start = word.span.start + length.index(word.span.len() as usize) as u32;
            let span = Span::new(start, start + 1 + length.index((word.span.end - start) as usize) as u32);
            let rect = word.rect_of(span).expect("the span lies in the word");
            let mut inside: Vec<(i64, char)> = centres
                .iter()
                .filter_map(|&(c, place)| {
                    let (x, y) = on_page(place);
                    let holds = i64::from(rect.x0) <= x && x <= i64::from(rect.x1) && i64::from(rect.y0) <= y && y <= i64::from(rect.y1);
                    let along = match word.advance {
                        Advance::Right => x,
                        Advance::Left => -x,
                        Advance::Down => y,
                        Advance::Up => -y,
                    };
                    holds.then_some((along, c))
                })
                .collect();
            inside.sort();
            prop_assert_eq!(inside.iter().map(|i| i.1).collect::<String>(), text.slice(span));
        }
    }
}
