//! Bad luck and bad input: the program says what it is and goes on or stops in order.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Stdio};

use docmill_engine::Workspace;

use crate::desk::{Desk, LETTER, said};

#[test]
fn paths_that_cannot_be_read_are_told_before_anything_is_made() {
    let desk = Desk::new(&[]);
    desk.docmill("run nowhere").check(
        1,
        &[],
        &["there is no file or folder called nowhere [bad_argument]", "check the spelling"],
    );
    desk.docmill("run im").check(1, &[], &["did you mean in?"]);
    desk.docmill("run ./imm/x").check(1, &[], &["there is no file or folder"]);
    desk.docmill("run /dev/null").check(1, &[], &["[not_a_file]"]);
    assert!(!desk.path(".docmill").exists());
    desk.docmill("run in").check(0, &["Nothing to read: no file was found."], &[]);
    desk.docmill("status").check(0, &["none yet: docmill run PATH"], &[]);
    desk.docmill("export").check(0, &[], &[]);
}

#[test]
fn one_command_at_a_time_changes_a_workspace() {
    let desk = Desk::new(&[("letter.txt", LETTER)]);
    desk.run();
    let workspace = Workspace::open(&desk.path(".docmill")).unwrap();
    let lock = workspace.lock().unwrap();
    for line in ["run in", "retry", "reprocess", "forget letter.txt", "prune"] {
        desk.docmill(line).check(1, &[], &["[workspace_busy]", "hint: wait for it"]);
    }
    // Looking is always allowed.
    desk.docmill("status").check(0, &["done"], &[]);
    desk.docmill("export").check(0, &["\"kind\":\"document\""], &[]);
    let error: serde_json::Value = serde_json::from_str(&desk.docmill("prune --json").stderr).unwrap();
    assert_eq!(error["error"]["code"], "workspace_busy");
    drop(lock);
    desk.docmill("prune").check(0, &["Nothing to take out"], &[]);
}

#[test]
fn a_folder_that_is_no_workspace_is_left_alone() {
    let desk = Desk::new(&[("letter.txt", LETTER)]);
    desk.docmill("run in --workspace in").check(
        1,
        &[],
        &["is not a workspace and not an empty folder", "[bad_argument]"],
    );
    desk.docmill("status --workspace in").check(1, &[], &["there is no workspace here", "[not_found]"]);
    std::fs::create_dir(desk.path("w")).unwrap();
    std::fs::write(desk.path("w/docmill.sqlite"), "no database, but a file of that name that is long enough").unwrap();
    for line in ["status --workspace w", "run in --workspace w", "export --workspace w"] {
        desk.docmill(line).check(1, &[], &["[workspace_damaged]", "hint: "]);
    }
    std::fs::write(desk.path("file"), "").unwrap();
    assert_eq!(desk.docmill("run in --workspace file").code, Some(1));
}

#[test]
fn names_of_any_bytes_are_taken() {
    let desk = Desk::new(&[]);
    let name = OsStr::from_bytes(b"\xff\x1b[31m 100%41.txt");
    desk.put(name, LETTER.as_bytes());
    let run = desk.run();
    assert!(!run.stdout.contains('\x1b'), "{run:?}");
    let path = desk.path("in").join(name);
    let why = desk.args(&[OsStr::new("why"), path.as_os_str()]);
    why.check(0, &["%FF"], &[]);
    assert!(!why.stdout.contains('\x1b'), "{why:?}");
    desk.args(&[OsStr::new("why"), OsStr::from_bytes(b"\xfe")]).check(1, &[], &["[not_found]"]);
    desk.args(&[OsStr::new("forget"), path.as_os_str()]).check(0, &["1 document left"], &[]);
    desk.args(&[OsStr::new("run"), OsStr::from_bytes(b"\xfe")]).check(1, &[], &["there is no file or folder"]);
}

#[test]
fn a_reader_that_goes_away_is_no_error_and_a_full_disk_is_one() {
    let desk = Desk::new(&[("letter.txt", LETTER)]);
    desk.run();
    for line in ["export", "status", "explain", "extract in/letter.txt", "--help"] {
        let words: Vec<&str> = line.split(' ').collect();
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        said(desk.command(&words).stdout(writer).stderr(Stdio::piped())).check(0, &[], &[]);
        if line == "--help" {
            continue;
        }
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        said(desk.command(&words).stdout(full).stderr(Stdio::piped())).check(
            1,
            &[],
            &["[disk_full]", "hint: check the place"],
        );
    }
}

#[test]
fn each_event_is_a_line_when_asked_for() {
    let desk = Desk::new(&[("letter.txt", LETTER)]);
    let log = said(desk.command(&["run", "in"]).env("DOCMILL_LOG", "debug")).stderr;
    let id = desk.docmill("why letter.txt --json").json()["id"].as_str().unwrap().to_owned();
    for line in [
        "file seen bytes=".to_owned(),
        "intake ended\n".to_owned(),
        format!("stage started document={id} stage=process_ocr attempt=1\n"),
        format!("child started document={id} pid="),
        format!("stage ended document={id} stage=build_relationships state=done code=-\n"),
    ] {
        assert!(log.contains(&line), "no {line:?} in {log}");
    }
    assert!(desk.docmill("-v run in").stderr.starts_with("file seen"));
}

#[test]
fn an_interrupted_run_says_how_to_go_on() {
    let desk = Desk::new(&[]);
    for number in 0..60 {
        desk.put(format!("{number}.txt"), format!("Paid EUR {number}.00 on 3 March 2024.\n").repeat(50).as_bytes());
    }
    let mut run = desk.command(&["run", "in", "-v"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(run.stderr.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.starts_with("stage started")));
    assert!(Command::new("kill").args(["-INT", &run.id().to_string()]).status().unwrap().success());
    let rest: Vec<String> = lines.collect();
    assert_eq!(run.wait().unwrap().code(), Some(130), "{rest:?}");
    assert!(rest.iter().any(|line| line.starts_with("Stopped (interrupted).")), "{rest:?}");
    assert!(rest.iter().any(|line| line == "  docmill run in"), "{rest:?}");
    desk.docmill("run in").check(0, &["60 documents, 60 pages: 60 done"], &[]);
}

#[test]
fn the_wall_holds_and_says_which_limit_was_met() {
    let desk = Desk::new(&[]);
    let text = "word ".repeat(1 << 18);
    desk.put("large.txt", text.as_bytes());
    let run = |limit: &str| said(desk.command(&["run", "in"]).env("DOCMILL_LIMITS_OUTPUT", limit));
    run("1MiB").check(1, &["child_output  1 document failed", "docmill retry --class child_output"], &[]);
    desk.docmill("retry --class child_output").check(0, &["1 done"], &["1 document again."]);
}
