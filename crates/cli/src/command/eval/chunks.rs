//! `eval chunks`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Result;
use docmill_analyze::eval::boundary::Windows;
use docmill_analyze::eval::figures::share;
use docmill_analyze::{chunk, clean};
use docmill_model::{Chunk, Digest, DocumentId, Span, Text};

use super::input::{self, Item, malformed};
use super::report::{Fault, Figure, Report, Score, context};

/// Scores chunks: `text` with `spans`, each a passage that answers a question and should not be cut, and with
/// `boundaries`, the characters at which a new topic begins.
pub fn chunks(files: &[PathBuf]) -> Result<Report> {
    let mut report = Report::new("chunks");
    let (mut all, mut rows) = (Sum::default(), Vec::new());
    for path in files {
        let mut sum = Sum::default();
        for item in input::items(path)? {
            sum.add(path, &item, &mut report.faults)?;
        }
        all += sum;
        rows.push((input::label(path), sum));
    }
    let rows: Vec<_> =
        std::iter::once(("all".to_owned(), all)).chain(rows.into_iter().filter(|_| files.len() > 1)).collect();
    report.scores.extend(rows.iter().map(|(group, sum)| sum.kept(group)));
    report.scores.extend(rows.iter().filter(|(_, sum)| sum.segmented > 0).map(|(group, sum)| sum.topics(group)));
    Ok(report)
}

#[derive(Clone, Copy, Default)]
struct Sum {
    chunks: u64,
    chars: u64,
    spans: u64,
    whole: u64,
    /// Characters of spans, and of those the ones in the chunk that holds most of their span.
    marked: u64,
    together: u64,
    segmented: u64,
    windows: Windows,
}

impl std::ops::AddAssign for Sum {
    fn add_assign(&mut self, other: Self) {
        self.chunks += other.chunks;
        self.chars += other.chars;
        self.spans += other.spans;
        self.whole += other.whole;
        self.marked += other.marked;
        self.together += other.together;
        self.segmented += other.segmented;
        self.windows += other.windows;
    }
}

impl Sum {
    fn add(&mut self, path: &Path, item: &Item, faults: &mut Vec<Fault>) -> Result<()> {
        let raw = Text::from(item.text(path, "text")?);
        let clean = clean::clean(raw.as_str());
        let document = DocumentId::new("eval", &Digest::of(raw.as_str().as_bytes()));
        let chunks = chunk::chunk(document, &clean.text, &[], &[]);
        self.chunks += chunks.len() as u64;
        self.chars += u64::from(clean.text.chars());
        for value in item.list(path, "spans")? {
            let (start, end) = input::range(value, raw.chars())
                .ok_or_else(|| malformed(path, item.line, &format!("{value} is no range of the text")))?;
            let span = clean.map.to_clean(Span::new(start, end));
            let most = most_together(&chunks, span);
            self.spans += 1;
            self.whole += u64::from(most == span.len());
            self.marked += u64::from(span.len());
            self.together += u64::from(most);
            if most < span.len() {
                faults.push(Fault {
                    wrong: "cut".to_owned(),
                    place: format!("{}:{}", input::label(path), item.name()),
                    expected: format!("{start} to {end}"),
                    found: format!("{most} of {} characters together", span.len()),
                    context: context(raw.as_str(), raw.byte_of(start)..raw.byte_of(end)),
                    weight: u64::from(span.len() - most),
                });
            }
        }
        let boundaries = item.list(path, "boundaries")?;
        if !boundaries.is_empty() {
            let starts: Vec<u32> = words(clean.text.as_str());
            let word = |at: u32| starts.partition_point(|start| *start < at) as u32;
            let mut marked = BTreeSet::new();
            for value in boundaries {
                let at = input::number(value).filter(|at| *at <= raw.chars());
                let at = at.ok_or_else(|| malformed(path, item.line, &format!("{value} is no place of the text")))?;
                marked.insert(word(clean.map.to_clean(Span::new(at, at)).start));
            }
            let found = chunks.iter().map(|chunk| word(chunk.span.start)).collect();
            self.segmented += 1;
            self.windows += Windows::of(&marked, &found, starts.len() as u32);
        }
        Ok(())
    }

    fn kept(&self, group: &str) -> Score {
        let figures = vec![
            ("whole", Figure::Share(share(self.whole, self.spans))),
            ("together", Figure::Share(share(self.together, self.marked))),
            ("spans", Figure::Count(self.spans)),
            ("chunks", Figure::Count(self.chunks)),
            ("mean length", Figure::Count(self.chars / self.chunks.max(1))),
        ];
        Score::new("passages kept together", group, "all", figures)
    }

    fn topics(&self, group: &str) -> Score {
        let figures = vec![
            ("pk", Figure::Share(self.windows.pk())),
            ("window diff", Figure::Share(self.windows.window_diff())),
            ("texts", Figure::Count(self.segmented)),
        ];
        Score::new("topics, over words, lower is better", group, "all", figures)
    }
}

/// The most characters of a span that lie in one chunk. Chunks tile the text.
fn most_together(chunks: &[Chunk], span: Span) -> u32 {
    let first = chunks.partition_point(|c| c.span.end <= span.start);
    let touching = chunks[first..].iter().take_while(|c| c.span.start < span.end);
    touching.map(|c| c.span.end.min(span.end).saturating_sub(c.span.start.max(span.start))).max().unwrap_or(0)
}

/// Where words begin, in characters.
fn words(text: &str) -> Vec<u32> {
    let mut out = Vec::new();
    let mut blank = true;
    for (at, c) in text.chars().enumerate() {
        if blank && !c.is_whitespace() {
            out.push(at as u32);
        }
        blank = c.is_whitespace();
    }
    out
}
