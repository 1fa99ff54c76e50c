//! What each stage hands to its commit.

use docmill_model::{
    Block, Category, Chunk, CleanMap, Digest, Language, MediaType, Mention, Page, Referent, Relation, Sketch, Text,
};

use crate::pack;

/// The output of one stage run.
#[derive(Clone, Debug)]
pub enum Output {
    Ocr(Ocr),
    Node(Node),
    Chunks(Chunked),
    Mentions(Vec<Mention>),
    Referents(Vec<Referent>),
    Relations(Vec<Relation>),
}

/// The pages that were not yet saved by a checkpoint, and what is known of the whole document.
#[derive(Clone, Debug)]
pub struct Ocr {
    pub media_type: MediaType,
    pub pages: Vec<Page>,
    pub members: Vec<MemberFile>,
}

/// A member of a container whose bytes are already saved under their hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberFile {
    pub name: String,
    pub sha256: Digest,
    pub bytes: u64,
}

/// The cleaned text with its exact map to the raw one.
#[derive(Clone, Debug)]
pub struct Node {
    pub text: Text,
    pub map: CleanMap,
    pub blocks: Vec<Block>,
    pub language: Option<Language>,
    pub category: Category,
}

/// The chunks of a document and what they are found by.
#[derive(Clone, Debug, Default)]
pub struct Chunked {
    /// What the document calls itself, on one line.
    pub title: Option<String>,
    pub passages: Vec<Passage>,
}

/// A chunk, and what tells whether another one says the same.
#[derive(Clone, Debug)]
pub struct Passage {
    pub chunk: Chunk,
    pub sketch: Option<Sketch>,
    /// The meaning as a direction; its length says nothing.
    pub embedding: Option<Vec<i8>>,
}

impl From<Vec<Chunk>> for Chunked {
    fn from(chunks: Vec<Chunk>) -> Self {
        let passage = |chunk| Passage { chunk, sketch: None, embedding: None };
        Self { title: None, passages: chunks.into_iter().map(passage).collect() }
    }
}

impl Output {
    /// Names the content: a stage that reads an output with the same digest has nothing new to read. The pages
    /// of an `Ocr` count through `saved`, the digests of all pages of the document in order.
    pub(crate) fn digest(&self, saved: &[Digest]) -> Digest {
        match self {
            Self::Ocr(ocr) => {
                let mut parts: Vec<Vec<u8>> = vec![ocr.media_type.mime().into()];
                parts.extend(saved.iter().map(|d| d.as_bytes().to_vec()));
                for member in &ocr.members {
                    parts.push(member.name.clone().into_bytes());
                    parts.push(member.sha256.as_bytes().to_vec());
                }
                Digest::of_parts(parts)
            }
            Self::Node(node) => Digest::of_parts([
                node.text.as_str().as_bytes(),
                &pack::encode(&node.map),
                &pack::encode(&node.blocks),
                node.language.as_ref().map_or("", |l| l.as_str()).as_bytes(),
                node.category.as_str().as_bytes(),
            ]),
            Self::Chunks(chunked) => {
                // What chunks are found and compared by is read by no later stage.
                let chunks: Vec<&Chunk> = chunked.passages.iter().map(|passage| &passage.chunk).collect();
                Digest::of(&pack::encode(&chunks))
            }
            Self::Mentions(mentions) => Digest::of(&pack::encode(mentions)),
            Self::Referents(referents) => Digest::of(&pack::encode(referents)),
            Self::Relations(relations) => Digest::of(&pack::encode(relations)),
        }
    }
}
