//! SQLite, one file: one writer thread that groups commits, a few readers.

mod claim;
mod commit;
mod count;
mod decision;
mod facts;
#[cfg(test)]
mod failures;
mod fold;
mod forget;
mod identity;
mod link;
mod lookup;
mod migrate;
mod passage;
mod profiles;
mod read;
mod relation;
mod row;
mod search;
mod state;
mod submit;
mod writer;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use docmill_model::{
    Block, Chunk, CleanMap, Decision, Digest, DocumentId, EntityId, ExternalId, MediaType, Mention, Page, Referent,
    ReferentId, Stage,
};
use rusqlite::{Connection, OpenFlags, OptionalExtension};

use crate::{
    Attempt, BlockRow, Claimed, Commit, DecideReport, DecisionRow, DocumentRow, EntityRow, Epoch, Error, ExternalRow,
    Found, Lease, MemberRow, MentionRow, MergeRow, Message, OutboxId, Overview, PageRow, PageWords, PossibleRow,
    ProfileRow, Query, RelationQuery, RelationRow, Result, Selection, SourceRow, StageKey, StageRow, Store, Submission,
    Submitted, Unread, Versions,
};
use migrate::SCHEMA_VERSION;
use writer::Writer;

/// Long enough for another process's fold or forget to end, short against a person's patience.
const BUSY: Duration = Duration::from_secs(30);
/// More than the distinct statements of this crate, so that each is prepared once a connection.
const STATEMENTS: usize = 256;

/// The embedded store. Cloning shares it.
#[derive(Clone)]
pub struct Sqlite {
    path: PathBuf,
    versions: Arc<Versions>,
    writer: Writer,
    readers: Arc<Mutex<Vec<Connection>>>,
}

impl Sqlite {
    /// Opens or makes the store at `path`. `versions` are those that stages are claimed with.
    pub fn open(path: &Path, versions: Versions) -> Result<Self> {
        // SQLite takes what is shorter than its least page for an empty file and would begin anew.
        if std::fs::metadata(path).is_ok_and(|m| (1..512).contains(&m.len())) {
            return Err(Error::Corrupt("the store is cut off in its first page".into()));
        }
        let mut connection = Connection::open(path)?;
        configure(&connection)?;
        migrate::migrate(&mut connection)?;
        let writer = Writer::start(connection);
        Ok(Self { path: path.to_owned(), versions: Arc::new(versions), writer, readers: Arc::default() })
    }

    /// The layout of the tables that this program reads and writes.
    pub fn layout(&self) -> i64 {
        SCHEMA_VERSION
    }

    /// Asks SQLite to look at its pages and indexes. Returns what is wrong, in its words; empty when nothing is.
    pub fn check(&self) -> Result<Vec<String>> {
        self.read(|c| {
            let found = row::collect(&mut c.prepare("PRAGMA quick_check")?, [], |r| Ok(r.get::<_, String>(0)?))?;
            Ok(found.into_iter().filter(|line| line != "ok").collect())
        })
    }

    /// Runs on the writer thread, in a transaction shared with whatever else is waiting.
    async fn write<T: Send + 'static>(&self, f: impl FnOnce(&Connection) -> Result<T> + Send + 'static) -> Result<T> {
        self.writer.call(f).await
    }

    /// Runs here, in one snapshot. Reads take microseconds to milliseconds, so they are not sent elsewhere.
    fn read<T>(&self, f: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let pooled = self.readers.lock().expect("no reader panics while it holds the pool").pop();
        let connection = match pooled {
            Some(connection) => connection,
            None => {
                let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
                let connection = Connection::open_with_flags(&self.path, flags)?;
                connection.busy_timeout(BUSY)?;
                connection.set_prepared_statement_cache_capacity(STATEMENTS);
                connection.pragma_update(None, "cache_size", -2048)?;
                connection
            }
        };
        let result = {
            let snapshot = connection.unchecked_transaction()?;
            let result = f(&snapshot);
            snapshot.finish()?;
            result
        };
        self.readers.lock().expect("no reader panics while it holds the pool").push(connection);
        result
    }
}

