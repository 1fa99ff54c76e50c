//! Settings in layers: defaults < `docmill.toml` < `DOCMILL_*` < flags. What is not understood is an error that
//! names its place, never a default in silence.

mod file;
mod setting;
mod value;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use docmill_engine::Limits;

pub use setting::{SETTINGS, VARIABLES};
use value::Given;

/// Name of the file, looked for upward from the current folder and then in the workspace.
pub const FILE: &str = "docmill.toml";

/// Values of `DOCMILL_LOG`; an empty variable is as good as none.
const LOG: [&str; 3] = ["", "info", "debug"];

/// What the commands work with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub project: String,
    pub workers: usize,
    pub limits: Limits,
    /// A sentence model in the place of the program's own table.
    pub model: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        let workers = std::thread::available_parallelism().map_or(1, usize::from).min(setting::MAX_WORKERS);
        Self { project: "default".to_owned(), workers, limits: Limits::default(), model: None }
    }
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Default,
    File { path: PathBuf, line: usize },
    Variable(&'static str),
    Flag(&'static str),
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Variable(name) => f.write_str(name),
            Self::Flag(name) => f.write_str(name),
        }
    }
}

/// One thing that is not understood, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub place: String,
    pub message: String,
    pub near: Option<String>,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// Everything that is not understood; never empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .first)]
pub struct Error {
    pub first: Problem,
    pub rest: Vec<Problem>,
}

impl Error {
    fn of(mut problems: Vec<Problem>) -> Option<Self> {
        (!problems.is_empty()).then(|| Self { first: problems.remove(0), rest: problems })
    }

    pub fn hint(&self) -> Option<String> {
        let near = self.first.near.as_ref()?;
        Some(format!("did you mean `{near}`? `docmill config show` lists the settings"))
    }

    /// The problems behind the first.
    pub fn others(&self) -> Vec<String> {
        self.rest.iter().map(ToString::to_string).collect()
    }
}

/// What the layers are read from.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    pub folder: PathBuf,
    pub workspace: PathBuf,
    /// Variables of the process whose names begin with `DOCMILL_`; others may be among them.
    pub environment: Vec<(OsString, OsString)>,
    /// Keys of settings with the word that a flag gave.
    pub flags: Vec<(&'static str, String)>,
}

/// The settings, each with where it came from.
#[derive(Clone, Debug)]
pub struct Config {
    pub settings: Settings,
    /// In the order of [`SETTINGS`].
    pub origins: Vec<Origin>,
    pub file: Option<PathBuf>,
}

impl Config {
    pub fn load(layers: &Layers) -> Result<Self, Error> {
        let mut reading = Reading {
            settings: Settings::default(),
            origins: vec![Origin::Default; SETTINGS.len()],
            problems: Vec::new(),
        };
        let file = find(&layers.folder, &layers.workspace);
        if let Some(path) = &file {
            reading.file(path);
        }
        reading.environment(&layers.environment);
        for (key, word) in &layers.flags {
            if let Some(index) = SETTINGS.iter().position(|s| s.key == *key) {
                let flag = SETTINGS[index].flag.unwrap_or(key);
                reading.set(index, &Given::Word(word.clone()), Origin::Flag(flag));
            }
        }
        let Reading { settings, origins, problems } = reading;
        match Error::of(problems) {
            Some(error) => Err(error),
            None => Ok(Self { settings, origins, file }),
        }
    }
}

/// The nearest file upward, else the workspace's own.
fn find(folder: &Path, workspace: &Path) -> Option<PathBuf> {
    folder.ancestors().chain([workspace]).map(|f| f.join(FILE)).find(|f| f.exists())
}

struct Reading {
    settings: Settings,
    origins: Vec<Origin>,
    problems: Vec<Problem>,
}

impl Reading {
    fn set(&mut self, index: usize, given: &Given, origin: Origin) {
        match (SETTINGS[index].set)(&mut self.settings, given) {
            Ok(()) => self.origins[index] = origin,
            Err(why) => {
                let message = format!("{} {why}", SETTINGS[index].key);
                self.problems.push(Problem { place: origin.to_string(), message, near: None });
            }
        }
    }

