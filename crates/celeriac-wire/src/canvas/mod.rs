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
    #[error("a signature is not an object with the name of a task")]
    NotASignature,
    #[error("member {member} of the signature of {task} is not {expected}")]
    Member { task: String, member: &'static str, expected: &'static str },
    #[error("a signature of the unknown type {0}")]
    Type(String),
    #[error("signatures lie within each other more than {MAX_NESTING} deep")]
    Nesting,
    #[error("a chain without a task")]
    EmptyChain,
    #[error("a chord without a body")]
    NoBody,
    #[error("the results of a chord wait for each other")]
    Recursive,
    #[error("a callback cannot be added to a group: use a chord")]
    LinkedGroup,
    #[error("option {option} of {task} is not {expected}")]
    Option { task: String, option: &'static str, expected: &'static str },
    #[error("the arguments of {task} cannot be written: {reason}")]
    Unwritten { task: String, reason: String },
    #[error("a signature that replaces a task must not be part of a chord")]
    ReplacedByPart,
    #[error("the task is not part of a chord")]
    NotInChord,
}

/// How deep signatures may lie within each other: what a message can hold, as its JSON may be 256 levels deep, and
/// little enough for the stack of a thread.
pub(crate) const MAX_NESTING: usize = 100;
