//! What a folder can hold besides files, and naming it more than once.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::pit::{Pit, SOUND, documents};

#[test]
fn only_files_are_opened_and_loops_end() {
    let pit = Pit::with(&[("a.txt", SOUND.as_bytes()), ("deep/b.txt", b"Paid on 4 May 2024.\n")]);
    let _socket = UnixListener::bind(pit.path("socket.txt")).unwrap();
    mknodat(CWD, pit.path("pipe.txt"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    symlink("pipe.txt", pit.path("to-pipe.txt")).unwrap();
    symlink("/dev/zero", pit.path("to-zero.txt")).unwrap();
    symlink("..", pit.path("deep/up")).unwrap();
    symlink("self", pit.path("self")).unwrap();
    std::fs::create_dir_all(pit.path(".hidden")).unwrap();
    pit.put(".hidden/c.txt", b"Hidden on 5 May 2024.\n");
    std::fs::write(pit.root().join("outside.txt"), "Outside on 6 May 2024.\n").unwrap();
    symlink("../outside.txt", pit.path("to-outside.txt")).unwrap();

    let said = pit.run();
    let found = pit.documents();
    let names: Vec<&str> = found.keys().map(String::as_str).collect();
    assert_eq!(names, ["a.txt", "deep/b.txt", "to-outside.txt"], "{said:?}");
    assert!(found.values().all(|told| told == "done"), "{found:?}");
    for path in ["in/pipe.txt", "in/socket.txt", "in/to-zero.txt"] {
        pit.say(&["run", path]).refuses("not_a_file");
        pit.say(&["extract", path]).refuses("not_a_file");
    }
    // A link to itself leads nowhere, which is told and holds up nobody.
    assert_eq!(said.code, Some(1));
    assert!(said.out.contains("self"), "{said:?}");
}

#[test]
fn a_workspace_inside_the_folder_is_not_read() {
    let pit = Pit::with(&[("a.txt", SOUND.as_bytes())]);
    for round in 0..2 {
        let said = pit.say(&["run", "."]).ends_with(0);
        assert_eq!(pit.documents().keys().collect::<Vec<_>>(), ["in/a.txt"], "round {round}: {said:?}");
    }
}

#[test]
fn what_is_named_twice_is_read_once_whatever_the_order() {
    let files: [(&str, &[u8]); 3] =
        [("a.txt", SOUND.as_bytes()), ("deep/b.txt", b"On 4 May 2024.\n"), ("deep/c.txt", b"On 5 May 2024.\n")];
    let export = |arguments: &[&str]| {
        let pit = Pit::with(&files);
        let arguments: Vec<&str> = ["run"].iter().chain(arguments).copied().collect();
        let said = pit.say(&arguments).ends_with(0);
        assert!(said.out.contains("3 files"), "{arguments:?}: {said:?}");
        let again = pit.say(&arguments).ends_with(0);
        assert!(again.out.contains("Nothing changed"), "{arguments:?}: {again:?}");
        pit.export()
    };
    let once = export(&["in"]);
    assert_eq!(documents(&once).keys().collect::<Vec<_>>(), ["a.txt", "deep/b.txt", "deep/c.txt"]);
    for twice in [&["in", "./in/../in"][..], &["in/deep", "in"], &["in", "in/deep/b.txt", "in/deep", "in/deep/b.txt"]] {
        assert!(export(twice) == once, "{twice:?}: {:#?}", documents(&export(twice)));
    }
}

#[test]
fn a_file_that_may_not_be_read_is_told_and_tried_again_when_it_may() {
    let pit = Pit::with(&[
        ("a.txt", SOUND.as_bytes()),
        ("closed.txt", b"On 4 May 2024.\n"),
        ("shut/b.txt", b"On 5 May 2024.\n"),
    ]);
    std::fs::create_dir(pit.workspace()).unwrap();
    let mode = |name: &str, mode| std::fs::set_permissions(pit.path(name), PermissionsExt::from_mode(mode)).unwrap();
    std::fs::set_permissions(pit.workspace(), PermissionsExt::from_mode(0o777)).unwrap();
    mode("closed.txt", 0o000);
    mode("shut", 0o000);
    let said = pit.say_as_nobody(&["run", "in"]).ends_with(1);
    assert!(said.out.contains("permission_denied"), "{said:?}");
    let status = pit.say_as_nobody(&["status"]).ends_with(0);
    assert!(status.out.contains("closed.txt") && status.out.contains("shut"), "{status:?}");
    assert_eq!(pit.say_as_nobody(&["extract", "in/closed.txt"]).code, Some(1));
    mode("closed.txt", 0o644);
    mode("shut", 0o755);
    pit.say_as_nobody(&["run", "in"]).ends_with(0);
    let export = pit.say_as_nobody(&["export"]).ends_with(0).out;
    assert_eq!(documents(&export).len(), 3);
}
