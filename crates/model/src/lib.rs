//! The data of Docmill, and nothing else: no input or output, no clock, no random numbers.
//!
//! Owns: ids and digests, codes and warnings, texts and the two kinds of span, pages with their layout, chunks and
//! their sketches, mentions, referents, relations, profiles and their links, entities, decisions. Must not know: files,
//! SQL, tokio, tasks.
//!
//! Invariants: every id is derived from content (UUIDv5) and so is the same on every machine; spans at the
//! edges count Unicode scalar values and are half-open; lengths on a page are hundredths of a point from the
//! top left of the unrotated page; confidences and scores are thousandths. No float is stored anywhere.
//!
//! Read `document.rs` first, then `text.rs`, `page.rs`, `mention.rs` and `graph.rs`.

pub mod code;
pub mod day;
pub mod decision;
pub mod digest;
pub mod document;
pub mod graph;
pub mod id;
pub mod mention;
pub mod page;
pub mod relation;
pub mod sketch;
pub mod stage;
pub mod text;

pub use code::{Code, Warning};
pub use decision::{Action, Anchor, Decision};
pub use digest::Digest;
pub use document::{Category, ExternalId, Language, MediaType, Origin, Source};
pub use graph::{
    Component, Entity, Fold, Folded, Link, Membership, Profile, ProfileBlock, ProfileKey, Refusal, Ruling,
};
pub use id::{ChunkId, DecisionId, DocumentId, EntityId, MentionId, ProfileId, ProjectId, ReferentId, RelationId};
pub use mention::{Identifier, Mention, MentionType, Referent, Role};
pub use page::{Advance, Block, BlockKind, Page, PageSize, Rect, Word};
pub use relation::{Evidence, Relation, RelationType};
pub use sketch::Sketch;
pub use stage::{Stage, State};
pub use text::{ByteSpan, Chunk, CleanMap, Rewrite, Segment, Span, Text};

#[cfg(test)]
mod tests {
    use super::*;

    /// Each value with its word and the value that the word is read as.
    fn check<T>(all: &[T], word: fn(T) -> &'static str, parse: fn(&str) -> Option<T>)
    where
        T: Copy + PartialEq + std::fmt::Debug + serde::Serialize + serde::de::DeserializeOwned,
    {
        for value in all {
            let json = format!("\"{}\"", word(*value));
            assert_eq!(serde_json::to_string(value).unwrap(), json);
            assert_eq!(serde_json::from_str::<T>(&json).unwrap(), *value);
            assert_eq!(parse(word(*value)), Some(*value));
        }
        assert_eq!(parse("no such word"), None);
    }

    #[test]
    fn a_word_is_the_same_in_the_program_and_in_what_it_writes() {
        check(&Stage::ALL, Stage::as_str, Stage::parse);
        check(&State::ALL, State::as_str, State::parse);
        check(&Category::ALL, Category::as_str, Category::parse);
        check(&BlockKind::ALL, BlockKind::as_str, BlockKind::parse);
        check(&MentionType::ALL, MentionType::as_str, MentionType::parse);
        check(&RelationType::ALL, RelationType::as_str, RelationType::parse);
        check(Code::ALL, Code::as_str, Code::parse);
    }
}
