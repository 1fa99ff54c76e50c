//! Names of places: articles left out, the common names of countries in one form.

use super::fold;
use super::head;

/// A place's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceName {
    /// The name as it is compared: `united states` for `the U.S.A.`.
    pub normal: String,
}

/// Other names of countries and cities, as [`fold`] writes them without hyphens, and the one that is used. Sorted.
#[rustfmt::skip]
const SAME_PLACE: &[(&str, &str)] = &[
    ("america", "united states"), ("burma", "myanmar"), ("cote divoire", "ivory coast"), ("czechia", "czech republic"),
    ("deutschland", "germany"), ("dprk", "north korea"), ("drc", "democratic republic of the congo"),
    ("great britain", "united kingdom"), ("holland", "netherlands"), ("koln", "cologne"), ("la", "los angeles"),
    ("munchen", "munich"), ("nyc", "new york city"), ("peoples republic of china", "china"), ("prc", "china"),
    ("republic of ireland", "ireland"), ("republic of korea", "south korea"), ("roc", "taiwan"), ("rok", "south korea"),
    ("russian federation", "russia"), ("states", "united states"), ("uae", "united arab emirates"),
    ("uk", "united kingdom"), ("united kingdom of great britain and northern ireland", "united kingdom"),
    ("united states of america", "united states"), ("us", "united states"), ("usa", "united states"),
    ("ussr", "soviet union"), ("washington dc", "washington"), ("wien", "vienna"),
];

/// Reads a place's name. `None` when nothing that could be a name is left.
pub fn place(raw: &str) -> Option<PlaceName> {
    let quoted = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '‘' | '“' | '”' | '„' | '«' | '»' | ',');
    let shown = head(raw).trim_matches(quoted).split_whitespace().collect::<Vec<_>>().join(" ");
    let folded = fold(&shown);
    let mut words: Vec<&str> = folded
        .split(|c: char| c.is_whitespace() || matches!(c, '-' | '–' | ',' | '/'))
        .filter(|w| !w.is_empty())
        .collect();
    if words.len() > 1 && words[0] == "the" {
        words.remove(0);
    }
    if words.len() > 1 {
        words[0] = match words[0] {
            "st" => "saint",
            "mt" => "mount",
            "ft" => "fort",
            other => other,
        };
    }
    let joined = words.join(" ");
    let normal = SAME_PLACE
        .binary_search_by_key(&joined.as_str(), |(other, _)| other)
        .map_or(joined, |at| SAME_PLACE[at].1.to_owned());
    normal.chars().any(char::is_alphanumeric).then_some(PlaceName { normal })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_place_has_one_normal_form() {
        for (raw, normal) in [
            ("U.S.", "united states"),
            ("the United States of America", "united states"),
            ("USA", "united states"),
            ("UK", "united kingdom"),
            ("St. Louis", "saint louis"),
            ("Washington, D.C.", "washington"),
            ("Stratford-upon-Avon", "stratford upon avon"),
            ("München", "munich"),
            ("  New   York ", "new york"),
            ("The", "the"),
            ("Москва", "москва"),
        ] {
            assert_eq!(place(raw).map(|p| p.normal).as_deref(), Some(normal), "{raw:?}");
        }
        for raw in ["", "...", " , "] {
            assert_eq!(place(raw), None, "{raw:?}");
        }
    }

    #[test]
    fn the_table_is_sorted() {
        assert!(SAME_PLACE.is_sorted());
    }
}
