//! The graph of a workspace: its nodes and links in the formats of other programs, and the way between two entities.
//!
//! Structural links have the names of the system that Docmill replaces. They are here alone: in the export of facts
//! they follow from the fields of the lines.

mod csv;
mod cypher;
mod ftm;
mod graphml;
mod literal;
mod path;
mod row;
mod walk;

use std::io::Write;
use std::path::Path;

use docmill_store::Store;

use crate::export::Error;
use crate::fold;

pub use path::{Looked, Step, Way, way};

/// A form of the graph that is one stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// GraphML 1.0: Gephi, yEd, networkx, igraph.
    Graphml,
    /// Statements for Neo4j 5, safe to run again.
    Cypher,
    /// FollowTheMoney, one JSON object a line: OpenAleph, Datashare.
    Ftm,
}

/// Folds what is not folded yet, so that names can be looked for and ways be found.
pub async fn bring_up_to_date(store: &dyn Store) -> Result<(), docmill_store::Error> {
    fold::fold_all(store).await.map(drop)
}

/// Folds what is not folded yet and writes the whole graph. Of one document no more is held at a time than its text
/// and its mentions. The same store gives the same bytes.
///
/// In all forms characters that command a terminal or turn the direction of writing are escaped or, where the form
/// cannot hold them, stand as U+FFFD.
pub async fn write(
    store: &dyn Store,
    stream: Stream,
    out: &mut (dyn Write + Send),
    with_text: bool,
) -> Result<(), Error> {
    fold::fold_all(store).await?;
    match stream {
        Stream::Graphml => walk::walk(store, &mut graphml::Graphml::new(out)?, with_text).await,
        Stream::Cypher => walk::walk(store, &mut cypher::Cypher::new(out)?, with_text).await,
        Stream::Ftm => walk::walk(store, &mut ftm::Ftm::new(out), with_text).await,
    }
}

/// [`write()`] as tables: a file of comma-separated values for each kind of node and of link, in the layout of
/// `neo4j-admin database import`. The folder is made if it is not there; files of the same names are replaced when
/// all of them are whole.
pub async fn write_tables(store: &dyn Store, folder: &Path, with_text: bool) -> Result<(), Error> {
    fold::fold_all(store).await?;
    std::fs::create_dir_all(folder)?;
    let mut tables = csv::Csv::new(folder)?;
    walk::walk(store, &mut tables, with_text).await?;
    Ok(tables.keep()?)
}
