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

use std::fs::Permissions;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use docmill_store::Store;
use tempfile::NamedTempFile;

use crate::export::Error;
use crate::fold;

pub use path::{Looked, Step, Way, way};

/// Bytes that are written at a time: a pipe's usual size.
const BUFFER: usize = 64 << 10;

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

/// [`write()`] to a file, which is made or replaced when all of it is written.
pub async fn write_file(store: &dyn Store, stream: Stream, path: &Path, with_text: bool) -> Result<(), Error> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut out = BufWriter::with_capacity(BUFFER, unfinished("", folder)?);
    write(store, stream, &mut out, with_text).await?;
    let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(io::Error::from)?;
    Ok(())
}

/// A file that goes away unless it is given its name. Others may read it as far as the process's mask allows: the
/// program that it is for often runs as another user.
fn unfinished(suffix: &str, folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".docmill-").suffix(suffix).permissions(Permissions::from_mode(0o666));
    builder.tempfile_in(folder)
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
