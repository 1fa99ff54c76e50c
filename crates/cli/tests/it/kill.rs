//! The kill test: runs over a pile are ended by SIGKILL again and again, at moments inside running stages, and
//! restarted at once; what is left must be what an undisturbed run leaves, byte for byte.
//!
//! `DOCMILL_KILLS` sets the number of kills, and with a hundred or more the pile is the whole one: 200 documents
//! of all formats, 40 of them PDFs of more than 20 pages.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use docmill_testkit::corpus::{Dice, FORMATS, document};

/// The binary under test: the one of this build, or a release build that `DOCMILL_BINARY` names.
fn binary() -> PathBuf {
    std::env::var_os("DOCMILL_BINARY").map_or_else(|| env!("CARGO_BIN_EXE_docmill").into(), PathBuf::from)
}

/// A document is given up after three deaths of its child, so a test may cause two.
const CHILD_KILLS: u32 = 2;

struct Pile {
    folder: tempfile::TempDir,
    names: Vec<String>,
}

impl Pile {
    /// One document in five is a PDF of 21 to 30 pages, the others are small ones of the other formats.
    fn new(documents: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut names = Vec::new();
        std::fs::create_dir(folder.path().join("in")).unwrap();
        for seed in 0..documents {
            let long = seed % 5 == 0;
            let format = if long { "pdf" } else { FORMATS[(seed % 6) as usize] };
            let name = format!("{seed:03}.{format}");
            let pages = if long { 21 + (seed % 10) as usize } else { 2 };
            std::fs::write(folder.path().join("in").join(&name), document(format, seed, 1500, pages)).unwrap();
            names.push(name);
        }
        Self { folder, names }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("in").join(name)
    }

