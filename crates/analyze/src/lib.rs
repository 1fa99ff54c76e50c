//! The pure functions of the text, entity and graph stages: cleaning, languages, categories, chunks, mentions,
//! referents, relations; how alike two profiles are, the fold of a project, and scores of all that.
//!
//! Owns: what is concluded from a text, and who is who. Must not know: files, processes, tasks, stores, the network, a
//! clock, what is inside a model (`infer`).
//!
//! Invariants: no character that is not white space is lost between raw text and chunks, and each step says where
//! its output came from; results do not depend on the order of the input, on other documents or, but for the model's
//! scores, on the machine; every function is linear or nearly so in its input and takes any input.
//!
//! In the order of the flow: `clean`, `language`, `category`, `chunk` (with `sentence`, `sketch`, `title`), `mention`
//! (with `recognise`, `names` and `name`), `referent`, `relation`, `pair`, `fold`; `eval` compares with what people
//! marked. Read `clean.rs` first, for names `names.rs`, for identity `pair.rs` and `fold.rs`.

pub mod category;
pub mod chunk;
pub mod clean;
pub mod eval;
pub mod fold;
pub mod language;
pub mod mention;
pub mod name;
pub mod names;
pub mod pair;
pub mod recognise;
pub mod referent;
pub mod relation;
pub mod sentence;
pub mod sketch;
pub mod title;

/// The version of what each stage computes. It takes part in the stage's input digest: whoever changes what a
/// stage gives for the same input raises it, so that documents are computed again.
pub mod version {
    /// Cleaning, language and category.
    pub const TEXT: &str = "1";
    /// Chunks with what they are found and compared by, and the sentences they are packed from.
    pub const CHUNK: &str = "2";
    /// Mentions; each recogniser has a version of its own beside it.
    pub const MENTION: &str = "2";
    /// Referents.
    pub const REFERENT: &str = "3";
    /// Relations; each pattern has a version of its own beside it.
    pub const RELATION: &str = "2";
    /// The fold of a project.
    pub const FOLD: &str = "4";
}
