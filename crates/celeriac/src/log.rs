//! Log lines in Celery's shape: `[2026-11-24 10:15:00,250: INFO/MainProcess] message`.
//!
//! What an event carries besides its message stands behind it as `name=value`.

use std::fmt::{self, Write as _};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::SetGlobalDefaultError;
use tracing::{Event, Metadata, Subscriber};

/// How much is logged, by Celery's names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// All that helps to find a fault.
    Debug,
    /// What the worker does: the tasks that come and end.
    Info,
    /// What somebody should know.
    #[default]
    Warning,
    /// What went wrong.
    Error,
    /// Errors too: nothing here is worse.
    Critical,
}

/// A name that is no level's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not one of DEBUG, INFO, WARNING, ERROR, CRITICAL, FATAL")]
pub struct UnknownLevel(String);

impl FromStr for Level {
    type Err = UnknownLevel;

    fn from_str(name: &str) -> Result<Self, UnknownLevel> {
        match name.to_ascii_uppercase().as_str() {
            "DEBUG" => Ok(Self::Debug),
            "INFO" => Ok(Self::Info),
            "WARNING" | "WARN" => Ok(Self::Warning),
            "ERROR" => Ok(Self::Error),
            "CRITICAL" | "FATAL" => Ok(Self::Critical),
            _ => Err(UnknownLevel(name.to_owned())),
        }
    }
}

impl Level {
    fn filter(self) -> LevelFilter {
        match self {
            Self::Debug => LevelFilter::DEBUG,
            Self::Info => LevelFilter::INFO,
            Self::Warning => LevelFilter::WARN,
            Self::Error | Self::Critical => LevelFilter::ERROR,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
            Self::Critical => "CRITICAL",
        })
    }
}

/// The log could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file, which cannot be written.
    #[error("could not open the log {0}")]
    Open(PathBuf, #[source] io::Error),
    /// The process logs already, through this or another subscriber of `tracing`.
    #[error("a log is set up already")]
    Again(#[from] SetGlobalDefaultError),
}

/// Sends all that is logged in this process to a file, or to standard error, under the name of the process. A file that
/// is moved away is made anew, as those who rotate logs expect.
///
/// # Errors
///
/// When the file cannot be opened, or when there is a log already.
pub fn set_up(level: Level, file: Option<&Path>, process: &str) -> Result<(), Error> {
    let sink = match file {
        None => Sink::Stderr,
        Some(path) => {
            let file = open(path).map_err(|e| Error::Open(path.to_owned(), e))?;
            Sink::File { path: path.to_owned(), file, looked: Instant::now() }
        }
    };
    let log = Log { level: level.filter(), process: process.to_owned(), sink: Mutex::new(sink) };
    Ok(tracing::subscriber::set_global_default(log)?)
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

enum Sink {
    Stderr,
    File { path: PathBuf, file: File, looked: Instant },
}

/// How often it is looked whether the file is still the one of its name.
const LOOK: Duration = Duration::from_secs(1);

impl Sink {
    /// Writes a line in one piece. One that cannot be written is lost: there is nowhere to say so.
    fn write(&mut self, line: &str) {
        match self {
            Self::Stderr => drop(io::stderr().write_all(line.as_bytes())),
            Self::File { path, file, looked } => {
                if looked.elapsed() >= LOOK {
                    *looked = Instant::now();
                    let same = |there: std::fs::Metadata, here: std::fs::Metadata| {
                        (there.dev(), there.ino()) == (here.dev(), here.ino())
                    };
                    let stays = std::fs::metadata(&*path).and_then(|there| Ok(same(there, file.metadata()?)));
                    if !stays.unwrap_or(false)
                        && let Ok(new) = open(path)
                    {
                        *file = new;
                    }
                }
                drop(file.write_all(line.as_bytes()));
            }
        }
    }
}

struct Log {
    level: LevelFilter,
    process: String,
    sink: Mutex<Sink>,
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.level
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level)
    }

    // Spans are not shown, so that one is as good as another.
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let level = match *event.metadata().level() {
            tracing::Level::ERROR => "ERROR",
            tracing::Level::WARN => "WARNING",
            tracing::Level::INFO => "INFO",
            tracing::Level::DEBUG | tracing::Level::TRACE => "DEBUG",
        };
        let now = chrono::Local::now().format("%Y-%m-%d %H:%M:%S,%3f");
        let mut line = Line { out: format!("[{now}: {level}/{}] ", self.process), fields: String::new() };
        event.record(&mut line);
        let Line { mut out, fields } = line;
        out.push_str(&fields);
        out.push('\n');
        self.sink.lock().unwrap_or_else(PoisonError::into_inner).write(&out);
    }
}

struct Line {
    out: String,
    fields: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a string does not fail.
        let _ = match field.name() {
            "message" => write!(self.out, "{value:?}"),
            // It stands in the message.
            "task_id" => Ok(()),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let _ = match field.name() {
            "message" => write!(self.out, "{value}"),
            "task_id" => Ok(()),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let _ = write!(self.fields, " {}=\"{value}", field.name());
        let mut cause = value.source();
        while let Some(error) = cause {
            let _ = write!(self.fields, ": {error}");
            cause = error.source();
        }
        self.fields.push('"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logged(level: Level, log: impl FnOnce()) -> String {
        let folder = std::env::temp_dir().join(format!("celeriac-log-{:?}", uuid::Uuid::new_v4()));
        let file = open(&folder).unwrap();
        let sink = Sink::File { path: folder.clone(), file, looked: Instant::now() };
        let subscriber = Log { level: level.filter(), process: "MainProcess".to_owned(), sink: Mutex::new(sink) };
        tracing::subscriber::with_default(subscriber, log);
        let text = std::fs::read_to_string(&folder).unwrap();
        std::fs::remove_file(folder).unwrap();
        text
    }

    #[test]
    fn lines_have_celerys_shape() {
        let text = logged(Level::Info, || {
            tracing::info!(task_id = "an-id", "Task {}[{}] received", "tasks.add", "an-id");
            tracing::warn!(error = &io::Error::other("gone") as &dyn std::error::Error, queue = "q", "could not look");
            tracing::debug!("not shown");
        });
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert!(lines[0].ends_with(": INFO/MainProcess] Task tasks.add[an-id] received"), "{text}");
        assert!(lines[1].ends_with(": WARNING/MainProcess] could not look error=\"gone\" queue=\"q\""), "{text}");
        assert_eq!(lines[0].find(": INFO"), Some("[2026-11-24 10:15:00,250".len()), "{text}");
    }

    #[test]
    fn levels_have_celerys_names() {
        assert_eq!("info".parse(), Ok(Level::Info));
        assert_eq!("FATAL".parse(), Ok(Level::Critical));
        assert_eq!("loud".parse::<Level>(), Err(UnknownLevel("loud".to_owned())));
    }
}
