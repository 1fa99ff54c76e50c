//! Canvas: work made of several tasks, and what a worker has to do about it.
//!
//! A [`Signature`] says which task to run with which arguments; [`chain`], [`group`] and [`chord`] put signatures
//! together. Nothing here sends anything: each operation returns a plan, the [`Step`]s that the caller carries out in
//! their order.
//!
//! ```
//! use celeriac_wire::canvas::{Sender, Signature, Step, apply, chord};
//! use celeriac_wire::Map;
//!
//! let add = |x: i64, y: i64| Signature::new("tasks.add").args([x, y]);
//! let sum = chord([add(1, 1), add(2, 2)], Signature::new("tasks.sum"));
//! let plan = apply(&sum, Vec::new(), Map::new(), Map::new(), &Sender::new())?;
//! assert!(matches!(plan.steps[..], [Step::ChordSize { size: 2, .. }, Step::Publish(_), Step::Publish(_)]));
//! # Ok::<(), celeriac_wire::canvas::Error>(())
//! ```
//!
//! A chain is written with `|`, as in Python. A group that is followed by a task becomes a chord:
//!
//! ```
//! use celeriac_wire::canvas::{Kind, Signature, group};
//!
//! let pages = (1..4_i64).map(|n| Signature::new("tasks.page").args([n]));
//! let work = Signature::new("tasks.split") | group(pages) | Signature::new("tasks.join").queue("slow");
//! let Kind::Chain(steps) = &work.kind else { unreachable!() };
//! assert!(matches!(steps[1].kind, Kind::Chord(_)));
//! ```
//!
//! The rules are those of Celery 5.7's `canvas.py`, odd ones included, since Python peers publish, read and count the
//! same things: which ids are kept, which options reach which task, how a chord counts its header.
//!
//! Read `signature.rs` first, then `compose.rs` (building), `freeze.rs` and `chain.rs` (ids), `apply.rs` (plans),
//! `send.rs` (the message) and `request.rs` (what follows a task's end).

mod apply;
pub mod builtin;
mod chain;
mod compose;
mod failure;
mod freeze;
mod outcome;
mod request;
mod send;
mod signature;
mod stamp;

pub use apply::{Applied, Step, apply};
pub use compose::{chain, chord, chunks, group, map, starmap};
pub use failure::{Failed, Failing, Inline, IsInline, chord_error, chord_failed, on_failure};
pub use freeze::Results;
pub use outcome::on_success;
pub use request::{Request, Retry, add_to_chord, replace, retry};
pub use send::{Parent, Sender};
pub use signature::{Chord, Kind, Signature};
pub use stamp::Visitor;

/// A canvas that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Something else stands where a signature should.
    #[error("a signature is not an object with the name of a task")]
    NotASignature,
    /// A part of a signature has another type than it must have.
    #[error("member {member} of the signature of {task} is not {expected}")]
    Member {
        /// The task of the signature.
        task: String,
        /// The part.
        member: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// A `subtask_type` that Celery 5.7 does not have.
    #[error("a signature of the unknown type {0}")]
    Type(String),
    /// What no message could hold.
    #[error("signatures lie within each other more than {MAX_NESTING} deep")]
    Nesting,
    /// There is nothing to replace a task with, or to give an id to.
    #[error("a chain without a task")]
    EmptyChain,
    /// There is nothing to wait for.
    #[error("a chord without a body")]
    NoBody,
    /// Two tasks of one chain have the same id.
    #[error("the results of a chord wait for each other")]
    Recursive,
    /// A group has no result of its own that a callback could be given.
    #[error("a callback cannot be added to a group: use a chord")]
    LinkedGroup,
    /// An option that is needed to send a task has another type than it must have.
    #[error("option {option} of {task} is not {expected}")]
    Option {
        /// The task to be sent.
        task: String,
        /// The name of the option.
        option: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// A task that is registered where it is sent from does not take its arguments.
    #[error("{0}")]
    Arguments(String),
    /// The serializer cannot hold the arguments, or the compression failed.
    #[error("the arguments of {task} cannot be written: {reason}")]
    Unwritten {
        /// The task to be sent.
        task: String,
        /// What the serializer says.
        reason: String,
    },
    /// It takes the place that the replaced task has in its chord, and can have no other one.
    #[error("a signature that replaces a task must not be part of a chord")]
    ReplacedByPart,
    /// There is no chord to extend.
    #[error("the task is not part of a chord")]
    NotInChord,
}

/// How deep signatures may lie within each other: what a message can hold, as its JSON may be 256 levels deep, and
/// little enough for the stack of a thread.
pub(crate) const MAX_NESTING: usize = 100;
