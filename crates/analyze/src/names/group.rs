//! Sentences of a document that are read together.

use std::collections::HashMap;

use docmill_model::{ByteSpan, MentionType};

use super::{Error, Name, Names, Span, Token, decode, rule, score, tokens};

/// Tokens of the different sentences of a group. Rows are put into batches by length: with this many most batches have
/// rows of equal length, and little is padded.
const FULL: usize = 8192;

/// Places of a group. Places of equal sentences cost no tokens; this bounds how many of them are held at a time.
const PLACES: usize = 65536;

/// The confidence in thousandths below which a name is left out. F1 is greatest when names are kept that are at least
/// half as likely to be right as F1 is high, which is some 770 on the development sets. Other things are worth less and
/// harder to tell, and have to be surer.
fn least(kind: MentionType) -> u16 {
    if kind == MentionType::Other { 550 } else { 390 }
}

/// Sentences that wait to be read. Those with the same text are read once: cells of tables, headers of pages.
pub(super) struct Group<'t> {
    names: &'t dyn Names,
    text: &'t str,
    texts: Vec<&'t str>,
    /// The words of each, with offsets from the start of its own text.
    sentences: Vec<Vec<Token<'t>>>,
    known: HashMap<&'t str, usize>,
    /// Where each sentence of the text starts, and which one it is.
    places: Vec<(usize, usize)>,
    cost: usize,
}

impl<'t> Group<'t> {
    pub fn new(names: &'t dyn Names, text: &'t str) -> Self {
        Self {
            names,
            text,
            texts: Vec::new(),
            sentences: Vec::new(),
            known: HashMap::new(),
            places: Vec::new(),
            cost: 0,
        }
    }

    /// Takes the sentence at a place of the text; one without a letter names nothing.
    pub fn add(&mut self, place: ByteSpan) {
        let sentence = &self.text[place.start..place.end];
        if !sentence.contains(char::is_alphabetic) {
            return;
        }
        let known = *self.known.entry(sentence).or_insert_with(|| {
            let tokens = tokens(sentence, 0);
            self.cost += tokens.iter().map(|token| self.names.pieces(token.text)).sum::<usize>();
            self.texts.push(sentence);
            self.sentences.push(tokens);
            self.sentences.len() - 1
        });
        self.places.push((place.start, known));
    }

    pub fn is_full(&self) -> bool {
        self.cost >= FULL || self.places.len() >= PLACES
    }

    /// Adds the names of the sentences that wait, in the order of the text, and forgets the sentences.
    pub fn read(&mut self, found: &mut Vec<Name>) -> Result<(), Error> {
        let scores = score::score(self.names, &self.sentences)?;
        let spans = |((text, sentence), scores): ((&&str, &Vec<Token<'t>>), Vec<_>)| {
            let mut spans = decode(&scores);
            rule::apply(text, sentence, &mut spans);
            spans.retain(|span| span.confidence >= least(span.kind));
            spans
        };
        let spans: Vec<Vec<Span>> = self.texts.iter().zip(&self.sentences).zip(scores).map(spans).collect();
        for &(place, known) in &self.places {
            let sentence = &self.sentences[known];
            found.extend(spans[known].iter().map(|span| {
                let last = &sentence[span.end - 1];
                let bytes = ByteSpan::new(place + sentence[span.start].at, place + last.at + last.text.len());
                Name { span: bytes, kind: span.kind, confidence: span.confidence, extractor: span.extractor }
            }));
        }
        *self = Self::new(self.names, self.text);
        Ok(())
    }
}
