//! The fold's job: takes profiles that changed, folds them, puts the result in place.

use docmill_analyze as analyze;
use docmill_model::ProjectId;
use docmill_store::Store;

/// Profiles of one transaction: bounds its memory and how long others wait.
const BATCH: usize = 1000;

/// Folds until nothing is dirty. Safe beside a run and beside itself: a profile that changes in between stays
/// dirty and is folded again.
pub(crate) async fn fold_all(store: &dyn Store) -> Result<(), docmill_store::Error> {
    store.use_fold(analyze::version::FOLD).await?;
    while let Some(dirty) = store.dirty(BATCH).await? {
        let fold = analyze::fold::fold(ProjectId::new(&dirty.project), &dirty.profiles);
        store.fold(dirty, fold).await?;
    }
    Ok(())
}
