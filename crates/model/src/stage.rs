//! The six stages of a document and the states of a stage.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A stage, in the order of the flow. The words are the original's task names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    ProcessOcr,
    CreateDocumentNode,
    ProcessChunking,
    ExtractEntities,
    ResolveEntities,
    BuildRelationships,
}

impl Stage {
    pub const ALL: [Self; 6] = [
        Self::ProcessOcr,
        Self::CreateDocumentNode,
        Self::ProcessChunking,
        Self::ExtractEntities,
        Self::ResolveEntities,
        Self::BuildRelationships,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::ProcessOcr => "process_ocr",
            Self::CreateDocumentNode => "create_document_node",
            Self::ProcessChunking => "process_chunking",
            Self::ExtractEntities => "extract_entities",
            Self::ResolveEntities => "resolve_entities",
            Self::BuildRelationships => "build_relationships",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == word)
    }

    /// The stage that runs after this one; `None` after the last.
    pub fn next(self) -> Option<Self> {
        Self::ALL.get(self as usize + 1).copied()
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The state of a stage, and of a document (which is as its worst stage). Ordered from best to worst among the
/// final ones: done, skipped, partial, failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Done,
    Skipped,
    Partial,
    Failed,
    Paused,
    Pending,
    Waiting,
    Running,
}

impl State {
    pub const ALL: [Self; 8] = [
        Self::Done,
        Self::Skipped,
        Self::Partial,
        Self::Failed,
        Self::Paused,
        Self::Pending,
        Self::Waiting,
        Self::Running,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Skipped => "skipped",
            Self::Partial => "partial",
            Self::Failed => "failed",
            Self::Paused => "paused",
            Self::Pending => "pending",
            Self::Waiting => "waiting",
            Self::Running => "running",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == word)
    }

    /// Whether nothing more will happen by itself.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Skipped | Self::Partial | Self::Failed)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_follow_each_other_to_the_last() {
        let flow: Vec<Stage> = std::iter::successors(Some(Stage::ProcessOcr), |stage| stage.next()).collect();
        assert_eq!(flow, Stage::ALL);
    }
}
