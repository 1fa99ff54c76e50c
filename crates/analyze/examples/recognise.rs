//! Prints what the recognisers find in a text file, one mention a line, and how long it took.
//!
//! `cargo run --release -p docmill-analyze --example recognise -- FILE...`

use std::time::Instant;

use docmill_analyze::recognise::recognise;

fn main() -> std::io::Result<()> {
    for path in std::env::args().skip(1) {
        let text = String::from_utf8_lossy(&std::fs::read(&path)?).into_owned();
        // The tables are compiled at the first call.
        recognise("1");
        let start = Instant::now();
        let found = recognise(&text);
        let seconds = start.elapsed().as_secs_f64();
        for f in &found {
            println!("{}\t{}\t{}\t{}\t{}\t{:?}", f.span.start, f.kind, f.confidence, f.extractor, f.normal, f.name);
        }
        let megabytes = text.len() as f64 / 1e6;
        eprintln!("{path}: {} mentions, {megabytes:.2} MB, {:.1} MB/s", found.len(), megabytes / seconds);
    }
    Ok(())
}
