//! The table of settings: reading, `config show` and the reference are made from it.

use std::time::Duration;

use super::Settings;
use super::value::{self, Given};

/// One setting.
pub struct Setting {
    /// As in the file; a point stands for a table.
    pub key: &'static str,
    pub variable: &'static str,
    pub flag: Option<&'static str>,
    /// What a value looks like.
    pub form: &'static str,
    pub default: &'static str,
    /// What it does, in one sentence.
    pub meaning: &'static str,
    /// Takes a value, or says what it must be.
    pub(super) set: fn(&mut Settings, &Given) -> Result<(), String>,
    pub show: fn(&Settings) -> String,
}

/// Each stage that runs has a thread, and a reader a process besides.
pub(super) const MAX_WORKERS: usize = 256;
/// A name stands in every export line of its documents.
const MAX_PROJECT: usize = 200;
/// A child takes some MiB before it reads anything.
const MIN_MEMORY: u64 = 32 << 20;
const MIN_OUTPUT: u64 = 1 << 20;
/// More than any machine has; keeps sums far from overflow.
const MAX_BYTES: u64 = 1 << 50;
const MIN_TIME: Duration = Duration::from_secs(1);
const MAX_TIME: Duration = Duration::from_secs(7 * 24 * 3600);

pub const SETTINGS: &[Setting] = &[
    Setting {
        key: "project",
        variable: "DOCMILL_PROJECT",
        flag: Some("--project"),
        form: "a name",
        default: "`default`",
        meaning: "The pile that documents belong to. Entities are told apart and merged inside one project; the same \
                  bytes in two projects are two documents.",
        set: |settings, given| match given {
            Given::Word(word)
                if !word.trim().is_empty() && word.len() <= MAX_PROJECT && !word.chars().any(char::is_control) =>
            {
                settings.project = word.clone();
                Ok(())
            }
            _ => Err(format!("must be a name of at most {MAX_PROJECT} bytes in one line")),
        },
        show: |settings| settings.project.clone(),
    },
    Setting {
        key: "workers",
        variable: "DOCMILL_WORKERS",
        flag: Some("--workers"),
        form: "a whole number from 1 to 256",
        default: "the number of cores",
        meaning: "How many stages run at the same time, and how many processes read documents.",
        set: |settings, given| {
            let workers = value::number(given, 1, MAX_WORKERS as u64);
            settings.workers =
                workers.ok_or_else(|| format!("must be a whole number from 1 to {MAX_WORKERS}"))? as usize;
            Ok(())
        },
        show: |settings| settings.workers.to_string(),
    },
    Setting {
        key: "limits.memory",
        variable: "DOCMILL_LIMITS_MEMORY",
        flag: None,
        form: "a size such as `512MiB`, from `32MiB`",
        default: "`512MiB`",
        meaning: "What one process that reads documents may hold. A document that needs more fails with `child_memory`.",
        set: |settings, given| {
            let wanted = "must be a size with its unit such as `512MiB`, from 32MiB";
            settings.limits.memory = within(value::bytes(given), MIN_MEMORY, MAX_BYTES).ok_or(wanted)?;
            Ok(())
        },
        show: |settings| value::show_bytes(settings.limits.memory),
    },
    Setting {
        key: "limits.time",
        variable: "DOCMILL_LIMITS_TIME",
        flag: None,
        form: "a time such as `120s`, `2min` or `1h`, from `1s` to `168h`",
        default: "`120s`",
        meaning: "How long a process that reads a document may go without giving a page. A document that needs longer \
                  fails with `child_time`.",
        set: |settings, given| {
            let wanted = "must be a time with its unit such as `120s`, from 1s to 168h";
            settings.limits.time = within(value::duration(given), MIN_TIME, MAX_TIME).ok_or(wanted)?;
            Ok(())
        },
        show: |settings| value::show_duration(settings.limits.time),
    },
    Setting {
        key: "limits.output",
        variable: "DOCMILL_LIMITS_OUTPUT",
        flag: None,
        form: "a size such as `4GiB`, from `1MiB`",
        default: "`4GiB`",
        meaning: "What one document may become: pages, layout and attachments together. A document that gives more \
                  fails with `child_output`.",
        set: |settings, given| {
            let wanted = "must be a size with its unit such as `4GiB`, from 1MiB";
            settings.limits.output = within(value::bytes(given), MIN_OUTPUT, MAX_BYTES).ok_or(wanted)?;
            Ok(())
        },
        show: |settings| value::show_bytes(settings.limits.output),
    },
    Setting {
        key: "embedding.model",
        variable: "DOCMILL_EMBEDDING_MODEL",
        flag: None,
        form: "`table`, or the path of a sentence model in ONNX with its `vocab.txt` beside it",
        default: "`table`",
        meaning: "What gives passages their vectors: the table of this program, or a sentence model, which takes \
                  some milliseconds a passage. Search does not use them. After a change `docmill reprocess` makes \
                  them anew.",
        set: |settings, given| match given {
            Given::Word(word) if word == TABLE => {
                settings.model = None;
                Ok(())
            }
            Given::Word(word) if !word.is_empty() && !word.contains('\0') => {
                settings.model = Some(word.into());
                Ok(())
            }
            _ => Err(format!("must be `{TABLE}` or the path of a file")),
        },
        show: |settings| settings.model.as_ref().map_or(TABLE.to_owned(), |path| path.to_string_lossy().into_owned()),
    },
];

/// The word for the program's own vectors.
const TABLE: &str = "table";

fn within<T: PartialOrd>(value: Option<T>, low: T, high: T) -> Option<T> {
    value.filter(|v| *v >= low && *v <= high)
}

/// A variable that is no setting of the file.
pub struct Variable {
    pub name: &'static str,
    pub meaning: &'static str,
}

pub const VARIABLES: &[Variable] = &[
    Variable { name: "DOCMILL_WORKSPACE", meaning: "The workspace's folder, where `--workspace` is not given." },
    Variable {
        name: "DOCMILL_LOG",
        meaning: "`debug` writes one plain line to standard error for each event of a run, as `--verbose` does; `info` does not.",
    },
    Variable { name: "DOCMILL_DATA", meaning: "Used by the benchmarks only." },
    Variable { name: "DOCMILL_CORPORA", meaning: "Used by the benchmarks only." },
    Variable { name: "NO_COLOR", meaning: "Any value turns colours off." },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_from_the_key() {
        for setting in SETTINGS {
            assert_eq!(setting.variable, format!("DOCMILL_{}", setting.key.replace('.', "_").to_uppercase()));
        }
    }

    #[test]
    fn a_setting_takes_what_it_shows() {
        let defaults = Settings::default();
        for setting in SETTINGS {
            let mut settings = defaults.clone();
            (setting.set)(&mut settings, &Given::Word((setting.show)(&defaults))).unwrap();
            assert_eq!(settings, defaults, "{}", setting.key);
            assert!((setting.set)(&mut settings, &Given::Other).is_err(), "{}", setting.key);
        }
    }
}
