//! A text with what was found in it marked.

use docmill_engine::Place;
use docmill_model::{CleanMap, Mention, Span, Text};
use docmill_store::{BlockRow, PageRow};

use crate::screen::{DIM, MARK, Screen, visible};

/// A part of the cleaned text under the label of its place.
struct Part {
    label: Option<String>,
    span: Span,
}

/// The whole text by page, or by paragraph where there are no pages. `mentions` are in the order of the text.
pub fn render(
    screen: &Screen,
    text: &Text,
    map: &CleanMap,
    pages: &[PageRow],
    blocks: &[BlockRow],
    mentions: &[&Mention],
) -> String {
    let mut out = String::new();
    let parts = if pages.iter().any(|p| p.size.is_some()) { by_page(map, pages) } else { by_block(text, blocks) };
    let mut rest = mentions;
    for part in parts {
        // Parts come in the order of the text, so that what ends before one is of no interest to the next.
        let passed = rest.iter().take_while(|m| m.span.end <= part.span.start).count();
        rest = &rest[passed..];
        let body = marked(screen, text, part.span, rest);
        if let Some(label) = part.label {
            out.push_str(&screen.paint(DIM, &label));
            out.push('\n');
        }
        if !body.trim().is_empty() {
            out.push_str(body.trim_matches('\n'));
            out.push('\n');
        }
        out.push('\n');
    }
    out
}

fn by_page(map: &CleanMap, pages: &[PageRow]) -> Vec<Part> {
    pages.iter().map(|p| Part { label: Some(format!("page {}", p.number)), span: map.to_clean(p.span) }).collect()
}

/// What lies between blocks is white space; where it is not, it is shown without a label.
fn by_block(text: &Text, blocks: &[BlockRow]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut at = 0;
    let end = (text.chars(), None);
    let starts = blocks.iter().map(|block| (block.span.start, Some(block))).chain([end]);
    for (start, block) in starts {
        if at < start && !text.slice(Span::new(at, start)).trim().is_empty() {
            parts.push(Part { label: None, span: Span::new(at, start) });
        }
        if let Some(block) = block {
            let place = Place { page: block.page, block: Some(block.index), paged: false };
            parts.push(Part { label: Some(place.label()), span: block.span });
            at = at.max(block.span.end);
        }
    }
    parts
}

/// One stretch of the text. On a screen without colours a mention stands as `[text](TYPE)`.
fn marked(screen: &Screen, text: &Text, span: Span, mentions: &[&Mention]) -> String {
    let mut out = String::new();
    let mut at = span.start;
    for mention in mentions.iter().take_while(|m| m.span.start < span.end) {
        let (start, end) = (mention.span.start.max(span.start), mention.span.end.min(span.end));
        // Behind what was marked already, or elsewhere.
        if start < at || start >= end {
            continue;
        }
        out.push_str(&visible(text.slice(Span::new(at, start))));
        let inside = visible(text.slice(Span::new(start, end))).into_owned();
        match screen.has_colour() {
            true => {
                out.push_str(&format!("{} {}", screen.paint(MARK, &inside), screen.paint(DIM, mention.kind.as_str())))
            }
            false => out.push_str(&format!("[{inside}]({})", mention.kind)),
        }
        at = end;
    }
    out.push_str(&visible(text.slice(Span::new(at, span.end.max(at)))));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use docmill_model::{BlockKind, Digest, DocumentId, MentionId, MentionType, Rewrite, Segment};

    fn mention(start: u32, end: u32) -> Mention {
        let document = DocumentId::new("p", &Digest::of(b"x"));
        let span = Span::new(start, end);
        Mention {
            id: MentionId::new(document, MentionType::Money, span, "rule/money@1"),
            chunk: 0,
            span,
            kind: MentionType::Money,
            normal: String::new(),
            name: String::new(),
            identifiers: Vec::new(),
            role: None,
            confidence: 900,
            extractor: "rule/money@1".into(),
        }
    }

    fn block(index: u32, start: u32, end: u32) -> BlockRow {
        BlockRow { index, kind: BlockKind::Paragraph, span: Span::new(start, end), page: 1, path: String::new() }
    }

    fn page(number: u32, start: u32, end: u32, size: Option<(i32, i32)>) -> PageRow {
        let document = DocumentId::new("p", &Digest::of(b"x"));
        PageRow { document, number, size, rotation: 0, span: Span::new(start, end) }
    }

    #[test]
    fn mentions_are_marked_and_parts_have_their_place() {
        let check = |pages: &[PageRow], blocks: &[BlockRow], mentions: &[Mention], expected: &str| {
            let text = Text::from("pay € 5 now\nor € 7");
            let map = CleanMap::from(vec![Segment { rewrite: Rewrite::Equal, raw: 18, clean: 18 }]);
            let mentions: Vec<&Mention> = mentions.iter().collect();
            assert_eq!(render(&Screen::plain(), &text, &map, pages, blocks, &mentions), expected);
        };
        let flow = [page(1, 0, 18, None)];
        let two = [block(0, 0, 11), block(1, 12, 18)];
        let both = [mention(4, 7), mention(15, 18)];
        check(&flow, &two, &both, "¶ 1\npay [€ 5](MONEY) now\n\n¶ 2\nor [€ 7](MONEY)\n\n");
        // What no block covers is shown, a mention inside another is not, one over the edge is cut.
        check(&flow, &two[1..], &[mention(4, 14), mention(5, 6)], "pay [€ 5 now\n](MONEY)\n\n¶ 2\n[or](MONEY) € 7\n\n");
        let paged = [page(1, 0, 12, Some((100, 100))), page(2, 12, 18, Some((100, 100)))];
        check(&paged, &two, &both[..1], "page 1\npay [€ 5](MONEY) now\n\npage 2\nor € 7\n\n");
        check(&[], &[], &[], "pay € 5 now\nor € 7\n\n");
    }
}
