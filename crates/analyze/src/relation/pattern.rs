//! The table of patterns: what each gives, how often it was right, and whether it is used.

use std::collections::BTreeMap;

use docmill_model::{ByteSpan, RelationType};

use super::passage::{At, Named};
use super::{alias, company, counsel, office, party, payment, signature};

/// What a pattern found: two mentions, by their numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Hit {
    pub from: usize,
    pub to: usize,
    pub attributes: BTreeMap<String, String>,
}

impl Hit {
    pub fn new(from: usize, to: usize) -> Self {
        Self { from, to, attributes: BTreeMap::new() }
    }

    /// Adds an attribute that is not empty.
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        let value = value.into();
        if !value.is_empty() {
            self.attributes.insert(key.to_owned(), value);
        }
        self
    }
}

/// A document as the patterns see it that look beyond one sentence.
pub(super) struct Document<'d, 'a> {
    pub text: &'d str,
    /// Where its blocks lie, those that run along each page and the header of a mail left out.
    pub body: &'d [ByteSpan],
    pub named: &'d [Named<'a>],
}

impl Document<'_, '_> {
    /// Of the names of one thing the one that stands nearest to another.
    pub fn nearest(&self, thing: usize, to: usize) -> usize {
        let referent = self.named[thing].referent;
        let place = self.named[to].bytes.start;
        let same = (0..self.named.len()).filter(|&n| self.named[n].referent == referent);
        same.min_by_key(|&n| self.named[n].bytes.start.abs_diff(place)).unwrap_or(thing)
    }
}

/// Reads from each item of each sentence.
type FromItem = for<'s, 'a> fn(At<'s, 'a>) -> Option<Hit>;
/// Reads the whole document.
type FromDocument = for<'d, 'a> fn(&Document<'d, 'a>) -> Vec<Hit>;

/// One way in which a relation is said.
pub(super) struct Pattern {
    /// Name and version, as in a relation's `extractor`.
    pub id: &'static str,
    pub kind: RelationType,
    /// Hits that were checked by hand, and how many of those were right; see docs/relations.md.
    pub checked: u16,
    pub right: u16,
    /// Whether it is used: from 20 checked hits on, of which at least four in five are right.
    pub on: bool,
    pub in_sentence: Option<FromItem>,
    pub in_document: Option<FromDocument>,
}

impl Pattern {
    /// In thousandths: the share that was right, as if two more had been checked of which one was wrong (Laplace's
    /// rule of succession).
    pub fn confidence(&self) -> u16 {
        ((u32::from(self.right) + 1) * 1000 / (u32::from(self.checked) + 2)).min(1000) as u16
    }
}

use RelationType::{AlsoKnownAs, LocatedIn, Opposes, Paid, PartyTo, Represents, SubsidiaryOf, WorksFor};

/// All patterns. Where several find the same two in one sentence the surest counts.
pub(super) static PATTERNS: &[Pattern] = &[
    Pattern {
        id: "pattern/role_of@1",
        kind: WorksFor,
        checked: 61,
        right: 59,
        on: true,
        in_sentence: Some(office::role_of),
        in_document: None,
    },
    Pattern {
        id: "pattern/organisation_role@1",
        kind: WorksFor,
        checked: 80,
        right: 80,
        on: true,
        in_sentence: Some(office::organisation_role),
        in_document: None,
    },
    Pattern {
        id: "pattern/person_of@1",
        kind: WorksFor,
        checked: 18,
        right: 18,
        on: false,
        in_sentence: Some(office::person_of),
        in_document: None,
    },
    Pattern {
        id: "pattern/works_for@1",
        kind: WorksFor,
        checked: 0,
        right: 0,
        on: false,
        in_sentence: Some(office::works_for),
        in_document: None,
    },
    Pattern {
        id: "pattern/signature@1",
        kind: WorksFor,
        checked: 20,
        right: 20,
        on: true,
        in_sentence: None,
        in_document: Some(signature::signatures),
    },
    Pattern {
        id: "pattern/counsel@1",
        kind: Represents,
        checked: 40,
        right: 39,
        on: true,
        in_sentence: Some(counsel::counsel),
        in_document: Some(signature::filing_signatures),
    },
    Pattern {
        id: "pattern/versus@1",
        kind: Opposes,
        checked: 87,
        right: 83,
        on: true,
        in_sentence: None,
        in_document: Some(party::versus),
    },
    Pattern {
        id: "pattern/party_to@1",
        kind: PartyTo,
        checked: 76,
        right: 75,
        on: true,
        in_sentence: None,
        in_document: Some(party::party_to),
    },
    Pattern {
        id: "pattern/subsidiary_of@1",
        kind: SubsidiaryOf,
        checked: 3,
        right: 3,
        on: false,
        in_sentence: Some(company::subsidiary_of),
        in_document: None,
    },
    Pattern {
        id: "pattern/seat@1",
        kind: LocatedIn,
        checked: 116,
        right: 114,
        on: true,
        in_sentence: Some(company::seat),
        in_document: None,
    },
    Pattern {
        id: "pattern/city_in@1",
        kind: LocatedIn,
        checked: 104,
        right: 103,
        on: true,
        in_sentence: Some(company::city_in),
        in_document: None,
    },
    Pattern {
        id: "pattern/known_as@1",
        kind: AlsoKnownAs,
        checked: 6,
        right: 6,
        on: false,
        in_sentence: Some(alias::known_as),
        in_document: None,
    },
    Pattern {
        id: "pattern/acronym@1",
        kind: AlsoKnownAs,
        checked: 57,
        right: 57,
        on: true,
        in_sentence: Some(alias::acronym),
        in_document: None,
    },
    Pattern {
        id: "pattern/payment@1",
        kind: Paid,
        checked: 2,
        right: 2,
        on: false,
        in_sentence: Some(payment::payment),
        in_document: None,
    },
];
