//! What happens, told to whoever watches: a progress line, a log.

use docmill_model::{Code, DocumentId, State};
use docmill_store::StageKey;

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// A file was looked at; `new` when its bytes were not known.
    Seen {
        bytes: u64,
        new: bool,
    },
    /// A file could not be read.
    Unread {
        shown: String,
        code: Code,
        message: String,
    },
    /// All files have been looked at.
    IntakeDone,
    StageStarted {
        key: StageKey,
        attempt: u32,
    },
    /// The child that reads a document, so that a log can name it.
    ChildStarted {
        document: DocumentId,
        pid: u32,
    },
    PagesRead {
        document: DocumentId,
        pages: u32,
    },
    StageEnded {
        key: StageKey,
        state: State,
        code: Option<Code>,
    },
    /// All documents are through; who is who is worked out, which takes a while in a large project.
    Folding,
    /// A stage will run again after all others.
    StageAgain {
        key: StageKey,
        code: Code,
    },
}

/// Takes events, on any thread, quickly.
pub trait Observer: Send + Sync + 'static {
    fn on(&self, event: Event);
}

/// Watches nothing.
pub struct Silent;

impl Observer for Silent {
    fn on(&self, _: Event) {}
}
