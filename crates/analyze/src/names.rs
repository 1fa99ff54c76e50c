//! Names of persons, organisations, places and other things in English text: a token classifier over sentences,
//! then rules, then the document as a whole.
//!
//! What is found depends on the document alone: sentences go through the model in batches that the document's own
//! text and the constants here decide.

mod confidence;
mod decode;
mod document;
mod group;
mod line;
mod lists;
mod rule;
mod score;
mod word;

use docmill_infer::{Encoded, NameModel, Scores};
use docmill_model::{ByteSpan, MentionType};

use crate::recognise::Found;
use crate::{name, sentence};

use group::Group;

pub use decode::Span;
use decode::decode;
pub use docmill_infer::{Error, LABELS};
use word::tokens;
pub use word::{Case, Token, case_channel};

/// Names that the model found; a rule may have mended their border or their type.
pub(crate) const MODEL: &str = "model/names@1";
/// Organisations that are known by the legal form behind them (`Harrow Point Ltd`), where the model found none or was
/// less sure than the form is.
pub(crate) const LEGAL_FORM: &str = "rule/legal_form@1";
/// Courts and authorities whose names are built from known words (`Department of Justice`).
pub(crate) const PUBLIC_BODY: &str = "rule/public_body@1";
/// Organisations that are known by a word of their name (`Harrow Point Museum`), where the model took them for something
/// else or was less sure than the word is.
pub(crate) const ORGANISATION_WORD: &str = "rule/organisation_word@1";
/// Streets and towns that are known by their place in an address.
pub(crate) const ADDRESS: &str = "rule/postal_address@1";
/// Names that were missed here and found elsewhere in the document.
pub(crate) const REPEATED: &str = "rule/repeated_name@1";

/// A labeller of words: the model of this program, and in tests a table.
pub trait Names: Send + Sync {
    /// Tokens that a word takes of the 253 that a row has for words.
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
    let mut group = Group::new(names, text);
    for line in stretches.iter().flat_map(|stretch| line::lines(text, *stretch)) {
        for sentence in sentence::sentences(&text[line.start..line.end]) {
            group.add(ByteSpan::new(line.start + sentence.start, line.start + sentence.end));
            if group.is_full() {
                group.read(&mut found)?;
            }
        }
    }
    group.read(&mut found)?;
    document::agree(text, stretches, &mut found);
    Ok(found.into_iter().filter_map(|name| name.found(text)).collect())
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

/// Bytes of a name above which it is none: the full names of international bodies stay below.
pub(crate) const LONGEST_NAME: usize = 200;

impl Name {
    /// `None` when nothing of it can be compared.
    fn found(self, text: &str) -> Option<Found> {
        let raw = &text[self.span.start..self.span.end];
        if raw.len() > LONGEST_NAME {
            return None;
        }
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

/// A table in the place of the model, for tests: the label of each word that has one, by its number in [`LABELS`].
#[cfg(test)]
pub(crate) struct Table(pub &'static [(&'static str, usize)]);

#[cfg(test)]
impl Names for Table {
    fn pieces(&self, word: &str) -> usize {
        word.len().div_ceil(4).min(8)
    }

