//! HTML and XHTML: the text that a reader sees, in the order of the source.
//!
//! No tree is built. The tokenizer of the HTML standard feeds a flat writer that knows which elements are open,
//! as deep as `max_depth`, so that time is linear and memory bounded by the limits, whatever the nesting.

mod charset;
mod element;
pub(crate) mod link;
mod page;
mod table;
mod token;

use docmill_model::{Code, MediaType, Warning};

use crate::draft::{Draft, replaced};
use crate::text::Decoder;
use crate::{Bytes, Error, Options, Sink, Summary};

pub(crate) use link::is_worth_showing;

pub fn extract(bytes: &Bytes, options: &Options, sink: &mut dyn Sink) -> Result<Summary, Error> {
    let bytes = bytes.as_ref().as_ref();
    let mut decoder = Decoder::new(bytes, charset::declared(bytes));
    let mut draft = Draft::new(options);
    let mut first = String::new();
    decoder.read(&mut first);
    let xml = first.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']).starts_with("<?xml");
    let source = token::Source::new(first, |piece| decoder.read(piece));
    let deep = token::run(source, page::Writer::new(&mut draft, "", options, xml));
    let mut warnings: Vec<Warning> = replaced(decoder.replaced()).into_iter().collect();
    warnings.extend(deep);
    draft.deliver(MediaType::Html, warnings, options, sink)
}

/// Writes the visible text of HTML that was decoded already behind what a draft holds; each path begins with
/// `prefix`. Gives the finding that it is nested too deep, if it is.
pub(crate) fn write(html: &str, prefix: &str, options: &Options, draft: &mut Draft) -> Option<Warning> {
    let mut rest = html;
    let source = token::Source::new(String::new(), |piece| {
        // A copy of a large body is made piece by piece.
        let (head, tail) = rest.split_at(rest.floor_char_boundary(1 << 16));
        rest = tail;
        piece.push_str(head);
        !head.is_empty()
    });
    token::run(source, page::Writer::new(draft, prefix, options, false))
}

