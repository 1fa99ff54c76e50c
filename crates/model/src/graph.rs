//! What is computed across documents: profiles, links between them, entities and merges.

use serde::{Deserialize, Serialize};

use crate::{Action, DecisionId, Digest, EntityId, Identifier, MentionType, ProfileId, ReferentId};

/// Type, normalised name, checked identifiers and the discriminator: equal for all referents of a profile.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProfileKey {
    pub kind: MentionType,
    pub normal: String,
    pub identifiers: Vec<Identifier>,
    pub discriminator: String,
}

impl ProfileKey {
    /// What the profile's id comes from.
    pub fn digest(&self) -> Digest {
        let mut parts: Vec<&[u8]> =
            vec![self.kind.as_str().as_bytes(), self.normal.as_bytes(), self.discriminator.as_bytes()];
        for identifier in &self.identifiers {
            parts.push(identifier.scheme.as_bytes());
            parts.push(identifier.value.as_bytes());
        }
        Digest::of_parts(parts)
    }
}

/// A profile with what its referents in complete documents add up to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    pub id: ProfileId,
    pub key: ProfileKey,
    /// How many documents have it.
    pub documents: u32,
    pub mentions: u32,
    /// Its most frequent forms with their counts, no more than [`Profile::MAX_FORMS`].
    pub forms: Vec<(String, u32)>,
    /// The least of its referents.
    pub least: ReferentId,
}

impl Profile {
    /// Forms that are kept of a profile: the most frequent, then the longest, then the least in bytes. One normal form
    /// is written in a few ways; a document that writes it in thousands must not make each fold slow.
    pub const MAX_FORMS: usize = 64;
}

/// Two profiles of one block that are alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// The lesser of the two.
    pub a: ProfileId,
    pub b: ProfileId,
    /// In thousandths.
    pub score: u16,
    /// Sorted words.
    pub reasons: Vec<String>,
    /// Why the two are never one thing, however alike they are.
    pub veto: Option<String>,
    /// Why the last fold did not join the two although their score suffices.
    pub refused: Option<String>,
}

/// A decision, with the profiles that its anchors find.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruling {
    pub decision: DecisionId,
    pub at_ms: i64,
    pub action: Action,
    /// Sorted and distinct, as are those of the other side.
    pub a: Vec<ProfileId>,
    pub b: Vec<ProfileId>,
}

/// Profiles that may be one thing: nothing outside of them takes part in what becomes of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Component {
    /// Sorted by id.
    pub profiles: Vec<Profile>,
    /// All links of these profiles that could join, those that lead out of the component too.
    pub links: Vec<Link>,
    /// Decisions about these profiles.
    pub rulings: Vec<Ruling>,
    /// The least score at which a link joins. Higher than usual where a lower one would make the component too large.
    pub threshold: u16,
}

/// One thing across all documents of a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    pub id: EntityId,
    pub kind: MentionType,
    /// What a person decided, else the most frequent form, then the longest, then the least in bytes; of a person's
    /// forms those of the documents that give more than one word of the name.
    pub name: String,
    /// The other forms, sorted; of many the most frequent.
    pub aliases: Vec<String>,
    /// Sorted.
    pub identifiers: Vec<Identifier>,
    /// How many documents speak of it.
    pub documents: u32,
    /// How often it is mentioned.
    pub mentions: u32,
}

/// An entity with its profiles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folded {
    pub entity: Entity,
    /// The least of its referents, which its id comes from.
    pub least: ReferentId,
    /// Sorted by profile.
    pub members: Vec<Membership>,
}

/// Why a profile belongs to its entity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Membership {
    pub profile: ProfileId,
    /// Sorted words; empty for the profile that has the entity's least referent.
    pub reasons: Vec<String>,
    /// In thousandths.
    pub score: u16,
}

/// What the fold of a component gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fold {
    /// Sorted by the entities' ids.
    pub entities: Vec<Folded>,
    /// Links for which another refusal holds than before.
    pub refusals: Vec<Refusal>,
}

/// Why a link did not join its profiles; `None` where it did, or where they came together in another way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub a: ProfileId,
    pub b: ProfileId,
    pub why: Option<String>,
}

/// The hash of a project, a type and a blocking key. Two that are equal by chance only bring more profiles together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProfileBlock(pub i64);
