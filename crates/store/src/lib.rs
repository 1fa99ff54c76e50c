//! The store of record: documents and their sources, stage runs with leases, the outbox, all facts, decisions, and the
//! graph that the fold makes of them.
//!
//! Owns: the tables, their migrations, the transactions of the protocol, full-text search. Must not know: tasks,
//! brokers, extraction, analysis. What a stage's output means is the engine's business; that result, history,
//! state and next message come in one transaction is this crate's.
//!
//! Invariants: a [`Commit`] is made only by consuming a [`Claim`]; a commit whose token is not the newest one of
//! its stage changes nothing ([`Error::Fenced`]); no closure and no open transaction crosses the traits [`Store`] and
//! [`Profiles`]; no stage writes or deletes a decision; links and entities are written by the fold alone.
//!
//! Read `protocol.rs` first (claims and commits), then `store.rs` and `fold.rs` (the traits), then `sqlite/mod.rs`.

mod error;
mod fold;
mod identity;
mod output;
mod pack;
mod protocol;
mod query;
mod report;
mod sqlite;
mod store;
mod terms;

pub use error::Error;
pub use fold::{FoldedComponent, Neighbourhood, Profiles, Relink, Stop, Unfolded, Unlinked};
pub use identity::{DecideReport, DecisionRow, MemberRow, PossibleRow, ProfileRow};
pub use output::{Chunked, MemberFile, Node, Ocr, Output, Passage};
pub use protocol::{
    Claim, Claimed, Commit, Epoch, Failure, Lease, Message, OutboxId, StageKey, Stamp, Submission, Submitted, Versions,
    dependencies, input_digest, task_id,
};
pub use query::{Copied, Filter, Fit, Found, Hit, Query};
pub use report::{
    Attempt, BlockRow, DocumentRow, EntityRow, ErrorClass, ExternalRow, MentionRow, MergeRow, Overview, PageRow,
    PageWords, RelationQuery, RelationRow, SourceRow, StageRow, Unread,
};
pub use sqlite::Sqlite;
pub use store::{Selection, Store};
pub use terms::{Form, Term, Terms};

pub type Result<T> = std::result::Result<T, Error>;
