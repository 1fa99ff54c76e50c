//! How alike two profiles are: blocking keys, which bring likely pairs together, and the score of a pair with its
//! reasons. Pure in the two profiles and the tables that come with the program.

use docmill_model::{MentionType, ProfileKey};

/// A pair with this score or more is one thing, unless a veto says otherwise. In thousandths.
pub const MERGE: u16 = 800;
/// A pair with this score or more, and less than [`MERGE`], may be one thing: a person decides. In thousandths.
pub const POSSIBLE: u16 = 600;

/// How alike two profiles are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Likeness {
    /// In thousandths.
    pub score: u16,
    /// Why, sorted.
    pub reasons: Vec<&'static str>,
    /// Why the two are never one thing, whatever else joins them. The score may still be [`POSSIBLE`] or more: then
    /// the pair is worth showing to a person.
    pub veto: Option<&'static str>,
}

/// A profile, made ready for comparison with many others.
#[derive(Clone, Debug)]
pub struct Prepared {
    key: ProfileKey,
}

impl Prepared {
    pub fn new(key: &ProfileKey) -> Self {
        Self { key: key.clone() }
    }
}

/// The blocking keys of a profile, sorted and distinct: two profiles that may be one thing nearly always share one
/// whose block stays small. Empty for types whose normal form is exact.
pub fn keys(profile: &ProfileKey) -> Vec<String> {
    match profile.kind {
        MentionType::Person | MentionType::Org | MentionType::Location => {
            vec![format!("{}:{}", profile.kind, profile.normal)]
        }
        _ => Vec::new(),
    }
}

/// Compares two profiles. Symmetric.
pub fn pair(a: &ProfileKey, b: &ProfileKey) -> Likeness {
    pair_prepared(&Prepared::new(a), &Prepared::new(b))
}

/// [`pair`] for profiles that are compared more than once.
pub fn pair_prepared(a: &Prepared, b: &Prepared) -> Likeness {
    if a.key.kind == b.key.kind && a.key.normal == b.key.normal {
        return Likeness { score: 1000, reasons: vec!["same_name"], veto: None };
    }
    Likeness::default()
}
