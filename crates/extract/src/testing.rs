//! What the tests of all formats need: a sink that keeps what it gets.

use std::sync::Arc;

use docmill_model::{Code, Page, Text};

use crate::{Bytes, Error, Flow, Member, Options, Sink, Summary};

#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) pages: Vec<Page>,
    pub(crate) members: Vec<(Member, Vec<u8>)>,
}

impl Sink for Kept {
    fn page(&mut self, page: Page) -> Flow {
        self.pages.push(page);
        Flow::Continue
    }

    fn member(&mut self, member: Member, bytes: &[u8]) -> Flow {
        self.members.push((member, bytes.to_vec()));
        Flow::Continue
    }
}

pub(crate) type Extractor = fn(&Bytes, &Options, &mut dyn Sink) -> Result<Summary, Error>;

/// The one page of a format that flows, checked.
pub(crate) fn extract_as(extract: Extractor, bytes: &[u8], options: &Options) -> (Page, Summary) {
    let mut kept = Kept::default();
    let bytes: Bytes = Arc::new(bytes.to_vec());
    let summary = extract(&bytes, options, &mut kept).expect("the format is read");
    assert_eq!(kept.pages.len(), 1);
    let page = kept.pages.remove(0);
    crate::invariant::check(&page);
    assert!(page.text.chars().count() <= options.max_chars as usize);
    (page, summary)
}

/// Reads `source` with the usual options and compares the page's text.
#[track_caller]
pub(crate) fn check_text(extract: Extractor, source: &str, expected: &str) {
    let (page, _) = extract_as(extract, source.as_bytes(), &Options::default());
    assert_eq!(page.text, expected, "{source:?}");
}

/// Reads `source` with the usual options and compares [`paths`].
#[track_caller]
pub(crate) fn check_blocks(extract: Extractor, source: &str, expected: &[&str]) {
    let (page, _) = extract_as(extract, source.as_bytes(), &Options::default());
    assert_eq!(paths(&page), expected, "{source:?}");
}

/// `path: text` of each block.
pub(crate) fn paths(page: &Page) -> Vec<String> {
    let text = Text::from(page.text.as_str());
    page.blocks.iter().map(|b| format!("{}: {}", b.path, text.slice(b.span))).collect()
}

pub(crate) fn codes(summary: &Summary) -> Vec<Code> {
    summary.warnings.iter().map(|w| w.code).collect()
}
