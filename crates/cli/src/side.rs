//! From what someone types to one side of a decision.

use std::ffi::OsStr;

use anyhow::Result;
use docmill_engine::decide::{self, Side};
use docmill_engine::entity;
use docmill_model::MentionId;
use docmill_store::Store;

use crate::failure::Error;
use crate::find::{self, LISTED};
use crate::format::{grouped, shortened};

/// Signs `@` that are tried as the one between a name and a document, from the right; a path has few of its own.
const PARTINGS: usize = 8;
/// Names that share a word with what was typed, and are listed where no name fits.
const NEAR: usize = 5;
/// The longest name that fits a line of a list.
const NAME: usize = 48;

/// An entity's id or its beginning, a name that only one entity has, the id of a mention, or `NAME@DOCUMENT`. The fold
/// must be up to date.
pub async fn side(store: &dyn Store, word: &str) -> Result<Side> {
    let unknown = match find::entity(store, word).await {
        Ok(row) => return Ok(Side::Entity(row)),
        Err(error) if matches!(error.downcast_ref(), Some(Error::NoEntity { .. })) => error,
        Err(error) => return Err(error),
    };
    if let Some(side) = decide::mention(store, word).await? {
        return Ok(side);
    }
    for (at, _) in word.rmatch_indices('@').take(PARTINGS) {
        let (name, document) = (&word[..at], &word[at + 1..]);
        if !name.is_empty() && !document.is_empty() {
            match find::document(store, OsStr::new(document)).await {
                Ok(document) => return in_document(store, name, document).await,
                // The sign was one of the document's own.
                Err(error) if matches!(error.downcast_ref(), Some(Error::NoDocument(_))) => {}
                Err(error) => return Err(error),
            }
        }
    }
    // A name that is known stands before a document that is not.
    match word.rsplit_once('@') {
        Some((name, document)) if entity::find(store, name, 1).await?.total > 0 => {
            Err(Error::NoDocument(document.to_owned()).into())
        }
        _ => Err(unknown),
    }
}

async fn in_document(store: &dyn Store, name: &str, id: docmill_model::DocumentId) -> Result<Side> {
    let mut found = decide::in_document(store, id, name).await?;
    let document = find::place(store, &store.document(id).await?).await?;
    match found.len() {
        0 => {
            let near = decide::near_in_document(store, id, name, NEAR).await?;
            let near = near.iter().map(|(kind, name)| format!("{kind}  {}", shortened(name, NAME))).collect();
            Err(Error::NoMention { name: name.to_owned(), document, near }.into())
        }
        1 => Ok(found.remove(0).1),
        _ => {
            let line = |(mention, side): &(MentionId, Side)| {
                let identifiers = match side {
                    Side::Name { referent, .. } => &referent.identifiers[..],
                    Side::Entity(_) => &[],
                };
                let own = identifiers.iter().filter(|i| i.is_own());
                let identifiers = own.map(|i| format!("  {}", shortened(&i.value, NAME)));
                let name = shortened(side.name(), NAME);
                format!("{mention}  {}  {name}{}", side.kind(), identifiers.collect::<String>())
            };
            let hint = Some("give the id of the mention in the place of the name".to_owned());
            let mut matches: Vec<String> = found.iter().take(LISTED).map(line).collect();
            if found.len() > LISTED {
                matches.push(format!("and {} more", grouped((found.len() - LISTED) as u64)));
            }
            Err(Error::Ambiguous { what: "names", word: format!("{name} in {document}"), matches, hint }.into())
        }
    }
}
