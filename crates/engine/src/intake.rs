//! Taking files in: walks what was named, looks at each file, registers what is new or changed.

use std::collections::BTreeSet;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use docmill_model::{Code, DocumentId, Origin};
use docmill_store::{SourceRow, Stamp, Store, Submission, Submitted, Unread};
use globset::GlobSet;

use crate::disposition;
use crate::event::{Event, Observer};
use crate::fingerprint::{digest, is_gone, is_unchanged, path_of, stamp, stamp_of};
use crate::workspace::Error;

/// Submissions of one transaction.
const BATCH: usize = 64;

/// What to take in, and under which name.
pub struct Intake {
    pub roots: Vec<PathBuf>,
    pub project: String,
    /// Matched against the path relative to its root; empty takes everything.
    pub include: GlobSet,
    pub exclude: GlobSet,
    /// Files to look at, at most.
    pub limit: Option<u64>,
    /// Never read: it holds the store.
    pub workspace: PathBuf,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IntakeReport {
    pub files: u64,
    pub bytes: u64,
    pub new: u64,
    /// Bytes that were there already, at another place or under another name.
    pub duplicates: u64,
    /// The same file as before.
    pub unchanged: u64,
    pub unread: u64,
    /// Files that were known below the roots and are gone, as shown to people.
    pub vanished: Vec<String>,
}

impl Intake {
    /// Walks all roots. Runs on a thread that may block; `runtime` runs the store's futures, `stop` ends it early
    /// between two files. Nothing that was registered is lost by that.
    pub fn run(
        &self,
        store: &Arc<dyn Store>,
        observer: &dyn Observer,
        runtime: &tokio::runtime::Handle,
        stop: &AtomicBool,
    ) -> Result<IntakeReport, Error> {
        let mut walk = Walk {
            intake: self,
            store,
            observer,
            runtime,
            report: IntakeReport::default(),
            batch: Vec::new(),
            roots: Root::all(&self.roots)?,
            noted: BTreeSet::new(),
            workspace: self.workspace.metadata().ok().map(|metadata| identity_of(&metadata)),
        };
        for root in walk.roots.clone() {
            let whole = walk.root(&root, stop)?;
            if !whole {
                break;
            }
        }
        walk.flush()?;
        Ok(walk.report)
    }
}

struct Walk<'a> {
    intake: &'a Intake,
    store: &'a Arc<dyn Store>,
    observer: &'a dyn Observer,
    runtime: &'a tokio::runtime::Handle,
    report: IntakeReport,
    /// Files to register; `true` for one whose content is what it was there before.
    batch: Vec<(Submission, bool)>,
    /// Each is walked on its own and left out where it lies inside another.
    roots: Vec<Root>,
    /// What this walk could not read.
    noted: BTreeSet<Vec<u8>>,
    /// Of the workspace; `None` where there is none.
    workspace: Option<(u64, u64)>,
}

/// Device and inode: what a folder is, whatever leads to it.
fn identity_of(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

/// Something that was named.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Root {
    path: PathBuf,
    is_folder: bool,
    /// What paths are shown relative to: the outermost of the named folders that it lies in, for a file that lies in
    /// none its own folder. So neither naming something twice nor the order of names changes what is shown.
    base: PathBuf,
}

impl Root {
    /// Resolves what was named, in that order, each once.
    fn all(named: &[PathBuf]) -> Result<Vec<Self>, Error> {
        let mut roots: Vec<Self> = Vec::new();
        for name in named {
            let shown = name.to_string_lossy().into_owned();
            let fail = |source| Error::Source { shown: shown.clone(), source };
            let path = name.canonicalize().map_err(fail)?;
            let metadata = path.metadata().map_err(fail)?;
            if !metadata.is_dir() && !metadata.is_file() {
                return Err(Error::Argument(format!("{shown} is neither a file nor a folder")));
            }
            if !roots.iter().any(|root| root.path == path) {
                roots.push(Self { base: path.clone(), path, is_folder: metadata.is_dir() });
            }
        }
        let folders: BTreeSet<PathBuf> = roots.iter().filter(|r| r.is_folder).map(|r| r.path.clone()).collect();
        for root in &mut roots {
            let outermost = root.path.ancestors().filter(|above| folders.contains(*above)).last();
            root.base = outermost.or(root.path.parent()).unwrap_or(Path::new("/")).to_owned();
        }
        Ok(roots)
    }
}

