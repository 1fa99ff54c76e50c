//! The parties of a case: `X, Plaintiff, v. Y, Defendant. Case No. 2:24-cv-99017`.

use docmill_model::MentionType::Case;

use super::passage::{At, Item, items};
use super::pattern::{Document, Hit};
use docmill_model::ByteSpan;

/// The parts that a party plays, in the singular.
#[rustfmt::skip]
const PARTS: &[&str] = &[
    "plaintiff", "defendant", "appellant", "appellee", "petitioner", "respondent", "claimant", "debtor", "intervenor",
    "applicant", "complainant", "relator",
];
/// Those that are named first.
const FIRST: &[&str] = &["plaintiff", "appellant", "petitioner", "claimant", "applicant", "complainant"];

/// Bytes between two parties at most: `v.` and what each of them is.
const BETWEEN: usize = 160;
/// Bytes between a party and the number of its case at most.
const TO_CASE: usize = 160;
/// Words that may stand there, beside numbers, parts and abbreviations.
#[rustfmt::skip]
const WORDS: &[&str] = &[
    "action", "and", "appeal", "case", "cause", "civ", "civil", "court", "crim", "criminal", "cv", "docket", "et",
    "al", "file", "index", "no", "nos", "number", "the", "in",
];

/// Two parties, by the numbers of their mentions, with the parts that are said of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Caption {
    pub first: usize,
    pub second: usize,
    /// Empty where it is not said.
    pub parts: [String; 2],
}

impl Caption {
    /// The party that plays a part; where the caption does not say, the one that stands where such parties stand.
    pub fn party(&self, part: &str) -> Option<usize> {
        let said = |party: &str| party.split('/').any(|p| p == part);
        match self.parts.each_ref().map(|p| said(p)) {
            [true, false] => Some(self.first),
            [false, true] => Some(self.second),
            _ if self.parts.iter().all(String::is_empty) && PARTS.contains(&part) => {
                Some(if FIRST.contains(&part) { self.first } else { self.second })
            }
            _ => None,
        }
    }
}

/// The captions in a document: names that stand side by side with nothing but `v.` between.
pub(super) fn captions(document: &Document<'_, '_>) -> Vec<Caption> {
    let things: Vec<usize> = (0..document.named.len()).filter(|&n| document.named[n].is_thing()).collect();
    let mut out = Vec::new();
    for (index, pair) in things.windows(2).enumerate() {
        let &[first, second] = pair else { continue };
        let (a, b) = (document.named[first].bytes, document.named[second].bytes);
        if b.start < a.end || b.start - a.end > BETWEEN {
            continue;
        }
        let Some(first_part) = between(document, ByteSpan::new(a.end, b.start)) else { continue };
        let next = things.get(index + 2).map_or(document.text.len(), |&n| document.named[n].bytes.start);
        let end = document.text.floor_char_boundary((b.end + BETWEEN / 4).min(next.max(b.end)));
        let second_part = parts(&items(document.text, ByteSpan::new(b.end, end), &[], 0)).0;
        out.push(Caption { first, second, parts: [first_part, second_part] });
    }
    out
}

/// What the first party is, if the stretch between two names says that they are against each other.
fn between(document: &Document<'_, '_>, bytes: ByteSpan) -> Option<String> {
    let items = items(document.text, bytes, &[], 0);
    let (part, read) = parts(&items);
    let at = At { items: &items, at: read, named: &[] };
    let at = at.word(&["v", "vs", "versus"])?.up_to(3, |at| at.mark(&['.', ')', ':'])).article();
    at.item().is_none().then_some(part)
}