fn too_deep(options: &Options) -> Warning {
    Warning::new(
        Code::PART_LIMIT,
        format!("elements nest deeper than {}; deeper ones were read as if they were not nested", options.max_depth),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, codes, extract_as};

    #[track_caller]
    fn check(source: &str, blocks: &[&str]) {
        testing::check_blocks(extract, source, blocks);
    }

    #[track_caller]
    fn check_text(source: &str, expected: &str) {
        testing::check_text(extract, source, expected);
    }

    #[test]
    fn blocks_come_in_the_order_of_the_source() {
        check(
            "<title>T &amp; t</title><h1>Head <b>line</b></h1>text<p>one\n two<br>three<p>four</p>tail",
            &["title: T & t", "h1: Head line", "p1: text", "p2: one two\nthree", "p3: four", "p4: tail"],
        );
        check("<header><h1>H</h1><p>top</header><footer>end</footer>", &["h1: H", "header1: top", "footer1: end"]);
        check(
            "<pre>\n  a\n    b </pre><figure><img alt='A cat'><figcaption>C</figcaption></figure>",
            &["code1:   a\n    b", "p1: A cat", "caption1: C"],
        );
    }

    #[test]
    fn items_are_named_by_list_and_number() {
        check(
            "<ul><li>a<li>b<ol><li>x</ol>more<p>and</ul><dl><dt>t<dd>d</dl>",
            &[
                "list1/i1: a",
                "list1/i2: b",
                "list2/i1: x",
                "list1/i2/p2: more",
                "list1/i2/p3: and",
                "list3/i1: t",
                "list3/i2: d",
            ],
        );
    }

    #[test]
    fn cells_are_parted_by_tabs_and_rows_by_line_feeds() {
        check_text(
            "a<table><caption>C</caption><tr><th>x<th>y<tr><td>1<p>2</p><td><td>3</td></tr></table>b",
            "a\n\nC\n\nx\ty\n1 2\t\t3\n\nb\n",
        );
        check("<table><tr><td>1<tr><td><td>2</table>", &["table1/r1/c1: 1", "table1/r2/c2: 2"]);
    }

    #[test]
    fn a_cell_with_structure_in_it_is_read_as_blocks() {
        check(
            "<table><tr><td>a<h2>H</h2>b<table><tr><td>x<td>y</table>c</td><td>d</table>",
            &["p1: a", "h1: H", "p2: b", "table2/r1/c1: x", "table2/r1/c2: y", "p3: c", "table1/r1/c2: d"],
        );
    }

    #[test]
    fn what_is_not_shown_is_left_out() {
        for source in [
            "a<script>b()<\\/script></script>",
            "a<style>p{}</style>",
            "a<template><p>b</p></template>",
            "a<noscript><p>b</p></noscript>",
            "a<div hidden>b<div>c</div></div>",
            "a<p style='color:red; DISPLAY : none'>b</p>",
            "a<!-- b --><svg><title>t</title></svg>",
            "<p hidden>b<p>a",
            "<head><meta content=b></head>a",
        ] {
            check_text(source, "a\n");
        }
        check_text("<ruby>a<rp>(<rt>b<rp>)</ruby>c", "abc\n");
    }

    #[test]
    fn targets_of_links_stand_behind_their_text() {
        check_text("see <a href='https://x.org/a'>the <b>page</b></a>, now", "see the page <https://x.org/a>, now\n");
        check_text("<a href='https://x.org/'>x.org</a> <a href='#n'>n</a>", "x.org n\n");
        check_text("<a href='mailto:a@x.org'><p>one</p><p>two</p></a>", "one <mailto:a@x.org>\n\ntwo\n");
    }

    #[test]
    fn entities_and_charsets_are_decoded() {
        check_text("&lt;a&gt; &eacute;&#8364;&nbsp;&#0;", "<a> é€\u{a0}\u{fffd}\n");
        let (page, _) = extract_as(extract, b"<meta charset=windows-1251><p>\xCF\xF0\xE8", &Options::default());
        assert_eq!(page.text, "При\n");
    }

    #[test]
    fn tags_that_do_not_match_lose_no_text() {
        check_text("</p>a</div><b><p>b</b>c</table>d</td></li>", "a\n\nbc\n\nd\n");
        check_text("<td>a<tr>b</li>c", "a\n\nb\n\nc\n");
        check_text("<p>a <", "a <\n");
        check_text("<p>a <b", "a\n");
    }

    #[test]
    fn xhtml_may_close_every_tag_at_once() {
        check_text(
            "<?xml version='1.0'?><html><head><title/><script src='x'/></head><p>a<![CDATA[ <b> ]]></p></html>",
            "a <b>\n",
        );
        check_text("<p>a<svg><style/><text>b</text></svg>c", "abc\n");
    }

    #[test]
    fn deep_nesting_is_flattened_and_told() {
        for (open, close) in
            [("<div>", "</div>"), ("<b>", "</b>"), ("<table><tr><td>", ""), ("<ul><li>", "</ul>"), ("<a href=x>", "")]
        {
            let source = format!("a{}b{}<p>c", open.repeat(100_000), close.repeat(100_000));
            let (page, summary) = extract_as(extract, source.as_bytes(), &Options::default());
            assert_eq!(page.text.split_whitespace().collect::<String>(), "abc", "{open}");
            assert_eq!(codes(&summary).contains(&Code::PART_LIMIT), open != "<a href=x>", "{open}");
        }
    }

    #[test]
    fn text_past_the_limit_is_not_read() {
        let options = Options { max_chars: 12, ..Options::default() };
        let (page, summary) = extract_as(extract, "<p>one two three four<p>five".as_bytes(), &options);
        assert_eq!(page.text, "one two thr\n");
        assert_eq!(codes(&summary), [Code::TEXT_LIMIT]);
    }

    #[test]
    fn a_page_of_pictures_has_no_text() {
        let (page, summary) = extract_as(extract, b"<html><img src=a.png>", &Options::default());
        assert_eq!((page.text.as_str(), codes(&summary)), ("", vec![Code::NO_TEXT]));
    }
}
