//! Ids derived from content. Each is a UUIDv5 in a namespace of its own below [`NAMESPACE`], so the same
//! document, chunk or mention has the same id on every machine and after every crash.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Digest, MentionType, RelationType, Span};

/// The root of all our UUIDv5 namespaces: drawn once, and in every id since, so that it never changes.
pub const NAMESPACE: Uuid = Uuid::from_u128(0x9d0c_5f8e_2a41_5b7d_8f36_1c2e_7a90_b3d4);

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            fn derive(parts: &[&[u8]]) -> Self {
                let space = Uuid::new_v5(&NAMESPACE, stringify!($name).as_bytes());
                Self(Uuid::new_v5(&space, Digest::of_parts(parts).as_bytes()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(
    /// A project, known by its name.
    ProjectId
);
id!(
    /// A document: the bytes it holds, in one project.
    DocumentId
);
id!(
    /// A piece of a document's cleaned text, known by its range.
    ChunkId
);
id!(
    /// What one recogniser found at one range of a document.
    MentionId
);
id!(
    /// A cluster of mentions inside one document.
    ReferentId
);
id!(
    /// What referents of different documents have in common: type, name, identifiers.
    ProfileId
);
id!(
    /// One thing across the documents of a project.
    EntityId
);
id!(
    /// All that relates two entities in one way, whatever the documents that say so.
    RelationId
);
id!(
    /// What a person decided about who is who.
    DecisionId
);

impl ProjectId {
    pub fn new(name: &str) -> Self {
        Self::derive(&[name.as_bytes()])
    }
}

impl DocumentId {
    pub fn new(project: &str, sha256: &Digest) -> Self {
        Self::derive(&[project.as_bytes(), sha256.as_bytes()])
    }
}

impl ChunkId {
    pub fn new(document: DocumentId, span: Span) -> Self {
        Self::derive(&[document.0.as_bytes(), &span.to_bytes()])
    }
}

impl MentionId {
    /// `extractor` takes part because two recognisers may mark the same range with the same type.
    pub fn new(document: DocumentId, kind: MentionType, span: Span, extractor: &str) -> Self {
        Self::derive(&[document.0.as_bytes(), kind.as_str().as_bytes(), &span.to_bytes(), extractor.as_bytes()])
    }
}

impl ReferentId {
    /// `first` is the span of the cluster's first mention.
    pub fn new(document: DocumentId, kind: MentionType, first: Span) -> Self {
        Self::derive(&[document.0.as_bytes(), kind.as_str().as_bytes(), &first.to_bytes()])
    }
}

impl ProfileId {
    /// `key` is the digest of a [`ProfileKey`](crate::ProfileKey).
    pub fn new(key: &Digest) -> Self {
        Self::derive(&[key.as_bytes()])
    }
}

impl EntityId {
    /// `least` is the least referent id among the entity's members.
    pub fn new(project: ProjectId, least: ReferentId) -> Self {
        Self::derive(&[project.0.as_bytes(), least.0.as_bytes()])
    }
}

impl DecisionId {
    /// `content` is the digest of all that the decision says.
    pub fn new(content: &Digest) -> Self {
        Self::derive(&[content.as_bytes()])
    }
}

impl RelationId {
    pub fn new(from: EntityId, to: EntityId, kind: RelationType) -> Self {
        Self::derive(&[from.0.as_bytes(), to.0.as_bytes(), kind.as_str().as_bytes()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_the_same_on_every_machine_and_in_every_version() {
        let document = DocumentId::new("p", &Digest::of(b"abc"));
        let span = Span::new(1, 5);
        let referent = ReferentId::new(document, MentionType::Person, span);
        let entity = EntityId::new(ProjectId::new("p"), referent);
        let ids = [
            ProjectId::new("p").0,
            document.0,
            ChunkId::new(document, span).0,
            MentionId::new(document, MentionType::Person, span, "rule/name@1").0,
            referent.0,
            ProfileId::new(&Digest::of(b"key")).0,
            entity.0,
            RelationId::new(entity, entity, RelationType::WroteTo).0,
        ];
        let expected = [
            "83736f8c-3260-5b6f-91cf-69d0403e4187",
            "e2c5a42e-086c-5298-ac6e-3c38eb9ea818",
            "b6dc1914-79a1-503c-890e-e38587836e28",
            "242e1853-cf3b-5534-897f-714f030b4fb3",
            "8a5cd227-e697-5564-b6c5-e502ca2141bf",
            "43eb6b4d-b959-56fb-a006-e601d3b38a54",
            "e651aa27-05bc-595b-ab50-6487ae7d7268",
            "d35667af-ed13-56ff-85df-b8476958d016",
        ];
        assert_eq!(ids.map(|id| id.to_string()), expected);
    }
}
