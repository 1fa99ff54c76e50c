//! What the store takes for one document: registered, claimed and committed stage by stage, one transaction each, and
//! read back as stages read it.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use docmill_model::{
    Block, BlockKind, Category, Chunk, ChunkId, CleanMap, Digest, DocumentId, MediaType, Mention, MentionId,
    MentionType, Origin, Page, Referent, ReferentId, Rewrite, Segment, Span, Stage, Text,
};
use docmill_store::{Claimed, Node, Ocr, Output, Sqlite, StageKey, Stamp, Store, Submission, Versions};
use serde_json::json;
use uuid::Uuid;

/// Characters of a document, paragraphs of it, and mentions in it: a letter of five pages.
const LENGTH: u32 = 10_000;
const BLOCKS: u32 = 25;
const MENTIONS: u32 = 20;

fn submission(number: u64) -> Submission {
    let name = format!("{number}.txt");
    Submission {
        project: "bench".into(),
        sha256: Digest::of(name.as_bytes()),
        bytes: u64::from(LENGTH),
        origin: Origin::Path { absolute: format!("/bench/{name}").into_bytes(), shown: name },
        stamp: Stamp::default(),
    }
}

fn blocks() -> Vec<Block> {
    let step = LENGTH / BLOCKS;
    let block = |index| Block {
        kind: BlockKind::Paragraph,
        span: Span::new(index * step, (index + 1) * step),
        path: format!("p{}", index + 1),
    };
    (0..BLOCKS).map(block).collect()
}

fn mentions(document: DocumentId) -> Vec<Mention> {
    let mention = |index: u32| {
        let span = Span::new(index * 100, index * 100 + 10);
        Mention {
            id: MentionId::new(document, MentionType::Money, span, "rule/money@1"),
            chunk: 0,
            span,
            kind: MentionType::Money,
            // Half of the sums are met in other documents too.
            normal: if index.is_multiple_of(2) { format!("EUR {index}") } else { format!("EUR {document} {index}") },
            name: format!("EUR {index}"),
            identifiers: Vec::new(),
            role: None,
            confidence: 900,
            extractor: "rule/money@1".into(),
        }
    };
    (0..MENTIONS).map(mention).collect()
}

fn output(document: DocumentId, stage: Stage, text: &str) -> Output {
    let whole = Span::new(0, LENGTH);
    match stage {
        Stage::ProcessOcr => {
            let page = Page { number: 1, text: text.to_owned(), blocks: blocks(), ..Page::default() };
            Output::Ocr(Ocr { media_type: MediaType::Text, pages: vec![page], members: Vec::new() })
        }
        Stage::CreateDocumentNode => Output::Node(Node {
            text: Text::from(text),
            map: CleanMap::from(vec![Segment { rewrite: Rewrite::Equal, raw: LENGTH, clean: LENGTH }]),
            blocks: blocks(),
            language: None,
            category: Category::Document,
        }),
        Stage::ProcessChunking => {
            let id = ChunkId::new(document, whole);
            Output::Chunks(vec![Chunk { id, index: 0, span: whole, first_page: 1, last_page: 1, section: None }].into())
        }
        Stage::ExtractEntities => Output::Mentions(mentions(document)),
        Stage::ResolveEntities => {
            let referent = |mention: Mention| Referent {
                id: ReferentId::new(document, mention.kind, mention.span),
                kind: mention.kind,
                normal: mention.normal,
                identifiers: Vec::new(),
                forms: vec![(mention.name, 1)],
                mentions: vec![mention.id],
                discriminator: String::new(),
            };
            Output::Referents(mentions(document).into_iter().map(referent).collect())
        }
        Stage::BuildRelationships => Output::Relations(Vec::new()),
    }
}

/// Takes a registered document through all stages.
async fn finish(store: &dyn Store, document: DocumentId, outputs: Vec<(Stage, Output)>) {
    for (stage, output) in outputs {
        let claimed = store.claim(StageKey { document, stage }, Uuid::nil()).await.expect("the store answers");
        let Claimed::Run(claim) = claimed else { panic!("{stage} is not to be run: {claimed:?}") };
        store.commit(claim.done(output, Vec::new(), json!({}))).await.expect("the claim holds");
    }
}

fn stages(c: &mut Criterion) {
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    let versions: Versions = Stage::ALL.into_iter().map(|stage| (stage, "1".to_owned())).collect();
    let store = Sqlite::open(&folder.path().join("store.sqlite"), versions).expect("the folder can be written");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime without threads");
    let text = "The notice was given in time. ".repeat(LENGTH as usize / 30 + 1)[..LENGTH as usize].to_owned();
    let mut number = 0;
    let mut fresh = || {
        number += 1;
        runtime.block_on(store.submit(vec![submission(number)])).expect("the store takes it")[0].document()
    };

    let last = fresh();
    let outputs = |document| Stage::ALL.map(|stage| (stage, output(document, stage, &text))).to_vec();
    runtime.block_on(finish(&store, last, outputs(last)));
    c.bench_function("all stages of a document", |b| {
        b.iter_batched(
            || {
                let document = fresh();
                (document, outputs(document))
            },
            |(document, outputs)| runtime.block_on(finish(&store, document, outputs)),
            BatchSize::PerIteration,
        )
    });
    c.bench_function("load for the mentions", |b| {
        b.iter(|| {
            runtime.block_on(async {
                let text = store.clean(black_box(last)).await.expect("the document is there");
                let blocks = store.blocks(last).await.expect("the document is there");
                (text, blocks, store.chunks(last).await.expect("the document is there"))
            })
        })
    });
    c.bench_function("source of a path", |b| {
        b.iter(|| runtime.block_on(store.source_at("bench", b"/bench/1.txt".to_vec())).expect("the store answers"))
    });
}

criterion_group!(benches, stages);
criterion_main!(benches);
