//! What is computed across documents: profiles, entities and merges.

use serde::{Deserialize, Serialize};

use crate::{DocumentId, EntityId, Identifier, MentionType, ProfileId, ReferentId};

/// A profile with the referents that have it, in the order of their ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    pub id: ProfileId,
    pub key: ProfileKey,
    pub members: Vec<ProfileMember>,
}

/// Type, normalised name, checked identifiers and the discriminator: equal for all members.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProfileKey {
    pub kind: MentionType,
    pub normal: String,
    pub identifiers: Vec<Identifier>,
    pub discriminator: String,
}

/// One referent of a profile, with what the fold needs of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileMember {
    pub referent: ReferentId,
    pub document: DocumentId,
    pub forms: Vec<(String, u32)>,
    pub mentions: u32,
}

/// One thing across all documents of a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    pub id: EntityId,
    pub kind: MentionType,
    /// The most frequent form, then the longest, then the least in bytes.
    pub name: String,
    /// The other forms, sorted.
    pub aliases: Vec<String>,
    /// Sorted.
    pub identifiers: Vec<Identifier>,
    /// How many documents speak of it.
    pub documents: u32,
    /// How often it is mentioned.
    pub mentions: u32,
}

/// Why a referent belongs to an entity whose least referent is another one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Merge {
    pub entity: EntityId,
    pub member: ReferentId,
    /// Words such as `same_name`, `same_identifier`, sorted.
    pub reasons: Vec<String>,
    /// In thousandths.
    pub score: u16,
}

/// What the fold of a set of profiles gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fold {
    pub entities: Vec<Entity>,
    /// Which entity each profile became.
    pub profiles: Vec<(ProfileId, EntityId)>,
    pub merges: Vec<Merge>,
}
