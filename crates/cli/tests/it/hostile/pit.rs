//! A folder of bad documents beside a workspace, and the binary over them.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Lines};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, geteuid, kill_process};
use serde_json::Value;

use crate::desk::BINARY;

/// Seconds after which a command is held to hang.
const STUCK: u64 = 60;
/// Bytes of writable memory that the parent gets: any document that is held whole, or expanded, passes it.
pub const PARENT_MEMORY: &str = "300000000";

/// A text with two things to find.
pub const SOUND: &str = "The rent of EUR 1,200.00 was paid on 3 March 2024.\n";

pub struct Pit {
    folder: tempfile::TempDir,
}

/// How a command ended and what it said.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Said {
    pub fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("what is said is UTF-8");
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Panics unless the exit code and the code of the error are these and a remedy is named.
    #[track_caller]
    pub fn refuses(&self, code: &str) {
        assert_eq!(self.code, Some(1), "{self:?}");
        assert!(self.err.contains(&format!("[{code}]")) && self.err.contains("hint: "), "{self:?}");
    }

    #[track_caller]
    pub fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        self
    }

    /// Panics where a terminal could be commanded or deceived.
    #[track_caller]
    pub fn is_harmless(&self) {
        for text in [&self.out, &self.err] {
            let harmful = |c: char| {
                (c.is_control() && c != '\n' && c != '\t')
                    || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
            };
            assert!(!text.contains(harmful), "{text:?}");
        }
    }
}

impl Pit {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // Other users come in too.
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
        std::fs::create_dir(folder.path().join("in")).unwrap();
        Self { folder }
    }

    pub fn with(files: &[(&str, &[u8])]) -> Self {
        let pit = Self::new();
        files.iter().for_each(|(name, bytes)| pit.put(name, bytes));
        pit
    }

    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    /// Where the documents are.
    pub fn input(&self) -> PathBuf {
        self.folder.path().join("in")
    }

    pub fn path(&self, name: impl AsRef<OsStr>) -> PathBuf {
        self.input().join(name.as_ref())
    }

    pub fn put(&self, name: impl AsRef<OsStr>, bytes: &[u8]) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    pub fn workspace(&self) -> PathBuf {
        self.folder.path().join("workspace")
    }

    /// A command that is killed when it hangs and that dies for want of memory when it takes too much.
    pub fn command(&self, arguments: &[&OsStr]) -> Command {
        let mut command = Command::new("timeout");
        command.args([
            "--signal=KILL",
            &STUCK.to_string(),
            "prlimit",
            &format!("--data={PARENT_MEMORY}"),
            "--",
            BINARY,
        ]);
        self.clean(&mut command, arguments);
        command
    }

    /// The same as another user where this one is root, who may read and write everything.
    pub fn command_as_nobody(&self, arguments: &[&OsStr]) -> Command {
        let mut command = Command::new("timeout");
        command.args(["--signal=KILL", &STUCK.to_string()]);
        if is_root() {
            command.args(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"]);
        }
        command.arg(BINARY);
        self.clean(&mut command, arguments);
        command
    }

    /// Nothing of the tester's own settings reaches the command. The folder for its files is one where another
    /// user may not write, which it should not need.
    fn clean(&self, command: &mut Command, arguments: &[&OsStr]) {
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        command.args(arguments).arg("--workspace").arg(self.workspace());
    }

    pub fn say(&self, arguments: &[&str]) -> Said {
        let arguments: Vec<&OsStr> = arguments.iter().map(OsStr::new).collect();
        Said::of(self.command(&arguments).output().unwrap())
    }

    pub fn say_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Said {
        let arguments: Vec<&OsStr> = arguments.iter().map(OsStr::new).collect();
        Said::of(self.command(&arguments).envs(environment.iter().copied()).output().unwrap())
    }

    pub fn say_as_nobody(&self, arguments: &[&str]) -> Said {
        let arguments: Vec<&OsStr> = arguments.iter().map(OsStr::new).collect();
        Said::of(self.command_as_nobody(&arguments).output().unwrap())
    }

    /// Runs over the documents.
    pub fn run(&self) -> Said {
        self.say(&["run", "in"])
    }

    /// The lines of the export.
    pub fn export(&self) -> String {
        self.say(&["export", "--text"]).ends_with(0).out
    }

    /// State and codes of every document that has a path, by that path.
    pub fn documents(&self) -> BTreeMap<String, String> {
        documents(&self.export())
    }

    /// Starts a command whose events are read while it goes on.
    pub fn start(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Running {
        let mut command = Command::new(BINARY);
        let arguments: Vec<&OsStr> = arguments.iter().map(OsStr::new).collect();
        self.clean(&mut command, &arguments);
        command.arg("--verbose").envs(environment.iter().copied()).stdout(Stdio::null()).stderr(Stdio::piped());
        Running::new(command.spawn().unwrap())
    }
}

/// State and codes of every document of an export that has a path, by that path.
pub fn documents(export: &str) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    for line in export.lines() {
        let row: Value = serde_json::from_str(line).expect("the export is JSON");
        if row["kind"] != "document" {
            continue;
        }
        let codes: Vec<&str> =
            row["warnings"].as_array().unwrap().iter().map(|w| w["code"].as_str().unwrap()).collect();
        let told = [row["state"].as_str().unwrap()].into_iter().chain(codes).collect::<Vec<_>>().join(" ");
        for source in row["sources"].as_array().unwrap() {
            if let Some(path) = source["path"].as_str() {
                out.insert(path.to_owned(), told.clone());
            }
        }
    }
    out
}

/// A command that is going on; killed when dropped, and when it hangs.
pub struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStderr>>,
    /// Closed when the child need not be watched any more.
    _watched: Sender<()>,
}

impl Running {
    fn new(mut child: Child) -> Self {
        let lines = BufReader::new(child.stderr.take().expect("its standard error is a pipe")).lines();
        let (watched, gone) = channel::<()>();
        let pid = Pid::from_child(&child);
        std::thread::spawn(move || {
            // Until it is waited for, which comes behind the end of the watch, the number is its own.
            if gone.recv_timeout(Duration::from_secs(STUCK)) == Err(RecvTimeoutError::Timeout) {
                let _ = kill_process(pid, Signal::KILL);
            }
        });
        Self { child, lines, _watched: watched }
    }

    /// Reads events up to the first with these words in it.
    #[track_caller]
    pub fn reach(&mut self, words: &str) -> String {
        let found = self.lines.by_ref().map(Result::unwrap).find(|line| line.contains(words));
        found.unwrap_or_else(|| panic!("the run ended without {words:?}"))
    }

    /// Reads to the end. Gives the exit code and the events that were not read yet.
    pub fn end(mut self) -> (Option<i32>, Vec<String>) {
        let lines = self.lines.by_ref().map(Result::unwrap).collect();
        (self.child.wait().unwrap().code(), lines)
    }

    /// Kills it as a power cut would.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn is_root() -> bool {
    geteuid().is_root()
}
