//! Decisions of courts and their dockets.
//!
//! Normal form: the key by which a decision is cited, without the names of the parties, in small letters:
//! `410 us 113`, `1:19-cv-01234`, `[2019] ewhc 123 (ch)`, `xi zr 12/19`. The names belong to the mention where they
//! clearly lead to the citation. Short forms (`410 U.S. at 120`) point back to a full one and are left out.

use docmill_model::MentionType;

use super::pattern::{Family, Scope};

mod american;
mod european;
mod reporter;

pub fn family() -> Family {
    let rows = american::rows().into_iter().chain(european::rows()).collect();
    Family::new(MentionType::Case, "rule/case@1", Scope::Digits, rows)
}
