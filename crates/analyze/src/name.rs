//! Names: the form that is compared, which makes spellings of one name equal, and the form that is shown.

mod confusable;
mod given;
mod legal_form;
mod organisation;
mod person;
mod place;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

pub(crate) use given::Given;
pub(crate) use legal_form::{LegalForm, canonical};
pub use organisation::{OrgName, organisation};
pub(crate) use person::{Courtesy, GENERATIONS, courtesy, is_conjunction, is_title};
pub use person::{PersonName, person};
pub use place::{PlaceName, place};

/// Characters of a name that are read: longer texts are no names, and what compares names stays cheap.
const LONGEST: usize = 400;

/// The form in which words of names are compared: compatibility forms undone, case folded, accents, points and
/// invisible characters left out, look-alikes of another script written in that of their word, white space single.
/// Marks that change a letter's sound (in Indic scripts and kana) stay.
pub fn fold(text: &str) -> String {
    let lower: String = text.nfkd().collect::<String>().to_lowercase();
    let mut out = String::with_capacity(lower.len());
    for c in lower.nfkd().filter(|&c| !is_accent(c) && !is_invisible(c)) {
        match c {
            'ß' => out.push_str("ss"),
            'ς' => out.push('σ'),
            '.' | '"' | '\'' | '`' | '´' | '‘' | '’' | '“' | '”' | '„' | '«' | '»' => {}
            _ => out.push(c),
        }
    }
    let composed: String = out.nfc().collect();
    composed.split_whitespace().map(confusable::in_one_script).collect::<Vec<_>>().join(" ")
}

/// Accents above, below and through letters, and the points of Hebrew and Arabic, by their combining classes.
fn is_accent(c: char) -> bool {
    matches!(canonical_combining_class(c), 1 | 10..=36 | 200..=240)
}

/// Characters without a shape of their own: soft hyphen, zero-width space and joiners, marks and overrides of
/// direction, variation selectors, tags.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}

/// The start of a text, as much as a name can hold.
fn head(text: &str) -> &str {
    text.char_indices().nth(LONGEST).map_or(text, |(at, _)| &text[..at])
}

fn listed(list: &[&str], word: &str) -> bool {
    list.binary_search(&word).is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_cannot_be_seen_makes_no_new_name() {
        for (text, folded) in [
            ("An\u{200b}na\u{ad} Schm\u{2060}idt", "anna schmidt"),
            ("\u{202e}Anna\u{202c}", "anna"),
            ("Аnnа", "anna"),
            ("Schmіdt", "schmidt"),
            ("Анна", "анна"),
            ("Ｓｃｈｍｉｄｔ", "schmidt"),
        ] {
            assert_eq!(fold(text), folded, "{text:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn folding_twice_is_folding_once(text in "([aаеoіА-я\u{200b}\u{ad}. ]|\\PC){0,20}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }
    }
}
