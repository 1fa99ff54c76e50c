//! CoNLL-U with entities (GUM): a token a line in ten columns, `Entity=` in the last one with opening and closing
//! brackets around the groups that tokens belong to.
//!
//! GUM marks whole noun phrases, also those without a name in them. A group counts as named when the word that heads
//! it is a proper noun, and its name is a part of the phrase around that head. Two readings of that part are in use,
//! as they are in the measurements that ours are compared with: [`Document::sentences`] for finding names,
//! [`Document::mentions`] for telling who is who.

mod entity;
mod phrase;

use docmill_model::MentionType;

use super::Malformed;
use super::annotated::Sentence;
use entity::{Bracket, brackets};

/// Words that a group has at most, and groups that are open at a time: phrases lie within sentences. It keeps the time
/// linear where brackets nest without end.
const MOST: usize = 500;

/// A word of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Token<'a> {
    form: &'a str,
    part: &'a str,
    /// Index of the word that this one hangs on; `None` for the root of a sentence.
    head: Option<usize>,
}

/// A group of words that means a person, an organisation or a place.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Group<'a> {
    id: &'a str,
    kind: MentionType,
    /// First and last word.
    first: usize,
    last: usize,
    /// The word that heads the group, counted from its first word, as the annotators say.
    head: Option<usize>,
    /// What it is in Wikipedia; empty where nobody says.
    identity: String,
}

/// A named mention and who it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamedMention {
    /// Index of its first word in the document.
    pub at: usize,
    /// The group that it belongs to: mentions of a document with the same group are one thing.
    pub group: String,
    pub kind: MentionType,
    /// Its words with a blank between them.
    pub name: String,
    /// Title of the page in Wikipedia, which is the same across documents; empty where nobody says.
    pub identity: String,
}

/// A document of an annotated corpus.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Document<'a> {
    pub id: &'a str,
    pub genre: &'a str,
    tokens: Vec<Token<'a>>,
    /// Text of each sentence with the index of its first word.
    sentences: Vec<(&'a str, usize)>,
    groups: Vec<Group<'a>>,
}

impl Document<'_> {
    /// The sentences with the named persons, organisations and places in them, the longest where they nest.
    pub fn sentences(&self) -> Vec<Sentence> {
        phrase::sentences(self)
    }

    /// The named mentions in the order of the text.
    pub fn mentions(&self) -> Vec<NamedMention> {
        phrase::mentions(self)
    }

    /// The words of sentence `index`.
    fn range(&self, index: usize) -> std::ops::Range<usize> {
        let end = self.sentences.get(index + 1).map_or(self.tokens.len(), |(_, at)| *at);
        self.sentences[index].1..end
    }
}

/// Reads a file; `# newdoc id` begins a document.
pub fn read(file: &str) -> Result<Vec<Document<'_>>, Malformed> {
    let mut documents = Vec::new();
    let mut open = Reading::default();
    for (number, line) in file.lines().enumerate() {
        let line = line.trim_end_matches('\r');
        if line.trim().is_empty() {
            open.end_sentence();
        } else if let Some(remark) = line.strip_prefix('#') {
            match remark.trim().split_once(" = ").map(|(key, value)| (key.trim(), value.trim())) {
                Some(("newdoc id", id)) => {
                    open.end_document(&mut documents);
                    open.document.id = id;
                }
                Some(("meta::genre", genre)) => open.document.genre = genre,
                Some(("text", text)) => open.text = text,
                _ => {}
            }
        } else {
            open.token(line).map_err(|what| Malformed::at(number, what))?;
        }
    }
    open.end_document(&mut documents);
    Ok(documents)
}

/// A document that is being read.
#[derive(Default)]
struct Reading<'a> {
    document: Document<'a>,
    text: &'a str,
    /// Index of the first word of the sentence, once it has one.
    first: Option<usize>,
    /// Groups that are not closed yet, with their first word.
    open: Vec<(Bracket<'a>, usize)>,
}

