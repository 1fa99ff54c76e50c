//! The store as the fold sees it.

use async_trait::async_trait;
use docmill_model::{Link, Profile, ProfileBlock, ProfileId, ProfileKey};

use super::link::project_row;
use super::{Sqlite, count, fold, link};
use crate::{FoldedComponent, Neighbourhood, Profiles, Relink, Result, Unfolded, Unlinked};

#[async_trait]
impl Profiles for Sqlite {
    async fn use_fold(&self, version: &str) -> Result<()> {
        if self.read(|c| fold::is_folded_by(c, version))? {
            return Ok(());
        }
        let version = version.to_owned();
        self.write(move |c| fold::use_fold(c, &version)).await
    }

    async fn count_documents(&self, limit: usize) -> Result<u64> {
        if !self.read(count::is_something_uncounted)? {
            return Ok(0);
        }
        self.write(move |c| count::count_documents(c, limit)).await
    }

    async fn unlinked(&self, limit: usize) -> Result<Option<Unlinked>> {
        self.read(|c| link::unlinked(c, limit))
    }

    async fn profile_blocks(&self, wanted: Vec<(ProfileBlock, usize)>) -> Result<Vec<(ProfileBlock, Vec<ProfileId>)>> {
        self.read(|c| link::blocks(c, &wanted))
    }

    async fn profile_keys(&self, project: &str, ids: Vec<ProfileId>) -> Result<Vec<(ProfileId, ProfileKey)>> {
        self.read(|c| link::profile_keys(c, project_row(c, project)?, &ids))
    }

    async fn profile_links(&self, project: &str, ids: Vec<ProfileId>) -> Result<Vec<Link>> {
        self.read(|c| link::links(c, project_row(c, project)?, &ids))
    }

    async fn relink(&self, relink: Relink) -> Result<bool> {
        self.write(move |c| link::relink(c, &relink)).await
    }

    async fn unfolded(&self, limit: usize) -> Result<Option<Unfolded>> {
        self.read(|c| fold::unfolded(c, limit))
    }

    async fn neighbourhood(&self, project: &str, ids: Vec<ProfileId>, least: u16) -> Result<Neighbourhood> {
        self.read(|c| fold::neighbourhood(c, project, &ids, least))
    }

    async fn profiles(&self, project: &str, ids: Vec<ProfileId>) -> Result<Vec<Profile>> {
        self.read(|c| fold::profiles(c, project, &ids))
    }

    async fn documents_of(&self, project: &str, groups: Vec<Vec<ProfileId>>) -> Result<Vec<u32>> {
        self.read(|c| groups.iter().map(|group| fold::documents_of(c, project, group)).collect())
    }

    async fn put_fold(
        &self,
        project: &str,
        components: Vec<FoldedComponent>,
        gone: Vec<(ProfileId, i64)>,
    ) -> Result<()> {
        let project = project.to_owned();
        self.write(move |c| fold::put_fold(c, &project, &components, &gone)).await
    }
}
