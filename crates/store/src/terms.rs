//! How a person's query is read: words, phrases, beginnings of words, and what must not be there.

use crate::{Error, Result};

/// Terms of one query: bounds what it can cost, and nobody types more.
const MOST: usize = 32;
/// Bytes of one query: a phrase is one term, however many words it has. Room for a long paragraph between quotes.
const LONGEST: usize = 4096;
/// Characters before a `*`. The words that begin with fewer are a good part of all words.
const LEAST_STEM: usize = 3;

/// A query, read: `net rent "due date" pay* -draft`. Nothing else is an operator.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    pub wanted: Vec<Term>,
    /// None of these may stand in the passage.
    pub unwanted: Vec<Term>,
}

/// One word or phrase, as it was typed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Term {
    pub form: Form,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    Word,
    /// The beginning of a word.
    Stem,
    /// Words one behind the other.
    Phrase,
}

impl Terms {
    /// Fails on more terms, or a longer query, than anybody types.
    pub fn parse(query: &str) -> Result<Self> {
        if query.len() > LONGEST {
            return Err(Error::Query(format!("it is longer than {LONGEST} bytes")));
        }
        let mut terms = Self::default();
        let mut is_unwanted = false;
        for (index, part) in query.split('"').enumerate() {
            if index % 2 == 1 {
                terms.add(Form::Phrase, part, is_unwanted);
                is_unwanted = false;
                continue;
            }
            for piece in part.split_whitespace() {
                let (piece, unwanted) = piece.strip_prefix('-').map_or((piece, false), |rest| (rest, true));
                match piece.strip_suffix('*') {
                    Some(stem) if stem.chars().filter(|c| c.is_alphanumeric()).count() >= LEAST_STEM => {
                        terms.add(Form::Stem, stem, unwanted);
                    }
                    _ => terms.add(Form::Word, piece, unwanted),
                }
            }
            // `-"two words"`
            is_unwanted = part.ends_with('-') && part.split_whitespace().next_back() == Some("-");
        }
        if terms.wanted.len() + terms.unwanted.len() > MOST {
            return Err(Error::Query(format!("it has more than {MOST} words")));
        }
        Ok(terms)
    }

    /// A term is taken once; one without a letter or a digit is nothing.
    fn add(&mut self, form: Form, text: &str, is_unwanted: bool) {
        let side = if is_unwanted { &mut self.unwanted } else { &mut self.wanted };
        let term = Term { form, text: text.replace('\0', " ") };
        if text.chars().any(char::is_alphanumeric) && side.len() <= MOST && !side.contains(&term) {
            side.push(term);
        }
    }
}

/// Letters that a word has at least to be looked for in another form: shorter ones end in an `s` by chance.
const LEAST_FORM: usize = 4;

impl Term {
    /// The word and its other number, as English, French and Spanish mostly make it: `party`, `parties`. Singular and
    /// plural are what people most often remember wrongly, and no other ending says so little.
    pub fn forms(&self) -> Vec<String> {
        let mut forms = vec![self.text.clone()];
        let word = self.text.to_lowercase();
        let letters = word.chars().count();
        if self.form != Form::Word || letters < LEAST_FORM || !word.chars().all(char::is_alphabetic) {
            return forms;
        }
        forms.extend(word.strip_suffix("ies").map(|stem| format!("{stem}y")));
        forms.extend(word.strip_suffix('y').map(|stem| format!("{stem}ies")));
        forms.extend(word.strip_suffix("es").map(str::to_owned));
        forms.extend(word.strip_suffix('s').filter(|stem| !stem.ends_with('s')).map(str::to_owned));
        forms.extend((!word.ends_with('s')).then(|| format!("{word}s")));
        let hisses = word.ends_with("ss") || word.ends_with(['x', 'z', 'h']);
        forms.extend(hisses.then(|| format!("{word}es")));
        forms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_words_phrases_stems_and_what_must_not_be_there() {
        let check = |query: &str, expected: &[&str]| {
            let terms = Terms::parse(query).unwrap();
            let show = |sign: &str, terms: &[Term]| {
                let form = |t: &Term| format!("{sign}{:?} {}", t.form, t.text);
                terms.iter().map(form).collect::<Vec<_>>()
            };
            assert_eq!([show("+", &terms.wanted), show("-", &terms.unwanted)].concat(), expected, "{query:?}");
        };
        check("lease contract", &["+Word lease", "+Word contract"]);
        check("\"net rent\" 2024", &["+Phrase net rent", "+Word 2024"]);
        check("a AND NOT b*", &["+Word a", "+Word AND", "+Word NOT", "+Word b*"]);
        check("pay* -draft", &["+Stem pay", "-Word draft"]);
        check("rent -\"not due\" -x*", &["+Word rent", "-Phrase not due", "-Word x*"]);
        check("rent-\"not due\"", &["+Word rent-", "+Phrase not due"]);
        check("un\"closed", &["+Word un", "+Phrase closed"]);
        check("rent rent \"rent\" -- - \"\" *", &["+Word rent", "+Phrase rent"]);
        check("re\0nt -pre-tax", &["+Word re nt", "-Word pre-tax"]);
        check("ä** €", &["+Word ä**"]);
        check("", &[]);
    }

    #[test]
    fn a_word_has_a_form_for_one_and_one_for_many() {
        let check = |form, word: &str, expected: &[&str]| {
            assert_eq!(Term { form, text: word.into() }.forms(), expected, "{word}");
        };
        check(Form::Word, "payment", &["payment", "payments"]);
        check(Form::Word, "PAYMENTS", &["PAYMENTS", "payment"]);
        check(Form::Word, "party", &["party", "parties", "partys"]);
        check(Form::Word, "parties", &["parties", "party", "parti", "partie"]);
        check(Form::Word, "boxes", &["boxes", "box", "boxe"]);
        check(Form::Word, "business", &["business", "businesses"]);
        check(Form::Word, "sociétés", &["sociétés", "société"]);
        check(Form::Word, "his", &["his"]);
        check(Form::Word, "2024s", &["2024s"]);
        check(Form::Phrase, "payment", &["payment"]);
        check(Form::Stem, "payment", &["payment"]);
    }

    #[test]
    fn a_query_has_a_longest_form() {
        let query = |count: usize| (0..count).map(|i| format!("w{i} ")).collect::<String>();
        assert_eq!(Terms::parse(&query(MOST)).unwrap().wanted.len(), MOST);
        let phrase = |length: usize| format!("\"{:length$}\"", "a");
        assert_eq!(Terms::parse(&phrase(LONGEST - 2)).unwrap().wanted.len(), 1);
        for words in [query(MOST + 1), format!("{}-x", query(MOST)), phrase(LONGEST - 1)] {
            assert!(matches!(Terms::parse(&words), Err(Error::Query(_))));
        }
    }
}
