//! Names: the form that is compared, which makes spellings of one name equal, and the form that is shown.

mod organisation;
mod person;
mod place;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

pub use organisation::{OrgName, organisation};
pub use person::{PersonName, person};
pub use place::{PlaceName, place};

/// The form in which words of names are compared: compatibility forms undone, case folded, accents and points
/// left out, white space single. Marks that change a letter's sound (in Indic scripts and kana) stay.
pub fn fold(text: &str) -> String {
    let lower: String = text.nfkd().collect::<String>().to_lowercase();
    let mut out = String::with_capacity(lower.len());
    for c in lower.nfkd().filter(|&c| !is_accent(c)) {
        match c {
            'ß' => out.push_str("ss"),
            'ς' => out.push('σ'),
            '.' | '"' | '\'' | '`' | '´' | '‘' | '’' | '“' | '”' | '„' | '«' | '»' => {}
            _ => out.push(c),
        }
    }
    let composed: String = out.nfc().collect();
    composed.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Accents above, below and through letters, and the points of Hebrew and Arabic, by their combining classes.
fn is_accent(c: char) -> bool {
    matches!(canonical_combining_class(c), 1 | 10..=36 | 200..=240)
}

fn listed(list: &[&str], word: &str) -> bool {
    list.binary_search(&word).is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn folding_twice_is_folding_once(text in "\\PC{0,20}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }
    }
}
