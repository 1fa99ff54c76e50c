//! Prints the text of files, page by page with a form feed behind each, and the findings on standard error:
//! `cargo run --release -p docmill-extract --example pdf_text -- FILE...`. With `--boxes` it prints each word with its
//! box instead.

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use docmill_extract::{Bytes, Flow, Member, Options, Sink, extract};
use docmill_model::{Page, Text};

struct Printer {
    out: std::io::StdoutLock<'static>,
    boxes: bool,
}

impl Printer {
    fn print(&mut self, page: &Page) -> std::io::Result<()> {
        for warning in &page.warnings {
            eprintln!("page {}: {}: {}", page.number, warning.code, warning.message);
        }
        if !self.boxes {
            return write!(self.out, "{}\u{c}", page.text);
        }
        let text = Text::from(page.text.as_str());
        for word in &page.words {
            let rect = word.rect;
            let place = (rect.x0, rect.y0, rect.x1, rect.y1);
            writeln!(self.out, "{} {} {place:?} {}", page.number, word.line, text.slice(word.span))?;
        }
        Ok(())
    }
}

impl Sink for Printer {
    fn page(&mut self, page: Page) -> Flow {
        if self.print(&page).is_ok() { Flow::Continue } else { Flow::Stop }
    }

    fn member(&mut self, _: Member, _: &[u8]) -> Flow {
        Flow::Continue
    }
}

fn main() -> ExitCode {
    let mut printer = Printer { out: std::io::stdout().lock(), boxes: false };
    let mut code = ExitCode::SUCCESS;
    for argument in std::env::args().skip(1) {
        if argument == "--boxes" {
            printer.boxes = true;
            continue;
        }
        let result = std::fs::read(&argument).map_err(|error| error.to_string()).and_then(|content| {
            let bytes: Bytes = Arc::new(content);
            extract(&bytes, &Options::default(), &mut printer).map_err(|error| error.to_string())
        });
        match result {
            Ok(summary) => summary.warnings.iter().for_each(|w| eprintln!("{}: {}", w.code, w.message)),
            Err(error) => {
                eprintln!("{argument}: {error}");
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}
