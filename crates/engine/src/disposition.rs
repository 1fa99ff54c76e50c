//! What an error means for its document: the one place where errors become states and codes.

use docmill_extract as extract;
use docmill_model::{Code, Warning};
use docmill_store::Failure;
use warden::Death;

use crate::stage::Ended;

/// Maps what an extractor says. Nothing of it is tried again: the same bytes would say the same.
pub(crate) fn disposition(error: extract::Error) -> Ended {
    let chain = vec![format!("extract::Error: {error}")];
    use extract::Error as E;
    let media_type = match &error {
        E::NeedsPassword { media_type } | E::Unsupported { media_type } | E::Damaged { media_type, .. } => {
            Some(*media_type)
        }
        E::Empty | E::Stopped => None,
    };
    let failure =
        |code, message: String| Failure { media_type, ..Failure::new(Warning::new(code, message), chain.clone()) };
    match &error {
        E::Empty => Ended::Skipped(failure(Code::EMPTY_FILE, "the file has no bytes".into())),
        E::NeedsPassword { media_type } => Ended::Skipped(failure(
            Code::NEEDS_PASSWORD,
            format!("this file of type {} opens only with a password", media_type.mime()),
        )),
        E::Unsupported { media_type } => Ended::Skipped(failure(
            Code::UNSUPPORTED,
            format!("files of type {} are not read yet: {}", media_type.mime(), reader_of(*media_type)),
        )),
        E::Damaged { media_type, what } => {
            Ended::Failed(failure(Code::DAMAGED, format!("this file of type {} is damaged: {what}", media_type.mime())))
        }
        E::Stopped => Ended::Failed(failure(Code::STAGE_BUG, "the reader stopped without being asked".into())),
    }
}

/// What will read a kind that is not read yet.
fn reader_of(media_type: docmill_model::MediaType) -> &'static str {
    match media_type.mime().split('/').next() {
        Some("image") => "text in pictures will be read by the recogniser of a later release",
        Some("audio" | "video") => "sound will be transcribed by a later release",
        _ if media_type.mime().contains("zip") || media_type.mime().contains("tar") => {
            "archives will be opened by a later release; until then unpack it"
        }
        _ if media_type.mime() == "application/octet-stream" || media_type.mime() == "application/x-executable" => {
            "the content is of no known kind of document"
        }
        _ => "a later release will; until then save it as PDF or DOCX",
    }
}

/// Maps the death of the child that read a document.
pub(crate) fn death(death: &Death, stderr: &str) -> Failure {
    let (code, message) = match death {
        Death::Memory => (Code::CHILD_MEMORY, "the reader went over its memory limit".to_owned()),
        Death::Wall | Death::Cpu => (Code::CHILD_TIME, "the reader made no progress within its time limit".to_owned()),
        Death::Output => (Code::CHILD_OUTPUT, "the reader sent more than its output limit".to_owned()),
        Death::Signal(signal) => (Code::CHILD_CRASH, format!("the reader died of signal {signal}")),
        Death::Exit(code) => (Code::CHILD_CRASH, format!("the reader ended with code {code}")),
        Death::Protocol(_) => (Code::CHILD_CRASH, "the reader sent what is no answer".to_owned()),
        Death::Spawn(_) => (Code::NO_PROCESS, "the reader could not be started".to_owned()),
    };
    let mut chain = vec![format!("warden::Death: {death}")];
    if !stderr.trim().is_empty() {
        chain.push(format!("stderr: {}", stderr.trim()));
    }
    Failure::new(Warning::new(code, message), chain)
}

/// Maps an error of the operating system while a document's bytes were read.
pub(crate) fn io(error: &std::io::Error) -> Failure {
    let code = io_code(error);
    Failure::new(Warning::new(code, code.meaning()), chain(error))
}

pub(crate) fn io_code(error: &std::io::Error) -> Code {
    match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => Code::SOURCE_GONE,
        std::io::ErrorKind::PermissionDenied => Code::PERMISSION_DENIED,
        std::io::ErrorKind::StorageFull => Code::DISK_FULL,
        _ => Code::READ_ERROR,
    }
}

/// The messages of an error and all that caused it, outermost first.
pub(crate) fn chain(error: &dyn std::error::Error) -> Vec<String> {
    let mut out = vec![error.to_string()];
    let mut source = error.source();
    while let Some(error) = source {
        out.push(error.to_string());
        source = error.source();
    }
    out
}
