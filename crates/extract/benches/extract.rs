//! Each format on a made-up document of 10 KB of text; the PDF has ten pages of 3 KB.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use docmill_extract::{Bytes, Flow, Member, Options, Sink, extract, sniff};
use docmill_model::Page;
use docmill_testkit::corpus::{FORMATS, document};

/// Counts characters, so that nothing is left out because nobody looks.
#[derive(Default)]
struct Count(usize);

impl Sink for Count {
    fn page(&mut self, page: Page) -> Flow {
        self.0 += page.text.len() + page.words.len();
        Flow::Continue
    }

    fn member(&mut self, _: Member, bytes: &[u8]) -> Flow {
        self.0 += bytes.len();
        Flow::Continue
    }
}

fn sniffing(c: &mut Criterion) {
    let mut group = c.benchmark_group("sniff");
    for format in FORMATS {
        let bytes = sample(format);
        group.bench_function(format, |b| b.iter(|| sniff(black_box(&bytes))));
    }
    group.finish();
}

fn extraction(c: &mut Criterion) {
    let mut group = c.benchmark_group("extract");
    for format in FORMATS {
        let bytes = sample(format);
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        let bytes: Bytes = Arc::new(bytes);
        group.bench_function(format, |b| {
            b.iter(|| {
                let mut count = Count::default();
                extract(black_box(&bytes), &Options::default(), &mut count).expect("a document made by us is read");
                count.0
            })
        });
    }
    group.finish();
}

fn sample(format: &str) -> Vec<u8> {
    match format {
        "pdf" => document(format, 1, 3 << 10, 10),
        _ => document(format, 1, 10 << 10, 1),
    }
}

criterion_group!(benches, sniffing, extraction);
criterion_main!(benches);
