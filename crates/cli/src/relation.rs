//! Relations in words.

use std::collections::BTreeMap;

use docmill_model::RelationType;

use crate::format::shortened;
use crate::screen::line;

/// The longest list of attributes that fits a line.
const ATTRIBUTES: usize = 60;

/// `works for`.
pub fn words(kind: RelationType) -> String {
    match kind {
        RelationType::CoMentioned => "named together".to_owned(),
        kind => kind.as_str().to_lowercase().replace('_', " "),
    }
}

/// From what is shown before it to what is shown behind it, if the relation leads `out` of the former.
pub fn arrow(kind: RelationType, out: bool) -> &'static str {
    match (kind.is_symmetric(), out) {
        (true, _) => "──",
        (false, true) => "─▶",
        (false, false) => "◀─",
    }
}

/// ` (role director, date 2024-03-05)`; nothing where there are none.
pub fn attributes(attributes: &BTreeMap<String, Vec<String>>) -> String {
    if attributes.is_empty() {
        return String::new();
    }
    let told: Vec<String> = attributes.iter().map(|(key, values)| format!("{key} {}", values.join(" / "))).collect();
    format!(" ({})", shortened(&line(&told.join(", ")), ATTRIBUTES))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relation_reads_as_part_of_a_sentence() {
        assert_eq!(words(RelationType::WorksFor), "works for");
        assert_eq!(words(RelationType::CoMentioned), "named together");
        assert_eq!((arrow(RelationType::Paid, true), arrow(RelationType::Paid, false)), ("─▶", "◀─"));
        assert_eq!(arrow(RelationType::CoMentioned, true), arrow(RelationType::CoMentioned, false));
    }

    #[test]
    fn attributes_stay_in_one_line() {
        let check = |values: &[&str], expected: &str| {
            let values = values.iter().map(|value| (*value).to_owned()).collect();
            assert_eq!(attributes(&BTreeMap::from([("role".to_owned(), values)])), expected);
        };
        assert_eq!(attributes(&BTreeMap::new()), "");
        check(&["director", "chair"], " (role director / chair)");
        check(&["two\nlines \u{1b}[2J"], " (role two lines \u{fffd}[2J)");
        check(&[&"x".repeat(99)], &format!(" (role {}…)", "x".repeat(54)));
    }
}
