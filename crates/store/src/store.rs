//! The trait that every backend implements, and one conformance suite tests.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use async_trait::async_trait;
use docmill_model::{
    Block, CleanMap, Decision, Digest, DocumentId, EntityId, ExternalId, MediaType, Mention, Page, Referent, Stage,
};

use crate::{
    Attempt, BlockRow, Claimed, Commit, DecideReport, DecisionRow, DocumentRow, EntityRow, Epoch, ExternalRow, Found,
    Lease, MemberRow, MentionRow, MergeRow, Message, OutboxId, Overview, PageRow, PageWords, PossibleRow, ProfileRow,
    Profiles, Query, RelationQuery, RelationRow, Result, SourceRow, StageKey, StageRow, Submission, Submitted, Unread,
};

/// Which documents a bulk operation is about; empty fields do not restrict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    pub documents: Vec<DocumentId>,
    pub code: Option<docmill_model::Code>,
    pub stage: Option<Stage>,
}

/// The store of record. Every method is one transaction; dropping its future before the end leaves the whole
/// transaction done or the whole of it not done. What the fold reads and writes is [`Profiles`].
#[async_trait]
pub trait Store: Profiles {
    // The protocol.

    /// Registers bytes: source, document, first stage `pending` and its message. Idempotent.
    async fn submit(&self, batch: Vec<Submission>) -> Result<Vec<Submitted>>;
    /// Claims a stage for a task. Attempts are counted here.
    async fn claim(&self, key: StageKey, task: uuid::Uuid) -> Result<Claimed>;
    /// Holds the lease for another period; `Fenced` when it was lost.
    async fn renew(&self, lease: Lease) -> Result<()>;
    /// Saves pages that were read, so that they outlive a kill.
    async fn checkpoint(&self, lease: Lease, pages: Vec<Page>) -> Result<()>;
    /// Commits a stage run and gives the messages to publish.
    async fn commit(&self, commit: Commit) -> Result<Vec<Message>>;
    /// Marks messages as delivered into this life of the broker.
    async fn published(&self, ids: Vec<OutboxId>, epoch: Epoch) -> Result<()>;
    /// Messages that were committed and are not in this life of the broker, oldest first; those of stages that
    /// were cut off come before all others.
    async fn unpublished(&self, epoch: Epoch, limit: usize) -> Result<Vec<Message>>;
    /// Gives back what a process that is gone was running: its stages become pending again, with a message, first
    /// in line and alone. Called by whoever holds the workspace, before it works. Returns how many there were.
    async fn recover(&self) -> Result<u64>;
    /// Whether every stage that is not final waits to run alone: the time for those has come.
    async fn only_alone_left(&self) -> Result<bool>;
    /// How many stages are not final, counted up to `limit`.
    async fn unfinished(&self, limit: usize) -> Result<u64>;

    // What stages read.

    async fn document(&self, id: DocumentId) -> Result<DocumentRow>;
    async fn media_type(&self, id: DocumentId) -> Result<MediaType>;
    /// The raw text, the pages' spans in it with their numbers, and the blocks in raw positions.
    async fn raw(&self, id: DocumentId) -> Result<(String, Vec<PageRow>, Vec<Block>)>;
    async fn clean(&self, id: DocumentId) -> Result<(String, CleanMap)>;
    /// The map alone.
    async fn clean_map(&self, id: DocumentId) -> Result<CleanMap>;
    /// Number of each page and its span in the raw text.
    async fn page_spans(&self, id: DocumentId) -> Result<Vec<(u32, docmill_model::Span)>>;
    async fn page_rows(&self, id: DocumentId) -> Result<Vec<PageRow>>;
    /// The words of the pages `first` to `last`, both included, as far as they are there: a long document has more
    /// words than should be held at once.
    async fn page_words(&self, id: DocumentId, first: u32, last: u32) -> Result<Vec<PageWords>>;
    async fn blocks(&self, id: DocumentId) -> Result<Vec<BlockRow>>;
    async fn chunks(&self, id: DocumentId) -> Result<Vec<docmill_model::Chunk>>;
    async fn mentions(&self, id: DocumentId) -> Result<Vec<Mention>>;
    async fn referents(&self, id: DocumentId) -> Result<Vec<Referent>>;
    /// Referents with their entities; `None` until the fold has run.
    async fn referent_entities(&self, id: DocumentId) -> Result<Vec<(Referent, Option<EntityId>)>>;

    // Decisions.

    /// Keeps decisions; those that are known already change nothing. What they are about is marked for the fold.
    async fn decide(&self, decisions: Vec<Decision>) -> Result<DecideReport>;
    /// Names of the projects that have documents or decisions, sorted.
    async fn projects(&self) -> Result<Vec<String>>;
    /// All decisions of a project in the order (`at_ms`, `id`).
    async fn decisions(&self, project: &str) -> Result<Vec<DecisionRow>>;

    // What people ask for.