/// The parts that are said at the start of a stretch, joined by `/`, and how many items were read.
fn parts(items: &[Item<'_>]) -> (String, usize) {
    let mut found: Vec<String> = Vec::new();
    let mut read = 0;
    for item in items {
        match item {
            // The lines of a caption end in brackets that make a column.
            Item::Mark(',' | '-' | '/' | ')' | '(' | ';' | ':' | '§' | '|') => {}
            Item::Mark('.') => {}
            Item::Word(word) => {
                let lower = word.to_lowercase();
                for part in lower.split(['/', '-']) {
                    let part = part.strip_suffix('s').filter(|p| PARTS.contains(p)).unwrap_or(part);
                    if PARTS.contains(&part) {
                        found.push(part.to_owned());
                    } else if !["and", "the", "et", "al", "counter", "cross", "third", "party"].contains(&part) {
                        return (found.join("/"), read);
                    }
                }
            }
            _ => break,
        }
        read += 1;
    }
    (found.join("/"), read)
}

/// Each party and the other, in documents that cite a case by its number: elsewhere `v.` is played, not argued.
pub(super) fn versus(document: &Document<'_, '_>) -> Vec<Hit> {
    let is_legal = document.named.iter().any(|n| n.mention.kind == Case);
    let stands = |c: &Caption| is_legal || c.parts.iter().any(|part| !part.is_empty());
    captions(document).into_iter().filter(stands).map(|c| Hit::new(c.first, c.second)).collect()
}

/// Each party and the case whose number stands beside the caption.
pub(super) fn party_to(document: &Document<'_, '_>) -> Vec<Hit> {
    let mut out = Vec::new();
    for caption in captions(document) {
        let Some(case) = behind(document, caption.second).or_else(|| before(document, caption.first)) else { continue };
        for (party, part) in [(caption.first, &caption.parts[0]), (caption.second, &caption.parts[1])] {
            out.push(Hit::new(party, case).with("role", part.as_str()));
        }
    }
    out
}

fn behind(document: &Document<'_, '_>, party: usize) -> Option<usize> {
    let next = (party + 1..document.named.len()).find(|&n| is_case(document, n) || document.named[n].is_thing())?;
    let gap = ByteSpan::new(document.named[party].bytes.end, document.named[next].bytes.start);
    (is_number(document, next) && leads_to_case(document, gap)).then_some(next)
}

/// The number that stands above the caption, as in reports of decisions.
fn before(document: &Document<'_, '_>, party: usize) -> Option<usize> {
    let last = (0..party).rev().find(|&n| is_case(document, n) || document.named[n].is_thing())?;
    let gap = ByteSpan::new(document.named[last].bytes.end, document.named[party].bytes.start);
    let is_above = gap.start <= gap.end && document.text[gap.start..gap.end].contains('\n');
    (is_above && is_number(document, last) && leads_to_case(document, gap)).then_some(last)
}

fn is_case(document: &Document<'_, '_>, number: usize) -> bool {
    document.named[number].mention.kind == Case
}

/// Whether it is a case without parties of its own: `2:24-cv-99017`, not `Conley v. Gibson, 355 U.S. 41`.
fn is_number(document: &Document<'_, '_>, number: usize) -> bool {
    let name = &document.named[number].mention.name;
    is_case(document, number) && !name.contains(" v. ") && !name.contains(" v ")
}

/// Whether a stretch between a party and a number says no more than that it is the number of the case.
fn leads_to_case(document: &Document<'_, '_>, gap: ByteSpan) -> bool {
    if gap.end < gap.start || gap.end - gap.start > TO_CASE {
        return false;
    }
    items(document.text, gap, &[], 0).into_iter().all(|item| match item {
        Item::Word(word) => {
            let is_short = word.len() <= 4 && word.starts_with(|c: char| c.is_uppercase());
            let is_digits = word.starts_with(|c: char| c.is_ascii_digit());
            let lower = word.to_lowercase();
            let is_part = lower.split(['/', '-']).any(|part| PARTS.contains(&part.strip_suffix('s').unwrap_or(part)));
            is_short || is_digits || is_part || WORDS.contains(&lower.as_str())
        }
        Item::Mark(mark) => mark != ';',
        _ => false,
    })
}
