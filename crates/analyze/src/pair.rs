//! How alike two profiles are: blocking keys, which bring likely pairs together, and the score of a pair with its
//! reasons. Pure in the two profiles and the tables that come with the program.
//!
//! Words of one name are matched with words of the other; the score is the share of both names that is matched. What
//! is left on one side only may have been left out; what is left on both sides contradicts. To be one thing
//! across documents two names need more than that: a person two full words, or an identifier, or a surname and the
//! docket number of one case; an organisation all words. What is a letter apart from another sound name is never taken
//! for it without more ([`POSSIBLE`] is as far as it gets), because `Schmidt` and `Schmitt` are both names.

mod align;
mod key;
mod organisation;
mod person;
mod place;
mod prepared;
mod sound;
mod spelling;
mod token;

use docmill_model::{MentionType, ProfileKey};

pub use key::{is_full_name, keys};
pub use prepared::Prepared;

/// A pair with this score or more is one thing, unless a veto says otherwise. In thousandths.
pub const MERGE: u16 = 800;
/// A pair with this score or more, and less than [`MERGE`], may be one thing: a person decides. In thousandths.
pub const POSSIBLE: u16 = 650;

/// The most that a pair gets when something speaks against it: a person is asked.
const ASK: u16 = MERGE - 1;

/// Why two profiles are alike, or never one thing. Shown to people.
pub mod reason {
    /// The normal forms are the same.
    pub const SAME_NAME: &str = "same_name";
    /// Both have the same address, account, or other checked identifier.
    pub const SAME_IDENTIFIER: &str = "same_identifier";
    /// The same words in another order.
    pub const WORD_ORDER: &str = "word_order";
    /// The same name in another script, or with `oe` for `ö`.
    pub const TRANSLITERATION: &str = "transliteration";
    /// A word reads as the other does when a scanner takes its letters for others.
    pub const SCAN: &str = "scan";
    /// A given name stands for another: `Bob`, `Robert`.
    pub const NICKNAME: &str = "nickname";
    /// What is one word in one is two in the other.
    pub const JOINED_WORDS: &str = "joined_words";
    /// A surname alone, and the same surname with more or in another document, where both speak of one docket number.
    pub const SAME_CASE: &str = "same_case";
    /// An initial stands for a name.
    pub const INITIALS: &str = "initials";
    /// A word is spelled with a letter or two less, more or other.
    pub const SPELLING: &str = "spelling";
    /// A word is the beginning of the other.
    pub const SHORTENED: &str = "shortened";
    /// Words of one are not in the other, such as a middle name.
    pub const MISSING_WORDS: &str = "missing_words";
    /// One is said with its legal form, the other without it or in another way.
    pub const LEGAL_FORM: &str = "legal_form";
    /// One is the first letters of the other.
    pub const ACRONYM: &str = "acronym";

    /// Veto: father and son.
    pub const OTHER_GENERATION: &str = "other_generation";
    /// Veto: each has words that contradict those of the other.
    pub const OTHER_NAME: &str = "other_name";
    /// Veto: each has an identifier of one kind, and they differ.
    pub const OTHER_IDENTIFIER: &str = "other_identifier";
    /// Veto: two legal forms are two companies.
    pub const OTHER_LEGAL_FORM: &str = "other_legal_form";
    /// Veto: `Brigade 43` is not `Brigade 44`.
    pub const OTHER_NUMBER: &str = "other_number";
    /// Veto: a person is no company.
    pub const OTHER_TYPE: &str = "other_type";

    /// Of the fold: a surname alone fits two persons of its case who are never one.
    pub const AMBIGUOUS: &str = "ambiguous";
}

/// How alike two profiles are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Likeness {
    /// In thousandths.
    pub score: u16,
    /// Why, sorted: words of [`reason`].
    pub reasons: Vec<&'static str>,
    /// Why the two are never one thing, whatever else joins them. The score may still be [`POSSIBLE`] or more: then
    /// the pair is worth showing to a person.
    pub veto: Option<&'static str>,
}

/// Compares two profiles. Symmetric. The discriminator takes no part: what a person decided outranks what looks alike.
pub fn pair(a: &ProfileKey, b: &ProfileKey) -> Likeness {
    pair_prepared(&Prepared::new(a), &Prepared::new(b))
}

/// [`pair`] for profiles that are compared more than once.
pub fn pair_prepared(a: &Prepared, b: &Prepared) -> Likeness {
    if a.kind != b.kind {
        return Likeness { veto: Some(reason::OTHER_TYPE), ..Likeness::default() };
    }
    // One order, so that ties between words fall the same way from both sides.
    let (a, b) = if b.normal < a.normal { (b, a) } else { (a, b) };
    let mut likeness = match a.kind {
        MentionType::Person => person::likeness(a, b),
        MentionType::Org => organisation::likeness(a, b),
        MentionType::Location => place::likeness(a, b),
        _ => exact(a, b),
    };
    identify(a, b, &mut likeness);
    likeness.reasons.sort_unstable();
    likeness.reasons.dedup();
    likeness
}

/// Whether the two are never one thing, and why: the veto of [`pair_prepared`].
pub fn veto(a: &Prepared, b: &Prepared) -> Option<&'static str> {
    pair_prepared(a, b).veto
}

fn exact(a: &Prepared, b: &Prepared) -> Likeness {
    match a.normal == b.normal {
        true => same_name(),
        false => Likeness { veto: Some(reason::OTHER_NAME), ..Likeness::default() },
    }
}

fn same_name() -> Likeness {
    Likeness { score: 1000, reasons: vec![reason::SAME_NAME], veto: None }
}

/// Lets identifiers speak: a common one joins what the names do not forbid; two of one kind keep apart.
fn identify(a: &Prepared, b: &Prepared, likeness: &mut Likeness) {
    if a.identifiers.iter().any(|i| b.identifiers.contains(i)) {
        likeness.reasons.push(reason::SAME_IDENTIFIER);
        if likeness.veto == Some(reason::OTHER_NAME) {
            // A family or an office may share an address.
            (likeness.veto, likeness.score) = (None, POSSIBLE);
        } else if likeness.veto.is_none() {
            likeness.score = if likeness.score >= POSSIBLE { 1000 } else { POSSIBLE };
        }
        return;
    }
    if a.identifiers.iter().any(|i| b.identifiers.iter().any(|j| i.scheme == j.scheme)) {
        likeness.veto = likeness.veto.or(Some(reason::OTHER_IDENTIFIER));
        likeness.score = likeness.score.min(ASK);
    }
}

#[cfg(test)]
mod tests;
