//! Relations between the referents of one document: who wrote to whom, what stands in one sentence, and what patterns
//! over the names of a sentence say.
//!
//! The patterns are in the table of `pattern`, each with how often it was right; where names lie is taken from the
//! mentions alone. Read `passage` first, then `pattern` and `office`.

mod alias;
mod company;
mod counsel;
mod header;
mod office;
mod party;
mod passage;
mod pattern;
mod payment;
mod place;
mod role;
mod signature;
mod term;
mod together;

use std::collections::{BTreeMap, BTreeSet};

use docmill_model::{
    Block, BlockKind, ByteSpan, Evidence, Mention, MentionId, Referent, Relation, RelationType, Span, Text,
};

use crate::mention::MAIL_HEADER;
use passage::{At, Item, Named, Sentence, items, sentences};
use pattern::{Document, Hit, PATTERNS, Pattern};
use together::PLACES;

/// Characters of a sentence that are shown as evidence at most; of longer ones the range from one mention to the other.
const SHOWN: u32 = 600;

/// The relations of a document in the order of the text: of its mail's header, of its patterns, and of names that
/// stand together. No two referents have the same relation in more than three places. Time and output are linear in
/// the text.
///
/// `blocks` are those of the cleaned text; `mentions`, sorted by span, and `referents` those of the document.
pub fn relations(text: &Text, blocks: &[Block], mentions: &[Mention], referents: &[Referent]) -> Vec<Relation> {
    let body = body(text, blocks);
    let named = with_terms(text, &body, named(text, mentions, referents));
    let sentences = sentences(text, blocks, &named);
    let said = Said { text, named: &named, referents };
    let mut out: Vec<Relation> = Vec::new();
    for (from, to) in header::letters(&named) {
        let span = said.between(from, to);
        out.push(said.relation(&Hit::new(from, to), RelationType::WroteTo, 1000, MAIL_HEADER, span));
    }
    let on: Vec<&Pattern> = PATTERNS.iter().filter(|p| p.on).collect();
    out.extend(said.by_patterns(&on, &body, &sentences));
    for pair in together::pairs(&sentences, &named) {
        let hit = Hit::new(pair.first, pair.second);
        let sure = named[pair.first].mention.confidence.min(named[pair.second].mention.confidence);
        let (extractor, span) = match &pair.sentence {
            Some(sentence) => (together::SENTENCE, said.sentence(&hit, sentence)),
            None => (together::ROW, said.between(pair.first, pair.second)),
        };
        out.push(said.relation(&hit, RelationType::CoMentioned, sure, extractor, span));
    }
    out.sort_by_key(|r| (r.kind != RelationType::WroteTo, r.evidence.span, r.kind));
    out
}

/// The mentions that have a referent, with their place in the text.
fn named<'a>(text: &Text, mentions: &'a [Mention], referents: &[Referent]) -> Vec<Named<'a>> {
    let owners: BTreeMap<MentionId, usize> =
        referents.iter().enumerate().flat_map(|(number, r)| r.mentions.iter().map(move |m| (*m, number))).collect();
    let named = mentions.iter().filter_map(|mention| {
        let referent = *owners.get(&mention.id)?;
        Some(Named { mention, bytes: text.bytes_of(mention.span), referent, is_term: false })
    });
    named.collect()
}

/// Names, and the words that stand for them.
fn with_terms<'a>(text: &Text, body: &[ByteSpan], mut named: Vec<Named<'a>>) -> Vec<Named<'a>> {
    let terms = term::terms(&Document { text: text.as_str(), body, named: &named });
    if !terms.is_empty() {
        named.extend(terms);
        named.sort_by_key(|n| (n.bytes.start, n.bytes.end));
    }
    named
}

/// A document, and what is said in it.
struct Said<'d> {
    text: &'d Text,
    named: &'d [Named<'d>],
    referents: &'d [Referent],
}

