//! Why two names are one thing, or are not, in words that a person understands.

use docmill_analyze::pair::reason;

/// (word, why the two are alike or what speaks against it).
const WORDS: &[(&str, &str)] = &[
    (reason::SAME_NAME, "the same name"),
    (reason::SAME_IDENTIFIER, "the same address or number"),
    (reason::WORD_ORDER, "the same words in another order"),
    (reason::TRANSLITERATION, "the same name in other letters"),
    (reason::SCAN, "letters that a scanner takes for each other"),
    (reason::NICKNAME, "a nickname"),
    (reason::JOINED_WORDS, "the same words, joined or parted"),
    (reason::SAME_CASE, "a surname of the same case"),
    (reason::INITIALS, "initials that fit"),
    (reason::SPELLING, "nearly the same spelling"),
    (reason::SHORTENED, "a word cut short"),
    (reason::MISSING_WORDS, "words left out"),
    (reason::LEGAL_FORM, "the legal form written otherwise or left out"),
    (reason::ACRONYM, "its first letters"),
    (reason::OTHER_GENERATION, "the one is Senior, the other Junior"),
    (reason::OTHER_NAME, "words that contradict each other"),
    (reason::OTHER_IDENTIFIER, "different addresses or numbers"),
    (reason::OTHER_LEGAL_FORM, "different legal forms"),
    (reason::OTHER_NUMBER, "different numbers in the name"),
    (reason::OTHER_TYPE, "things of different types"),
    (reason::AMBIGUOUS, "more than one of that surname in the case"),
    ("decision", "a person decided so"),
    ("score", "not alike enough to be sure"),
    ("size", "too many names would become one"),
    ("conflict", "what it belongs to already speaks against it"),
];

/// A reason for people; one that is not known here stands as it is, without its underscores.
pub fn words(reason: &str) -> String {
    let known = WORDS.iter().find(|(word, _)| *word == reason);
    known.map_or_else(|| reason.replace('_', " "), |(_, words)| (*words).to_owned())
}

/// Several, after commas.
pub fn all<T: AsRef<str>>(reasons: &[T]) -> String {
    reasons.iter().map(|reason| words(reason.as_ref())).collect::<Vec<_>>().join(", ")
}

/// Thousandths as a person reads them.
pub fn percent(thousandths: u16) -> String {
    format!("{} %", (u32::from(thousandths) + 5) / 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_told_in_words() {
        assert_eq!(all(&["same_name", "initials"]), "the same name, initials that fit");
        assert_eq!(words("not_known_yet"), "not known yet");
        assert_eq!(
            (percent(1000), percent(874), percent(5), percent(0)),
            ("100 %".into(), "87 %".into(), "1 %".into(), "0 %".into())
        );
    }

    #[test]
    fn no_reason_is_listed_twice() {
        let mut words: Vec<&str> = WORDS.iter().map(|(word, _)| *word).collect();
        words.sort();
        words.dedup();
        assert_eq!(words.len(), WORDS.len());
    }
}
