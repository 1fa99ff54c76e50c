//! A message of one of the pipeline's tasks to and from the form in which Redis holds it, and its result record.

use std::hint::black_box;

use celeriac_wire::{Map, Message, Record, Value, envelope, value};
use criterion::{Criterion, criterion_group, criterion_main};

const ID: &str = "0b1b0f8e-5a5b-4a1e-9b43-1a2b3c4d5e6f";

fn message() -> Message {
    let mut kwargs = Map::new();
    kwargs.insert("document_uuid".into(), Value::from("7d9f0f4e-8d3a-5e15-b2a6-6a0e1f7f3c21"));
    Message::new("scripts.celery_tasks.ocr_tasks.process_ocr", ID, Vec::new(), kwargs)
}

fn messages(c: &mut Criterion) {
    let message = message();
    let raw = envelope::encode(&message);
    c.bench_function("encode a message", |b| b.iter(|| envelope::encode(black_box(&message))));
    c.bench_function("decode a message", |b| {
        b.iter(|| envelope::decode(black_box(raw.as_bytes())).expect("what was encoded is decoded"))
    });
    let body = message.body.clone();
    c.bench_function("decode a body", |b| {
        b.iter(|| celeriac_wire::Body::decode(black_box(&body)).expect("what was encoded is decoded"))
    });
    let record = Record::new(ID, "SUCCESS", value!({ "status": "success", "mention_count": 12 }));
    let record =
        Record { date_done: Some(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_795_000_000)), ..record };
    let raw = record.encode();
    c.bench_function("encode a result", |b| b.iter(|| black_box(&record).encode()));
    c.bench_function("decode a result", |b| {
        b.iter(|| Record::decode(black_box(&raw)).expect("what was encoded is decoded"))
    });
}

criterion_group!(benches, messages);
criterion_main!(benches);
