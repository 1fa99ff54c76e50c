//! A store to test, and documents in it: what the stages would make of a text, in small.

use std::sync::Arc;

use docmill_model::{
    Advance, Block, BlockKind, Category, Chunk, ChunkId, CleanMap, Code, Digest, DocumentId, Evidence, Language,
    MediaType, Mention, MentionId, MentionType, Origin, Page, PageSize, Rect, Referent, ReferentId, Relation,
    RelationType, Rewrite, Segment, Span, Stage, Text, Warning, Word,
};
use docmill_store::{
    Claim, Claimed, Epoch, Failure, Hit, MemberFile, Message, Node, Ocr, Output, Query, StageKey, Stamp, Store,
    Submission, Submitted, Versions,
};
use serde_json::json;
use uuid::Uuid;

/// A kind of store. Opening it twice gives two handles to the same data.
pub trait Backend: Send + Sync {
    fn open(&self, versions: Versions) -> Arc<dyn Store>;
}

/// The embedded store in a folder that leaves with the test.
pub struct Sqlite(tempfile::TempDir);

impl Sqlite {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }
}

impl Backend for Sqlite {
    fn open(&self, versions: Versions) -> Arc<dyn Store> {
        Arc::new(docmill_store::Sqlite::open(&self.0.path().join("store.sqlite"), versions).unwrap())
    }
}

pub fn versions() -> Versions {
    Stage::ALL.into_iter().map(|stage| (stage, "1".to_owned())).collect()
}

/// The versions with another one for one stage.
pub fn versions_with(stage: Stage, version: &str) -> Versions {
    let mut versions = versions();
    versions.insert(stage, version.to_owned());
    versions
}

pub const PROJECT: &str = "test";
pub const TASK: Uuid = Uuid::from_u128(7);

pub struct World<'a> {
    pub backend: &'a dyn Backend,
    pub store: Arc<dyn Store>,
}

impl<'a> World<'a> {
    pub fn new(backend: &'a dyn Backend) -> Self {
        Self { backend, store: backend.open(versions()) }
    }

    pub async fn submit(&self, path: &str, bytes: &str) -> Submitted {
        self.submit_into(PROJECT, path, bytes).await
    }

    pub async fn submit_into(&self, project: &str, path: &str, bytes: &str) -> Submitted {
        self.store.submit(vec![submission(project, path, bytes)]).await.unwrap()[0]
    }

    /// Submits a file and runs all stages over it: its content is its text.
    pub async fn add(&self, path: &str, text: &str) -> DocumentId {
        let id = self.submit(path, text).await.document();
        self.finish(id, text).await;
        id
    }

    pub async fn claimed(&self, document: DocumentId, stage: Stage) -> Claimed {
        self.store.claim(StageKey { document, stage }, TASK).await.unwrap()
    }

    pub async fn claim(&self, document: DocumentId, stage: Stage) -> Claim {
        match self.claimed(document, stage).await {
            Claimed::Run(claim) => claim,
            other => panic!("{stage} of {document} is not to be run: {other:?}"),
        }
    }

    /// Claims a stage and commits its output. Returns what is to be published.
    pub async fn run(&self, document: DocumentId, stage: Stage, output: Output) -> Vec<Message> {
        let claim = self.claim(document, stage).await;
        self.store.commit(claim.done(output, vec![], json!({ "stage": stage.as_str() }))).await.unwrap()
    }

    /// Runs every stage that is asked for, as if the document had this text.
    pub async fn finish(&self, document: DocumentId, text: &str) -> Vec<Stage> {
        self.finish_with(document, text, vec![]).await
    }

    /// The same for a container.
    pub async fn finish_with(&self, document: DocumentId, text: &str, members: Vec<MemberFile>) -> Vec<Stage> {
        let mut ran = Vec::new();
        for stage in Stage::ALL {
            if let Claimed::Run(claim) = self.claimed(document, stage).await {
                let output = match output(document, stage, text) {
                    Output::Ocr(ocr) => Output::Ocr(Ocr { members: members.clone(), ..ocr }),
                    output => output,
                };
                self.store.commit(claim.done(output, vec![], json!({}))).await.unwrap();
                ran.push(stage);
            }
        }
        ran
    }