impl Walk<'_> {
    /// `false` when it was stopped or the limit is reached.
    fn root(&mut self, root: &Root, stop: &AtomicBool) -> Result<bool, Error> {
        if !root.is_folder {
            return self.file(&root.base, &root.path);
        }
        let hidden = |e: &walkdir::DirEntry| e.file_type().is_dir() && e.file_name().as_bytes().starts_with(b".");
        // A link may lead to the workspace by another path.
        let workspace = self.workspace;
        let own = |e: &walkdir::DirEntry| {
            e.file_type().is_dir() && e.metadata().is_ok_and(|metadata| Some(identity_of(&metadata)) == workspace)
        };
        let others: BTreeSet<PathBuf> = self.roots.iter().filter(|r| *r != root).map(|r| r.path.clone()).collect();
        let left_out = |e: &walkdir::DirEntry| e.depth() > 0 && (hidden(e) || others.contains(e.path()));
        let entries = walkdir::WalkDir::new(&root.path).follow_links(true).sort_by_file_name().into_iter();
        for entry in entries.filter_entry(|e| !left_out(e) && !own(e)) {
            if stop.load(Ordering::Relaxed) {
                return Ok(false);
            }
            match entry {
                Ok(entry) if entry.file_type().is_file() => {
                    if !self.file(&root.base, entry.path())? {
                        return Ok(false);
                    }
                }
                // Folders are walked; sockets, pipes and devices hold no documents.
                Ok(_) => {}
                // A loop of links was read where it began.
                Err(error) if error.loop_ancestor().is_some() => {}
                Err(error) => {
                    let path = error.path().unwrap_or(&root.path).to_owned();
                    let source = error.into_io_error().unwrap_or_else(|| io::Error::other("the walk failed"));
                    self.unread(&root.base, &path, &source)?;
                }
            }
        }
        self.forgive(&root.path)?;
        // What lies in another folder that was named is looked for there.
        if root.base == root.path {
            self.vanished(&root.path)?;
        }
        Ok(true)
    }

    /// Looks at one file. `false` when the limit is reached.
    fn file(&mut self, root: &Path, path: &Path) -> Result<bool, Error> {
        let relative = path.strip_prefix(root).unwrap_or(path);
        let wanted = self.intake.include.is_empty() || self.intake.include.is_match(relative);
        if !wanted || self.intake.exclude.is_match(relative) {
            return Ok(true);
        }
        if self.intake.limit.is_some_and(|limit| self.report.files >= limit) {
            return Ok(false);
        }
        self.report.files += 1;
        match self.look(root, path) {
            Ok(()) => {}
            Err(Looked::Io(error)) => self.unread(root, path, &error)?,
            Err(Looked::Store(error)) => return Err(error.into()),
        }
        Ok(true)
    }

    fn look(&mut self, root: &Path, path: &Path) -> Result<(), Looked> {
        let absolute = path.as_os_str().as_bytes().to_vec();
        let known = self.runtime.block_on(self.store.source_at(&self.intake.project, absolute.clone()))?;
        let now = stamp_of(&path.metadata()?);
        // Seen before below a folder further out, a file goes on being shown relative to that one: what is shown must
        // not depend on which of two folders was read last.
        let shown = shown_path(root, path);
        let shown = match &known {
            Some(known) if known.shown.len() > shown.len() => known.shown.clone(),
            _ => shown,
        };
        let unchanged =
            |known: &SourceRow| known.stamp.proves_unchanged(&now) && !known.wanting && known.shown == shown;
        self.report.bytes += now.size;
        if known.as_ref().is_some_and(unchanged) {
            self.report.unchanged += 1;
            self.observer.on(Event::Seen { bytes: now.size, new: false });
            return Ok(());
        }
        let file = File::open(path)?;
        let before = stamp(&file)?;
        let (sha256, bytes) = digest(&file)?;
        // A file that is being written is registered as it was read; its stamp then proves nothing, so that the
        // next run looks again.
        let stamp = if is_unchanged(&file, &before) { before } else { Stamp::default() };
        let document = DocumentId::new(&self.intake.project, &sha256);
        let same = known.is_some_and(|k| k.document == document && k.shown == shown && !k.wanting);
        let origin = Origin::Path { absolute, shown };
        let submission = Submission { project: self.intake.project.clone(), sha256, bytes, origin, stamp };
        self.batch.push((submission, same));
        if self.batch.len() >= BATCH {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), docmill_store::Error> {
        let batch = std::mem::take(&mut self.batch);
        let looked: Vec<(u64, bool)> = batch.iter().map(|(s, same)| (s.bytes, *same)).collect();
        let batch = batch.into_iter().map(|(submission, _)| submission).collect();
        let submitted = self.runtime.block_on(self.store.submit(batch))?;
        for (submitted, (bytes, same)) in submitted.into_iter().zip(looked) {
            let new = !matches!(submitted, Submitted::Known(_));
            match submitted {
                Submitted::New(_) | Submitted::Again(_) => self.report.new += 1,
                Submitted::Known(_) if same => self.report.unchanged += 1,
                Submitted::Known(_) => self.report.duplicates += 1,
            }
            self.observer.on(Event::Seen { bytes, new });
        }
        Ok(())
    }

    fn unread(&mut self, root: &Path, path: &Path, error: &io::Error) -> Result<(), Error> {
        let code = match disposition::io_code(error) {
            // The disk of the sources can be read or not; it is never full.
            Code::DISK_FULL => Code::READ_ERROR,
            code => code,
        };
        let file = Unread {
            absolute: path.as_os_str().as_bytes().to_vec(),
            shown: shown_path(root, path),
            code,
            message: error.to_string(),
        };
        self.report.unread += 1;
        self.noted.insert(file.absolute.clone());
        self.observer.on(Event::Unread { shown: file.shown.clone(), code, message: file.message.clone() });
        Ok(self.runtime.block_on(self.store.note_unread(file))?)
    }

    /// Takes back what earlier walks noted below the root and this one did not: folders that can be read again, and
    /// what is gone, of which nothing was ever registered. A file's note ends when the file is taken in.
    fn forgive(&mut self, root: &Path) -> Result<(), Error> {
        for note in self.runtime.block_on(self.store.unread())? {
            let path = path_of(&note.absolute);
            let ended = path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir()) || is_gone(path);
            if path.starts_with(root) && !self.noted.contains(&note.absolute) && ended {
                self.runtime.block_on(self.store.clear_unread(note.absolute))?;
            }
        }
        Ok(())
    }

    /// Sources that were below the root and are no longer there. They stay until `prune`.
    fn vanished(&mut self, root: &Path) -> Result<(), Error> {
        let mut prefix = root.as_os_str().as_bytes().to_vec();
        if !prefix.ends_with(b"/") {
            prefix.push(b'/');
        }
        self.report.vanished.extend(vanished(self.runtime, self.store, &prefix)?.into_iter().map(|s| s.shown));
        Ok(())
    }
}

