//! The protocol's values: what is submitted, claimed and committed.

use std::collections::BTreeMap;

use docmill_model::{Code, Digest, DocumentId, MediaType, Origin, Stage, State, Warning, id::NAMESPACE};
use uuid::Uuid;

use crate::Output;

/// The broker's life: a new one means that whatever was published into the old one is gone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Epoch(pub String);

/// Versions of the stages' code, settings and weights, by stage.
pub type Versions = BTreeMap<Stage, String>;

/// A stage of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StageKey {
    pub document: DocumentId,
    pub stage: Stage,
}

/// Which outputs a stage reads.
pub fn dependencies(stage: Stage) -> &'static [Stage] {
    match stage {
        Stage::ProcessOcr => &[],
        Stage::CreateDocumentNode => &[Stage::ProcessOcr],
        Stage::ProcessChunking => &[Stage::ProcessOcr, Stage::CreateDocumentNode],
        Stage::ExtractEntities => &[Stage::ProcessOcr, Stage::CreateDocumentNode, Stage::ProcessChunking],
        Stage::ResolveEntities => &[Stage::CreateDocumentNode, Stage::ExtractEntities],
        Stage::BuildRelationships => {
            &[Stage::ProcessOcr, Stage::CreateDocumentNode, Stage::ExtractEntities, Stage::ResolveEntities]
        }
    }
}

/// What a stage run is keyed by: the stage, its version, and the digests of what it reads (for the first stage
/// the document's own).
pub fn input_digest(stage: Stage, version: &str, reads: &[Digest]) -> Digest {
    let mut parts: Vec<&[u8]> = vec![stage.as_str().as_bytes(), version.as_bytes()];
    parts.extend(reads.iter().map(|d| d.as_bytes().as_slice()));
    Digest::of_parts(parts)
}

/// The Celery task id of a stage run: the same input in the same generation is the same task.
pub fn task_id(key: StageKey, input: &Digest, generation: u32) -> Uuid {
    let name = Digest::of_parts([
        key.document.0.as_bytes().as_slice(),
        key.stage.as_str().as_bytes(),
        input.as_bytes(),
        &generation.to_le_bytes(),
    ]);
    Uuid::new_v5(&NAMESPACE, name.as_bytes())
}

/// What the file system tells of a file; equal stamps that are old enough mean equal bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    pub size: u64,
    pub mtime_ns: i64,
    pub ctime_ns: i64,
    pub inode: u64,
    /// When the bytes were read, by the clock that stamps files.
    pub read_ns: i64,
}

impl Stamp {
    /// Granularity of the coarsest time stamps still met (FAT): a file written again within it may keep its
    /// stamp, so a stamp that young at the time of reading proves nothing.
    const SETTLED_NS: i64 = 2_000_000_000;

    /// Whether a file that looks like `now` still has the bytes that were read when it looked like `self`.
    pub fn proves_unchanged(&self, now: &Stamp) -> bool {
        self.size == now.size
            && self.mtime_ns == now.mtime_ns
            && self.ctime_ns == now.ctime_ns
            && self.inode == now.inode
            && self.read_ns - self.mtime_ns > Self::SETTLED_NS
    }
}

/// Bytes that were found somewhere.
#[derive(Clone, Debug)]
pub struct Submission {
    pub project: String,
    pub sha256: Digest,
    pub bytes: u64,
    pub origin: Origin,
    pub stamp: Stamp,
}

/// What became of a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Submitted {
    New(DocumentId),
    /// The same bytes were there already, perhaps at another place.
    Known(DocumentId),
    /// It had failed for want of its bytes and is tried again.
    Again(DocumentId),
}

impl Submitted {
    pub fn document(self) -> DocumentId {
        match self {
            Self::New(id) | Self::Known(id) | Self::Again(id) => id,
        }
    }
}

pub type OutboxId = i64;

/// A row of the outbox: a stage that wants a message in the broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub id: OutboxId,
    pub key: StageKey,
    pub task_id: Uuid,
    /// Runs with nothing beside it: it, or the process around it, died the last time.
    pub alone: bool,
}

impl Message {
    /// Whether the process that ran it died: it goes before all others.
    pub fn is_cut_off(&self) -> bool {
        self.id < 0
    }
}

/// The right to commit one run of a stage, until a newer token is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    pub key: StageKey,
    pub token: i64,
}

/// The answer to a claim.
#[derive(Debug)]
pub enum Claimed {
    Run(Claim),
    /// Done with this very input: the stored reply.
    Done(serde_json::Value),
    /// Running under a live lease of this task.
    Held(Uuid),
    /// What it reads is not there yet, or it waits for its time.
    NotReady,
    Unknown,
}

/// A claimed stage: consumed by what it becomes.
#[derive(Debug)]
pub struct Claim {
    pub(crate) lease: Lease,
    pub(crate) input: Digest,
    /// From 1; how often this stage was claimed with this input.
    pub attempt: u32,
    /// Deaths of children that count against the document so far.
    pub deaths: u32,
    /// Pages that earlier attempts saved.
    pub saved_pages: u32,
    pub alone: bool,
    /// Milliseconds since 1970 by the store's clock, for the history.
    pub(crate) started_ms: i64,
}

/// Why a run did not give an output: what a person is told, and the whole chain for the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The same in every run.
    pub warning: Warning,
    /// Class and message of each error from the outermost to the root cause; not in the export.
    pub chain: Vec<String>,
    /// What the document is, where that is known although it was not read.
    pub media_type: Option<MediaType>,
}

impl Failure {
    /// A failure that says nothing of what the document is.
    pub fn new(warning: Warning, chain: Vec<String>) -> Self {
        Self { warning, chain, media_type: None }
    }

    pub fn code(&self) -> Code {
        self.warning.code
    }
}

#[derive(Debug)]
pub(crate) enum Verdict {
    Finished {
        output: Output,
        warnings: Vec<Warning>,
        reply: serde_json::Value,
    },
    Ended {
        state: State,
        failure: Failure,
    },
    /// Back to pending, behind everything else and alone; `counts` says whether it was a death that counts.
    Again {
        failure: Failure,
        counts: bool,
    },
}

/// A claim with its verdict. Result, history, state and next message are derived from it in one transaction.
#[derive(Debug)]
pub struct Commit {
    pub(crate) claim: Claim,
    pub(crate) verdict: Verdict,
}

impl Claim {
    pub fn lease(&self) -> Lease {
        self.lease
    }

    pub fn key(&self) -> StageKey {
        self.lease.key
    }

    /// Finished: `partial` where a warning, one of the pages' included, names a loss, else `done`.
    pub fn done(self, output: Output, warnings: Vec<Warning>, reply: serde_json::Value) -> Commit {
        Commit { claim: self, verdict: Verdict::Finished { output, warnings, reply } }
    }

    pub fn skipped(self, failure: Failure) -> Commit {
        Commit { claim: self, verdict: Verdict::Ended { state: State::Skipped, failure } }
    }

    pub fn failed(self, failure: Failure) -> Commit {
        Commit { claim: self, verdict: Verdict::Ended { state: State::Failed, failure } }
    }

    /// Tries again after all others, alone. `counts`: a child died without having saved a page in this attempt.
    pub fn again(self, failure: Failure, counts: bool) -> Commit {
        Commit { claim: self, verdict: Verdict::Again { failure, counts } }
    }
}
