//! IOB2: a word and its label a line, an empty line behind each sentence.
//!
//! Two layouts: columns parted by white space, the word first and the label last (CoNLL, WNUT17); or a number, the
//! word and the label parted by tabs, with `# text = ` and `# newdoc id = ` before (UNER).

use std::collections::BTreeMap;

use super::Malformed;
use super::annotated::{Sentence, kind_of};

/// The sentences of a file, and how often labels occur that are none of ours.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Labelled {
    pub sentences: Vec<Sentence>,
    pub ignored: BTreeMap<String, u64>,
}

/// Reads a file in IOB2. A label `I-X` that follows another one than `B-X` or `I-X` begins a name.
pub fn read(file: &str) -> Result<Labelled, Malformed> {
    let mut out = Labelled::default();
    let mut open = Open::default();
    for (number, line) in file.lines().enumerate() {
        let line = line.trim_end_matches('\r');
        if line.trim().is_empty() {
            open.close(&mut out);
        } else if let Some(remark) = remark(line, open.words.is_empty()) {
            open.remark(remark);
        } else if !line.starts_with("-DOCSTART-") {
            let (word, label) = columns(line).ok_or_else(|| Malformed::at(number, "a word without a label"))?;
            let label = Label::parse(label)
                .ok_or_else(|| Malformed::at(number, format!("the label {label:?} is not O, B-… or I-…")))?;
            open.words.push(word);
            open.labels.push(label);
        }
    }
    open.close(&mut out);
    Ok(out)
}

/// What stands behind `# ` in a line before a sentence. Inside a sentence, or with a label behind it, `#` is a word.
fn remark(line: &str, before: bool) -> Option<&str> {
    let labelled = || columns(line).is_some_and(|(_, label)| Label::parse(label).is_some());
    line.strip_prefix("# ").filter(|rest| before && (rest.contains(" = ") || !labelled()))
}

fn columns(line: &str) -> Option<(&str, &str)> {
    let mut tabs = line.split('\t');
    let (first, second, third) = (tabs.next()?, tabs.next(), tabs.next());
    if let (Some(word), Some(label)) = (second, third)
        && !first.is_empty()
        && first.bytes().all(|b| b.is_ascii_digit())
    {
        return (!word.is_empty()).then_some((word, label));
    }
    let mut words = line.split_whitespace();
    Some((words.next()?, words.next_back()?))
}

#[derive(Clone, Copy)]
enum Label<'a> {
    Outside,
    Begin(&'a str),
    Inside(&'a str),
}

impl<'a> Label<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        match text.split_once('-') {
            Some(("B", kind)) => Some(Self::Begin(kind)),
            Some(("I", kind)) => Some(Self::Inside(kind)),
            _ if text == "O" => Some(Self::Outside),
            _ => None,
        }
    }
}

/// A sentence that is being read.
#[derive(Default)]
struct Open<'a> {
    document: &'a str,
    text: &'a str,
    words: Vec<&'a str>,
    labels: Vec<Label<'a>>,
}

impl<'a> Open<'a> {
    fn remark(&mut self, remark: &'a str) {
        match remark.split_once(" = ") {
            Some(("text", text)) => self.text = text,
            Some(("newdoc id", id)) => self.document = id.trim(),
            _ => {}
        }
    }

    fn close(&mut self, out: &mut Labelled) {
        if self.words.is_empty() {
            return;
        }
        // In the web treebank a document's id begins with its genre: `email-…`.
        let genre = self.document.split_once('-').map_or("", |(genre, _)| genre);
        let mut sentence = Sentence::new(self.document.to_owned(), genre.to_owned(), self.text, &self.words);
        let mut name: Option<(usize, &str)> = None;
        for (at, label) in self.labels.iter().chain([&Label::Outside]).enumerate() {
            if matches!((label, name), (Label::Inside(kind), Some((_, open))) if *kind == open) {
                continue;
            }
            if let Some((from, kind)) = name.take() {
                match kind_of(kind) {
                    Some(kind) => sentence.mark(from, at, kind),
                    None => *out.ignored.entry(kind.to_owned()).or_default() += 1,
                }
            }
            if let Label::Begin(kind) | Label::Inside(kind) = *label {
                name = Some((at, kind));
            }
        }
        out.sentences.push(sentence);
        (self.text, self.words, self.labels) = ("", Vec::new(), Vec::new());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Names as `text/TYPE`, a sentence after the other.
    fn check(file: &str, expected: &[&[&str]]) {
        let read = read(file).unwrap();
        let found: Vec<Vec<String>> = read
            .sentences
            .iter()
            .map(|s| s.names.iter().map(|n| format!("{}/{}", &s.text[n.span.start..n.span.end], n.kind)).collect())
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn columns_and_numbered_columns_are_read() {
        check("Ann\tB-PER\nLee\tI-PER\n\nat O\nAcme NNP B-corporation\n", &[&["Ann Lee/PERSON"], &["Acme/ORG"]]);
        check(
            "# newdoc id = email-x\n# text = in Tampa Bay.\n1\tin\tO\t-\n2\tTampa\tB-LOC\t-\n3\tBay\tI-LOC\t-\n4\t.\tO\t-\n",
            &[&["Tampa Bay/LOCATION"]],
        );
        check("-DOCSTART- -X- O\r\n\r\n#\tO\r\n7\tB-person\r\n", &[&["7/PERSON"]]);
        check("# newpar\n# B-ORG\n# O\n", &[&["#/ORG"]]);
        check("", &[]);
    }

    #[test]
    fn a_name_ends_where_the_label_changes() {
        check(
            "a I-PER\nb I-PER\nc I-ORG\nd B-ORG\ne I-ORG\nf O\ng I-LOC\n",
            &[&["a b/PERSON", "c/ORG", "d e/ORG", "g/LOCATION"]],
        );
    }

    #[test]
    fn documents_genres_and_strange_labels_are_told() {
        let read = read("# newdoc id = email-1\nAnn B-PER\n\nMay B-DATE\n").unwrap();
        let of: Vec<_> = read.sentences.iter().map(|s| (s.document.as_str(), s.genre.as_str())).collect();
        assert_eq!(of, [("email-1", "email"), ("email-1", "email")]);
        assert_eq!(read.ignored, BTreeMap::from([("DATE".to_owned(), 1)]));
    }

    #[test]
    fn a_bad_line_is_told_by_its_number() {
        let check = |file: &str, line| assert_eq!(read(file).map_err(|e| e.line), Err(line), "{file:?}");
        check("Ann\n", 1);
        check("Ann B-PER\n\nLee PER\n", 3);
        check("Ann O\n# text = x\n", 2);
        check("1\t\tO\n", 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_file_is_read_or_told(file in "([#\\n\\t BIO-]|PER|text = |\\PC){0,60}") {
            for sentence in read(&file).map(|r| r.sentences).unwrap_or_default() {
                for name in &sentence.names {
                    prop_assert!(sentence.text.get(name.span.start..name.span.end).is_some());
                }
            }
        }
    }
}
