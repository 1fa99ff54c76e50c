//! Names that were found: by this program, or by another one in a file.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use docmill_analyze::eval::annotated::{Sentence, kind_of};
use docmill_analyze::eval::name::Found;
use docmill_analyze::names::{self, Names, Token};
use docmill_analyze::{chunk, clean, mention};
use docmill_model::{ByteSpan, Digest, DocumentId, MediaType, MentionType, Text};

use super::input;

/// What the model says of sentences whose words are given. The rules take no part.
pub fn of_words(model: &dyn Names, sentences: &[&Sentence]) -> Result<Vec<Vec<Found>>> {
    let rows: Vec<_> = sentences.iter().map(|s| tokens(s)).collect();
    let found = sentences.iter().zip(names::label(model, &rows)?).map(|(sentence, spans)| {
        let find = |span: &names::Span| Found {
            span: ByteSpan::new(sentence.words[span.start].start, sentence.words[span.end - 1].end),
            kind: span.kind,
            confidence: span.confidence,
            extractor: span.extractor.to_owned(),
        };
        spans.iter().map(find).collect()
    });
    Ok(found.collect())
}

fn tokens(sentence: &Sentence) -> Vec<Token<'_>> {
    let words = || sentence.words.iter().map(|w| &sentence.text[w.start..w.end]);
    let cases = names::case_channel(words());
    let tokens = words().zip(&sentence.words).zip(cases);
    tokens.map(|((text, span), case)| Token { text, at: span.start, case }).collect()
}

/// What is found in a sentence that is read as a document is: cleaned, cut into words, rules and all.
pub fn of_text(model: &dyn Names, sentence: &Sentence) -> Result<Vec<Found>> {
    let document = DocumentId::new("eval", &Digest::of(sentence.text.as_bytes()));
    let raw = Text::from(sentence.text.as_str());
    let clean = clean::clean(&sentence.text);
    let chunks = chunk::chunk(document, &clean.text, &[], &[]);
    let found = mention::mentions(document, MediaType::Text, &clean.text, &[], &chunks, None, Some(model))?;
    let found = found.mentions.into_iter().map(|mention| Found {
        span: raw.bytes_of(clean.map.to_raw(mention.span)),
        kind: mention.kind,
        confidence: mention.confidence,
        extractor: mention.extractor,
    });
    Ok(found.collect())
}

/// Names by file and number of the sentence.
pub type Predictions = BTreeMap<(String, u64), Vec<Found>>;

/// Reads what another program found in the texts that `--texts` writes. Types may be those of any corpus that is
/// known; names of other types are left out. A confidence is in thousandths, 1000 if not given.
pub fn from_file(path: &Path, texts: &BTreeMap<(String, u64), &str>) -> Result<Predictions> {
    let mut out = Predictions::new();
    for item in input::items(path)? {
        let wrong = |what: &str| input::malformed(path, item.line, what);
        let file = item.text(path, "file")?.to_owned();
        let number = item.value["sentence"].as_u64().ok_or_else(|| wrong("no number in \"sentence\""))?;
        // Predictions may cover more than is scored here.
        let key = (file, number);
        let Some(text) = texts.get(&key).map(|text| Text::from(*text)) else { continue };
        let (start, end) = input::range(&item.value, text.chars())
            .ok_or_else(|| wrong("\"start\" and \"end\" do not lie in the text"))?;
        let label = item.text(path, "type")?;
        let Some(kind) = MentionType::parse(label).or_else(|| kind_of(label)) else { continue };
        let confidence = input::number(&item.value["confidence"]).map_or(1000, |c| c.min(1000) as u16);
        let span = ByteSpan::new(text.byte_of(start), text.byte_of(end));
        out.entry(key).or_default().push(Found { span, kind, confidence, extractor: "other".to_owned() });
    }
    Ok(out)
}
