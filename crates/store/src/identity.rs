//! What is read about identities: profiles, members, doubtful pairs, decisions.

use docmill_model::{
    Decision, DocumentId, EntityId, Identifier, MentionId, MentionType, ProfileId, ProfileKey, ReferentId,
};

/// A profile of an entity, with why it belongs there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileRow {
    pub id: ProfileId,
    pub key: ProfileKey,
    /// How many complete documents have it, and how often they mention it.
    pub documents: u32,
    pub mentions: u32,
    /// Why it is one thing with the rest of its entity: empty for the profile that the entity is named after.
    pub reasons: Vec<String>,
    /// In thousandths.
    pub score: u16,
}

/// One document's own cluster of mentions, as a member of an entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberRow {
    pub document: DocumentId,
    pub referent: ReferentId,
    pub profile: ProfileId,
    pub kind: MentionType,
    pub normal: String,
    pub identifiers: Vec<Identifier>,
    /// Shown forms with their counts, sorted by form.
    pub forms: Vec<(String, u32)>,
    /// In the order of the text.
    pub mentions: Vec<MentionId>,
}

/// Two entities that may be one: as alike as it takes for a person to look, but not joined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PossibleRow {
    /// The lesser id of the two.
    pub a: EntityId,
    pub b: EntityId,
    /// In thousandths; of the two profiles that are most alike.
    pub score: u16,
    /// Why they may be one, sorted.
    pub reasons: Vec<String>,
    /// Why they are not joined: `score`, `size`, `conflict`, or the word of a veto.
    pub refused: String,
}

/// A decision, and whether it has an effect now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionRow {
    pub decision: Decision,
    /// Another decision undoes it.
    pub undone: bool,
    /// What it is about is not in the store at present.
    pub asleep: bool,
}

/// What became of decisions that were handed in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DecideReport {
    pub new: u64,
    /// Those that were there already.
    pub known: u64,
}
