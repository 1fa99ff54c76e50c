//! Decisions of courts and their dockets.
//!
//! Normal form: the key by which a decision is cited, without the names of the parties, in small letters:
//! `410 us 113`, `1:19-cv-01234`, `[2019] ewhc 123 (ch)`, `xi zr 12/19`. The names belong to the mention where they
//! clearly lead to the citation. Short forms (`410 U.S. at 120`) point back to a full one and are left out.

use std::sync::LazyLock;

use docmill_model::MentionType;
use regex::Regex;

use super::pattern::{self, Family, Scope};

mod american;
mod european;
mod reporter;

/// Whether the normal form of a case is the number under which a court keeps its file: `2:24-cv-99017`. Numbers of less
/// shape, which other registers have too, are none, and no decision in a collection is.
pub(crate) fn is_docket(normal: &str) -> bool {
    static DOCKET: LazyLock<Regex> = LazyLock::new(|| pattern::compile(r"^(?:\d{1,2}:)?\d{2}-[a-z]{2,5}-\d{3,6}$"));
    DOCKET.is_match(normal)
}

pub fn family() -> Family {
    let rows = american::rows().into_iter().chain(european::rows()).collect();
    Family::new(MentionType::Case, "rule/case@1", Scope::Digits, rows)
}

#[cfg(test)]
mod tests {
    use super::is_docket;

    #[test]
    fn dockets_are_told_from_citations_and_from_other_numbers() {
        for (normal, expected) in [
            ("2:24-cv-99017", true),
            ("19-cr-00012", true),
            ("549 us 118", false),
            ("c-131/12", false),
            ("xi zr 12/19", false),
            ("17-1234", false),
            ("650123/2019", false),
            ("2024-01-15", false),
        ] {
            assert_eq!(is_docket(normal), expected, "{normal}");
        }
    }
}
