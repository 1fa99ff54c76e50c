//! `extract`: one file to the terminal, without a workspace.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, IsTerminal as _, Seek as _, Write as _};
use std::path::Path;

use anyhow::Result;
use docmill_engine::{self as engine, Reading, Walled, read_file};
use docmill_extract::{Flow, Options};
use docmill_model::{Page, Rect, Text, Warning};
use serde_json::{Value, json};

use crate::args::{self, To};
use crate::context::{Context, shown};
use crate::failure::{Error, Exit};
use crate::markdown;
use crate::screen::{escaped, visible};

pub fn extract(cx: &Context, args: &args::Extract) -> Result<Exit> {
    let file = open(&args.file)?;
    let reader = Walled::new(1, cx.config.settings.limits);
    let mut writer = Writer::new(if cx.screen.json { To::Json } else { args.to });
    let mut failed = None;
    let read = read_file(&reader, &file, &Options::default(), &mut |page| match writer.page(&page) {
        Ok(()) => Flow::Continue,
        Err(error) => {
            failed = Some(error);
            Flow::Stop
        }
    });
    if let Some(error) = failed {
        return Err(Error::Output(error).into());
    }
    match read {
        Ok(Some(reading)) => {
            writer.end(&reading).map_err(Error::Output)?;
            if writer.to != To::Json {
                warn(cx, &reading);
            }
            Ok(Exit::Fine)
        }
        Ok(None) => Ok(Exit::Fine),
        Err(failure) => {
            writer.broken(&failure.warning).map_err(Error::Output)?;
            Err(Error::Unread(failure).into())
        }
    }
}

/// Opens a file, or keeps standard input in one that has no name.
fn open(path: &Path) -> Result<File> {
    if path == Path::new("-") {
        let mut file = tempfile::tempfile().map_err(Error::Spool)?;
        io::copy(&mut io::stdin().lock(), &mut file).map_err(Error::Spool)?;
        file.rewind().map_err(Error::Spool)?;
        return Ok(file);
    }
    let unreadable = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => anyhow::Error::from(Error::Argument {
            message: format!("there is no file called {}", shown(path)),
            hint: "check the spelling; `-` reads standard input".to_owned(),
        }),
        _ => engine::Error::Source { shown: shown(path), source }.into(),
    };
    // Looked at before it is opened, as opening a pipe waits for its other end.
    let metadata = path.metadata().map_err(unreadable)?;
    if metadata.is_dir() {
        return Err(Error::Argument {
            message: format!("{} is a folder", shown(path)),
            hint: format!("`docmill run {}` reads a folder", crate::format::quoted(&shown(path))),
        }
        .into());
    }
    if !metadata.is_file() {
        return Err(Error::NotAFile { shown: shown(path) }.into());
    }
    File::open(path).map_err(unreadable)
}

/// Says what was found beside the text.
fn warn(cx: &Context, reading: &Reading) {
    for warning in &reading.summary.warnings {
        cx.screen.say(&format!("warning: {} [{}]", warning.message, warning.code));
    }
    for member in &reading.members {
        cx.screen.say(&format!("holds {member}, which `docmill run` reads as a document of its own"));
    }
}

/// Writes pages as they come, so that a long document is never held whole.
struct Writer {
    to: To,
    out: io::Stdout,
    /// On a terminal text must not be able to command it; elsewhere it is given as it is.
    guarded: bool,
    pages: u32,
}

impl Writer {
    fn new(to: To) -> Self {
        let out = io::stdout();
        let guarded = out.is_terminal();
        Self { to, out, guarded, pages: 0 }
    }

    fn page(&mut self, page: &Page) -> io::Result<()> {
        let first = self.pages == 0;
        self.pages += 1;
        let text = match self.to {
            To::Text => Cow::Borrowed(page.text.as_str()),
            To::Md => Cow::Owned(markdown::page(page, first)),
            To::Json => Cow::Owned(format!("{}{}", if first { "{\"pages\":[\n" } else { ",\n" }, page_json(page))),
        };
        if self.to != To::Json {
            for warning in &page.warnings {
                let page = warning.page.map(|n| format!("page {n}: ")).unwrap_or_default();
                let text = format!("warning: {page}{} [{}]", warning.message, warning.code);
                let _ = writeln!(io::stderr(), "{}", visible(&text));
            }
        }
        let text = match (self.to, self.guarded) {
            (To::Json, _) => escaped(&text),
            (To::Text | To::Md, true) => visible(&text),
            (To::Text | To::Md, false) => Cow::Borrowed(&*text),
        };
        self.out.write_all(text.as_bytes())
    }

    fn end(&mut self, reading: &Reading) -> io::Result<()> {
        if self.to == To::Json {
            let warnings: Vec<Value> = reading.summary.warnings.iter().map(warning_json).collect();
            let rest = json!({
                "media_type": reading.summary.media_type.mime(), "warnings": warnings, "members": reading.members,
            });
            self.tail(&rest)?;
        }
        self.out.flush()
    }

    /// Ends the object of a reading that broke off, so that what came before can be used.
    fn broken(&mut self, warning: &Warning) -> io::Result<()> {
        if self.to == To::Json && self.pages > 0 {
            self.tail(&json!({ "error": warning_json(warning) }))?;
        }
        self.out.flush()
    }

    /// The last members of the object, after its pages.
    fn tail(&mut self, rest: &Value) -> io::Result<()> {
        let head = if self.pages == 0 { "{\"pages\":[" } else { "" };
        let rest = rest.to_string();
        writeln!(self.out, "{head}],{}", escaped(rest.strip_prefix('{').unwrap_or(&rest)))
    }
}

fn warning_json(warning: &Warning) -> Value {
    json!({ "code": warning.code, "message": warning.message, "page": warning.page })
}

/// Hundredths of a point as points.
fn points(hundredths: i32) -> f64 {
    f64::from(hundredths) / 100.0
}

fn page_json(page: &Page) -> Value {
    let text = Text::from(page.text.as_str());
    let words: Vec<Value> = page
        .words
        .iter()
        .map(|word| {
            let Rect { x0, y0, x1, y1 } = word.rect;
            json!({ "text": text.slice(word.span), "start": word.span.start, "end": word.span.end, "line": word.line,
                    "x0": points(x0), "y0": points(y0), "x1": points(x1), "y1": points(y1) })
        })
        .collect();
    let blocks: Vec<Value> = page
        .blocks
        .iter()
        .map(|b| json!({ "type": b.kind.as_str(), "start": b.span.start, "end": b.span.end, "path": b.path }))
        .collect();
    let mut value = json!({
        "number": page.number, "width": page.size.map(|s| points(s.width)), "height": page.size.map(|s| points(s.height)),
        "rotation": page.rotation, "text": page.text, "blocks": blocks,
        "warnings": page.warnings.iter().map(warning_json).collect::<Vec<_>>(),
    });
    if page.size.is_some() {
        value["words"] = words.into();
    }
    value
}
