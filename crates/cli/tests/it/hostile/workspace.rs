//! Workspaces that cannot be used as they are.

use std::fs::{self, File};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use docmill_testkit::corpus::{Dice, document};

use super::pit::{Pit, SOUND, is_root};

fn sound() -> Pit {
    Pit::with(&[("a.txt", SOUND.as_bytes())])
}

fn mode(path: PathBuf, mode: u32) {
    fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

#[test]
fn a_workspace_that_may_not_be_written_is_told() {
    let pit = sound();
    // Made where nothing may be made.
    pit.say_as_nobody(&["run", "in"]).refuses("read_only");

    fs::create_dir(pit.workspace()).unwrap();
    mode(pit.workspace(), 0o777);
    pit.say_as_nobody(&["run", "in"]).ends_with(0);
    let export = pit.say_as_nobody(&["export"]).ends_with(0).out;
    for entry in fs::read_dir(pit.workspace()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            mode(path, 0o444);
        }
    }
    mode(pit.workspace(), 0o555);
    for arguments in [&["run", "in"][..], &["retry"], &["reprocess"], &["forget", "a.txt"], &["prune"]] {
        pit.say_as_nobody(arguments).refuses("read_only");
    }
    mode(pit.workspace(), 0o777);
    for entry in fs::read_dir(pit.workspace()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            mode(path, 0o666);
        }
    }
    pit.say_as_nobody(&["run", "in"]).ends_with(0);
    assert_eq!(pit.say_as_nobody(&["export"]).ends_with(0).out, export);
}

#[test]
fn a_workspace_of_a_newer_version_is_left_alone() {
    let pit = sound();
    pit.run().ends_with(0);
    let export = pit.export();
    let set = |version: i64| {
        let store = rusqlite::Connection::open(pit.workspace().join("docmill.sqlite")).unwrap();
        let before: i64 = store.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
        store.pragma_update(None, "user_version", version).unwrap();
        before
    };
    let version = set(99);
    for arguments in
        [&["run", "in"][..], &["status"], &["export"], &["retry"], &["why", "a.txt"], &["search", "rent"], &["prune"]]
    {
        pit.say(arguments).refuses("workspace_newer");
    }
    set(version);
    assert_eq!(pit.export(), export, "nothing was changed");
}

#[test]
fn a_damaged_store_is_told_and_never_a_panic() {
    let pit = Pit::new();
    for number in 0..20 {
        pit.put(format!("{number}.txt"), &document("txt", number, 4000, 1));
    }
    pit.run().ends_with(0);
    let store = pit.workspace().join("docmill.sqlite");
    // What is in the log is folded into the file, so that all damage is to the file.
    rusqlite::Connection::open(&store).unwrap().pragma_update(None, "journal_mode", "delete").unwrap();
    let whole = fs::read(&store).unwrap();
    let restore = |bytes: &[u8]| {
        for entry in fs::read_dir(pit.workspace()).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                fs::remove_file(path).unwrap();
            }
        }
        fs::write(&store, bytes).unwrap();
    };
    let mut dice = Dice::new(11);
    let mut noise = |length: usize| (0..length).map(|_| dice.roll(256) as u8).collect::<Vec<u8>>();

    for bytes in [noise(64 << 10), whole[..whole.len() / 2].to_vec(), whole[..100].to_vec()] {
        restore(&bytes);
        for arguments in [&["run", "in"][..], &["status"], &["export"]] {
            pit.say(arguments).refuses("workspace_damaged");
        }
    }
    // Holes of noise at places of any kind: some are met and some are not, none is a bug.
    let mut failed = false;
    for round in 0..8 {
        restore(&whole);
        let file = File::options().write(true).open(&store).unwrap();
        for hole in 0..6 {
            let at = 100 + (whole.len() as u64 / 48) * (round * 6 + hole);
            file.write_all_at(&noise(2048), at).unwrap();
        }
        drop(file);
        for arguments in [&["status"][..], &["run", "in"], &["export"], &["search", "rent"], &["doctor"]] {
            let said = pit.say(arguments);
            assert!(matches!(said.code, Some(0 | 1)), "{arguments:?}: {said:?}");
            let told = ["[workspace_damaged]", "[store_error]"].iter().any(|code| said.err.contains(code));
            assert!(said.code == Some(0) || told || arguments[0] == "doctor", "{arguments:?}: {said:?}");
            failed |= said.code != Some(0);
        }
    }
    assert!(failed, "no hole was met");
    restore(&whole);
    pit.run().ends_with(0);
}

/// A small disk over the workspace's folder, taken off when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None` where this user may not mount one, which is said.
    fn new(at: PathBuf, size: &str) -> Option<Self> {
        fs::create_dir_all(&at).unwrap();
        let mounted = is_root() && mount(&["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"], &at);
        if !mounted {
            eprintln!("SKIPPED: a full disk needs the right to mount one");
        }
        mounted.then_some(Self(at))
    }

    fn resize(&self, size: &str) {
        assert!(mount(&["-o", &format!("remount,size={size}")], &self.0));
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

fn mount(options: &[&str], at: &PathBuf) -> bool {
    Command::new("mount").args(options).arg(at).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

#[test]
fn a_full_disk_stops_the_run_which_goes_on_when_there_is_room() {
    let pit = Pit::new();
    for number in 0..9 {
        let format = ["txt", "eml", "pdf"][number as usize % 3];
        pit.put(format!("{number:02}.{format}"), &document(format, number, 3000, 4));
    }
    // Attachments are files of their own, written beside the store.
    pit.put("big.eml", attachment(600_000).as_bytes());
    pit.run().ends_with(0);
    let expected = pit.export();
    let needs: u64 = fs::read_dir(pit.workspace()).unwrap().map(|e| e.unwrap().metadata().unwrap().len()).sum();
    fs::remove_dir_all(pit.workspace()).unwrap();

    for fifth in 0..5 {
        let Some(disk) = SmallDisk::new(pit.workspace(), &format!("{}k", needs * fifth / 5 / 1024 + 64)) else {
            return;
        };
        pit.run().refuses("disk_full");
        pit.run().refuses("disk_full");
        disk.resize("64m");
        pit.run().ends_with(0);
        assert!(pit.export() == expected, "{fifth} fifths of what is needed");
    }
}

#[test]
fn an_attachment_that_finds_no_room_stops_the_run_and_blames_no_document() {
    let pit = Pit::with(&[("big.eml", attachment(8_000_000).as_bytes())]);
    let Some(disk) = SmallDisk::new(pit.workspace(), "4m") else { return };
    pit.run().refuses("disk_full");
    disk.resize("64m");
    let said = pit.run().ends_with(0);
    assert!(said.out.contains("1 done, 1 skipped"), "the mail and what is attached: {said:?}");
}

/// A mail with a file of so many bytes that no reader knows.
fn attachment(bytes: usize) -> String {
    // Four characters stand for three bytes, all of them zero.
    let lines = format!("{}\r\n", "A".repeat(72)).repeat(bytes / 54);
    format!(
        "From: a@example.org\r\nTo: b@example.org\r\nSubject: Big\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=\"p\"\r\n\r\n--p\r\nContent-Type: text/plain\r\n\r\nSee 5 May 2024.\r\n\
         --p\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\
         Content-Disposition: attachment; filename=\"big.bin\"\r\n\r\n{lines}--p--\r\n"
    )
}
