//! Sentences with the names that people marked in them.

use docmill_model::{ByteSpan, MentionType};

/// The types of names that are scored together, as in the shared tasks.
pub const SCORED: [MentionType; 3] = [MentionType::Person, MentionType::Org, MentionType::Location];

/// The types of names: those that are scored, and what else has a name, which stands beside the scores.
pub const NAMED: [MentionType; 4] = [MentionType::Person, MentionType::Org, MentionType::Location, MentionType::Other];

/// A name that was marked: bytes of its sentence's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    pub span: ByteSpan,
    pub kind: MentionType,
}

/// A sentence of an annotated corpus.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sentence {
    /// As the corpus names the document; empty where it does not.
    pub document: String,
    /// Kind of text, as the corpus names it; empty where it does not.
    pub genre: String,
    /// The text as it was written, or the words with a blank between them where the corpus has words alone.
    pub text: String,
    /// Where each word stands in the text.
    pub words: Vec<ByteSpan>,
    /// In the order of the text, without overlap.
    pub names: Vec<Name>,
}

impl Sentence {
    /// Lays words over the text they came from. Where one is not found there, or without a text, the text becomes
    /// the words with a blank between them.
    pub fn new(document: String, genre: String, text: &str, words: &[&str]) -> Self {
        let (text, words) = match lay(text, words) {
            Some(spans) => (text.to_owned(), spans),
            None => join(words),
        };
        Self { document, genre, text, words, names: Vec::new() }
    }

    /// Marks the words `from..to` as a name.
    pub fn mark(&mut self, from: usize, to: usize, kind: MentionType) {
        if from < to && to <= self.words.len() {
            let span = ByteSpan::new(self.words[from].start, self.words[to - 1].end);
            self.names.push(Name { span, kind });
        }
    }
}

fn lay(text: &str, words: &[&str]) -> Option<Vec<ByteSpan>> {
    let mut at = 0;
    words
        .iter()
        .map(|word| {
            let start = at + text.get(at..)?.find(word)?;
            // Between two words lies white space alone, else a word was found too far on.
            let between = text.get(at..start)?;
            at = start + word.len();
            between.trim().is_empty().then(|| ByteSpan::new(start, at))
        })
        .collect()
}

fn join(words: &[&str]) -> (String, Vec<ByteSpan>) {
    let mut text = String::new();
    let mut spans = Vec::with_capacity(words.len());
    for word in words {
        if !text.is_empty() {
            text.push(' ');
        }
        let start = text.len();
        text.push_str(word);
        spans.push(ByteSpan::new(start, text.len()));
    }
    (text, spans)
}

/// What the labels of a corpus are called here; `None` for labels of what is no name (dates, quantities) or of what
/// we do not mark (nationalities).
///
/// The labels are those of UNER, WNUT17, CrossNER, OntoNotes, GUM and of the corpora beside them; upper and lower
/// case do not matter.
pub fn kind_of(label: &str) -> Option<MentionType> {
    Some(match label.to_ascii_lowercase().as_str() {
        "per" | "person" | "politician" | "writer" | "musicalartist" | "scientist" | "researcher" => {
            MentionType::Person
        }
        "org" | "organization" | "organisation" | "corporation" | "group" | "politicalparty" | "band"
        | "university" | "business" | "government" | "court" => MentionType::Org,
        "loc" | "location" | "country" | "gpe" | "fac" | "place" => MentionType::Location,
        "misc" | "other" | "product" | "creative-work" | "work_of_art" | "event" | "award" | "book" | "poem"
        | "album" | "song" | "election" | "magazine" | "academicjournal" | "conference" => MentionType::Other,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, words: &[&str], expected_text: &str) {
        let sentence = Sentence::new(String::new(), String::new(), text, words);
        assert_eq!(sentence.text, expected_text);
        let found: Vec<&str> = sentence.words.iter().map(|w| &sentence.text[w.start..w.end]).collect();
        assert_eq!(found, words);
    }

    #[test]
    fn words_lie_where_they_stand_in_the_text() {
        check("I'm in Tampa  Bay.", &["I", "'m", "in", "Tampa", "Bay", "."], "I'm in Tampa  Bay.");
        check("é (é)", &["é", "(", "é", ")"], "é (é)");
        check("", &[], "");
    }

    #[test]
    fn words_that_do_not_stand_in_the_text_become_the_text() {
        check("", &["a", "b"], "a b");
        check("a c", &["a", "b"], "a b");
        check("the cat, then a", &["the", "a"], "the a");
    }

    #[test]
    fn labels_of_many_corpora_are_known() {
        let check = |label, kind| assert_eq!(kind_of(label), kind, "{label}");
        check("PER", Some(MentionType::Person));
        check("corporation", Some(MentionType::Org));
        check("GPE", Some(MentionType::Location));
        check("creative-work", Some(MentionType::Other));
        check("NORP", None);
        check("DATE", None);
        check("", None);
    }
}
