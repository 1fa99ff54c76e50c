//! The fold's job: documents that changed are counted into their profiles, profiles that came or went are linked with
//! those like them, and the components around what changed are folded into entities. Nothing else is looked at.

mod walk;

use docmill_analyze::fold::link::Linking;
use docmill_analyze::version;
use docmill_model::ProjectId;
use docmill_store::{Error, Profiles, Relink, Unlinked};

/// Referents that one transaction counts.
const REFERENTS: usize = 20_000;
/// Profiles that one transaction links: each may stand in a few dozen blocks with as many members.
const LINKED: usize = 400;
/// Changed profiles from which one transaction starts: each may lie in a component of a few hundred.
const FOLDED: usize = 400;

/// What the fold looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FoldReport {
    /// Documents that were counted in or out.
    pub documents: u64,
    /// Profiles that came to life or went.
    pub linked: u64,
    /// Pairs of profiles that were compared.
    pub pairs: u64,
    /// Components that were folded, and the profiles in them.
    pub components: u64,
    pub profiles: u64,
}

/// Folds until nothing is left to fold. Safe beside a run and beside itself: what changes in between is folded again.
pub async fn fold_all(store: &dyn Profiles) -> Result<FoldReport, Error> {
    store.use_fold(version::FOLD).await?;
    let mut report = FoldReport::default();
    loop {
        let documents = store.count_documents(REFERENTS).await?;
        report.documents += documents;
        // In this order, so that a profile is linked when it is folded first.
        if documents == 0 && !link(store, &mut report).await? && !walk::fold(store, FOLDED, &mut report).await? {
            return Ok(report);
        }
    }
}

/// Brings profiles that came or went into their blocks and out of them, and links those that are alike. `false` when
/// there are none.
async fn link(store: &dyn Profiles, report: &mut FoldReport) -> Result<bool, Error> {
    let Some(Unlinked { project, turn, come, gone }) = store.unlinked(LINKED).await? else { return Ok(false) };
    let linked = (come.len() + gone.len()) as u64;
    let mut linking = Linking::new(ProjectId::new(&project), come, gone);
    linking.see_blocks(store.profile_blocks(linking.blocks()).await?);
    linking.see_keys(store.profile_keys(&project, linking.unknown()).await?);
    linking.see_links(store.profile_links(&project, linking.parting()).await?);
    let others = store.profile_blocks(linking.other_blocks()).await?;
    let links = linking.links(others);
    let pairs = links.pairs;
    let relink = Relink { project, turn, come: links.come, gone: links.gone, new: links.new, parted: links.parted };
    if store.relink(relink).await? {
        report.linked += linked;
        report.pairs += pairs;
    }
    Ok(true)
}
