//! Prints what the patterns find in text files, one hit a line: pattern, confidence, both names, what is said beyond
//! them, and the place. This is how the counts in docs/relations.md were made.
//!
//! `cargo run --release -p docmill-analyze --example relations -- FILE...`

use std::time::Instant;

use docmill_analyze::{chunk, language, mention, referent, relation};
use docmill_infer::NameModel;
use docmill_model::{Block, BlockKind, Digest, DocumentId, MediaType, RelationType, Span, Text};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let model = NameModel::load()?;
    for path in std::env::args().skip(1) {
        let text = Text::new(String::from_utf8_lossy(&std::fs::read(&path)?).into_owned());
        let document = DocumentId::new("relations", &Digest::of(text.as_str().as_bytes()));
        let blocks = paragraphs(&text);
        let chunks = chunk::chunk(document, &text, &blocks, &[]);
        let language = language::language(text.as_str());
        let found =
            mention::mentions(document, MediaType::Text, &text, &blocks, &chunks, language.as_ref(), Some(&model))?;
        let referents = referent::referents(document, &text, &found.mentions);
        let start = Instant::now();
        let relations = relation::relations(&text, &blocks, &found.mentions, &referents);
        let seconds = start.elapsed().as_secs_f64();
        let name = |id| {
            let mention = found.mentions.iter().find(|m| m.id == id);
            mention.map_or(String::new(), |m| format!("{} {}", m.kind, m.name))
        };
        for r in relations.iter().filter(|r| r.kind != RelationType::CoMentioned) {
            let [from, to] = r.evidence.mentions.map(name);
            let said = text.slice(r.evidence.span).split_whitespace().collect::<Vec<_>>().join(" ");
            println!("{}\t{}\t{from}\t{to}\t{:?}\t{path}\t{said}", r.extractor, r.confidence, r.attributes);
        }
        let megabytes = text.as_str().len() as f64 / 1e6;
        eprintln!(
            "{path}: {} mentions, {} relations, {megabytes:.2} MB, {:.1} MB/s",
            found.mentions.len(),
            relations.len(),
            megabytes / seconds
        );
    }
    Ok(())
}

/// What stands between empty lines.
fn paragraphs(text: &Text) -> Vec<Block> {
    let mut out = Vec::new();
    let mut at = 0;
    for paragraph in text.as_str().split("\n\n") {
        let length = paragraph.chars().count() as u32;
        if !paragraph.trim().is_empty() {
            out.push(Block { kind: BlockKind::Paragraph, span: Span::new(at, at + length), path: String::new() });
        }
        at += length + 2;
    }
    out
}
