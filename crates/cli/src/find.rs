//! From what someone types to a document or an entity.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use anyhow::Result;
use docmill_engine::entity;
use docmill_model::{DocumentId, Origin};
use docmill_store::{DocumentRow, EntityRow, Store};

use crate::failure::Error;
use crate::format::{count, grouped, short, shortened};

/// Matches that are listed; more would not be read.
pub const LISTED: usize = 20;
/// Entities of which only a part of the name fits that are listed.
const NEAR: usize = 5;
/// The longest name that fits a line of a list.
const NAME: usize = 48;

/// The one document that a word names.
pub async fn document(store: &dyn Store, word: &OsStr) -> Result<DocumentId> {
    let found = matches(store, word).await?;
    match found.as_slice() {
        [] => Err(Error::NoDocument(word.to_string_lossy().into_owned()).into()),
        [one] => Ok(*one),
        _ => {
            let mut listed = Vec::new();
            for id in found {
                listed.push(format!("{}  {}", short(id), place(store, &store.document(id).await?).await?));
            }
            let word = word.to_string_lossy().into_owned();
            Err(Error::Ambiguous { what: "documents", word, matches: listed, hint: None }.into())
        }
    }
}

/// The documents that words name, each once.
pub async fn documents(store: &dyn Store, words: &[OsString]) -> Result<Vec<DocumentId>> {
    let mut found = Vec::new();
    for word in words {
        let id = document(store, word).await?;
        if !found.contains(&id) {
            found.push(id);
        }
    }
    Ok(found)
}

/// The one entity that a word names: an id or its beginning, or a name. The fold must be up to date.
pub async fn entity(store: &dyn Store, word: &str) -> Result<EntityRow> {
    let found = entity::find(store, word, LISTED).await?;
    if let Some(only) = found.only() {
        return Ok(only.clone());
    }
    if found.total == 0 {
        let near = found.near.iter().take(NEAR).map(entity_line).collect();
        return Err(Error::NoEntity { word: word.to_owned(), near }.into());
    }
    let mut matches: Vec<String> = found.entities.iter().map(entity_line).collect();
    let rest = found.total - matches.len() as u64;
    if rest > 0 {
        matches.push(format!("and {} more", grouped(rest)));
    }
    let hint = Some("give one of the ids that are listed".to_owned());
    Err(Error::Ambiguous { what: "entities", word: word.to_owned(), matches, hint }.into())
}

/// An entity among others of its name.
fn entity_line(row: &EntityRow) -> String {
    let e = &row.entity;
    let identifiers = e.identifiers.iter().take(2).map(|i| format!("  {}", shortened(&i.value, NAME)));
    let (name, documents) = (shortened(&e.name, NAME), count(u64::from(e.documents), "document"));
    format!("{}  {}  {name}  {documents}{}", short(e.id), e.kind, identifiers.collect::<String>())
}

/// By the file that it names from here, else as the store knows it.
async fn matches(store: &dyn Store, word: &OsStr) -> Result<Vec<DocumentId>> {
    let path = Path::new(word);
    let absolute = path.canonicalize().or_else(|_| std::path::absolute(path));
    if let Ok(absolute) = absolute {
        let bytes = absolute.as_os_str().as_bytes().to_vec();
        // In several projects one path may hold several documents.
        let sources = store.sources_below(bytes.clone(), Vec::new(), LISTED).await?;
        let mut found: Vec<DocumentId> =
            sources.into_iter().filter(|s| s.absolute == bytes).map(|s| s.document).collect();
        found.sort();
        found.dedup();
        if !found.is_empty() {
            return Ok(found);
        }
    }
    match word.to_str() {
        Some(word) if !word.is_empty() => Ok(store.find_documents(word, LISTED).await?),
        _ => Ok(Vec::new()),
    }
}

/// The least path of a document as it is shown; for an attachment the way to it.
pub async fn place(store: &dyn Store, row: &DocumentRow) -> Result<String> {
    let path = row.sources.iter().filter_map(|s| match s {
        Origin::Path { shown, .. } => Some(shown.clone()),
        Origin::Member { .. } => None,
    });
    if let Some(path) = path.min() {
        return Ok(path);
    }
    for source in &row.sources {
        if let Origin::Member { parent, member } = source {
            let parent = store.document(*parent).await?;
            return Ok(format!("{member} in {}", parent.name()));
        }
    }
    Ok(row.name().to_owned())
}
