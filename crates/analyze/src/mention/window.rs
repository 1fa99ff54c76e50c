//! The stretches of a text that are searched one by one.

use docmill_model::{Block, ByteSpan, Span, Text};

/// Bytes of a stretch at most: bounds what a recogniser holds for one block that is a whole book.
const LONGEST: usize = 256 << 10;

/// Stretches that cover the text in order, without white space alone: each block, and what stands between
/// blocks. One that is too long is cut at a line's end, or else at white space.
pub(super) fn windows(text: &Text, blocks: &[Block]) -> Vec<ByteSpan> {
    let mut out = Vec::new();
    let mut at = 0;
    for block in blocks {
        let bytes = text.bytes_of(Span::new(block.span.start, block.span.end.max(block.span.start)));
        let start = bytes.start.max(at);
        cover(text.as_str(), at, start, &mut out);
        at = bytes.end.max(start);
        cover(text.as_str(), start, at, &mut out);
    }
    cover(text.as_str(), at, text.as_str().len(), &mut out);
    out
}

fn cover(text: &str, mut start: usize, end: usize, out: &mut Vec<ByteSpan>) {
    while start < end {
        let mut cut = end;
        if end - start > LONGEST {
            cut = text.floor_char_boundary(start + LONGEST);
            let second_half = text.ceil_char_boundary(start + LONGEST / 2);
            let tail = &text[second_half..cut];
            if let Some(at) = tail.rfind('\n').or_else(|| tail.rfind(' ')) {
                cut = second_half + at + 1;
            }
        }
        if !text[start..cut].trim().is_empty() {
            out.push(ByteSpan::new(start, cut));
        }
        start = cut;
    }
}

#[cfg(test)]
mod tests {
    use docmill_model::BlockKind;

    use super::*;

    #[test]
    fn windows_keep_to_blocks_and_bounds() {
        let text = Text::from("ab cd\n\nef gh");
        let block = |start, end| Block { kind: BlockKind::Paragraph, span: Span::new(start, end), path: String::new() };
        let found: Vec<_> = windows(&text, &[block(0, 5), block(7, 9), block(8, 99)])
            .into_iter()
            .map(|w| &text.as_str()[w.start..w.end])
            .collect();
        assert_eq!(found, ["ab cd", "ef", " gh"]);

        let long = Text::new("é ".repeat(LONGEST));
        let found = windows(&long, &[]);
        assert!(found.len() > 2 && found.iter().all(|w| w.end - w.start <= LONGEST));
        assert_eq!(found.iter().map(|w| w.end - w.start).sum::<usize>(), long.as_str().len());
    }
}
