//! Taking out what is no longer on the disk, or no longer wanted.

use docmill_model::DocumentId;

use crate::fingerprint::{is_gone, path_of};
use crate::fold::fold_all;
use crate::intake::{joined, vanished};
use crate::workspace::{Error, Workspace};

/// What was taken out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Files that are gone, as shown to people.
    pub files: Vec<String>,
    /// Documents that had no other source.
    pub documents: Vec<DocumentId>,
    /// Bytes of stored attachments that nobody needs any more.
    pub freed: u64,
}

/// Takes out every source whose file is gone, with the documents that have no other source, the notes on unread
/// files that are gone, and every word of what has left so far. The caller holds the workspace's lock.
pub async fn prune(workspace: &Workspace) -> Result<Pruned, Error> {
    let store = workspace.store();
    let (handle, walked) = (tokio::runtime::Handle::current(), store.clone());
    let gone = joined(tokio::task::spawn_blocking(move || vanished(&handle, &walked, &[]))).await?;
    let files = gone.iter().map(|source| source.shown.clone()).collect();
    let documents = store.forget_sources(gone.into_iter().map(|source| source.absolute).collect()).await?;
    for file in store.unread().await? {
        if is_gone(path_of(&file.absolute)) {
            store.clear_unread(file.absolute).await?;
        }
    }
    Ok(Pruned { files, documents, freed: clean_up(workspace).await? })
}

/// Takes documents out, with their attachments that have no other source and every word of them. Returns all that
/// left. Cut off in the middle, the documents are out and `prune` removes their words. The caller holds the workspace's
/// lock.
pub async fn forget(workspace: &Workspace, ids: Vec<DocumentId>) -> Result<Vec<DocumentId>, Error> {
    let gone = workspace.store().forget(ids).await?;
    if !gone.is_empty() {
        clean_up(workspace).await?;
    }
    Ok(gone)
}

/// Brings the graph up to date and removes what no document needs any more, from the store's file too. Returns the
/// bytes of blobs that were freed.
async fn clean_up(workspace: &Workspace) -> Result<u64, Error> {
    let store = workspace.store();
    fold_all(store.as_ref()).await?;
    store.purge().await?;
    workspace.collect_blobs().await
}
