//! The boundary at which errors become an exit code, a message and a hint.

use std::io::{self, Write as _};

use clap::error::{ContextKind, ContextValue};
use docmill_engine as engine;
use docmill_engine::decide;
use docmill_model::Code;
use docmill_store as store;
use serde_json::json;

use crate::config;
use crate::format::quoted;
use crate::screen::{escaped, visible};

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Fine,
    /// Something failed that the user can mend.
    Mendable,
    /// Two things that were compared differ.
    Differs,
    /// Two things could not be compared.
    Trouble,
    /// The fault is docmill's.
    Ours,
    /// Ctrl-C: 128 and the number of SIGINT.
    Interrupted,
}

impl Exit {
    pub fn code(self) -> i32 {
        match self {
            Self::Fine => 0,
            Self::Mendable | Self::Differs => 1,
            Self::Ours | Self::Trouble => 2,
            Self::Interrupted => 130,
        }
    }
}

/// What a command itself finds wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{message}")]
    Argument { message: String, hint: String },
    #[error("no document here is called {0}")]
    NoDocument(String),
    /// `near` are lines to show.
    #[error("no entity here is called {word}")]
    NoEntity { word: String, near: Vec<String> },
    #[error("{document} has no mention of {name}")]
    NoMention { name: String, document: String, near: Vec<String> },
    /// `matches` are lines to show, the best first.
    #[error("several {what} match {word}")]
    Ambiguous { what: &'static str, word: String, matches: Vec<String>, hint: Option<String> },
    #[error("{}{file} is no file of decisions: {message}", line.map(|line| format!("line {line} of ")).unwrap_or_default())]
    Decisions { file: String, line: Option<u64>, message: String },
    #[error("cannot read the answer")]
    Input(#[source] io::Error),
    #[error("no code is called {word}")]
    UnknownCode { word: String, near: Option<Code> },
    #[error("{shown} is a device, a socket or a pipe")]
    NotAFile { shown: String },
    /// One file could not be read; the chain is that of its reader.
    #[error("{}", .0.warning.message)]
    Unread(store::Failure),
    #[error(transparent)]
    Config(#[from] config::Error),
    #[error(transparent)]
    Encoder(#[from] engine::EncoderError),
    #[error("cannot keep what comes from standard input")]
    Spool(#[source] io::Error),
    #[error("cannot write the output")]
    Output(#[source] io::Error),
    #[error("cannot start")]
    Start(#[source] io::Error),
}

impl Error {
    /// A file that a command was given, and that is no document, is not there.
    pub fn missing(shown: &str, hint: &str) -> Self {
        Self::Argument { message: format!("{shown} cannot be read: it is not there"), hint: hint.to_owned() }
    }
}

/// An error as it is told.
struct Told {
    code: Code,
    message: String,
    causes: Vec<String>,
    details: Vec<String>,
    hint: String,
}

/// Says on standard error what went wrong and what to do, and how the program ends. A reader of the output that
/// has gone away is no error.
pub fn report(error: &anyhow::Error, json: bool) -> Exit {
    if is_closed_pipe(error) {
        return Exit::Fine;
    }
    let Some(told) = told(error) else {
        let message = format!("this is a bug in docmill: {error:#}");
        let hint = "please report it with this message and the output of `docmill doctor`";
        let text = match json {
            true => escaped(&json!({ "error": { "code": null, "message": message, "hint": hint } }).to_string())
                .into_owned(),
            false => format!("error: {}\nhint: {hint}", visible(&message)),
        };
        let _ = writeln!(io::stderr(), "{text}");
        return Exit::Ours;
    };
    print(&told, json);
    if is_bug(error) { Exit::Ours } else { exit_of(told.code) }
}

/// What the store says only when something of ours broke: its writer is gone, or a lease was lost that nobody else
/// can have taken.
fn is_bug(error: &anyhow::Error) -> bool {
    let of_store = |error: &store::Error| match error {
        store::Error::Stopped | store::Error::Fenced { .. } => true,
        store::Error::Full(_)
        | store::Error::ReadOnly(_)
        | store::Error::Busy(_)
        | store::Error::Newer { .. }
        | store::Error::Damaged(_)
        | store::Error::UnknownDocument(_)
        | store::Error::Corrupt(_)
        | store::Error::Query(_)
        | store::Error::Sqlite(_)
        | store::Error::File(_) => false,
    };
    let of_engine = |error: &engine::Error| match error {
        engine::Error::Store(error) => of_store(error),
        engine::Error::Fatal(error) => of_store(error),
        engine::Error::Worker(_) => true,
        engine::Error::Missing(_)
        | engine::Error::NotAWorkspace(_)
        | engine::Error::Busy(_)
        | engine::Error::NoProcess(_)
        | engine::Error::Io { .. }
        | engine::Error::Source { .. }
        | engine::Error::Argument(_) => false,
    };
    let of_export = |error: &engine::ExportError| match error {
        engine::ExportError::Store(error) => of_store(error),
        engine::ExportError::Write(_) => false,
    };
    error.downcast_ref().is_some_and(of_store)
        || error.downcast_ref().is_some_and(of_engine)
        || error.downcast_ref().is_some_and(of_export)
        || matches!(error.downcast_ref(), Some(decide::Error::Store(error)) if of_store(error))
}

/// Says what clap has to say: help and version to standard output, anything else as an error of the user.
pub fn usage(error: &clap::Error) -> Exit {
    if !error.use_stderr() {
        return match error.print() {
            Ok(()) => Exit::Fine,
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Fine,
            Err(_) => Exit::Mendable,
        };
    }
    // The arguments were not understood, so that the flag is looked for among the words.
    if std::env::args_os().any(|word| word == "--json") {
        let text = error.render().to_string();
        let message = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        print(&Told::of(Code::BAD_ARGUMENT, message), true);
    } else {
        // Without colours, as the words that it repeats are of any kind.
        let _ = write!(io::stderr(), "{}", visible(&error.render().to_string()));
    }
    // 1 would say that the two differ.
    let of_diff = matches!(error.get(ContextKind::Usage), Some(ContextValue::StyledStr(usage))
        if usage.to_string().contains("docmill diff"));
    if of_diff { Exit::Trouble } else { Exit::Mendable }
}

impl Told {
    fn of(code: Code, message: String) -> Self {
        Self { code, message, causes: Vec::new(), details: Vec::new(), hint: code.remedy().to_owned() }
    }
}

fn print(told: &Told, json: bool) {
    let mut stderr = io::stderr().lock();
    let text = if json {
        let message = std::iter::once(&told.message).chain(&told.causes).cloned().collect::<Vec<_>>().join(": ");
        let mut error = json!({ "code": told.code, "message": message, "hint": told.hint });
        if !told.details.is_empty() {
            error["details"] = json!(told.details);
        }
        escaped(&json!({ "error": error }).to_string()).into_owned()
    } else {
        let mut lines = vec![format!("error: {} [{}]", told.message, told.code)];
        lines.extend(told.causes.iter().map(|cause| format!("  caused by: {cause}")));
        lines.extend(told.details.iter().map(|detail| format!("  {detail}")));
        lines.push(format!("hint: {}", told.hint));
        // A name with a line feed in it must not look like a line of ours.
        let lines: Vec<String> = lines.iter().map(|line| visible(line).replace('\n', "\u{fffd}")).collect();
        lines.join("\n")
    };
    let _ = writeln!(stderr, "{text}");
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let closed = |e: &io::Error| e.kind() == io::ErrorKind::BrokenPipe;
    match (error.downcast_ref::<Error>(), error.downcast_ref::<engine::ExportError>()) {
        (Some(Error::Output(e)), _) | (_, Some(engine::ExportError::Write(e))) => closed(e),
        _ => false,
    }
}

/// `None` for an error that no command is expected to give.
fn told(error: &anyhow::Error) -> Option<Told> {
    let (code, hint, details) = if let Some(error) = error.downcast_ref::<Error>() {
        (own_code(error), own_hint(error), own_details(error))
    } else if let Some(error) = error.downcast_ref::<engine::Error>() {
        (error.code(), engine_hint(error), Vec::new())
    } else if let Some(error) = error.downcast_ref::<store::Error>() {
        (error.code(), None, Vec::new())
    } else if let Some(error) = error.downcast_ref::<decide::Error>() {
        (error.code(), decide_hint(error), decide_details(error))
    } else if let Some(error) = error.downcast_ref::<engine::ExportError>() {
        match error {
            engine::ExportError::Store(error) => (error.code(), None, Vec::new()),
            engine::ExportError::Write(error) => (output_code(error), Some(OUTPUT_HINT.to_owned()), Vec::new()),
        }
    } else {
        return None;
    };
    Some(Told {
        code,
        message: error.to_string(),
        causes: error.chain().skip(1).map(ToString::to_string).collect(),
        details,
        hint: hint.unwrap_or_else(|| code.remedy().to_owned()),
    })
}

const OUTPUT_HINT: &str = "check the place that the output goes to";

fn output_code(error: &io::Error) -> Code {
    match error.kind() {
        io::ErrorKind::StorageFull => Code::DISK_FULL,
        _ => Code::BAD_ARGUMENT,
    }
}

fn own_code(error: &Error) -> Code {
    match error {
        Error::Argument { .. } | Error::UnknownCode { .. } => Code::BAD_ARGUMENT,
        Error::NoDocument(_) | Error::NoEntity { .. } | Error::NoMention { .. } => Code::NOT_FOUND,
        Error::Ambiguous { .. } => Code::AMBIGUOUS,
        Error::Decisions { .. } => Code::BAD_DECISIONS,
        Error::NotAFile { .. } => Code::NOT_A_FILE,
        Error::Unread(failure) => failure.code(),
        Error::Config(_) | Error::Encoder(_) => Code::BAD_CONFIG,
        Error::Spool(error) | Error::Output(error) => output_code(error),
        Error::Start(_) | Error::Input(_) => Code::READ_ERROR,
    }
}

fn own_hint(error: &Error) -> Option<String> {
    match error {
        Error::Argument { hint, .. } => Some(hint.clone()),
        Error::UnknownCode { near: Some(near), .. } => Some(format!("did you mean `docmill explain {near}`?")),
        Error::UnknownCode { near: None, .. } => Some("`docmill explain` lists all codes".to_owned()),
        Error::NotAFile { .. } => Some("give a file or a folder; `docmill extract -` reads standard input".to_owned()),
        Error::Config(error) => error.hint(),
        Error::Encoder(_) => Some("`embedding.model` names a model in ONNX with `vocab.txt` beside it".to_owned()),
        Error::Output(_) => Some(OUTPUT_HINT.to_owned()),
        Error::Spool(_) => Some("make room in the folder for temporary files, or set TMPDIR to another".to_owned()),
        Error::Start(_) => Some("the machine has no room for another process or thread; close something".to_owned()),
        Error::NoMention { document, .. } => Some(format!("`docmill document show {}` marks all", quoted(document))),
        Error::Ambiguous { hint, .. } => hint.clone(),
        Error::Input(_) => Some("the decisions up to here are kept; check where the input comes from".to_owned()),
        Error::NoEntity { near, .. } if near.is_empty() => {
            Some("`docmill search` finds it by the words around it".to_owned())
        }
        Error::NoEntity { .. } => Some("give one of those that are listed, by id, if it is meant".to_owned()),
        Error::NoDocument(_) | Error::Decisions { .. } | Error::Unread(_) => None,
    }
}

fn own_details(error: &Error) -> Vec<String> {
    match error {
        Error::Ambiguous { matches, .. } => matches.clone(),
        Error::NoEntity { near, .. } | Error::NoMention { near, .. } => near.clone(),
        // The end of a child says more than its message; the other chains repeat theirs.
        Error::Unread(failure) => {
            let said =
                |link: &str| link.split_once(": ").is_some_and(|(_, what)| failure.warning.message.contains(what));
            failure.chain.iter().filter(|link| !said(link)).cloned().collect()
        }
        Error::Config(error) => error.others(),
        Error::Argument { .. }
        | Error::Encoder(_)
        | Error::NoDocument(_)
        | Error::Decisions { .. }
        | Error::Input(_)
        | Error::UnknownCode { .. }
        | Error::NotAFile { .. }
        | Error::Spool(_)
        | Error::Output(_)
        | Error::Start(_) => Vec::new(),
    }
}

fn engine_hint(error: &engine::Error) -> Option<String> {
    match error {
        engine::Error::Missing(_) => {
            Some("`docmill run PATH` makes one here; `--workspace DIR` names another place".to_owned())
        }
        engine::Error::NotAWorkspace(_) => {
            Some("give a folder that is empty, is not there yet, or is a workspace already".to_owned())
        }
        engine::Error::Busy(_)
        | engine::Error::NoProcess(_)
        | engine::Error::Worker(_)
        | engine::Error::Io { .. }
        | engine::Error::Store(_)
        | engine::Error::Fatal(_)
        | engine::Error::Source { .. }
        | engine::Error::Argument(_) => None,
    }
}

fn decide_hint(error: &decide::Error) -> Option<String> {
    let hint = match error {
        decide::Error::Types(..) => "one thing has one type; `docmill entity NAME` shows it",
        decide::Error::Projects(..) => "what belongs to different projects is never one",
        decide::Error::One(_) => "give two that are not one yet, or a part of one by NAME@DOCUMENT",
        decide::Error::SameName(_) => "what a document says by one name is taken for one thing; name another document",
        decide::Error::TooMany(_) => "name fewer sides at once, in several decisions",
        decide::Error::Gone(_) => "run again over its documents, then decide",
        decide::Error::UnknownDecision(_) | decide::Error::NoDecision => "`docmill decisions` lists all",
        decide::Error::SeveralDecisions(..) => "give more of the id",
        decide::Error::Undo(_) | decide::Error::Undone(_) => "decide again: the newest decision holds",
        decide::Error::Text { .. } => "give up to 1,000 characters in one line",
        decide::Error::Store(_) | decide::Error::SameEntity(_) | decide::Error::Foreign(_) => return None,
    };
    Some(hint.to_owned())
}

fn decide_details(error: &decide::Error) -> Vec<String> {
    match error {
        decide::Error::SeveralDecisions(_, ids) => ids.iter().take(20).map(ToString::to_string).collect(),
        _ => Vec::new(),
    }
}

/// Codes whose cause lies with docmill. A test holds that this list and [`MENDABLE`] together are all codes.
const OURS: &[Code] = &[Code::STAGE_BUG];

/// Codes that a person can do something about.
#[cfg(test)]
const MENDABLE: &[Code] = &[
    Code::NEEDS_OCR,
    Code::NEEDS_PASSWORD,
    Code::UNSUPPORTED,
    Code::EMPTY_FILE,
    Code::NO_TEXT,
    Code::DAMAGED,
    Code::DAMAGED_PART,
    Code::TEXT_LIMIT,
    Code::PAGE_LIMIT,
    Code::PART_LIMIT,
    Code::REPLACED_CHARACTERS,
    Code::UNREADABLE_GLYPHS,
    Code::NAMES_LANGUAGE,
    Code::CHILD_MEMORY,
    Code::CHILD_TIME,
    Code::CHILD_OUTPUT,
    Code::CHILD_CRASH,
    Code::NO_PROCESS,
    Code::PERMISSION_DENIED,
    Code::SOURCE_GONE,
    Code::SOURCE_CHANGED,
    Code::READ_ERROR,
    Code::NOT_A_FILE,
    Code::DISK_FULL,
    Code::READ_ONLY,
    Code::WORKSPACE_BUSY,
    Code::WORKSPACE_NEWER,
    Code::WORKSPACE_DAMAGED,
    Code::STORE_ERROR,
    Code::NOT_FOUND,
    Code::AMBIGUOUS,
    Code::SAME_ENTITY,
    Code::BAD_DECISIONS,
    Code::BAD_CONFIG,
    Code::BAD_QUERY,
    Code::BAD_ARGUMENT,
    Code::INTERRUPTED,
];

fn exit_of(code: Code) -> Exit {
    if OURS.contains(&code) { Exit::Ours } else { Exit::Mendable }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_one_exit() {
        let mut listed: Vec<Code> = OURS.iter().chain(MENDABLE).copied().collect();
        let mut all = Code::ALL.to_vec();
        listed.sort();
        all.sort();
        assert_eq!(listed, all);
    }

    #[test]
    fn an_error_names_its_code_and_its_remedy() {
        let check = |error: anyhow::Error, code: Code, hint: &str| {
            let told = told(&error).unwrap();
            assert_eq!(told.code, code);
            assert!(told.hint.contains(hint), "{}", told.hint);
        };
        check(engine::Error::Missing("w".into()).into(), Code::NOT_FOUND, "docmill run PATH");
        check(engine::Error::Busy("w".into()).into(), Code::WORKSPACE_BUSY, "wait for it");
        check(store::Error::Newer { found: 9, known: 1 }.into(), Code::WORKSPACE_NEWER, "use that version");
        check(Error::NoDocument("x".into()).into(), Code::NOT_FOUND, "docmill status");
        check(
            Error::UnknownCode { word: "x".into(), near: Some(Code::DAMAGED) }.into(),
            Code::BAD_ARGUMENT,
            "explain damaged",
        );
        assert!(told(&anyhow::anyhow!("unforeseen")).is_none());
    }

    #[test]
    fn what_only_a_bug_can_cause_is_ours() {
        let check = |error: anyhow::Error, exit| assert_eq!(report(&error, true), exit);
        check(store::Error::Stopped.into(), Exit::Ours);
        check(engine::Error::Store(store::Error::Stopped).into(), Exit::Ours);
        check(engine::ExportError::Store(store::Error::Stopped).into(), Exit::Ours);
        check(anyhow::anyhow!("unforeseen"), Exit::Ours);
        check(store::Error::Query("x".into()).into(), Exit::Mendable);
        check(engine::Error::Busy("w".into()).into(), Exit::Mendable);
    }

    #[test]
    fn a_reader_that_went_away_is_no_error() {
        let closed = || io::Error::from(io::ErrorKind::BrokenPipe);
        assert!(is_closed_pipe(&Error::Output(closed()).into()));
        assert!(is_closed_pipe(&engine::ExportError::Write(closed()).into()));
        assert!(!is_closed_pipe(&Error::Spool(closed()).into()));
    }
}