fn configure(connection: &Connection) -> Result<()> {
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    // A commit survives the process, not a power cut: what a power cut takes back is done again on the next run.
    connection.pragma_update(None, "synchronous", "normal")?;
    // The index of profiles is touched all over: this holds that of some hundred thousand names.
    connection.pragma_update(None, "cache_size", -32768)?;
    // What a savepoint may have to take back is kept in memory; in a file it would be written twice.
    connection.pragma_update(None, "temp_store", "memory")?;
    // The log is folded back every 16,384 pages (64 MiB) and cut to that after a burst: the longer it is, the more
    // often a page that changes with every document is written there before it is written in its place once.
    connection.pragma_update(None, "wal_autocheckpoint", 16384)?;
    connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(())
}

fn now_ms() -> i64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_millis() as i64)
}

/// Row number of a document.
fn document_row(connection: &Connection, id: DocumentId) -> Result<Option<i64>> {
    let mut statement = connection.prepare_cached("SELECT id FROM document WHERE uuid = ?")?;
    Ok(statement.query_row([id.0.as_bytes().as_slice()], |r| r.get(0)).optional()?)
}

fn known_row(connection: &Connection, id: DocumentId) -> Result<i64> {
    document_row(connection, id)?.ok_or(Error::UnknownDocument(id))
}

#[async_trait]
impl Store for Sqlite {
    async fn submit(&self, batch: Vec<Submission>) -> Result<Vec<Submitted>> {
        let versions = self.versions.clone();
        self.write(move |c| batch.iter().map(|s| submit::submit(c, &versions, s)).collect()).await
    }

    async fn claim(&self, key: StageKey, task: uuid::Uuid) -> Result<Claimed> {
        let versions = self.versions.clone();
        self.write(move |c| claim::claim(c, &versions, key, task)).await
    }

    async fn renew(&self, lease: Lease) -> Result<()> {
        self.read(|c| claim::hold(c, lease).map(drop))
    }

    async fn checkpoint(&self, lease: Lease, pages: Vec<Page>) -> Result<()> {
        self.write(move |c| commit::checkpoint(c, lease, &pages)).await
    }

    async fn commit(&self, commit: Commit) -> Result<Vec<Message>> {
        let versions = self.versions.clone();
        self.write(move |c| commit::commit(c, &versions, commit)).await
    }

    async fn published(&self, ids: Vec<OutboxId>, epoch: Epoch) -> Result<()> {
        self.write(move |c| claim::published(c, &ids, &epoch)).await
    }

    async fn unpublished(&self, epoch: Epoch, limit: usize) -> Result<Vec<Message>> {
        self.read(|c| claim::unpublished(c, &epoch, limit))
    }

    async fn recover(&self) -> Result<u64> {
        self.write(claim::recover).await
    }

    async fn only_alone_left(&self) -> Result<bool> {
        self.read(|c| {
            let sql = "SELECT 1 FROM stage_run WHERE state IN ('pending', 'running', 'waiting', 'paused')
                       AND NOT (state = 'pending' AND alone = 1)";
            Ok(!c.prepare_cached(sql)?.exists([])?)
        })
    }

