//! Words and their case, as the model was trained to see them.

use unicode_normalization::char::is_combining_mark;

/// How a word is written. The numbers are those of the model's case channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Case {
    Lower = 0,
    /// A capital first, and no two together (`McDonald`).
    Title = 1,
    Upper = 2,
    Mixed = 3,
    /// One letter, a capital.
    Initial = 4,
    Digit = 5,
    /// No letter and no digit.
    Mark = 6,
    /// Upper case in a line that is all upper case, where it tells nothing.
    Headline = 7,
}

impl Case {
    fn of(word: &str) -> Self {
        let (mut letters, mut capitals, mut pair, mut first, mut before) = (0, 0, false, false, false);
        for c in word.chars() {
            if c.is_numeric() {
                return Self::Digit;
            }
            if c.is_alphabetic() {
                let capital = c.is_uppercase();
                pair |= capital && before;
                first |= capital && letters == 0;
                before = capital;
                letters += 1;
                capitals += usize::from(capital);
            }
        }
        match (letters, capitals) {
            (0, _) => Self::Mark,
            (_, 0) => Self::Lower,
            (1, 1) => Self::Initial,
            _ if letters == capitals => Self::Upper,
            _ if first && !pair => Self::Title,
            _ => Self::Mixed,
        }
    }
}

/// A word of a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'t> {
    pub text: &'t str,
    /// Byte offset in the text that the sentence is of.
    pub at: usize,
    pub case: Case,
}

/// A line is a headline when it has at least this many words of letters and this share of them is in upper case. The
/// figures of the model's training.
const HEADLINE_WORDS: usize = 3;
const HEADLINE_PERCENT: usize = 80;

/// Gives each word of a line its case.
pub fn case_channel<'a>(words: impl Iterator<Item = &'a str>) -> Vec<Case> {
    let mut cases: Vec<Case> = words.map(Case::of).collect();
    mark_headline(&mut cases, |case| case);
    cases
}

fn mark_headline<T>(words: &mut [T], case: impl Fn(&mut T) -> &mut Case) {
    let (mut worded, mut upper) = (0, 0);
    for word in words.iter_mut() {
        worded += usize::from(*case(word) as u8 <= Case::Mixed as u8);
        upper += usize::from(*case(word) == Case::Upper);
    }
    if worded >= HEADLINE_WORDS && upper * 100 >= worded * HEADLINE_PERCENT {
        for case in words.iter_mut().map(case).filter(|c| matches!(c, Case::Upper | Case::Initial)) {
            *case = Case::Headline;
        }
    }
}

/// Abbreviations that keep their full stop. Sorted.
const ABBREVIATIONS: &[&str] = &[
    "Ave", "Blvd", "Bros", "Capt", "Co", "Col", "Corp", "Dept", "Dr", "Esq", "Gen", "Gov", "Hon", "Inc", "Jr", "Lt",
    "Ltd", "Messrs", "Mr", "Mrs", "Ms", "No", "Prof", "Rep", "Rev", "Sen", "Sgt", "Sr", "St", "v", "vs",
];

/// The words of a sentence that begins at the byte `offset` of its text: letters and digits, joined by an inner
/// hyphen, point, ampersand, apostrophe or low line. A possessive `'s` and each other mark are words of their own;
/// initials and a few abbreviations keep their point. Cases are told line by line. Linear time.
pub fn tokens(sentence: &str, offset: usize) -> Vec<Token<'_>> {
    let mut out = Vec::new();
    let (mut at, mut line) = (0, 0);
    while let Some(c) = sentence[at..].chars().next() {
        if c.is_whitespace() {
            if c == '\n' {
                mark_headline(&mut out[line..], |token: &mut Token<'_>| &mut token.case);
                line = out.len();
            }
            at += c.len_utf8();
            continue;
        }
        let length = if is_inner(c) {
            word(&sentence[at..])
        } else if let Some(length) = possessive(&sentence[at..])
            && sentence[..at].ends_with(is_inner)
        {
            length
        } else {
            c.len_utf8()
        };
        let text = &sentence[at..at + length];
        out.push(Token { text, at: offset + at, case: Case::of(text) });
        at += length;
    }
    mark_headline(&mut out[line..], |token| &mut token.case);
    out
}

