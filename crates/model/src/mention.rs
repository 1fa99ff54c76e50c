//! What was found in a text, and its clusters inside one document.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{MentionId, ProfileKey, ReferentId, Span};

/// What a mention names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum MentionType {
    Person,
    Org,
    Location,
    Date,
    Money,
    Law,
    Case,
    Email,
    Phone,
    Url,
    Identifier,
    Other,
}

impl MentionType {
    pub const ALL: [Self; 12] = [
        Self::Person,
        Self::Org,
        Self::Location,
        Self::Date,
        Self::Money,
        Self::Law,
        Self::Case,
        Self::Email,
        Self::Phone,
        Self::Url,
        Self::Identifier,
        Self::Other,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "PERSON",
            Self::Org => "ORG",
            Self::Location => "LOCATION",
            Self::Date => "DATE",
            Self::Money => "MONEY",
            Self::Law => "LAW",
            Self::Case => "CASE",
            Self::Email => "EMAIL",
            Self::Phone => "PHONE",
            Self::Url => "URL",
            Self::Identifier => "IDENTIFIER",
            Self::Other => "OTHER",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.as_str() == word)
    }
}

impl fmt::Display for MentionType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A checked identifier of something: `email` `anna@example.org`, `iban` `DE89370400440532013000`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Identifier {
    pub scheme: String,
    pub value: String,
}

impl Identifier {
    /// The scheme of docket numbers. A person has the one of the case in which a document names them: it is not
    /// theirs and says neither that two are one nor that they are not, but tells which of a surname is meant.
    pub const DOCKET: &str = "docket";

    /// Whether it identifies whoever has it.
    pub fn is_own(&self) -> bool {
        self.scheme != Self::DOCKET
    }
}

/// The part that a name or address plays in a mail's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Sender,
    Recipient,
}

/// A range of the cleaned text that names something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mention {
    pub id: MentionId,
    /// Index of the chunk in which it starts.
    pub chunk: u32,
    pub span: Span,
    pub kind: MentionType,
    /// The form by which mentions are the same thing: `2024-03`, `EUR 1200.50`, `anna schmidt`.
    pub normal: String,
    /// The form that is shown: the text with its white space folded, or the name without quotes.
    pub name: String,
    pub identifiers: Vec<Identifier>,
    pub role: Option<Role>,
    /// In thousandths.
    pub confidence: u16,
    /// Recogniser and its version, such as `rule/date@1`.
    pub extractor: String,
}

/// A cluster of mentions inside one document: one thing that the document speaks of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Referent {
    pub id: ReferentId,
    pub kind: MentionType,
    pub normal: String,
    pub identifiers: Vec<Identifier>,
    /// Shown forms with their counts, sorted by form.
    pub forms: Vec<(String, u32)>,
    /// Mentions in the order of the text; never empty.
    pub mentions: Vec<MentionId>,
    /// Keeps apart what looks the same: the document's id where a name is known in its document alone, the id of a
    /// decision where a person says so, else empty.
    pub discriminator: String,
}

impl Referent {
    /// What makes referents of different documents the same profile.
    pub fn key(&self) -> ProfileKey {
        ProfileKey {
            kind: self.kind,
            normal: self.normal.clone(),
            identifiers: self.identifiers.clone(),
            discriminator: self.discriminator.clone(),
        }
    }
}
