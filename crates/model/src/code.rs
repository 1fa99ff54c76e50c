//! Every word that a person meets when something did not go as hoped: one table, from which the warnings, the
//! pages in `docs/errors`, `docmill explain` and `retry --class` are made. A test holds table and pages equal.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

/// One snake_case word that names a kind of finding or error, with its meaning and its remedy.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(&'static str);

macro_rules! codes {
    ($($name:ident $word:literal $meaning:literal $remedy:literal)*) => {
        impl Code {
            $(#[doc = $meaning] pub const $name: Code = Code($word);)*
            /// All codes, in the order of this file.
            pub const ALL: &'static [Code] = &[$(Code::$name),*];

            /// What happened, in one sentence.
            pub fn meaning(self) -> &'static str {
                match self.0 { $($word => $meaning,)* _ => unreachable!("codes are made in this table only") }
            }

            /// What a person can do about it, in one sentence.
            pub fn remedy(self) -> &'static str {
                match self.0 { $($word => $remedy,)* _ => unreachable!("codes are made in this table only") }
            }
        }
    };
}

codes! {
    NEEDS_OCR "needs_ocr" "a page shows something and has no text layer" "text in pictures is not read yet; the page's own text, if there is any, was kept"
    NEEDS_PASSWORD "needs_password" "the file is encrypted and opens only with a password" "save a copy without the password and run again"
    UNSUPPORTED "unsupported" "this kind of file is not read yet" "convert it to PDF, DOCX, HTML, EML, Markdown, CSV or plain text"
    EMPTY_FILE "empty_file" "the file has no bytes" "check whether the copy was complete"
    NO_TEXT "no_text" "the document was read and holds no text" "nothing to do if it is meant to be empty; otherwise open it and check"
    DAMAGED "damaged" "the file could not be read: it is damaged, or not what it seems to be" "open it in another program and save a sound copy"
    DAMAGED_PART "damaged_part" "a part of the file could not be read; the rest was kept" "open it in another program and save a sound copy if the missing part matters"
    TEXT_LIMIT "text_limit" "the document has more text than the limit; the text up to it was kept" "split the file if the rest matters"
    PAGE_LIMIT "page_limit" "the document has more pages than the limit; the pages up to it were kept" "split the file if the rest matters"
    PART_LIMIT "part_limit" "the document has more parts, nested deeper or expanding further, than the limit; what was read up to it was kept" "take the inner files out and run on them"
    REPLACED_CHARACTERS "replaced_characters" "some bytes are no characters in the file's encoding and were replaced" "save the file as UTF-8 if they matter"
    UNREADABLE_GLYPHS "unreadable_glyphs" "a page has characters whose meaning the file does not tell" "the page has to be read from its picture, which is not done yet"
    NAMES_LANGUAGE "names_language" "names of persons, organisations and places were not looked for: they are found in English text only" "nothing to do; dates, sums, addresses, identifiers and citations were looked for, and the text can be searched"
    CHILD_MEMORY "child_memory" "the process that read the file went over its memory limit" "split the file or raise `limits.memory`, then `docmill retry --class child_memory`"
    CHILD_TIME "child_time" "the process that read the file made no progress within its time limit" "raise `limits.time`, then `docmill retry --class child_time`"
    CHILD_OUTPUT "child_output" "the process that read the file sent more than its output limit" "split the file, then `docmill retry --class child_output`"
    CHILD_CRASH "child_crash" "the process that read the file died each time" "the file may be hostile; open it in a safe place and save a sound copy"
    NO_PROCESS "no_process" "no process could be started to read documents" "close other programs or raise the limit on processes (`ulimit -u`) and run again: the run goes on where it was"
    PERMISSION_DENIED "permission_denied" "the file may not be read by this user" "change its permissions, then `docmill retry --class permission_denied`"
    SOURCE_GONE "source_gone" "the file is no longer where it was" "put it back and run again, or `docmill prune` to take it out"
    SOURCE_CHANGED "source_changed" "the file changed while it was being read" "run again when it is no longer being written"
    READ_ERROR "read_error" "the operating system could not read the file" "check the disk, then `docmill retry --class read_error`"
    NOT_A_FILE "not_a_file" "this is a device, a socket or a pipe and is not read" "give a file or a folder"
    DISK_FULL "disk_full" "there is no room left where the workspace is" "make room and run again: the run goes on where it was"
    READ_ONLY "read_only" "the workspace may not be written" "give another place with `--workspace DIR`"
    WORKSPACE_BUSY "workspace_busy" "another command is changing this workspace" "wait for it or stop it, then run again"
    WORKSPACE_NEWER "workspace_newer" "the workspace was written by a newer docmill" "use that version, or another workspace"
    WORKSPACE_DAMAGED "workspace_damaged" "the workspace's store cannot be read" "move the folder away and run again; the sources are untouched"
    STORE_ERROR "store_error" "the workspace's store refused an operation" "run `docmill doctor`"
    NOT_FOUND "not_found" "nothing in this workspace has that name or id" "`docmill status` and `docmill search` show what is there"
    AMBIGUOUS "ambiguous" "several documents or entities match" "give one of the ids that are listed, or the whole path"
    SAME_ENTITY "same_entity" "the two sides of a decision are one entity, and nothing says which part of it is meant" "name on the second side what is to be taken out: NAME@DOCUMENT, or the id of a mention"
    BAD_DECISIONS "bad_decisions" "a file of decisions cannot be read" "write it anew with `docmill decisions export`"
    BAD_CONFIG "bad_config" "the configuration has a key or a value that is not understood" "`docmill config check` names the place"
    BAD_QUERY "bad_query" "the query cannot be understood" "write words, or a phrase between double quotes"
    BAD_ARGUMENT "bad_argument" "an argument of the command cannot be used" "see `docmill help`"
    STAGE_BUG "stage_bug" "a stage stopped on an error that is docmill's own fault" "please report it with the output of `docmill why`"
    INTERRUPTED "interrupted" "the run was stopped before it ended" "run again: it goes on where it was"
}

