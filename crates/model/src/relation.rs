//! Relations between the referents of one document, with the place that says so.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{MentionId, ReferentId, Span};

/// What one thing has to do with another. Declared in the order in which people are shown them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RelationType {
    /// Sender to recipient of a mail.
    WroteTo,
    /// A person to the organisation that the person serves; attribute `role`.
    WorksFor,
    /// Counsel to client.
    Represents,
    /// One party of a case and another; no direction.
    Opposes,
    /// A party to its case; attribute `role`.
    PartyTo,
    /// A company to the one that holds it.
    SubsidiaryOf,
    /// An organisation or place to the place where it is.
    LocatedIn,
    /// Two names of one thing; no direction.
    AlsoKnownAs,
    /// Payer to payee; attributes `amount` and `date`, as normal forms.
    Paid,
    /// Named in the same sentence or row; no direction.
    CoMentioned,
}

impl RelationType {
    pub const ALL: [Self; 10] = [
        Self::WroteTo,
        Self::WorksFor,
        Self::Represents,
        Self::Opposes,
        Self::PartyTo,
        Self::SubsidiaryOf,
        Self::LocatedIn,
        Self::AlsoKnownAs,
        Self::Paid,
        Self::CoMentioned,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WroteTo => "WROTE_TO",
            Self::WorksFor => "WORKS_FOR",
            Self::Represents => "REPRESENTS",
            Self::Opposes => "OPPOSES",
            Self::PartyTo => "PARTY_TO",
            Self::SubsidiaryOf => "SUBSIDIARY_OF",
            Self::LocatedIn => "LOCATED_IN",
            Self::AlsoKnownAs => "ALSO_KNOWN_AS",
            Self::Paid => "PAID",
            Self::CoMentioned => "CO_MENTIONED",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.as_str() == word)
    }

    /// Whether it has no direction. Between entities such a relation runs from the lesser id to the greater.
    pub fn is_symmetric(self) -> bool {
        matches!(self, Self::Opposes | Self::AlsoKnownAs | Self::CoMentioned)
    }
}

/// A relation between two referents of one document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relation {
    pub from: ReferentId,
    pub to: ReferentId,
    pub kind: RelationType,
    /// In thousandths.
    pub confidence: u16,
    /// Pattern and its version, such as `pattern/role_of@1`.
    pub extractor: String,
    /// What the place says beyond the two: `role`, `amount`, `date`.
    pub attributes: BTreeMap<String, String>,
    pub evidence: Evidence,
}

/// Where a relation is said: a range of the cleaned text of its document and the two mentions, which lie in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Evidence {
    pub span: Span,
    /// Of `from` and of `to`.
    pub mentions: [MentionId; 2],
}
