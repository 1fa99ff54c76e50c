//! What is read out of the store: rows for the export and for people.

use std::collections::BTreeMap;

use docmill_model::{
    BlockKind, Category, ChunkId, Code, Digest, DocumentId, Entity, EntityId, Language, MediaType, Mention, MentionId,
    MentionType, Origin, ReferentId, RelationType, Span, Stage, State, Warning, Word,
};
use uuid::Uuid;

/// Counts for `status`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overview {
    pub documents: BTreeMap<State, u64>,
    pub stages: BTreeMap<(Stage, State), u64>,
    /// What keeps documents from being done, by code, most frequent first.
    pub errors: Vec<ErrorClass>,
    pub unread: u64,
    pub pages: u64,
    pub chunks: u64,
    pub mentions: u64,
    pub mentions_by_type: BTreeMap<MentionType, u64>,
    pub entities: u64,
    /// Without those that are only mentioned in one sentence.
    pub relations: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorClass {
    pub code: Code,
    pub state: State,
    pub documents: u64,
    /// One of the documents, by name.
    pub example: String,
}

/// A file that could not be read, so that it has no hash and is no document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    pub absolute: Vec<u8>,
    pub shown: String,
    pub code: Code,
    pub message: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentRow {
    pub id: DocumentId,
    pub project: String,
    pub sha256: Digest,
    pub bytes: u64,
    pub media_type: Option<MediaType>,
    pub language: Option<Language>,
    pub category: Category,
    pub state: State,
    pub pages: u32,
    pub sources: Vec<Origin>,
    pub warnings: Vec<Warning>,
    pub stages: BTreeMap<Stage, String>,
}

impl DocumentRow {
    /// The last part of the least path, or the member's name.
    pub fn name(&self) -> &str {
        let least = self.sources.iter().filter_map(|o| match o {
            Origin::Path { shown, .. } => Some(shown.as_str()),
            Origin::Member { .. } => None,
        });
        let member = self.sources.iter().filter_map(|o| match o {
            Origin::Member { member, .. } => Some(member.as_str()),
            Origin::Path { .. } => None,
        });
        let path = least.min().or_else(|| member.min()).unwrap_or("");
        path.rsplit('/').next().unwrap_or(path)
    }
}

/// A stage of a document, with its last error verbatim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageRow {
    pub stage: Stage,
    pub state: State,
    pub version: String,
    pub attempt: u32,
    pub task_id: Uuid,
    pub code: Option<Code>,
    pub chain: Vec<String>,
}

/// A row of the history: one attempt at a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub stage: Stage,
    pub attempt: u32,
    pub state: State,
    pub code: Option<Code>,
    pub chain: Vec<String>,
    /// Milliseconds since 1970.
    pub started_ms: i64,
    pub ended_ms: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRow {
    pub document: DocumentId,
    pub number: u32,
    /// Hundredths of a point.
    pub size: Option<(i32, i32)>,
    pub rotation: u16,
    /// In the raw text.
    pub span: Span,
}

/// The words of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageWords {
    pub number: u32,
    /// Spans count characters of the document's raw text.
    pub words: Vec<Word>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockRow {
    pub index: u32,
    pub kind: BlockKind,
    /// In the cleaned text.
    pub span: Span,
    pub page: u32,
    pub path: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MentionRow {
    pub document: DocumentId,
    pub mention: Mention,
    pub chunk: ChunkId,
    pub referent: ReferentId,
    /// `None` until the fold has run.
    pub entity: Option<EntityId>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityRow {
    pub project: String,
    pub entity: Entity,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergeRow {
    pub entity: EntityId,
    pub member: ReferentId,
    pub reasons: Vec<String>,
    pub score: u16,
}

/// A relation of one document between two entities. One without a direction runs from the lesser id to the greater.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelationRow {
    pub from: EntityId,
    pub to: EntityId,
    pub kind: RelationType,
    pub document: DocumentId,
    /// In the cleaned text.
    pub span: Span,
    /// On which the range ends.
    pub page: u32,
    pub confidence: u16,
    pub extractor: String,
    pub attributes: BTreeMap<String, String>,
    pub mentions: [MentionId; 2],
    /// How often `from` and `to` are mentioned in their project.
    pub mentioned: [u32; 2],
    /// The number of their project in the store.
    pub project: i64,
}

/// Which relations are read; empty fields do not restrict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RelationQuery {
    /// Those of one entity, on either side.
    pub of: Option<EntityId>,
    /// All but `CO_MENTIONED`, which are many times as many.
    pub typed: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalRow {
    pub scheme: String,
    pub value: String,
    pub document: DocumentId,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRow {
    pub document: DocumentId,
    pub absolute: Vec<u8>,
    pub shown: String,
    pub stamp: crate::Stamp,
    /// Whether the document failed for want of its bytes, so that it is worth another look.
    pub wanting: bool,
}