    /// Takes documents out, with their children that have no other source. Returns all that left.
    async fn forget(&self, ids: Vec<DocumentId>) -> Result<Vec<DocumentId>>;
    /// Takes sources out; documents without one leave. Returns those.
    async fn forget_sources(&self, absolute: Vec<Vec<u8>>) -> Result<Vec<DocumentId>>;
    /// Puts failed stages (and, when documents or a code are named, partial and skipped ones) back to pending.
    /// Returns how many.
    async fn retry(&self, which: Selection) -> Result<u64>;
    /// Puts a stage of every finished document back to pending; without a stage the earliest one whose version
    /// is not the present one. Returns how many.
    async fn reprocess(&self, from: Option<Stage>) -> Result<u64>;
    /// Documents with a finished stage of another version than the present one.
    async fn outdated(&self) -> Result<u64>;
    /// Notes a file that could not be read, or takes the note back.
    async fn note_unread(&self, file: Unread) -> Result<()>;
    async fn clear_unread(&self, absolute: Vec<u8>) -> Result<()>;
    async fn unread(&self) -> Result<Vec<Unread>>;
    async fn name_document(&self, id: ExternalId) -> Result<()>;
    async fn external_ids(&self, id: DocumentId) -> Result<Vec<ExternalRow>>;
    /// Members of a document, by name, with the documents that they became.
    async fn children(&self, id: DocumentId) -> Result<Vec<(String, DocumentId)>>;

    // Reading.

    async fn source_at(&self, project: &str, absolute: Vec<u8>) -> Result<Option<SourceRow>>;
    /// Sources whose absolute path starts with `prefix`, in the order of their bytes, after `after`.
    async fn sources_below(&self, prefix: Vec<u8>, after: Vec<u8>, limit: usize) -> Result<Vec<SourceRow>>;
    async fn overview(&self) -> Result<Overview>;
    async fn stage_rows(&self, id: DocumentId) -> Result<Vec<StageRow>>;
    async fn history(&self, id: DocumentId) -> Result<Vec<Attempt>>;
    /// Documents whose path, name, external id or id (or its beginning) this is; at most `limit`.
    async fn find_documents(&self, word: &str, limit: usize) -> Result<Vec<DocumentId>>;
    /// Passages by their words, best match first.
    async fn search(&self, query: &Query) -> Result<Found>;
    /// Ids of all documents, sorted, after `after`.
    async fn document_ids(&self, after: Option<DocumentId>, limit: usize) -> Result<Vec<DocumentId>>;
    /// Mentions of a document with their entities, in the order of the text.
    async fn mention_rows(&self, id: DocumentId) -> Result<Vec<MentionRow>>;
    async fn entity_rows(&self, after: Option<EntityId>, limit: usize) -> Result<Vec<EntityRow>>;
    /// The entities of a type that most documents speak of; of equals those that are mentioned most, then by id.
    async fn main_entities(&self, kind: docmill_model::MentionType, limit: usize) -> Result<Vec<EntityRow>>;
    /// How many entities have this very name.
    async fn count_named(&self, name: &str) -> Result<u64>;
    /// The entity of an id; an id that an entity had earlier leads to what it has become.
    async fn entity_row(&self, id: EntityId) -> Result<Option<EntityRow>>;
    /// The profiles of an entity, those in most documents first.
    async fn profile_rows(&self, id: EntityId) -> Result<Vec<ProfileRow>>;
    /// The members of an entity in the order of (document, referent), behind `after`.
    async fn member_rows(
        &self,
        id: EntityId,
        after: Option<(DocumentId, docmill_model::ReferentId)>,
        limit: usize,
    ) -> Result<Vec<MemberRow>>;
    /// Pairs of entities that may be one, in the order of their ids, behind `after`; of one entity the most alike.
    async fn possible_rows(&self, after: Option<(EntityId, EntityId)>, limit: usize) -> Result<Vec<PossibleRow>>;
    /// The pairs that one entity is part of, the most alike first.
    async fn possible_of(&self, id: EntityId, limit: usize) -> Result<Vec<PossibleRow>>;
    /// A mention by its id. Takes time in proportion to all mentions.
    async fn find_mention(&self, id: docmill_model::MentionId) -> Result<Option<MentionRow>>;
    /// Hands out why each member of an entity but its least belongs there, in the order of (entity, member), until `take`
    /// has enough.
    async fn merge_rows(&self, take: &mut (dyn FnMut(MergeRow) -> ControlFlow<()> + Send)) -> Result<()>;
    /// Hands out relations between entities one by one, until `take` has enough, as they were at one moment. Those of
    /// all entities come in the order of (from, to, word of the kind, document, span), those of one in that of (other
    /// end, word of the kind, document, span). None leads from an entity to itself.
    async fn relation_rows(
        &self,
        query: RelationQuery,
        take: &mut (dyn FnMut(RelationRow) -> ControlFlow<()> + Send),
    ) -> Result<()>;
    /// How many mentions of persons, organisations and places each project has, by its number in the store.
    async fn name_mentions(&self) -> Result<BTreeMap<i64, u64>>;
    /// Whether some document has these bytes, so that a stored copy of them must stay.
    async fn is_needed(&self, sha256: Digest) -> Result<bool>;
    /// Puts everything into the store's one file, so that a copy of it is whole. For the end of a run.
    async fn settle(&self) -> Result<()>;
    /// Rewrites the store's file, so that nothing of what was taken out can be read from it. Takes time and room in
    /// proportion to the whole store.
    async fn purge(&self) -> Result<()>;
}