    async fn unfinished(&self, limit: usize) -> Result<u64> {
        self.read(|c| {
            let sql = "SELECT count(*) FROM (SELECT 1 FROM stage_run
                       WHERE state IN ('pending', 'running', 'waiting', 'paused') LIMIT ?)";
            Ok(c.prepare_cached(sql)?.query_row([limit as i64], |r| r.get::<_, i64>(0))? as u64)
        })
    }

    async fn document(&self, id: DocumentId) -> Result<DocumentRow> {
        self.read(|c| read::document(c, id))
    }

    async fn media_type(&self, id: DocumentId) -> Result<MediaType> {
        self.read(|c| read::media_type(c, id))
    }

    async fn raw(&self, id: DocumentId) -> Result<(String, Vec<PageRow>, Vec<Block>)> {
        self.read(|c| read::raw(c, id))
    }

    async fn clean(&self, id: DocumentId) -> Result<(String, CleanMap)> {
        self.read(|c| read::clean(c, id))
    }

    async fn clean_map(&self, id: DocumentId) -> Result<CleanMap> {
        self.read(|c| read::clean_map(c, known_row(c, id)?))
    }

    async fn page_spans(&self, id: DocumentId) -> Result<Vec<(u32, docmill_model::Span)>> {
        self.read(|c| read::page_spans(c, known_row(c, id)?))
    }

    async fn page_rows(&self, id: DocumentId) -> Result<Vec<PageRow>> {
        self.read(|c| read::page_rows(c, id))
    }

    async fn page_words(&self, id: DocumentId, first: u32, last: u32) -> Result<Vec<PageWords>> {
        self.read(|c| read::page_words(c, id, first, last))
    }

    async fn blocks(&self, id: DocumentId) -> Result<Vec<BlockRow>> {
        self.read(|c| read::blocks(c, id))
    }

    async fn chunks(&self, id: DocumentId) -> Result<Vec<Chunk>> {
        self.read(|c| read::chunks(c, id))
    }

    async fn mentions(&self, id: DocumentId) -> Result<Vec<Mention>> {
        self.read(|c| read::mentions(c, id))
    }

    async fn referents(&self, id: DocumentId) -> Result<Vec<Referent>> {
        self.read(|c| read::referents(c, id))
    }

    async fn referent_entities(&self, id: DocumentId) -> Result<Vec<(Referent, Option<EntityId>)>> {
        self.read(|c| facts::referents(c, known_row(c, id)?))
    }

    async fn decide(&self, decisions: Vec<Decision>) -> Result<DecideReport> {
        self.write(move |c| decision::decide(c, &decisions)).await
    }

    async fn projects(&self) -> Result<Vec<String>> {
        self.read(decision::projects)
    }

    async fn decisions(&self, project: &str) -> Result<Vec<DecisionRow>> {
        self.read(|c| decision::decisions(c, project))
    }

    async fn forget(&self, ids: Vec<DocumentId>) -> Result<Vec<DocumentId>> {
        self.write(move |c| forget::forget(c, &ids)).await
    }

    async fn forget_sources(&self, absolute: Vec<Vec<u8>>) -> Result<Vec<DocumentId>> {
        self.write(move |c| forget::forget_sources(c, &absolute)).await
    }

    async fn retry(&self, which: Selection) -> Result<u64> {
        let versions = self.versions.clone();
        self.write(move |c| claim::retry(c, &versions, &which)).await
    }

    async fn reprocess(&self, from: Option<Stage>) -> Result<u64> {
        let versions = self.versions.clone();
        self.write(move |c| claim::reprocess(c, &versions, from)).await
    }

    async fn outdated(&self) -> Result<u64> {
        self.read(|c| claim::outdated(c, &self.versions))
    }

    async fn note_unread(&self, file: Unread) -> Result<()> {
        self.write(move |c| submit::note_unread(c, &file)).await
    }

    async fn clear_unread(&self, absolute: Vec<u8>) -> Result<()> {
        self.write(move |c| submit::clear_unread(c, &absolute)).await
    }

    async fn unread(&self) -> Result<Vec<Unread>> {
        self.read(submit::unread)
    }

    async fn name_document(&self, id: ExternalId) -> Result<()> {
        self.write(move |c| submit::name_document(c, &id)).await
    }

    async fn external_ids(&self, id: DocumentId) -> Result<Vec<ExternalRow>> {
        self.read(|c| read::external_ids(c, id))
    }

    async fn children(&self, id: DocumentId) -> Result<Vec<(String, DocumentId)>> {
        self.read(|c| read::children(c, id))
    }

    async fn source_at(&self, project: &str, absolute: Vec<u8>) -> Result<Option<SourceRow>> {
        self.read(|c| submit::source_at(c, project, &absolute))
    }

    async fn sources_below(&self, prefix: Vec<u8>, after: Vec<u8>, limit: usize) -> Result<Vec<SourceRow>> {
        self.read(|c| submit::sources_below(c, &prefix, &after, limit))
    }

    async fn overview(&self) -> Result<Overview> {
        self.read(read::overview)
    }

    async fn stage_rows(&self, id: DocumentId) -> Result<Vec<StageRow>> {
        self.read(|c| read::stage_rows(c, id))
    }

    async fn history(&self, id: DocumentId) -> Result<Vec<Attempt>> {
        self.read(|c| read::history(c, id))
    }

    async fn find_documents(&self, word: &str, limit: usize) -> Result<Vec<DocumentId>> {
        self.read(|c| lookup::find_documents(c, word, limit))
    }

    async fn search(&self, query: &Query) -> Result<Found> {
        self.read(|c| search::search(c, query))
    }

    async fn document_ids(&self, after: Option<DocumentId>, limit: usize) -> Result<Vec<DocumentId>> {
        self.read(|c| read::document_ids(c, after, limit))
    }

    async fn mention_rows(&self, id: DocumentId) -> Result<Vec<MentionRow>> {
        self.read(|c| facts::mention_rows(c, id))
    }

    async fn entity_rows(&self, after: Option<EntityId>, limit: usize) -> Result<Vec<EntityRow>> {
        self.read(|c| identity::entity_rows(c, after, limit))
    }

    async fn count_named(&self, name: &str) -> Result<u64> {
        self.read(|c| identity::count_named(c, name))
    }

    async fn main_entities(&self, kind: docmill_model::MentionType, limit: usize) -> Result<Vec<EntityRow>> {
        self.read(|c| identity::main_entities(c, kind, limit))
    }

    async fn entity_row(&self, id: EntityId) -> Result<Option<EntityRow>> {
        self.read(|c| identity::entity_row(c, id))
    }

    async fn profile_rows(&self, id: EntityId) -> Result<Vec<ProfileRow>> {
        self.read(|c| identity::profile_rows(c, id))
    }

    async fn member_rows(
        &self,
        id: EntityId,
        after: Option<(DocumentId, ReferentId)>,
        limit: usize,
    ) -> Result<Vec<MemberRow>> {
        self.read(|c| identity::member_rows(c, id, after, limit))
    }

    async fn possible_rows(&self, after: Option<(EntityId, EntityId)>, limit: usize) -> Result<Vec<PossibleRow>> {
        self.read(|c| identity::possible_rows(c, after, limit))
    }

    async fn possible_of(&self, id: EntityId, limit: usize) -> Result<Vec<PossibleRow>> {
        self.read(|c| identity::possible_of(c, id, limit))
    }

    async fn find_mention(&self, id: docmill_model::MentionId) -> Result<Option<MentionRow>> {
        self.read(|c| identity::find_mention(c, id))
    }

    async fn merge_rows(&self, take: &mut (dyn FnMut(MergeRow) -> ControlFlow<()> + Send)) -> Result<()> {
        self.read(|c| identity::merge_rows(c, take))
    }

    async fn relation_rows(
        &self,
        query: RelationQuery,
        take: &mut (dyn FnMut(RelationRow) -> ControlFlow<()> + Send),
    ) -> Result<()> {
        self.read(|c| relation::relation_rows(c, query, take))
    }

    async fn name_mentions(&self) -> Result<BTreeMap<i64, u64>> {
        self.read(relation::name_mentions)
    }

    async fn is_needed(&self, sha256: Digest) -> Result<bool> {
        self.read(|c| {
            let sql = "SELECT EXISTS (SELECT 1 FROM document WHERE sha256 = ?)";
            Ok(c.prepare_cached(sql)?.query_row([sha256.as_bytes().as_slice()], |r| r.get(0))?)
        })
    }

    async fn settle(&self) -> Result<()> {
        // Beside the writer's transactions, on a connection of its own; a reader that holds an old snapshot only
        // leaves more in the log.
        let connection = Connection::open(&self.path)?;
        connection.busy_timeout(BUSY)?;
        Ok(connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
    }

    async fn purge(&self) -> Result<()> {
        let connection = Connection::open(&self.path)?;
        connection.busy_timeout(BUSY)?;
        // The index of words keeps those of deleted chunks until its parts are merged; the file keeps the pages of
        // deleted rows until it is written anew.
        connection.execute_batch("INSERT INTO chunk_text (chunk_text) VALUES ('optimize'); VACUUM")?;
        Ok(connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
    }
}
