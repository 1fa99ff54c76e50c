//! What a document says at a place, short enough to be read in passing.

use docmill_model::{CleanMap, DocumentId, Span, Text};
use docmill_store::{BlockRow, PageRow, Store};

use crate::export::{Place, place_of};

/// Characters before and behind what is quoted: with it two to three lines of a terminal.
const AROUND: u32 = 80;
/// Characters of what is quoted that are shown at each end where it is longer than both.
const END: u32 = 100;

/// A range of a document in its context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    pub document: DocumentId,
    /// What the document is called.
    pub name: String,
    pub place: Place,
    /// What stands before it in the same block, from the beginning of a word.
    pub before: String,
    /// The range itself, with an ellipsis in the middle of a long one.
    pub text: String,
    /// What stands behind it in the same block, up to the end of a word.
    pub after: String,
    /// Whether the block has more before, and more behind.
    pub cut: [bool; 2],
}

/// Quotes from documents, of which one is held: quotes of one document should follow each other.
pub struct Quoter<'a> {
    store: &'a dyn Store,
    held: Option<Held>,
}

struct Held {
    document: DocumentId,
    name: String,
    text: Text,
    map: CleanMap,
    pages: Vec<PageRow>,
    blocks: Vec<BlockRow>,
}

impl<'a> Quoter<'a> {
    pub fn new(store: &'a dyn Store) -> Self {
        Self { store, held: None }
    }

    /// What a document says at a range of its cleaned text; `None` if the document is gone or
    /// its text does not reach so far.
    pub async fn quote(&mut self, document: DocumentId, span: Span) -> Result<Option<Quote>, docmill_store::Error> {
        if self.held.as_ref().is_none_or(|held| held.document != document) {
            self.held = match read(self.store, document).await {
                Err(docmill_store::Error::UnknownDocument(_)) => return Ok(None),
                held => Some(held?),
            };
        }
        Ok(self.held.as_ref().and_then(|held| held.quote(span)))
    }
}

async fn read(store: &dyn Store, document: DocumentId) -> Result<Held, docmill_store::Error> {
    let (text, map) = store.clean(document).await?;
    Ok(Held {
        document,
        name: store.document(document).await?.name().to_owned(),
        text: Text::new(text),
        map,
        pages: store.page_rows(document).await?,
        blocks: store.blocks(document).await?,
    })
}

impl Held {
    fn quote(&self, span: Span) -> Option<Quote> {
        if span.start > span.end || span.end > self.text.chars() {
            return None;
        }
        let (first, last) = (self.block(span.start), self.block(span.end.max(span.start + 1) - 1));
        let start = first.map_or(0, |b| b.start).max(span.start.saturating_sub(AROUND)).min(span.start);
        let end = last.map_or(self.text.chars(), |b| b.end).min(span.end.saturating_add(AROUND)).max(span.end);
        let before = self.text.slice(Span::new(start, span.start));
        let after = self.text.slice(Span::new(span.end, end));
        let cut_before = start > first.map_or(0, |b| b.start);
        let cut_after = end < last.map_or(self.text.chars(), |b| b.end);
        Some(Quote {
            document: self.document,
            name: self.name.clone(),
            place: place_of(span, self.map.to_raw(span), &self.pages, &self.blocks),
            before: if cut_before { from_word(before) } else { before }.to_owned(),
            text: self.middle(span),
            after: if cut_after { to_word(after) } else { after }.to_owned(),
            cut: [cut_before, cut_after],
        })
    }

    /// The block that a character lies in.
    fn block(&self, at: u32) -> Option<Span> {
        let index = self.blocks.partition_point(|b| b.span.end <= at);
        self.blocks.get(index).map(|b| b.span).filter(|span| span.start <= at)
    }

    fn middle(&self, span: Span) -> String {
        if span.end - span.start <= 2 * END {
            return self.text.slice(span).to_owned();
        }
        let head = self.text.slice(Span::new(span.start, span.start + END));
        let tail = self.text.slice(Span::new(span.end - END, span.end));
        format!("{} … {}", to_word(head).trim_end(), from_word(tail).trim_start())
    }
}

/// Without the word that was cut at the beginning. Text without white space is left as it is.
fn from_word(text: &str) -> &str {
    text.find(char::is_whitespace).map_or(text, |at| text[at..].trim_start())
}

/// Without the word that was cut at the end.
fn to_word(text: &str) -> &str {
    text.rfind(char::is_whitespace).map_or(text, |at| text[..at].trim_end())
}

#[cfg(test)]
mod tests {
    use docmill_model::{BlockKind, Digest, Rewrite, Segment};

    use super::*;

    fn held(text: &str, blocks: &[(u32, u32)]) -> Held {
        let document = DocumentId::new("p", &Digest::of(b"x"));
        let chars = text.chars().count() as u32;
        let block = |(index, &(start, end))| BlockRow {
            index: index as u32,
            kind: BlockKind::Paragraph,
            span: Span::new(start, end),
            page: 1,
            path: String::new(),
        };
        Held {
            document,
            name: "x.txt".into(),
            text: Text::from(text),
            map: CleanMap::from(vec![Segment { rewrite: Rewrite::Equal, raw: chars, clean: chars }]),
            pages: vec![PageRow { document, number: 1, size: None, rotation: 0, span: Span::new(0, chars) }],
            blocks: blocks.iter().enumerate().map(block).collect(),
        }
    }

    #[test]
    fn a_quote_stays_in_its_block_and_is_cut_between_words() {
        let check = |text: &str, blocks: &[(u32, u32)], (start, end): (u32, u32), expected: [&str; 3]| {
            let quote = held(text, blocks).quote(Span::new(start, end)).expect("a range of the text");
            assert_eq!([&*quote.before, &*quote.text, &*quote.after], expected);
        };
        check("One. Anna Ö signs. Two.", &[(0, 4), (5, 18), (19, 23)], (5, 11), ["", "Anna Ö", " signs."]);
        check("Anna", &[], (0, 4), ["", "Anna", ""]);
        check("", &[], (0, 0), ["", "", ""]);
        let long = format!("{}Anna{}", "word ".repeat(40), " tail".repeat(40));
        let around = ["word ".repeat(15), " tail".repeat(15)];
        check(&long, &[], (200, 204), [&around[0], "Anna", &around[1]]);
        let wide = format!("{}{}", "left ".repeat(60), "right ".repeat(60));
        let middle = format!("{} … {}", "left ".repeat(20).trim_end(), "right ".repeat(16).trim_end());
        check(&wide, &[], (0, 659), ["", &middle, " "]);
    }

    #[test]
    fn a_range_that_the_text_has_not_gives_no_quote() {
        assert_eq!(held("Anna", &[]).quote(Span::new(2, 5)), None);
    }
}
