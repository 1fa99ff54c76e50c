//! The name model without what is around it: loading, and a batch of about 512 tokens on one thread.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use docmill_infer::{Encoded, NameModel};

/// 24 words as mails and court files have them, with their case classes.
const WORDS: &[(&str, u8)] = &[
    ("On", 1),
    ("3", 5),
    ("March", 1),
    ("2024", 5),
    ("Anna", 1),
    ("Schmidt", 1),
    ("of", 0),
    ("Harrow", 1),
    ("Point", 1),
    ("Ltd", 1),
    ("met", 0),
    ("the", 0),
    ("trustees", 0),
    ("at", 0),
    ("their", 0),
    ("office", 0),
    ("in", 0),
    ("Portland", 1),
    (",", 6),
    ("who", 0),
    ("had", 0),
    ("not", 0),
    ("paid", 0),
    (".", 6),
];

fn names(c: &mut Criterion) {
    c.bench_function("load", |b| b.iter(|| NameModel::load().expect("a test loads the model")));
    let model = NameModel::load().expect("a test loads the model");
    let row = || {
        let mut row = Encoded::default();
        for (word, case) in WORDS {
            model.push(&mut row, word, *case);
        }
        row
    };
    let batch: Vec<Encoded> = (0..512 / row().tokens()).map(|_| row()).collect();
    let mut group = c.benchmark_group("batch");
    group.throughput(Throughput::Elements((batch.len() * WORDS.len()) as u64));
    group.bench_function("words", |b| b.iter(|| model.logits(black_box(&batch)).expect("a test runs the model")));
    group.finish();
}

criterion_group!(benches, names);
criterion_main!(benches);