    /// The passages with some words.
    pub async fn search(&self, words: &str, limit: usize) -> Vec<Hit> {
        self.store.search(&Query::new(words, limit)).await.unwrap().hits
    }

    pub async fn waiting(&self) -> Vec<Message> {
        self.store.unpublished(epoch("none"), 1000).await.unwrap()
    }

    pub async fn state(&self, document: DocumentId) -> docmill_model::State {
        self.store.document(document).await.unwrap().state
    }

    pub async fn merges(&self) -> Vec<docmill_store::MergeRow> {
        let mut rows = Vec::new();
        let mut take = |row| {
            rows.push(row);
            std::ops::ControlFlow::Continue(())
        };
        self.store.merge_rows(&mut take).await.unwrap();
        rows
    }

    pub async fn relations(&self, query: docmill_store::RelationQuery) -> Vec<docmill_store::RelationRow> {
        let mut rows = Vec::new();
        let mut take = |row| {
            rows.push(row);
            std::ops::ControlFlow::Continue(())
        };
        self.store.relation_rows(query, &mut take).await.unwrap();
        rows
    }

    pub async fn entity_names(&self) -> Vec<String> {
        let mut names: Vec<String> =
            self.store.entity_rows(None, 1000).await.unwrap().into_iter().map(|row| row.entity.name).collect();
        names.sort();
        names
    }
}

pub fn epoch(name: &str) -> Epoch {
    Epoch(name.into())
}

pub fn submission(project: &str, path: &str, bytes: &str) -> Submission {
    let stamp = Stamp { size: bytes.len() as u64, mtime_ns: 1, ctime_ns: 2, inode: 3, read_ns: 9_000_000_000 };
    Submission {
        project: project.into(),
        sha256: Digest::of(bytes.as_bytes()),
        bytes: bytes.len() as u64,
        origin: Origin::Path { absolute: absolute(path), shown: path.into() },
        stamp,
    }
}

pub fn absolute(path: &str) -> Vec<u8> {
    format!("/pile/{path}").into_bytes()
}

pub fn member(name: &str, bytes: &str) -> MemberFile {
    MemberFile { name: name.into(), sha256: Digest::of(bytes.as_bytes()), bytes: bytes.len() as u64 }
}

pub fn failure(code: Code) -> Failure {
    Failure::new(Warning::new(code, code.meaning()), vec!["outer".into(), "inner".into()])
}

/// Pages are told apart by form feeds; a page's words have boxes.
pub fn pages(text: &str) -> Vec<Page> {
    let page = |(index, text): (usize, &str)| Page {
        number: index as u32 + 1,
        size: Some(PageSize { width: 59_500, height: 84_200 }),
        rotation: 90,
        text: text.into(),
        words: words(text).map(|(start, word)| boxed(start, word)).collect(),
        blocks: vec![Block { kind: BlockKind::Paragraph, span: Span::new(0, chars(text)), path: "p1".into() }],
        warnings: vec![],
    };
    text.split('\u{c}').enumerate().map(page).collect()
}

fn boxed(start: u32, word: &str) -> Word {
    let count = chars(word) as i32;
    let x0 = start as i32 * 10;
    Word {
        span: Span::new(start, start + count as u32),
        rect: Rect { x0, y0: 0, x1: x0 + 10 * count, y1: 12 },
        advance: Advance::Right,
        cuts: (0..=count).map(|i| x0 + 10 * i).collect(),
        line: 0,
    }
}

/// What a stage makes of a text: every capitalised word is a person, the first writes to the second, and a chunk
/// ends where a page does.
pub fn output(document: DocumentId, stage: Stage, text: &str) -> Output {
    match stage {
        Stage::ProcessOcr => Output::Ocr(Ocr { media_type: MediaType::Pdf, pages: pages(text), members: vec![] }),
        Stage::CreateDocumentNode => Output::Node(node(text)),
        Stage::ProcessChunking => Output::Chunks(chunks(document, text).into()),
        Stage::ExtractEntities => Output::Mentions(mentions(document, text)),
        Stage::ResolveEntities => Output::Referents(referents(document, text)),
        Stage::BuildRelationships => Output::Relations(relations(document, text)),
    }
}

