//! Names of persons, organisations, places and other things in English text: a token classifier over sentences,
//! then rules, then the document as a whole.
//!
//! What is found depends on the document alone: sentences go through the model in batches that the document's own
//! text and the constants here decide.

mod confidence;
mod decode;
mod document;
mod line;
mod lists;
mod rule;
mod score;
mod word;

use docmill_infer::{Encoded, NameModel, Scores};
use docmill_model::{ByteSpan, MentionType};

use crate::recognise::Found;
use crate::{name, sentence};

pub use decode::{Span, decode};
pub use docmill_infer::{Error, LABELS};
pub use word::{Case, Token, case_channel, tokens};

/// Names that the model found, perhaps with a border or a type that a rule set right.
pub const MODEL: &str = "model/names@1";
/// Organisations that the model did not see and that a legal form behind them tells (`Harrow Point Ltd`).
pub const LEGAL_FORM: &str = "rule/legal_form@1";
/// Courts and authorities whose names are built from known words (`Department of Justice`).
pub const PUBLIC_BODY: &str = "rule/public_body@1";
/// Organisations that a word of their name tells (`Harrow Point Museum`), taken for something else by the model.
pub const ORGANISATION_WORD: &str = "rule/organisation_word@1";
/// Streets that their place in an address tells.
pub const STREET: &str = "rule/street@1";
/// Names that the model found elsewhere in the document.
pub const REPEATED: &str = "rule/repeated_name@1";

/// What labels words. The model of this program, and in tests a table.
pub trait Names: Send + Sync {
    /// Tokens that a word takes of a row's [`score::ROW`].
    fn pieces(&self, word: &str) -> usize;

    /// For each word of each row the logits of [`LABELS`]. Rows of one call may influence each other.
    ///
    /// # Errors
    /// When the model cannot be run, which is a fault of the program and none of the text.
    fn scores(&self, batch: &[&[Token<'_>]]) -> Result<Vec<Vec<Scores>>, Error>;
}

impl Names for NameModel {
    fn pieces(&self, word: &str) -> usize {
        NameModel::pieces(self, word)
    }

    fn scores(&self, batch: &[&[Token<'_>]]) -> Result<Vec<Vec<Scores>>, Error> {
        let encode = |row: &&[Token<'_>]| {
            let mut encoded = Encoded::default();
            for token in *row {
                self.push(&mut encoded, token.text, token.case as u8);
            }
            encoded
        };
        self.logits(&batch.iter().map(encode).collect::<Vec<_>>())
    }
}

/// Labels sentences whose words are given, as test sets give them: what the model alone says, without the rules.
pub fn label(names: &dyn Names, sentences: &[Vec<Token<'_>>]) -> Result<Vec<Vec<Span>>, Error> {
    Ok(score::score(names, sentences)?.iter().map(|scores| decode(scores)).collect())
}

/// Finds the names in stretches of a text, sorted by span and without overlap. None crosses the edge of a stretch
/// or the end of a sentence. Spans are those of `text`.
pub(crate) fn find(names: &dyn Names, text: &str, stretches: &[ByteSpan]) -> Result<Vec<Found>, Error> {
    let mut found = Vec::new();
    let mut waiting = Group::default();
    for stretch in stretches {
        for line in line::lines(text, *stretch) {
            for sentence in sentence::sentences(&text[line.start..line.end]) {
                let at = line.start + sentence.start;
                waiting.add(names, tokens(&text[at..line.start + sentence.end], at));
                if waiting.cost >= GROUP {
                    waiting.flush(names, text, &mut found)?;
                }
            }
        }
    }
    waiting.flush(names, text, &mut found)?;
    document::agree(text, stretches, &mut found);
    Ok(found.into_iter().filter_map(|name| name.found(text)).collect())
}

/// The confidence in thousandths below which a name is left out. F1 is greatest where a name has to be as sure as half
/// of it, some 770 on the development sets; other things are less worth having, and harder to tell.
fn least(kind: MentionType) -> u16 {
    if kind == MentionType::Other { 550 } else { 390 }
}

/// Tokens of the sentences that are labelled together: enough to find rows of equal length for a batch, and a
/// bound of what is held at a time.
const GROUP: usize = 8192;

#[derive(Default)]
struct Group<'t> {
    sentences: Vec<Vec<Token<'t>>>,
    cost: usize,
}

impl<'t> Group<'t> {
    fn add(&mut self, names: &dyn Names, sentence: Vec<Token<'t>>) {
        self.cost += sentence.iter().map(|token| names.pieces(token.text)).sum::<usize>();
        self.sentences.push(sentence);
    }

    fn flush(&mut self, names: &dyn Names, text: &str, found: &mut Vec<Name>) -> Result<(), Error> {
        for (sentence, scores) in self.sentences.iter().zip(score::score(names, &self.sentences)?) {
            let mut spans = decode(&scores);
            rule::apply(text, sentence, &mut spans);
            let sure = spans.iter().filter(|span| span.confidence >= least(span.kind));
            found.extend(sure.map(|span| Name::new(sentence, span)));
        }
        *self = Self::default();
        Ok(())
    }
}

/// A name in the text of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Name {
    span: ByteSpan,
    kind: MentionType,
    /// In thousandths.
    confidence: u16,
    extractor: &'static str,
}

impl Name {
    fn new(sentence: &[Token<'_>], span: &Span) -> Self {
        let last = &sentence[span.end - 1];
        let bytes = ByteSpan::new(sentence[span.start].at, last.at + last.text.len());
        Self { span: bytes, kind: span.kind, confidence: span.confidence, extractor: span.extractor }
    }

    /// `None` when nothing of it can be compared.
    fn found(self, text: &str) -> Option<Found> {
        let raw = &text[self.span.start..self.span.end];
        let normal = match self.kind {
            MentionType::Person => name::person(raw)?.normal,
            MentionType::Org => name::organisation(raw)?.normal,
            MentionType::Location => name::place(raw)?.normal,
            _ => Some(name::fold(raw)).filter(|normal| !normal.is_empty())?,
        };
        Some(Found {
            span: self.span,
            kind: self.kind,
            normal,
            name: raw.split_whitespace().collect::<Vec<_>>().join(" "),
            identifiers: Vec::new(),
            confidence: self.confidence,
            extractor: self.extractor,
        })
    }
}
