//! Small piles of documents, and runs over them without a wall.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use docmill_engine::{Direct, Intake, IntakeReport, RunOptions, RunReport, Silent, Workspace, run};

/// A folder with documents and a place for a workspace; removed when dropped.
pub struct Pile {
    folder: tempfile::TempDir,
}

impl Pile {
    pub fn new(files: &[(&str, &str)]) -> Self {
        let pile = Self { folder: tempfile::tempdir().unwrap() };
        files.iter().for_each(|(name, text)| pile.put(name, text.as_bytes()));
        pile
    }

    pub fn put(&self, name: &str, bytes: &[u8]) {
        let path = self.documents().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    pub fn remove(&self, name: &str) {
        std::fs::remove_file(self.documents().join(name)).unwrap();
    }

    pub fn documents(&self) -> PathBuf {
        self.folder.path().join("documents")
    }

    pub fn workspace(&self) -> Workspace {
        Workspace::create(&self.folder.path().join("workspace")).unwrap()
    }

    /// One to compare the first with.
    pub fn another_workspace(&self) -> Workspace {
        Workspace::create(&self.folder.path().join("another")).unwrap()
    }
}

pub fn intake(root: &Path) -> Intake {
    Intake {
        roots: vec![root.to_owned()],
        project: "test".into(),
        include: Default::default(),
        exclude: Default::default(),
        limit: None,
        workspace: PathBuf::new(),
    }
}

/// A run over a handful of small documents takes well under a second; one that takes this long has lost a message.
pub const STUCK: std::time::Duration = std::time::Duration::from_secs(60);

/// Runs over the pile to the end, in this process.
pub async fn run_all(workspace: &Workspace, root: &Path) -> RunReport {
    let _lock = workspace.lock().unwrap();
    let options = RunOptions { intake: Some(intake(root)), workers: 2 };
    let run = run(workspace, options, Arc::new(Direct), Arc::new(Silent), std::future::pending());
    tokio::time::timeout(STUCK, run).await.expect("the run comes to an end").unwrap()
}

/// Takes in, and runs nothing.
pub async fn take_in(intake: Intake, workspace: &Workspace) -> IntakeReport {
    let (store, runtime) = (workspace.store(), tokio::runtime::Handle::current());
    let stop = std::sync::atomic::AtomicBool::new(false);
    tokio::task::spawn_blocking(move || intake.run(&store, &Silent, &runtime, &stop).unwrap()).await.unwrap()
}

pub async fn export(workspace: &Workspace) -> String {
    let mut out = Vec::new();
    docmill_engine::export(workspace.store().as_ref(), &mut out, true).await.unwrap();
    String::from_utf8(out).unwrap()
}

/// Values of a field over all lines of a kind.
pub fn field(export: &str, kind: &str, field: &str) -> BTreeSet<String> {
    export
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter(|row| row["kind"] == kind)
        .map(|row| row[field].as_str().map_or_else(|| row[field].to_string(), str::to_owned))
        .collect()
}

pub const LETTER: &str =
    "To whom it may concern,\n\nThe rent of EUR 1,200.00 was paid on 3 March 2024.\nWrite to anna@example.org.\n";
pub const MAIL: &str = "From: Anna Schmidt <anna@example.org>\r\nTo: Ben Carter <ben@example.com>, Cleo Diaz <cleo@example.net>\r\n\
    Date: Tue, 5 Mar 2024 10:22:33 +0100\r\nSubject: The rent\r\nMIME-Version: 1.0\r\n\
    Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nPlease pay $500.\r\n\
    --b\r\nContent-Type: text/plain; name=\"note.txt\"\r\nContent-Disposition: attachment; filename=\"note.txt\"\r\n\r\n\
    The invoice of 1 April 2024 is attached.\r\n--b--\r\n";