impl Code {
    pub fn as_str(self) -> &'static str {
        self.0
    }

    /// Whether a warning of this code means that something of the document was not read: it is then `partial`.
    pub fn is_loss(self) -> bool {
        matches!(
            self,
            Self::NEEDS_OCR
                | Self::DAMAGED_PART
                | Self::TEXT_LIMIT
                | Self::PAGE_LIMIT
                | Self::PART_LIMIT
                | Self::REPLACED_CHARACTERS
                | Self::UNREADABLE_GLYPHS
        )
    }

    /// Whether another try can end otherwise although the document's bytes are the same.
    pub fn may_pass_by_itself(self) -> bool {
        matches!(
            self,
            Self::CHILD_MEMORY
                | Self::CHILD_TIME
                | Self::CHILD_OUTPUT
                | Self::CHILD_CRASH
                | Self::PERMISSION_DENIED
                | Self::SOURCE_GONE
                | Self::SOURCE_CHANGED
                | Self::READ_ERROR
                | Self::STAGE_BUG
        )
    }

    /// Finds the code of a word; `None` if no code is called so.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|c| c.0 == word)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.0)
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let word = std::borrow::Cow::<str>::deserialize(d)?;
        Self::parse(&word).ok_or_else(|| serde::de::Error::custom(format_args!("unknown code {word:?}")))
    }
}

/// A finding about a document. Its message holds no time, attempt, process or absolute path, so that it is the
/// same in every run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Warning {
    pub code: Code,
    pub message: String,
    /// From 1; `None` when it concerns the whole document.
    pub page: Option<u32>,
}

impl Warning {
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), page: None }
    }

    pub fn on_page(code: Code, message: impl Into<String>, page: u32) -> Self {
        Self { code, message: message.into(), page: Some(page) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_is_one_snake_case_word_with_a_meaning_and_a_remedy() {
        for (index, code) in Code::ALL.iter().enumerate() {
            assert!(code.as_str().bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{code}");
            assert_eq!(Code::ALL.iter().position(|other| other == code), Some(index), "{code} stands twice");
            assert_eq!(Code::parse(code.as_str()), Some(*code));
            for sentence in [code.meaning(), code.remedy()] {
                assert!(!sentence.is_empty() && !sentence.ends_with('.'), "{code}: {sentence}");
            }
        }
        assert_eq!(Code::parse("no such code"), None);
    }
}