    fn workspace(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, workspace: &str, workers: u32) -> Command {
        let mut command = Command::new(binary());
        command.env_clear().env("DOCMILL_LOG", "debug");
        command.arg("run").arg("--workspace").arg(self.workspace(workspace)).arg("--workers").arg(workers.to_string());
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    /// Runs to the end over some of the files, in the given order.
    fn run(&self, workspace: &str, workers: u32, names: &[String]) {
        let output = self.command(workspace, workers).args(names.iter().map(|n| self.path(n))).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn docmill(&self, workspace: &str, arguments: &[&str]) -> Vec<u8> {
        let output =
            Command::new(binary()).args(arguments).arg("--workspace").arg(self.workspace(workspace)).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    fn export(&self, workspace: &str) -> Vec<u8> {
        self.docmill(workspace, &["export", "--text"])
    }
}

/// What a run says in its log: which stages are open, and whose child is which process.
#[derive(Default)]
struct Log {
    open: BTreeSet<(String, String)>,
    pages: u32,
}

fn value<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    line.split(' ').find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
}

impl Log {
    fn take(&mut self, line: &str) {
        let key = || Some((value(line, "document")?.to_owned(), value(line, "stage")?.to_owned()));
        if line.contains("stage started") {
            self.open.extend(key());
        } else if line.contains("stage ended") || line.contains("stage again") {
            key().map(|k| self.open.remove(&k));
        } else if line.contains("pages saved") {
            self.pages += 1;
        }
    }
}

fn kill(pid: u32) {
    let status = Command::new("kill").arg("-KILL").arg(pid.to_string()).stderr(Stdio::null()).status().unwrap();
    // A child that has ended by itself in between is as dead.
    let _ = status;
}

/// What a kill met.
struct Kill {
    parent: bool,
    open: BTreeSet<(String, String)>,
}

/// Starts a run and kills it, or a child of it, after some steps. `None` when it came to its end before.
fn disturbed(pile: &Pile, dice: &mut Dice, child_kills: &mut BTreeMap<String, u32>) -> Option<Kill> {
    let mut names = pile.names.clone();
    dice.shuffle(&mut names);
    let mut command = pile.command("killed", 2);
    command.args(names.iter().map(|n| pile.path(n))).stderr(Stdio::piped());
    let mut run: Child = command.spawn().unwrap();
    let mut lines = BufReader::new(run.stderr.take().unwrap()).lines();
    let mut log = Log::default();
    let wants_child = dice.roll(3) == 0;
    let mut steps = 1 + dice.roll(9);
    let mut killed = None;
    for line in lines.by_ref() {
        let line = line.unwrap();
        log.take(&line);
        if !["stage started", "pages saved", "child started"].iter().any(|step| line.contains(step)) {
            continue;
        }
        steps = steps.saturating_sub(1);
        if steps > 0 || killed.is_some() {
            continue;
        }
        if !wants_child {
            kill(run.id());
            killed = Some(true);
            break;
        }
        if let (true, Some(document), Some(pid)) =
            (line.contains("child started"), value(&line, "document"), value(&line, "pid"))
        {
            let count = child_kills.entry(document.to_owned()).or_default();
            if *count < CHILD_KILLS {
                *count += 1;
                kill(pid.parse().unwrap());
                killed = Some(false);
                break;
            }
        }
    }
    let Some(parent) = killed else {
        run.wait().unwrap();
        return None;
    };
    let open = log.open.clone();
    if parent {
        // What was written before the kill is still in the pipe: the last word on what was running.
        for line in lines.map_while(Result::ok) {
            log.take(&line);
        }
        run.wait().unwrap();
        return Some(Kill { parent, open: log.open });
    }
    // The run goes on without its child; it is ended here so that the next one starts.
    for line in lines.by_ref().map_while(Result::ok).take(3 + dice.roll(20) as usize) {
        log.take(&line);
    }
    kill(run.id());
    run.wait().unwrap();
    Some(Kill { parent, open })
}

fn check_equal(name: &str, expected: &[u8], found: &[u8]) {
    if expected == found {
        return;
    }
    let (expected, found) = (String::from_utf8_lossy(expected), String::from_utf8_lossy(found));
    let difference = expected.lines().zip(found.lines()).find(|(a, b)| a != b);
    let difference = difference.map(|(a, b)| format!("{:.600}\n{b:.600}", a.to_owned()));
    panic!("{name}: {} and {} lines; {difference:?}", expected.lines().count(), found.lines().count());
}

#[test]
fn killed_at_any_moment_a_run_goes_on_to_the_same_bytes() {
    let kills: usize = std::env::var("DOCMILL_KILLS").ok().map_or(8, |n| n.parse().expect("DOCMILL_KILLS is a number"));
    let pile = Pile::new(if kills >= 100 { 200 } else { 30 });
    let whole = &pile.names;
    pile.run("undisturbed", 2, whole);
    let expected = pile.export("undisturbed");

    let mut dice = Dice::new(2024);
    let mut child_kills = BTreeMap::new();
    let (mut done, mut inside, mut children) = (0, 0, 0);
    while done < kills {
        let Some(kill) = disturbed(&pile, &mut dice, &mut child_kills) else { break };
        done += 1;
        children += usize::from(!kill.parent);
        inside += usize::from(!kill.open.is_empty());
        let open: Vec<String> = kill.open.iter().map(|(document, stage)| format!("{document} {stage}")).collect();
        println!("kill {done}: the {} inside [{}]", if kill.parent { "parent" } else { "child" }, open.join(", "));
    }
    assert_eq!(done, kills, "the pile is too small for so many kills");
    println!("{done} kills, {children} of a child, {inside} inside a running stage");
    assert!(inside * 10 >= kills * 6, "only {inside} of {kills} kills were inside a running stage");
    pile.run("killed", 2, whole);
    check_equal("after the kills", &expected, &pile.export("killed"));

    for (workspace, workers) in [("one", 1), ("four", 4)] {
        let mut names = whole.clone();
        dice.shuffle(&mut names);
        pile.run(workspace, workers, &names);
        check_equal(&format!("{workers} workers, shuffled"), &expected, &pile.export(workspace));
    }

    let (kept, gone): (Vec<_>, Vec<_>) = whole.iter().cloned().enumerate().partition(|(i, _)| i % 3 != 0);
    let kept: Vec<String> = kept.into_iter().map(|(_, name)| name).collect();
    for (_, name) in &gone {
        pile.docmill("killed", &["forget", name]);
    }
    pile.run("without", 2, &kept);
    check_equal("after forget", &pile.export("without"), &pile.export("killed"));
    pile.run("killed", 2, whole);
    check_equal("after adding them again", &expected, &pile.export("killed"));
}

/// The pile is flat, so that a folder and its files one by one are shown the same.
#[test]
fn a_folder_gives_what_its_files_give() {
    let pile = Pile::new(7);
    pile.run("files", 2, &pile.names);
    pile.run("folder", 2, &[String::new()]);
    check_equal("a folder", &pile.export("files"), &pile.export("folder"));
}