impl Said<'_> {
    /// What patterns find, in no order. Of several that find the same in one place the surest counts.
    fn by_patterns(&self, patterns: &[&Pattern], body: &[ByteSpan], sentences: &[Sentence]) -> Vec<Relation> {
        let mut found: Vec<(&Pattern, Hit, Span)> = Vec::new();
        for sentence in sentences.iter().filter(|s| s.end - s.first >= 2) {
            let items = items(self.text.as_str(), sentence.bytes, self.named, sentence.first);
            // A question does not say what it asks for.
            if items.iter().rev().take(3).any(|item| *item == Item::Mark('?')) {
                continue;
            }
            for at in 0..items.len() {
                let at = At { items: &items, at, named: self.named };
                for pattern in patterns {
                    let Some(hit) = pattern.in_sentence.and_then(|reads| reads(at)) else { continue };
                    let is_seat = pattern.kind == RelationType::LocatedIn;
                    let region = if is_seat { company::region_of(at, &hit) } else { None };
                    for hit in [Some(hit), region].into_iter().flatten() {
                        let span = self.sentence(&hit, sentence);
                        found.push((pattern, hit, span));
                    }
                }
            }
        }
        let document = Document { text: self.text.as_str(), body, named: self.named };
        for pattern in patterns {
            for hit in pattern.in_document.map(|reads| reads(&document)).unwrap_or_default() {
                let span = self.between(hit.from, hit.to);
                found.push((pattern, hit, span));
            }
        }
        self.each_once(found)
    }

    fn each_once(&self, mut found: Vec<(&Pattern, Hit, Span)>) -> Vec<Relation> {
        let ends = |hit: &Hit, kind: RelationType| {
            let (a, b) = (self.named[hit.from].referent, self.named[hit.to].referent);
            if kind.is_symmetric() { (a.min(b), a.max(b)) } else { (a, b) }
        };
        found.retain(|(_, hit, _)| self.named[hit.from].referent != self.named[hit.to].referent);
        found.sort_by_key(|(pattern, hit, _)| (std::cmp::Reverse(pattern.confidence()), pattern.id, hit.from, hit.to));
        let mut places = BTreeSet::new();
        let mut counts: BTreeMap<_, u8> = BTreeMap::new();
        found.retain(|(pattern, hit, _)| {
            let mentions = (hit.from.min(hit.to), hit.from.max(hit.to));
            let count = counts.entry((pattern.kind, ends(hit, pattern.kind))).or_default();
            let is_new = *count < PLACES && places.insert((pattern.kind, mentions));
            *count += u8::from(is_new);
            is_new
        });
        let relation = |(pattern, hit, span): (&Pattern, Hit, Span)| {
            let sure = |number: usize| self.named[number].mention.confidence;
            let confidence = pattern.confidence().min(sure(hit.from)).min(sure(hit.to));
            self.relation(&hit, pattern.kind, confidence, pattern.id, span)
        };
        found.into_iter().map(relation).collect()
    }

    fn relation(&self, hit: &Hit, kind: RelationType, confidence: u16, extractor: &str, span: Span) -> Relation {
        let (from, to) = (&self.named[hit.from], &self.named[hit.to]);
        Relation {
            from: self.referents[from.referent].id,
            to: self.referents[to.referent].id,
            kind,
            confidence,
            extractor: extractor.to_owned(),
            attributes: hit.attributes.clone(),
            evidence: Evidence { span, mentions: [from.mention.id, to.mention.id] },
        }
    }

    /// The range that holds two names and their mentions, which lie elsewhere if words stand for them.
    fn between(&self, one: usize, other: usize) -> Span {
        let ends = [one, other].map(|number| &self.named[number]);
        let span = |span: Span, name: &Named<'_>| {
            let place = if name.is_term { self.text.span_of(name.bytes) } else { name.mention.span };
            let (start, end) = (place.start.min(name.mention.span.start), place.end.max(name.mention.span.end));
            Span::new(span.start.min(start), span.end.max(end))
        };
        ends.into_iter().fold(ends[0].mention.span, span)
    }

    /// The sentence that a hit stands in, unless it is too long to be shown or one of the mentions lies elsewhere.
    fn sentence(&self, hit: &Hit, sentence: &Sentence) -> Span {
        let whole = self.text.span_of(sentence.bytes);
        let terms = self.named[hit.from].is_term || self.named[hit.to].is_term;
        if whole.len() <= SHOWN && !terms { whole } else { self.between(hit.from, hit.to) }
    }
}

/// Where the blocks of a text lie but for the header of a mail; the whole text where there are none.
fn body(text: &Text, blocks: &[Block]) -> Vec<ByteSpan> {
    if blocks.is_empty() {
        return vec![ByteSpan::new(0, text.as_str().len())];
    }
    let mut end = 0;
    let mut out = Vec::new();
    for block in blocks {
        let bytes = text.bytes_of(block.span);
        let start = bytes.start.max(end);
        end = bytes.end.max(start);
        if block.kind != BlockKind::MailHeader && start < end {
            out.push(ByteSpan::new(start, end));
        }
    }
    out
}

#[cfg(test)]
mod tests;
