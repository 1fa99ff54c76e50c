//! A fold in small, for a store alone: profiles stand in blocks, and none is like another.

use docmill_model::{
    Entity, EntityId, Fold, Folded, Membership, Profile, ProfileBlock, ProfileId, ProfileKey, ProjectId,
};
use docmill_store::{FoldedComponent, Relink, Stop, Unfolded, Unlinked};

use crate::world::World;

impl World<'_> {
    /// Folds all that changed, as if no two profiles were alike: each becomes the entity of its least referent.
    pub async fn fold(&self) {
        self.fold_with(1000, |_| {}).await;
    }

    /// Folds so many profiles at a time; `change` may do more to each component.
    pub async fn fold_with(&self, limit: usize, mut change: impl FnMut(&mut FoldedComponent)) {
        while self.store.count_documents(limit).await.unwrap() > 0 {}
        while let Some(Unlinked { project, turn, come, gone }) = self.store.unlinked(limit).await.unwrap() {
            let in_blocks = |profiles: Vec<(ProfileId, ProfileKey)>| {
                profiles.into_iter().map(|(id, key)| (id, blocks(&key))).collect()
            };
            let (come, gone) = (in_blocks(come), in_blocks(gone));
            let relink = Relink { project, turn, come, gone, ..Relink::default() };
            assert!(self.store.relink(relink).await.unwrap());
        }
        while let Some(Unfolded { project, profiles, gone }) = self.store.unfolded(limit).await.unwrap() {
            let stops = self.store.neighbourhood(&project, profiles.clone(), 0).await.unwrap().stops;
            let profiles = self.store.profiles(&project, profiles).await.unwrap();
            let component = |(stop, profile): (Stop, Profile)| {
                let mut component = folded(&project, &[(stop, profile)]);
                change(&mut component);
                component
            };
            let components = stops.into_iter().zip(profiles).map(component).collect();
            self.store.put_fold(&project, components, gone).await.unwrap();
        }
    }

    /// Whether nothing is left to fold.
    pub async fn is_folded(&self) -> bool {
        self.store.unlinked(9).await.unwrap().is_none() && self.store.unfolded(9).await.unwrap().is_none()
    }

    /// Profiles that changed, with what is known of them.
    pub async fn unfolded(&self) -> Vec<(Stop, Profile)> {
        let Some(unfolded) = self.store.unfolded(99).await.unwrap() else { return vec![] };
        let stops = self.store.neighbourhood(&unfolded.project, unfolded.profiles.clone(), 0).await.unwrap().stops;
        stops.into_iter().zip(self.store.profiles(&unfolded.project, unfolded.profiles).await.unwrap()).collect()
    }
}

/// The blocks of a profile in these tests: its first letter and its normal form.
pub fn blocks(key: &ProfileKey) -> Vec<ProfileBlock> {
    let hash = |word: &str| ProfileBlock(word.bytes().fold(7, |hash, byte| hash * 31 + i64::from(byte)));
    key.normal.get(..1).into_iter().chain([key.normal.as_str()]).map(hash).collect()
}

/// Profiles that became one entity, named after the first form of the first of them.
pub fn folded(project: &str, profiles: &[(Stop, Profile)]) -> FoldedComponent {
    let least = profiles.iter().map(|(_, p)| p.least).min().unwrap();
    let first = &profiles[0].1;
    let member = |(_, p): &(Stop, Profile)| Membership {
        profile: p.id,
        reasons: if p.least == least { vec![] } else { vec!["spelling".into()] },
        score: 900,
    };
    let entity = Entity {
        id: EntityId::new(ProjectId::new(project), least),
        kind: first.key.kind,
        name: first.forms[0].0.clone(),
        aliases: vec![],
        identifiers: vec![],
        documents: profiles.iter().map(|(_, p)| p.documents).sum(),
        mentions: profiles.iter().map(|(_, p)| p.mentions).sum(),
    };
    let entities = vec![Folded { entity, least, members: profiles.iter().map(member).collect() }];
    let seen = profiles.iter().map(|(stop, p)| (p.id, stop.revision)).collect();
    FoldedComponent { seen, level: 0, fold: Fold { entities, refusals: vec![] } }
}
