//! A folder with documents, and the program started in it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

pub const BINARY: &str = env!("CARGO_BIN_EXE_docmill");

pub const LETTER: &str =
    "Dear Ms Weaver,\n\nThe net rent of EUR 1,200.00 was paid on 3 March 2024.\n\nSee 28 U.S.C. § 1331.\n";
pub const MAIL: &str = "From: Anna Schmidt <anna@example.org>\r\nTo: Ben Carter <ben@example.com>\r\n\
    Date: Tue, 5 Mar 2024 10:22:33 +0100\r\nSubject: The rent\r\nMIME-Version: 1.0\r\n\
    Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nPlease pay $500.\r\n\
    --b\r\nContent-Type: text/plain; name=\"note.txt\"\r\nContent-Disposition: attachment; filename=\"note.txt\"\r\n\r\n\
    The invoice of 1 April 2024 is attached.\r\n--b--\r\n";
/// Begins as a PDF and is none.
pub const DAMAGED: &[u8] = b"%PDF-1.7\nnothing of a PDF follows\n";

/// Removed when dropped.
pub struct Desk {
    folder: tempfile::TempDir,
}

/// How a command ended.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Said {
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Both streams hold what is expected, and the code is right.
    #[track_caller]
    pub fn check(&self, code: i32, stdout: &[&str], stderr: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        for part in stdout {
            assert!(self.stdout.contains(part), "no {part:?} in {self:?}");
        }
        for part in stderr {
            assert!(self.stderr.contains(part), "no {part:?} in {self:?}");
        }
        assert!(!stdout.is_empty() || self.stdout.is_empty(), "something on standard output: {self:?}");
    }
}

impl Desk {
    pub fn new(files: &[(&str, &str)]) -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap() };
        std::fs::create_dir(desk.path("in")).unwrap();
        files.iter().for_each(|(name, text)| desk.put(name, text.as_bytes()));
        desk
    }

    /// Writes a file below `in`.
    pub fn put(&self, name: impl AsRef<OsStr>, bytes: &[u8]) {
        let path = self.path("in").join(name.as_ref());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program in this folder, with nothing of the environment.
    pub fn command<T: AsRef<OsStr>>(&self, arguments: &[T]) -> Command {
        let mut command = Command::new(BINARY);
        command.args(arguments).current_dir(self.folder.path()).env_clear().stdin(Stdio::null());
        command
    }

    pub fn args<T: AsRef<OsStr>>(&self, arguments: &[T]) -> Said {
        said(&mut self.command(arguments))
    }

    /// Words between single spaces.
    pub fn docmill(&self, line: &str) -> Said {
        self.args(&line.split(' ').collect::<Vec<_>>())
    }

    /// Reads `in` into the workspace.
    #[track_caller]
    pub fn run(&self) -> Said {
        let said = self.docmill("run in");
        assert_eq!(said.code, Some(0), "{said:?}");
        said
    }
}

pub fn said(command: &mut Command) -> Said {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// The top of the repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}
