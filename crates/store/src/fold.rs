//! What the fold reads of the store and puts back: the trait that its walk works on, and its values.
//!
//! Three steps, each in bounded batches: documents are counted into their profiles; profiles that came or went are
//! brought into their blocks and linked; components of changed profiles are folded. A batch reads in several
//! transactions and writes in one, which refuses what has changed meanwhile: it is then read anew.

use async_trait::async_trait;
use docmill_model::{Fold, Link, Profile, ProfileBlock, ProfileId, ProfileKey, Ruling};

use crate::Result;

/// Profiles that came to life or went since they were linked last, of one project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unlinked {
    pub project: String,
    /// Moves with each change of links or blocks.
    pub turn: i64,
    pub come: Vec<(ProfileId, ProfileKey)>,
    pub gone: Vec<(ProfileId, ProfileKey)>,
}

/// A change of blocks and links of one project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Relink {
    pub project: String,
    /// That of the [`Unlinked`] that it answers.
    pub turn: i64,
    pub come: Vec<(ProfileId, Vec<ProfileBlock>)>,
    /// Profiles that leave their blocks; all their links leave too.
    pub gone: Vec<(ProfileId, Vec<ProfileBlock>)>,
    pub new: Vec<Link>,
    pub parted: Vec<(ProfileId, ProfileId)>,
}

/// Profiles that changed since they were folded last, of one project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unfolded {
    pub project: String,
    pub profiles: Vec<ProfileId>,
    /// Those that no complete document has any more, with the revision that was seen.
    pub gone: Vec<(ProfileId, i64)>,
}

/// A profile on the way through a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    pub id: ProfileId,
    /// Moves with each change of the profile, its links or the decisions about it.
    pub revision: i64,
    /// At which threshold it was folded last.
    pub level: u8,
    pub dirty: bool,
}

/// What lies around some profiles. Profiles that no complete document has are not seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Neighbourhood {
    pub stops: Vec<Stop>,
    /// Their links that may join.
    pub links: Vec<Link>,
    /// The decisions about them that are not undone.
    pub rulings: Vec<Ruling>,
}

/// A component that was folded, with what was seen of its profiles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoldedComponent {
    pub seen: Vec<(ProfileId, i64)>,
    pub level: u8,
    pub fold: Fold,
}

/// The profiles of a store, as the fold sees them. Every method is one transaction.
#[async_trait]
pub trait Profiles: Send + Sync + 'static {
    /// Lets all that another version of the fold made be made anew: blocks and links go at once, and each entity when its
    /// profiles are folded.
    async fn use_fold(&self, version: &str) -> Result<()>;
    /// Counts documents that became complete into their profiles, and those out that are so no longer, up to about
    /// `limit` of their referents. Returns how many documents; 0 when nothing is left to count.
    async fn count_documents(&self, limit: usize) -> Result<u64>;

    /// Profiles that came to life or went, no more than `limit`; `None` where all are linked as they should be.
    async fn unlinked(&self, limit: usize) -> Result<Option<Unlinked>>;
    /// The members of blocks, for each no more than are wanted. A block says which project it belongs to.
    async fn profile_blocks(&self, wanted: Vec<(ProfileBlock, usize)>) -> Result<Vec<(ProfileBlock, Vec<ProfileId>)>>;
    /// Without those of profiles that are gone.
    async fn profile_keys(&self, project: &str, ids: Vec<ProfileId>) -> Result<Vec<(ProfileId, ProfileKey)>>;
    /// All links of some profiles, each once.
    async fn profile_links(&self, project: &str, ids: Vec<ProfileId>) -> Result<Vec<Link>>;
    /// Changes blocks and links. `false`, and nothing changed, when somebody else changed some meanwhile.
    async fn relink(&self, relink: Relink) -> Result<bool>;

    /// Profiles that changed, no more than `limit`; `None` where all are folded.
    async fn unfolded(&self, limit: usize) -> Result<Option<Unfolded>>;
    /// `least` is the least score of a link that may join.
    async fn neighbourhood(&self, project: &str, ids: Vec<ProfileId>, least: u16) -> Result<Neighbourhood>;
    /// Profiles in the order of `ids`; without those that are gone.
    async fn profiles(&self, project: &str, ids: Vec<ProfileId>) -> Result<Vec<Profile>>;
    /// For each group of profiles how many documents have one of them.
    async fn documents_of(&self, project: &str, groups: Vec<Vec<ProfileId>>) -> Result<Vec<u32>>;
    /// Puts components in the place of what their profiles were before, except those of which a profile has changed
    /// meanwhile: they stay to be folded. Takes profiles out that are gone.
    async fn put_fold(
        &self,
        project: &str,
        components: Vec<FoldedComponent>,
        gone: Vec<(ProfileId, i64)>,
    ) -> Result<()>;
}
