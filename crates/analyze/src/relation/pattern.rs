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

/// Where a pattern looks.
pub(super) enum Reads {
    /// From each item of each sentence.
    Sentence(for<'s, 'a> fn(At<'s, 'a>) -> Option<Hit>),
    /// The whole document.
    Document(for<'d, 'a> fn(&Document<'d, 'a>) -> Vec<Hit>),
}

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
    pub reads: Reads,
}

impl Pattern {
    /// In thousandths: the share that was right, as if two more had been checked of which one was wrong (Laplace's
    /// rule of succession).
    pub fn confidence(&self) -> u16 {
        ((u32::from(self.right) + 1) * 1000 / (u32::from(self.checked) + 2)).min(1000) as u16
    }
}

use Reads::{Document as Whole, Sentence};
use RelationType::{AlsoKnownAs, LocatedIn, Opposes, Paid, PartyTo, Represents, SubsidiaryOf, WorksFor};

const fn pattern(id: &'static str, kind: RelationType, checked: u16, right: u16, on: bool, reads: Reads) -> Pattern {
    Pattern { id, kind, checked, right, on, reads }
}

/// All patterns. Where several find the same two in one sentence the surest counts.
#[rustfmt::skip]
pub(super) static PATTERNS: &[Pattern] = &[
    pattern("pattern/role_of@1", WorksFor, 0, 0, true, Sentence(office::role_of)),
    pattern("pattern/organisation_role@1", WorksFor, 0, 0, true, Sentence(office::organisation_role)),
    pattern("pattern/works_for@1", WorksFor, 0, 0, true, Sentence(office::works_for)),
    pattern("pattern/person_of@1", WorksFor, 0, 0, true, Sentence(office::person_of)),
    pattern("pattern/named_for@1", WorksFor, 0, 0, true, Whole(office::named_for)),
    pattern("pattern/signature@1", WorksFor, 0, 0, true, Whole(signature::signatures)),
    pattern("pattern/counsel_for@1", Represents, 0, 0, true, Sentence(counsel::counsel_for)),
    pattern("pattern/represents@1", Represents, 0, 0, true, Sentence(counsel::represents)),
    pattern("pattern/represented_by@1", Represents, 0, 0, true, Sentence(counsel::represented_by)),
    pattern("pattern/filing_signature@1", Represents, 0, 0, true, Whole(signature::filing_signatures)),
    pattern("pattern/versus@1", Opposes, 0, 0, true, Whole(party::versus)),
    pattern("pattern/party_to@1", PartyTo, 0, 0, true, Whole(party::party_to)),
    pattern("pattern/subsidiary_of@1", SubsidiaryOf, 0, 0, true, Sentence(company::subsidiary_of)),
    pattern("pattern/seat@1", LocatedIn, 0, 0, true, Sentence(company::seat)),
    pattern("pattern/address@1", LocatedIn, 0, 0, true, Sentence(company::address)),
    pattern("pattern/city_in@1", LocatedIn, 0, 0, true, Sentence(company::city_in)),
    pattern("pattern/known_as@1", AlsoKnownAs, 0, 0, true, Sentence(alias::known_as)),
    pattern("pattern/acronym@1", AlsoKnownAs, 0, 0, true, Sentence(alias::acronym)),
    pattern("pattern/payment@1", Paid, 0, 0, true, Sentence(payment::payment)),
];