/// Characters that words consist of; accents that stand apart from their letter belong to it.
fn is_inner(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c)
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’')
}

/// Length of the word at the start of a text that begins with a letter or digit.
fn word(text: &str) -> usize {
    let mut end = 0;
    loop {
        end += text[end..].find(|c| !is_inner(c)).unwrap_or(text.len() - end);
        let mut rest = text[end..].chars();
        let joins = rest.next().is_some_and(|c| matches!(c, '-' | '.' | '&' | '_') || is_apostrophe(c));
        if !joins || !rest.next().is_some_and(is_inner) || possessive(&text[end..]).is_some() {
            break;
        }
        end = text.len() - rest.as_str().len();
    }
    if text[end..].starts_with('.') && keeps_point(&text[..end]) {
        end += 1;
    }
    end
}

/// Length of a possessive at the start of a text.
fn possessive(text: &str) -> Option<usize> {
    let rest = text.strip_prefix(is_apostrophe)?;
    let rest = rest.strip_prefix(['s', 'S'])?;
    (!rest.starts_with(is_inner)).then_some(text.len() - rest.len())
}

fn keeps_point(word: &str) -> bool {
    if ABBREVIATIONS.binary_search(&word).is_ok() {
        return true;
    }
    let mut parts = word.split('.').map(|part| {
        let mut chars = part.chars();
        chars.next().filter(|c| c.is_alphabetic() && chars.next().is_none())
    });
    match word.contains('.') {
        true => parts.all(|letter| letter.is_some()),
        false => parts.all(|letter| letter.is_some_and(char::is_uppercase)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(sentence: &str, expected: &[(&str, Case)]) {
        let found: Vec<_> = tokens(sentence, 7).iter().map(|t| (t.text, t.case)).collect();
        assert_eq!(found, expected, "{sentence:?}");
    }

    #[test]
    fn words_and_their_cases_are_those_of_the_training() {
        use Case::*;
        check("", &[]);
        check(
            "J. Smith's A.B.C. at Mr. O’Brien-Li's.",
            &[
                ("J.", Initial),
                ("Smith", Title),
                ("'s", Lower),
                ("A.B.C.", Upper),
                ("at", Lower),
                ("Mr.", Title),
                ("O’Brien-Li", Mixed),
                ("'s", Lower),
                (".", Mark),
            ],
        );
        check(
            "iPhone AT&T x.org, 5th",
            &[("iPhone", Mixed), ("AT&T", Upper), ("x.org", Lower), (",", Mark), ("5th", Digit)],
        );
        check("'s it's end.", &[("'", Mark), ("s", Lower), ("it", Lower), ("'s", Lower), ("end", Lower), (".", Mark)]);
        check("Jose\u{301} No.", &[("Jose\u{301}", Title), ("No.", Title)]);
        check(
            "ACME SUES J BANK\nThe AG",
            &[
                ("ACME", Headline),
                ("SUES", Headline),
                ("J", Headline),
                ("BANK", Headline),
                ("The", Title),
                ("AG", Upper),
            ],
        );
    }

    #[test]
    fn the_abbreviations_are_sorted() {
        assert!(ABBREVIATIONS.is_sorted());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn words_hold_all_that_is_no_white_space(sentence in "([A-Za-z.'’&_\\- \n]|\\PC){0,80}") {
            let mut end = 0;
            for token in tokens(&sentence, 0) {
                prop_assert!(sentence[end..token.at].chars().all(char::is_whitespace) && !token.text.is_empty());
                prop_assert_eq!(&sentence[token.at..token.at + token.text.len()], token.text);
                end = token.at + token.text.len();
            }
            prop_assert!(sentence[end..].chars().all(char::is_whitespace));
        }
    }
}