impl<'a> Reading<'a> {
    fn token(&mut self, line: &'a str) -> Result<(), String> {
        let columns: Vec<&str> = line.split('\t').collect();
        let &[id, form, _, part, _, _, head, _, _, misc] = &columns[..] else {
            return Err(format!("{} columns in the place of ten", columns.len()));
        };
        // `1-2` is written as one and `1.1` is not written at all.
        if id.contains(['-', '.']) {
            return Ok(());
        }
        if form.is_empty() {
            return Err("a word without letters".to_owned());
        }
        let at = self.document.tokens.len();
        let first = *self.first.get_or_insert(at);
        let head = match head {
            "_" | "0" => None,
            _ => {
                let number: usize = head.parse().map_err(|_| format!("the head {head:?} is no number"))?;
                Some(first.saturating_add(number.saturating_sub(1)))
            }
        };
        self.document.tokens.push(Token { form, part, head });
        let entities = misc.split('|').find_map(|pair| pair.strip_prefix("Entity=")).unwrap_or_default();
        for bracket in brackets(entities) {
            let (id, closes) = (bracket.id, bracket.closes);
            if bracket.opens && self.open.len() < MOST {
                self.open.push((bracket, at));
            }
            if closes && let Some(index) = self.open.iter().rposition(|(open, _)| open.id == id) {
                let (open, first) = self.open.remove(index);
                if at - first < MOST {
                    self.document.groups.extend(open.group(first, at));
                }
            }
        }
        Ok(())
    }

    fn end_sentence(&mut self) {
        if let Some(first) = self.first.take() {
            self.document.sentences.push((self.text, first));
        }
        self.text = "";
        self.open.clear();
    }

    fn end_document(&mut self, documents: &mut Vec<Document<'a>>) {
        self.end_sentence();
        let document = std::mem::take(&mut self.document);
        if !document.tokens.is_empty() {
            documents.push(document);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Lines of ten columns from `form part head entity`, sentences parted by an empty line.
    pub(super) fn file(head: &str, lines: &str) -> String {
        let mut out = head.to_owned();
        let mut number = 0;
        for line in lines.lines() {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let &[form, part, head, entity] = &fields[..] else {
                number = 0;
                out.push('\n');
                continue;
            };
            number += 1;
            out.push_str(&format!("{number}\t{form}\t_\t{part}\t_\t_\t{head}\t_\t_\tEntity={entity}|X=y\n"));
        }
        out
    }

    #[test]
    fn documents_sentences_and_groups_are_read() {
        let text = file(
            "# newdoc id = GUM_court_x\n# meta::genre = court\n# text = Ann left\n",
            "Ann PROPN 2 (1-person-new-n-n-1-coref-Ann_Lee)\nleft VERB 0 _\n\nShe PRON 0 (1-person-giv-n-n-1-ana)",
        );
        let documents = read(&text).unwrap();
        assert_eq!(documents.len(), 1);
        assert_eq!((documents[0].id, documents[0].genre, documents[0].tokens.len()), ("GUM_court_x", "court", 3));
        assert_eq!(documents[0].groups.iter().map(|g| (g.first, g.last)).collect::<Vec<_>>(), [(0, 0), (2, 2)]);
        assert_eq!(documents[0].range(0), 0..2);
        assert_eq!(documents[0].range(1), 2..3);
    }

    #[test]
    fn a_bad_line_is_told_by_its_number() {
        let check = |file: &str, line| assert_eq!(read(file).map_err(|e| e.line), Err(line), "{file:?}");
        check("# newdoc id = x\n1\tAnn\n", 2);
        check("1\tAnn\t_\tPROPN\t_\t_\tx\t_\t_\t_\n", 1);
        check("1\t\t_\tPROPN\t_\t_\t0\t_\t_\t_\n", 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_brackets_and_heads_are_read(
            lines in prop::collection::vec(("[A-Za-z]{1,3}", "(PROPN|NUM|X)", "[0-9]{1,2}|18446744073709551615", "[()1-3]{0,6}|\\(1-person-n-n-n-[0-9]\\)?|\\(2-place|1\\)|2\\)"), 0..12),
        ) {
            let lines: String = lines.iter().map(|(a, b, c, d)| format!("{a} {b} {c} {d}_\n")).collect();
            for document in read(&file("", &lines)).unwrap() {
                for mention in document.mentions() {
                    prop_assert!(mention.at < document.tokens.len() && !mention.name.is_empty());
                }
                for sentence in document.sentences() {
                    prop_assert!(sentence.names.iter().all(|n| n.span.start < n.span.end));
                }
            }
        }
    }
}
