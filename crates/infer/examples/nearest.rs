//! For each query, a line of the second file, the numbers of the nearest passages, lines of the first file, with their
//! nearness in thousandths: `nearest PASSAGES QUERIES [ENCODER.onnx]`. What docs/adr/0011 was measured with.

use std::cmp::Reverse;
use std::path::Path;

use docmill_infer::table::similarity;
use docmill_infer::{SentenceModel, Table};

/// More than are shown for a query.
const DEPTH: usize = 50;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (passages, queries, encoder) = match arguments.as_slice() {
        [passages, queries] => (passages, queries, None),
        [passages, queries, encoder] => (passages, queries, Some(Path::new(encoder))),
        _ => return Err("nearest PASSAGES QUERIES [ENCODER.onnx]".into()),
    };
    let table = Table::load()?;
    let encoder = match encoder {
        Some(path) => {
            let vocabulary = std::fs::read_to_string(path.with_file_name("vocab.txt"))?;
            Some(SentenceModel::read(std::fs::read(path)?, vocabulary)?)
        }
        None => None,
    };
    let vectors = |path: &str| -> Result<Vec<Vec<i8>>, Box<dyn std::error::Error>> {
        let vector = |text: &str| match &encoder {
            Some(encoder) => encoder.vector(text),
            None => Ok(table.vector(text)),
        };
        std::fs::read_to_string(path)?.lines().map(|line| Ok(vector(line)?.unwrap_or_default())).collect()
    };
    let passages = vectors(passages)?;
    for query in vectors(queries)? {
        let nearness = passages.iter().map(|passage| similarity(&query, passage)).zip(0..);
        let mut nearest: Vec<(Reverse<u16>, usize)> = nearness.map(|(near, number)| (Reverse(near), number)).collect();
        nearest.sort_unstable();
        let shown: Vec<String> = nearest.iter().take(DEPTH).map(|(near, at)| format!("{at}:{}", near.0)).collect();
        println!("{}", shown.join(" "));
    }
    Ok(())
}
