//! Letters of Cyrillic and Greek that look like Latin ones. A word that mixes them was not written in two scripts: it
//! was scanned badly, or it is meant to deceive.

use std::borrow::Cow;

/// Lower-case letters and what they look like. Sorted. From the confusables of Unicode Technical Standard 39.
#[rustfmt::skip]
const LOOK_ALIKES: &[(char, char)] = &[
    ('α', 'a'), ('γ', 'y'), ('ι', 'i'), ('κ', 'k'), ('ν', 'v'), ('ο', 'o'), ('ρ', 'p'), ('σ', 'o'), ('υ', 'u'),
    ('χ', 'x'), ('а', 'a'), ('в', 'b'), ('е', 'e'), ('к', 'k'), ('м', 'm'), ('н', 'h'), ('о', 'o'), ('р', 'p'),
    ('с', 'c'), ('т', 't'), ('у', 'y'), ('х', 'x'), ('ѕ', 's'), ('і', 'i'), ('ј', 'j'), ('һ', 'h'), ('ӏ', 'l'),
    ('ԁ', 'd'), ('ԛ', 'q'), ('ԝ', 'w'),
];

/// Writes the look-alikes of a lower-case word in Latin letters when the word has Latin letters too and nothing else of
/// the other script.
pub(super) fn in_one_script(word: &str) -> Cow<'_, str> {
    let has_latin = word.contains(|c: char| c.is_ascii_lowercase());
    if !has_latin || word.is_ascii() {
        return Cow::Borrowed(word);
    }
    let foreign = |c: char| matches!(c, '\u{370}'..='\u{52f}');
    if !word.contains(foreign) || word.chars().any(|c| foreign(c) && latin(c).is_none()) {
        return Cow::Borrowed(word);
    }
    Cow::Owned(word.chars().map(|c| latin(c).unwrap_or(c)).collect())
}

fn latin(c: char) -> Option<char> {
    let at = LOOK_ALIKES.binary_search_by_key(&c, |(letter, _)| *letter).ok()?;
    Some(LOOK_ALIKES[at].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_words_of_two_scripts_are_rewritten() {
        for (word, expected) in
            [("аnnа", "anna"), ("анна", "анна"), ("anna", "anna"), ("aж", "aж"), ("naïve", "naïve"), ("", "")]
        {
            assert_eq!(in_one_script(word), expected, "{word:?}");
        }
    }

    #[test]
    fn the_table_is_sorted() {
        assert!(LOOK_ALIKES.is_sorted());
    }
}
