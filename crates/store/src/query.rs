//! What search is asked and what it answers.

use std::ops::RangeInclusive;

use docmill_model::day::Day;
use docmill_model::{Category, ChunkId, DocumentId, EntityId, MentionType, Span};

/// Passages that are looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Words and phrases as [`crate::Terms`] reads them. May be empty where the filter restricts something.
    pub words: String,
    pub filter: Filter,
    pub limit: usize,
}

impl Query {
    pub fn new(words: impl Into<String>, limit: usize) -> Self {
        Self { words: words.into(), filter: Filter::default(), limit }
    }
}

/// What a passage has to be besides holding the words. Empty fields do not restrict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub project: Option<String>,
    pub category: Option<Category>,
    /// Two letters.
    pub language: Option<String>,
    /// The passage has a mention of each.
    pub types: Vec<MentionType>,
    /// The passage has a mention of one of each group.
    pub entities: Vec<Vec<EntityId>>,
    /// The passage, or the header of the mail that it is part of, mentions a date that lies wholly in here. A date that
    /// can be read in two ways counts when one of them does.
    pub days: Option<RangeInclusive<Day>>,
}

impl Filter {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The passages that a query found, best first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    pub hits: Vec<Hit>,
    pub fit: Fit,
    /// More passages match than were weighed: there may be better ones.
    pub is_cut: bool,
}

/// How far the passages have the words that were asked for. The next one is tried where none is found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// All of them.
    #[default]
    Whole,
    /// All of them, some in another form: `payments` for `payment`.
    Forms,
    /// All phrases, and some of the words or their other forms.
    Some,
}

impl Fit {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Forms => "forms",
            Self::Some => "some",
        }
    }
}

/// A chunk that a query found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    pub document: DocumentId,
    pub chunk: ChunkId,
    pub span: Span,
    pub first_page: u32,
    pub section: Option<String>,
    /// BM25 in thousandths; higher is better. 0 where the query has no words.
    pub score: i64,
    /// The chunk's text.
    pub text: String,
    /// Passages that say the same and stand behind this one.
    pub copies: Vec<Copied>,
}

/// A passage that is shown by another one that says the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    pub document: DocumentId,
    pub chunk: ChunkId,
    pub first_page: u32,
}
