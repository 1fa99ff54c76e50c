//! Bytes in, pages with text, boxes and warnings out.
//!
//! Owns: telling what a file is by its content (`sniff`), and one module for each format. Must not know: where
//! the bytes came from, processes, tasks, stores, tokio. Synchronous, deterministic, without a clock: the same
//! bytes and options give the same pages on every machine.
//!
//! Input is hostile. An extractor returns an error or a warning; it does not panic, recurse without a limit, or
//! hold more than a page and the file's own index in memory. The wall around it (`engine::wall`) is the second fence.
//!
//! Read `sniff.rs` first, then the module of a format.

mod csv;
mod docx;
mod draft;
mod html;
#[cfg(test)]
mod invariant;
mod mail;
mod markdown;
mod member;
mod pdf;
mod sniff;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod text;

use std::sync::Arc;

use docmill_model::document::OtherType;
use docmill_model::{MediaType, Page, Warning};
use serde::{Deserialize, Serialize};

pub use sniff::sniff;

/// The version of what all extractors give for the same bytes: raised whenever that changes, so that documents are
/// read again on request.
pub const VERSION: &str = "1";

/// The bytes of a file, usually a mapping, so that a large one costs no memory until it is read.
pub type Bytes = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// What shapes the result. Limits count things, never seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// Pages before this one were read in an earlier attempt and are not given again. From 1.
    pub first_page: u32,
    /// Pages past this number are not read (`page_limit`).
    pub max_pages: u32,
    /// Characters past which text is cut (`text_limit`): those of the one page of a format that flows, or of each
    /// page of one that has pages, where the document's sum is the receiver's to keep.
    pub max_chars: u32,
    /// Bytes that a member of a container may expand to (`part_limit`).
    pub max_member_bytes: u64,
    /// Members, MIME parts, elements: how many (`part_limit`).
    pub max_parts: u32,
    /// How deep MIME parts, HTML elements and the like may nest (`part_limit`).
    pub max_depth: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            first_page: 1,
            // Four times the longest files that have to be read whole.
            max_pages: 20_000,
            // Some 5,000 full pages, and at four bytes each a text of 64 MiB.
            max_chars: 16 << 20,
            // A member is decoded whole: half the memory that a child has by default.
            max_member_bytes: 256 << 20,
            // Against bombs; chosen, not measured.
            max_parts: 10_000,
            max_depth: 256,
        }
    }
}

/// Whether to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Flow {
    Continue,
    Stop,
}

/// A file inside the file: an attachment. It becomes a document of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Unique among the members of its parent: a second `report.pdf` is called `report.pdf (2)`. Never empty,
    /// without control characters; a path inside a container keeps its slashes.
    pub name: String,
}

/// Takes what an extractor finds, in the order of the document. Pages come before the members.
pub trait Sink {
    fn page(&mut self, page: Page) -> Flow;
    fn member(&mut self, member: Member, bytes: &[u8]) -> Flow;
}

/// What is known of the whole document at its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    pub media_type: MediaType,
    /// How many pages the document has, those before `first_page` included.
    pub pages: u32,
    /// Findings about the whole document; those about a page are with the page.
    pub warnings: Vec<Warning>,
}

/// Why a file was not read to its end. Pages that were given before it stay true.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum Error {
    #[error("the file is empty")]
    Empty,
    #[error("the file is encrypted")]
    NeedsPassword { media_type: MediaType },
    #[error("files of type {} are not read yet", .media_type.mime())]
    Unsupported { media_type: MediaType },
    /// `what` says which part of the format is broken, without numbers that differ between runs.
    #[error("damaged: {what}")]
    Damaged { media_type: MediaType, what: String },
    /// The sink answered [`Flow::Stop`].
    #[error("stopped by the receiver")]
    Stopped,
}

/// Reads a file: tells what it is and gives its pages and members to the sink.
///
/// # Errors
/// What no page can be read of. A file that can be read in part is none: its [`Warning`]s say what is missing.
pub fn extract(bytes: &Bytes, options: &Options, sink: &mut dyn Sink) -> Result<Summary, Error> {
    let content = bytes.as_ref().as_ref();
    if content.is_empty() {
        return Err(Error::Empty);
    }
    match sniff(content) {
        MediaType::Text => text::extract(bytes, options, sink),
        MediaType::Html => html::extract(bytes, options, sink),
        MediaType::Markdown => markdown::extract(bytes, options, sink),
        MediaType::Csv => csv::extract(bytes, options, sink),
        MediaType::Mail => mail::extract(bytes, options, sink),
        MediaType::Docx => docx::extract(bytes, options, sink),
        MediaType::Pdf => pdf::extract(bytes, options, sink),
        media_type @ MediaType::Other(OtherType::Ole) if sniff::ole::is_encrypted_package(content) => {
            Err(Error::NeedsPassword { media_type })
        }
        media_type => Err(Error::Unsupported { media_type }),
    }
}