/// Sources below a prefix whose files are gone.
pub(crate) fn vanished(
    runtime: &tokio::runtime::Handle,
    store: &Arc<dyn Store>,
    prefix: &[u8],
) -> Result<Vec<SourceRow>, docmill_store::Error> {
    let mut gone = Vec::new();
    let mut after = Vec::new();
    loop {
        let page = runtime.block_on(store.sources_below(prefix.to_vec(), after, 1000))?;
        let Some(last) = page.last() else { return Ok(gone) };
        after = last.absolute.clone();
        gone.extend(page.into_iter().filter(|source| is_gone(path_of(&source.absolute))));
    }
}

/// What a walk on a thread of its own came to. A panic there goes on here: it is a fault of ours, not the caller's.
pub(crate) async fn joined<T>(walk: tokio::task::JoinHandle<T>) -> T {
    match walk.await.map_err(tokio::task::JoinError::try_into_panic) {
        Ok(found) => found,
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        // Only a runtime that ends cancels it, and such a one polls nobody.
        Err(Err(_)) => std::future::pending().await,
    }
}

enum Looked {
    Io(io::Error),
    Store(docmill_store::Error),
}

impl From<io::Error> for Looked {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<docmill_store::Error> for Looked {
    fn from(error: docmill_store::Error) -> Self {
        Self::Store(error)
    }
}

/// The path relative to its root, as people and the export see it: what is not UTF-8, and `%` itself before two
/// hexadecimal digits, stands as %XX, so that different paths stay different.
fn shown_path(root: &Path, path: &Path) -> String {
    let relative = path.strip_prefix(root).unwrap_or(path);
    let bytes = relative.as_os_str().as_bytes();
    let mut out = String::new();
    for chunk in bytes.utf8_chunks() {
        let valid = chunk.valid();
        for (at, c) in valid.char_indices() {
            let escaped = valid.as_bytes().get(at + 1..at + 3).is_some_and(|d| d.iter().all(u8::is_ascii_hexdigit));
            if c == '%' && escaped {
                out.push_str("%25");
            } else {
                out.push(c);
            }
        }
        for byte in chunk.invalid() {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;

    #[test]
    fn paths_that_are_not_utf_8_are_shown_without_loss() {
        let check = |path: &[u8], expected: &str| {
            let path = Path::new("/r").join(OsStr::from_bytes(path));
            assert_eq!(shown_path(Path::new("/r"), &path), expected);
        };
        check(b"a/b.txt", "a/b.txt");
        check("ü.txt".as_bytes(), "ü.txt");
        check(b"\xfc.txt", "%FC.txt");
        check(b"100%.txt", "100%.txt");
        check(b"%FC.txt", "%25FC.txt");
    }
}