pub fn clean(text: &str) -> String {
    text.replace('\u{c}', "")
}

pub fn node(text: &str) -> Node {
    let text = clean(text);
    let length = chars(&text);
    Node {
        map: CleanMap::from(vec![Segment { rewrite: Rewrite::Equal, raw: length, clean: length }]),
        blocks: vec![Block { kind: BlockKind::Heading, span: Span::new(0, length), path: "h1".into() }],
        language: Some(Language(*b"de")),
        category: Category::Contract,
        text: Text::new(text),
    }
}

pub fn chunks(document: DocumentId, text: &str) -> Vec<Chunk> {
    let mut at = 0;
    let pages = text.split('\u{c}').filter(|page| !page.is_empty()).enumerate();
    let chunk = |(index, page): (usize, &str)| {
        let span = Span::new(at, at + chars(page));
        at = span.end;
        let number = index as u32 + 1;
        let section = Some(format!("section {number}"));
        let id = ChunkId::new(document, span);
        Chunk { id, index: index as u32, span, first_page: number, last_page: number, section }
    };
    pages.map(chunk).collect()
}

pub fn mentions(document: DocumentId, text: &str) -> Vec<Mention> {
    let chunks = chunks(document, text);
    let text = clean(text);
    let named = words(&text).filter(|(_, word)| word.starts_with(char::is_uppercase));
    let mention = |(start, word): (u32, &str)| {
        let span = Span::new(start, start + chars(word));
        Mention {
            id: MentionId::new(document, MentionType::Person, span, "rule/test@1"),
            chunk: chunks.iter().position(|c| c.span.contains(start)).unwrap() as u32,
            span,
            kind: MentionType::Person,
            normal: word.to_lowercase(),
            name: word.into(),
            identifiers: vec![],
            role: Some(docmill_model::Role::Sender),
            confidence: 900,
            extractor: "rule/test@1".into(),
        }
    };
    named.map(mention).collect()
}

pub fn referents(document: DocumentId, text: &str) -> Vec<Referent> {
    let mut out: Vec<Referent> = Vec::new();
    for mention in mentions(document, text) {
        match out.iter_mut().find(|r| r.normal == mention.normal) {
            Some(referent) => {
                referent.mentions.push(mention.id);
                referent.forms[0].1 += 1;
            }
            None => out.push(Referent {
                id: ReferentId::new(document, mention.kind, mention.span),
                kind: mention.kind,
                normal: mention.normal,
                identifiers: vec![],
                forms: vec![(mention.name, 1)],
                mentions: vec![mention.id],
                discriminator: String::new(),
            }),
        }
    }
    out
}

pub fn relations(document: DocumentId, text: &str) -> Vec<Relation> {
    let referents = referents(document, text);
    let Some((from, others)) = referents.split_first() else { return vec![] };
    let relation = |to: &Referent| Relation {
        from: from.id,
        to: to.id,
        kind: RelationType::WroteTo,
        confidence: 1000,
        extractor: "rule/test@1".into(),
        attributes: Default::default(),
        evidence: Evidence { span: Span::new(0, 1), mentions: [from.mentions[0], to.mentions[0]] },
    };
    others.iter().map(relation).collect()
}

pub fn chars(text: &str) -> u32 {
    text.chars().count() as u32
}

/// Words with the character at which they start.
fn words(text: &str) -> impl Iterator<Item = (u32, &str)> {
    let mut at = 0;
    let mut start = 0;
    text.split_whitespace().map(move |word| {
        let offset = word.as_ptr() as usize - text.as_ptr() as usize;
        start += chars(&text[at..offset]);
        at = offset;
        (start, word)
    })
}