    fn scores(&self, batch: &[&[Token<'_>]]) -> Result<Vec<Vec<Scores>>, Error> {
        assert!(batch.iter().all(|row| row.iter().any(|token| token.text.contains(char::is_alphabetic))));
        let label =
            |token: &Token<'_>| self.0.iter().find(|(word, _)| *word == token.text).map_or(0, |(_, label)| *label);
        let scores = |token| std::array::from_fn(|at| if at == label(token) { 9.0 } else { 0.0 });
        Ok(batch.iter().map(|row| row.iter().map(scores).collect()).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;

    /// Anna Schmidt, Acme, Paris and the Iliad.
    const TABLE: Table = Table(&[("Anna", 1), ("Schmidt", 2), ("Acme", 3), ("Paris", 5), ("Iliad", 7), ("-", 1)]);

    fn check(names: &dyn Names, text: &str, expected: &[(MentionType, &str, &str)]) {
        let found = find(names, text, &[ByteSpan::new(0, text.len())]).unwrap();
        let shown: Vec<_> = found.iter().map(|f| (f.kind, f.name.as_str(), f.normal.as_str())).collect();
        assert_eq!(shown, expected, "{text:?}");
    }

    use MentionType::{Location, Org, Other, Person};

    #[test]
    fn names_have_the_spans_and_forms_of_the_text() {
        check(&TABLE, "", &[]);
        check(&TABLE, "12.50 - 7 !?", &[]);
        check(
            &TABLE,
            "Ms. Anna  Schmidt of Acme,\n\nin Paris: the Iliad.",
            &[
                (Person, "Anna Schmidt", "anna schmidt"),
                (Org, "Acme", "acme"),
                (Location, "Paris", "paris"),
                (Other, "Iliad", "iliad"),
            ],
        );
    }

    #[test]
    fn sentences_of_the_same_words_have_the_same_names_each_in_its_place() {
        let text = "Anna Schmidt paid.\nIt was late.\n".repeat(3);
        let found = find(&TABLE, &text, &[ByteSpan::new(0, text.len())]).unwrap();
        let starts: Vec<usize> = found.iter().map(|f| f.span.start).collect();
        assert_eq!(starts, [0, 32, 64]);
    }

    #[test]
    fn what_is_longer_than_any_name_is_none() {
        let long = format!("We met {}.", "Anna ".to_owned() + &"Schmidt ".repeat(500));
        check(&TABLE, &long, &[]);
    }

    static MODEL: LazyLock<NameModel> = LazyLock::new(|| NameModel::load().unwrap());

    #[test]
    fn the_model_reads_prose_headlines_and_lists() {
        check(
            &*MODEL,
            "Eleanor Whitcombe, director of the Harrow Point Museum of Navigation, met Jörg Morgenroth in Berlin.",
            &[
                (Person, "Eleanor Whitcombe", "eleanor whitcombe"),
                (Org, "Harrow Point Museum of Navigation", "harrow point museum of navigation"),
                (Person, "Jörg Morgenroth", "jorg morgenroth"),
                (Location, "Berlin", "berlin"),
            ],
        );
        check(&*MODEL, "PRESIDENT OBAMA VISITS LONDON", &[(Person, "OBAMA", "obama"), (Location, "LONDON", "london")]);
        check(
            &*MODEL,
            "Anna Schmidt\nBo Lindqvist",
            &[(Person, "Anna Schmidt", "anna schmidt"), (Person, "Bo Lindqvist", "bo lindqvist")],
        );
        check(&*MODEL, "the quick brown fox jumps over the lazy dog", &[]);
    }

    #[test]
    fn a_name_is_found_wherever_it_stands_in_a_long_sentence() {
        let text = format!(
            "{}, and {}",
            "we went there, and we came back".repeat(30),
            "Angela Merkel spoke in Berlin, ".repeat(20)
        );
        let found = find(&*MODEL, &text, &[ByteSpan::new(0, text.len())]).unwrap();
        let count = |kind| found.iter().filter(|f| f.kind == kind).count();
        assert_eq!((count(Person), count(Location)), (20, 20));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_text_gives_names_in_order_without_overlap(
            text in "((Ms\\.|Anna|Schmidt|Acme|Paris|Iliad|Ltd|, Inc\\.|Museum of|the|Department of) |[-.,\n\t’']|\\PC){0,60}",
        ) {
            let mut end = 0;
            for name in find(&TABLE, &text, &[ByteSpan::new(0, text.len())]).unwrap() {
                prop_assert!(end <= name.span.start && name.span.start < name.span.end && !name.normal.is_empty());
                prop_assert_eq!(&name.name, &text[name.span.start..name.span.end].split_whitespace().collect::<Vec<_>>().join(" "));
                end = name.span.end;
            }
        }
    }
}
