//! What holds of every page, whatever the format and the input.

use docmill_model::{Page, Text};

/// Panics when a page breaks a promise of the model: blocks and words in order, inside the text, without
/// overlap and not empty, every character that is not white in exactly one block, a line feed at the end.
pub(crate) fn check(page: &Page) {
    let text = Text::from(page.text.as_str());
    assert!(page.number >= 1);
    assert!(matches!(page.rotation, 0 | 90 | 180 | 270));
    assert!(!page.text.contains('\0'));
    assert!(page.text.is_empty() || page.text.ends_with('\n'), "no line feed at the end");
    let mut end = 0;
    for block in &page.blocks {
        assert!(block.span.start >= end, "{} overlaps the block before it", block.path);
        assert!(block.span.start < block.span.end && block.span.end <= text.chars(), "{} is out of range", block.path);
        assert!(!block.path.is_empty());
        assert!(!text.slice(block.span).trim().is_empty(), "{} is blank", block.path);
        let gap = text.slice(docmill_model::Span::new(end, block.span.start));
        assert!(gap.trim().is_empty(), "{gap:?} before {} lies in no block", block.path);
        end = block.span.end;
    }
    let rest = text.slice(docmill_model::Span::new(end, text.chars()));
    assert!(rest.trim().is_empty(), "{rest:?} lies in no block");
    let mut end = 0;
    for word in &page.words {
        assert!(word.span.start >= end && word.span.start < word.span.end && word.span.end <= text.chars());
        assert_eq!(word.cuts.len() as u32, word.span.len() + 1);
        assert!(!text.slice(word.span).contains(char::is_whitespace));
        end = word.span.end;
    }
}
