//! Models in this binary and what runs them: words in, numbers out.
//!
//! Owns: the embedded weights (`weights/` beside the crates, each with its card), WordPiece, the runtime and its
//! threads. Must not know: documents, mentions, files at run time, the network, a clock.
//!
//! Invariants: a model is loaded from bytes of the program (a sentence encoder from bytes that the caller has) and
//! never changes; an inference runs on one thread, so that sums are added in one order, and inferences of several
//! callers run beside each other; what a call gives depends on its arguments and the class of processor alone.
//!
//! The rows of a batch influence each other, because 8-bit scales are taken over the whole batch. A caller that wants
//! the same numbers for a text each time has to put it into the same batch each time.
//!
//! Read `wordpiece.rs` first, then `names.rs`.

mod names;
mod network;
mod pool;
mod sentence;
pub mod table;
mod wordpiece;

pub use names::{Encoded, LABELS, NameModel, Scores};
pub use sentence::SentenceModel;
pub use table::Table;

/// Why a model gave nothing. With the weights of this program that is a fault of the program.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the weights of {model} could not be read")]
    Load { model: &'static str, source: rten::LoadError },
    #[error("{model} could not be run")]
    Run { model: &'static str, source: rten::RunError },
    #[error("{model} gave an output of another form")]
    Output { model: &'static str },
}
