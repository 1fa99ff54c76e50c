//! Fits the table of `names/confidence.rs` and shows what it and the recogniser are worth:
//! `cargo run --release -p docmill-analyze --example fit_confidence -- FILE...`, with files of words and labels (IOB2).
//!
//! Even sentences fit, odd ones check; strict span and type, over persons, organisations and places. The fit is
//! isotonic (pooled adjacent violators) over the likelihoods of names in the words that the files give.

use std::time::Instant;

use docmill_analyze::eval::annotated::{SCORED, Sentence};
use docmill_analyze::eval::iob;
use docmill_analyze::eval::name::{Found, Measure, Tally};
use docmill_analyze::names::{self, Token};
use docmill_analyze::{chunk, clean, mention};
use docmill_infer::NameModel;
use docmill_model::{ByteSpan, Digest, DocumentId, MediaType, Text};

/// A name that was found, and whether it was marked so.
struct Judged {
    odd: bool,
    likelihood: u16,
    confidence: u16,
    right: bool,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let model = NameModel::load()?;
    let (mut words, mut texts) = (Vec::new(), Vec::new());
    for path in std::env::args().skip(1) {
        let sentences = iob::read(&std::fs::read_to_string(&path)?)?.sentences;
        let begin = Instant::now();
        let count: usize = sentences.iter().map(|s| s.words.len()).sum();
        score(&format!("{path}, its words"), &sentences, from_words(&model, &sentences)?, &mut words);
        println!("{count} words in {} ms", begin.elapsed().as_millis());
        score(&format!("{path}, its text"), &sentences, from_text(&model, &sentences)?, &mut texts);
    }
    println!("likelihood, share of the even sentences' names that are right, names");
    for (likelihood, right, count) in isotonic(words.iter().filter(|n| !n.odd)) {
        println!("{likelihood:>6} {:>6} {count:>6}", right * 1000 / count);
    }
    for (what, names) in [("words", &words), ("text", &texts)] {
        println!("confidence in the odd sentences' names, from {what}: names, right");
        for (low, high) in [(0, 499), (500, 699), (700, 849), (850, 949), (950, 1000)] {
            let of_bin = |n: &&Judged| n.odd && (low..=high).contains(&n.confidence);
            let count = names.iter().filter(of_bin).count();
            let right = names.iter().filter(of_bin).filter(|n| n.right).count();
            println!("{low:>4} to {high:>4}: {count:>5}, {:>4}", right * 1000 / count.max(1));
        }
    }
    Ok(())
}

type Names = Vec<Vec<(Found, u16)>>;

fn score(what: &str, sentences: &[Sentence], found: Names, judged: &mut Vec<Judged>) {
    let mut tally = Tally::default();
    for (number, (sentence, found)) in sentences.iter().zip(found).enumerate() {
        let marked = |f: &Found| sentence.names.iter().any(|name| name.span == f.span && name.kind == f.kind);
        for (f, likelihood) in found.iter().filter(|(f, _)| SCORED.contains(&f.kind)) {
            let (likelihood, right) = (*likelihood, marked(f));
            judged.push(Judged { odd: number % 2 == 1, likelihood, confidence: f.confidence, right });
        }
        tally.add(&sentence.names, &found.into_iter().map(|(f, _)| f).collect::<Vec<_>>());
    }
    let all = tally.all(Measure::Strict);
    let f1 = 2000 * all.right / (all.found + all.expected).max(1);
    println!("{what}: F1 {f1}, {} right of {} found and {} marked", all.right, all.found, all.expected);
}

fn from_words(model: &NameModel, sentences: &[Sentence]) -> Result<Names, names::Error> {
    let rows: Vec<Vec<Token<'_>>> = sentences.iter().map(tokens_of).collect();
    let found = names::label(model, &rows)?;
    let find = |sentence: &Sentence, span: names::Span| {
        let bytes = ByteSpan::new(sentence.words[span.start].start, sentence.words[span.end - 1].end);
        let extractor = span.extractor.to_owned();
        (Found { span: bytes, kind: span.kind, confidence: span.confidence, extractor }, span.likelihood)
    };
    Ok(sentences.iter().zip(found).map(|(s, spans)| spans.into_iter().map(|span| find(s, span)).collect()).collect())
}

fn tokens_of(sentence: &Sentence) -> Vec<Token<'_>> {
    let words = || sentence.words.iter().map(|w| &sentence.text[w.start..w.end]);
    let cases = names::case_channel(words());
    words().zip(&sentence.words).zip(cases).map(|((text, span), case)| Token { text, at: span.start, case }).collect()
}

/// Each sentence as a document of its own.
fn from_text(model: &NameModel, sentences: &[Sentence]) -> Result<Names, names::Error> {
    let read = |sentence: &Sentence| {
        let document = DocumentId::new("fit", &Digest::of(sentence.text.as_bytes()));
        let raw = Text::from(sentence.text.as_str());
        let clean = clean::clean(&sentence.text);
        let chunks = chunk::chunk(document, &clean.text, &[], &[]);
        let found = mention::mentions(document, MediaType::Text, &clean.text, &[], &chunks, None, Some(model))?;
        let find = |m: docmill_model::Mention| {
            let span = raw.bytes_of(clean.map.to_raw(m.span));
            (Found { span, kind: m.kind, confidence: m.confidence, extractor: m.extractor }, 0)
        };
        Ok(found.mentions.into_iter().map(find).collect())
    };
    sentences.iter().map(read).collect()
}

/// Blocks of names with rising likelihood and rising share of right ones: the least likelihood, how many are right, and
/// how many there are.
fn isotonic<'a>(names: impl Iterator<Item = &'a Judged>) -> Vec<(u16, usize, usize)> {
    let mut names: Vec<_> = names.map(|n| (n.likelihood, usize::from(n.right))).collect();
    names.sort_unstable();
    let mut blocks: Vec<(u16, usize, usize)> = Vec::new();
    for (likelihood, right) in names {
        blocks.push((likelihood, right, 1));
        while let [.., a, b] = blocks[..]
            && a.1 * b.2 >= b.1 * a.2
        {
            blocks.truncate(blocks.len() - 2);
            blocks.push((a.0, a.1 + b.1, a.2 + b.2));
        }
    }
    blocks
}