    fn file(&mut self, path: &Path) {
        let entries = match file::read(path) {
            Ok(entries) => entries,
            Err(problem) => return self.problems.push(problem),
        };
        for entry in entries {
            let origin = Origin::File { path: path.to_owned(), line: entry.line };
            match SETTINGS.iter().position(|s| s.key == entry.key) {
                Some(index) => self.set(index, &entry.given, origin),
                None => self.problems.push(Problem {
                    place: origin.to_string(),
                    message: format!("there is no setting {:?}", entry.key),
                    near: nearest(&entry.key, SETTINGS.iter().map(|s| s.key)),
                }),
            }
        }
    }

    /// Unknown variables are an error when they look like a slip of the pen; others may be another program's.
    fn environment(&mut self, environment: &[(OsString, OsString)]) {
        let known = || SETTINGS.iter().map(|s| s.variable).chain(VARIABLES.iter().map(|v| v.name));
        let mut ours: Vec<&(OsString, OsString)> =
            environment.iter().filter(|(name, _)| name.to_string_lossy().starts_with("DOCMILL_")).collect();
        ours.sort();
        for (name, value) in ours {
            let name = name.to_string_lossy();
            let index = SETTINGS.iter().position(|s| s.variable == name);
            match (index, value.to_str()) {
                (Some(index), Some(word)) => {
                    self.set(index, &Given::Word(word.to_owned()), Origin::Variable(SETTINGS[index].variable));
                }
                (Some(_), None) => {
                    self.problems.push(Problem {
                        place: name.into_owned(),
                        message: "is not UTF-8".into(),
                        near: None,
                    });
                }
                (None, value) if name == "DOCMILL_LOG" && !value.is_some_and(|v| LOG.contains(&v)) => {
                    let message = format!("must be one of {}", LOG[1..].join(", "));
                    self.problems.push(Problem { place: name.into_owned(), message, near: None });
                }
                (None, _) if known().any(|k| k == name) => {}
                (None, _) => {
                    if let Some(near) = nearest(&name, known()) {
                        let message = "there is no such variable".to_owned();
                        self.problems.push(Problem { place: name.into_owned(), message, near: Some(near) });
                    }
                }
            }
        }
    }
}

