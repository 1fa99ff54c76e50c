//! The text and entity stages on one text of 20 KB, as a mail archive or a court file has them: headings, prose,
//! citations, dates and sums; and what the fold does most, comparing two names.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use docmill_analyze::chunk::chunk;
use docmill_analyze::clean::{clean, map_blocks};
use docmill_analyze::mention::mentions;
use docmill_analyze::name;
use docmill_analyze::pair::{Prepared, pair_prepared};
use docmill_infer::NameModel;
use docmill_model::{Block, BlockKind, Digest, DocumentId, MediaType, MentionType, ProfileKey, Span};

const PARAGRAPH: &str = "On 3 March 2024 the  parties met at the office of Acme Inc. and agreed that the sum of \
    USD 1,250,000.00 was due no later than 30 June 2024; see Smith v. Jones, 410 U.S. 113, 120 (1973).\r\nThe pay-\r\nment \
    was not made. Questions go to anna.schmidt@example.org, who keeps the file. Nobody else had read it by then, and the \
    matter rested until the autumn, when a letter arrived.\r\n";

/// A text of at least `length` bytes with a heading before every fifth paragraph, and its blocks.
fn document(length: usize) -> (String, Vec<Block>) {
    let (mut text, mut blocks) = (String::new(), Vec::new());
    let mut add = |text: &mut String, kind, piece: &str| {
        let start = text.chars().count() as u32;
        text.push_str(piece);
        let span = Span::new(start, text.chars().count() as u32);
        blocks.push(Block { kind, span, path: format!("p{start}") });
        text.push_str("\r\n");
    };
    for index in 0.. {
        if text.len() >= length {
            break;
        }
        if index % 5 == 0 {
            add(&mut text, BlockKind::Heading, &format!("Section {index}\r\n"));
        }
        add(&mut text, BlockKind::Paragraph, PARAGRAPH);
    }
    (text, blocks)
}

fn stages(c: &mut Criterion) {
    let id = DocumentId::new("bench", &Digest::of(b"bench"));
    let (raw, raw_blocks) = document(20 << 10);
    let cleaned = clean(&raw);
    let blocks = map_blocks(&raw_blocks, &cleaned.map, &cleaned.text);
    let chunks = chunk(id, &cleaned.text, &blocks, &[]);

    let mut group = c.benchmark_group("20 KB");
    group.throughput(Throughput::Bytes(raw.len() as u64));
    group.bench_function("clean", |b| b.iter(|| clean(black_box(&raw))));
    group.bench_function("chunk", |b| b.iter(|| chunk(id, black_box(&cleaned.text), &blocks, &[])));
    group.bench_function("mentions", |b| {
        b.iter(|| mentions(id, MediaType::Text, black_box(&cleaned.text), &blocks, &chunks, None, None))
    });
    group.bench_function("all", |b| {
        b.iter(|| {
            let cleaned = clean(black_box(&raw));
            let blocks = map_blocks(&raw_blocks, &cleaned.map, &cleaned.text);
            let chunks = chunk(id, &cleaned.text, &blocks, &[]);
            mentions(id, MediaType::Text, &cleaned.text, &blocks, &chunks, None, None)
        })
    });
    group.finish();

    let names = NameModel::load().expect("a test loads the model");
    let words = cleaned.text.as_str().split_whitespace().count();
    let mut group = c.benchmark_group("20 KB in words");
    group.throughput(Throughput::Elements(words as u64)).sample_size(10);
    group.bench_function("mentions with names", |b| {
        let text = black_box(&cleaned.text);
        b.iter(|| {
            mentions(id, MediaType::Text, text, &blocks, &chunks, None, Some(&names)).expect("a test runs the model")
        })
    });
    group.finish();
}

/// Pairs of names as blocks bring them together: equal, written otherwise, and others.
const PAIRS: &[(&str, &str)] = &[
    ("Eleanor Whitcombe", "Whitcombe, Eleanor"),
    ("Bob Ellery", "Robert J. Ellery"),
    ("Jörg Morgenroth", "Joerg Morgenrot"),
    ("Anna Schmidt", "Anton Schmitt"),
    ("Anna Maria Schmidt", "Hanna Schmied"),
];

fn pairs(c: &mut Criterion) {
    let prepared = |shown: &str| {
        let normal = name::person(shown).map(|name| name.normal).unwrap_or_default();
        let (identifiers, discriminator) = (Vec::new(), String::new());
        Prepared::new(&ProfileKey { kind: MentionType::Person, normal, identifiers, discriminator })
    };
    let pairs: Vec<_> = PAIRS.iter().map(|(a, b)| (prepared(a), prepared(b))).collect();
    let mut group = c.benchmark_group("names");
    group.throughput(Throughput::Elements(pairs.len() as u64));
    group.bench_function("pairs", |b| {
        b.iter(|| pairs.iter().map(|(a, b)| u32::from(pair_prepared(black_box(a), black_box(b)).score)).sum::<u32>())
    });
    group.finish();
}

criterion_group!(benches, stages, pairs);
criterion_main!(benches);
