//! Ids derived from content. Each is a UUIDv5 in a namespace of its own below [`NAMESPACE`], so the same
//! document, chunk or mention has the same id on every machine and after every crash.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Digest, MentionType, RelationType, Span};

/// The root of all our UUIDv5 namespaces: UUIDv5 of the URL namespace and `urn:docmill`.
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
id!(ChunkId);
id!(MentionId);
id!(
    /// A cluster of mentions inside one document.
    ReferentId
);
id!(
    /// What referents of different documents have in common: type, name, identifiers.
    ProfileId
);
id!(EntityId);
id!(RelationId);

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

impl RelationId {
    pub fn new(from: EntityId, to: EntityId, kind: RelationType) -> Self {
        Self::derive(&[from.0.as_bytes(), to.0.as_bytes(), kind.as_str().as_bytes()])
    }
}