/// The word that someone probably meant: at most a third of its letters differ.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    // Longer ones are no slip of the pen, and comparing them costs the square of their length.
    if word.len() > 100 {
        return None;
    }
    known
        .into_iter()
        .map(|k| (strsim::damerau_levenshtein(word, k), k))
        .filter(|(distance, k)| *distance <= k.len().max(3) / 3)
        .min()
        .map(|(_, k)| k.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Loads a file's text and variables; gives the settings, or all problems with the folder's name taken out.
    fn load(text: Option<&[u8]>, variables: &[(&str, &str)], flags: &[(&'static str, &str)]) -> Result<Config, String> {
        let folder = tempfile::tempdir().unwrap();
        if let Some(text) = text {
            std::fs::write(folder.path().join(FILE), text).unwrap();
        }
        let layers = Layers {
            folder: folder.path().join("a/b"),
            workspace: folder.path().join("w"),
            environment: variables.iter().map(|(n, v)| (n.into(), v.into())).collect(),
            flags: flags.iter().map(|(k, v)| (*k, (*v).to_owned())).collect(),
        };
        Config::load(&layers).map_err(|error| {
            let mut all = error.others();
            all.insert(0, error.to_string());
            let text = all.join("; ").replace(&format!("{}/", folder.path().display()), "");
            error.hint().map_or(text.clone(), |hint| format!("{text} -> {hint}"))
        })
    }

    #[test]
    fn later_layers_win_and_each_value_knows_its_origin() {
        let text = b"project = \"a\"\nworkers = 3\n\n[limits]\nmemory = \"1GiB\"\n";
        let config =
            load(Some(text), &[("DOCMILL_WORKERS", "4"), ("DOCMILL_PROJECT", "b")], &[("project", "c")]).unwrap();
        assert_eq!((config.settings.project.as_str(), config.settings.workers), ("c", 4));
        assert_eq!(config.settings.limits.memory, 1 << 30);
        let origins: Vec<String> = config.origins.iter().map(ToString::to_string).collect();
        assert_eq!(origins[..2], ["--project", "DOCMILL_WORKERS"]);
        assert!(origins[2].ends_with("docmill.toml:5"), "{}", origins[2]);
        assert_eq!(origins[3..], ["default"; 3]);
        assert_eq!(load(None, &[], &[]).unwrap().settings, Settings::default());
    }

    #[test]
    fn what_is_not_understood_is_an_error_with_its_place() {
        let check = |text: &[u8], expected: &str| {
            let problem = load(Some(text), &[], &[]).unwrap_err();
            assert!(problem.starts_with(expected), "{problem}");
        };
        check(
            b"[limits]\nmemry = \"1GiB\"\n",
            "docmill.toml:2: there is no setting \"limits.memry\" -> did you mean `limits.memory`?",
        );
        check(b"\nworker = 3", "docmill.toml:2: there is no setting \"worker\" -> did you mean `workers`?");
        check(b"xyzzy = 3", "docmill.toml:1: there is no setting \"xyzzy\"");
        check(b"limits.memory.x = 3", "docmill.toml:1: there is no setting \"limits.memory.x\"");
        check(b"[limit]", "docmill.toml:1: there is no setting \"limit\"");
        check(b"limits = 3", "docmill.toml:1: there is no setting \"limits\"");
        check(b"workers = \"many\"", "docmill.toml:1: workers must be a whole number from 1 to 256");
        check(b"workers = 0", "docmill.toml:1: workers must be");
        check(b"workers = 1.5", "docmill.toml:1: workers must be");
        check(b"workers = 99999999999999999999999", "docmill.toml:1: workers must be");
        check(b"project = 3", "docmill.toml:1: project must be");
        check(b"project = \"\"", "docmill.toml:1: project must be");
        check(b"limits.memory = 512", "docmill.toml:1: limits.memory must be");
        check(b"limits.memory = \"512\"", "docmill.toml:1: limits.memory must be");
        check(b"limits.memory = \"1B\"", "docmill.toml:1: limits.memory must be");
        check(b"limits.time = \"0s\"", "docmill.toml:1: limits.time must be");
        check(b"limits.time = \"99999999999999999999h\"", "docmill.toml:1: limits.time must be");
        check(b"a = 1\nb =\n", "docmill.toml:2: ");
        check(b"\xff\xfe", "docmill.toml:1: the file is not UTF-8");
        check(b"workers = 1\nworkers = 2", "docmill.toml:2: ");
        check(&b"a = [".repeat(100_000), "docmill.toml:1: ");
        check(&vec![b'#'; (1 << 20) + 1], "docmill.toml:1: the file is larger than 1 MiB");
        check(
            b"worker = 1\nx = 2\nproject = 1",
            "docmill.toml:1: there is no setting \"worker\"; docmill.toml:2: there is no setting \"x\"; docmill.toml:3: project must be",
        );
        assert!(load(Some(b""), &[], &[]).is_ok());
        assert!(load(Some(b"# only a comment"), &[], &[]).is_ok());
        assert!(load(Some(b"[limits]"), &[], &[]).is_ok());
    }

    #[test]
    fn variables_are_checked_as_the_file_is() {
        let check = |name: &str, value: &str, expected: &str| {
            let problem = load(None, &[(name, value)], &[]).unwrap_err();
            assert!(problem.starts_with(expected), "{problem}");
        };
        check("DOCMILL_WORKER", "3", "DOCMILL_WORKER: there is no such variable -> did you mean `DOCMILL_WORKERS`?");
        check("DOCMILL_WORKERS", "x", "DOCMILL_WORKERS: workers must be");
        check("DOCMILL_LOG", "loud", "DOCMILL_LOG: must be one of info, debug");
        check("DOCMILL_LIMITS_TIME", "", "DOCMILL_LIMITS_TIME: limits.time must be");
        assert!(load(None, &[("DOCMILL_SOMETHING_ELSE_ALTOGETHER", "x"), ("DOCMILL_LOG", "debug")], &[]).is_ok());
    }
}
