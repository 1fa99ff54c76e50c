//! File names that no person would give.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use super::pit::{Pit, SOUND};

/// Names with the path under which each is shown in the export.
fn names() -> Vec<(OsString, String)> {
    let long = format!("{}.txt", "l".repeat(251));
    let mut names: Vec<(OsString, String)> = [
        "line\nfeed.txt",
        "tab\tstop.txt",
        "escape\u{1b}[2J\u{1b}]0;owned\u{7}.txt",
        "c1\u{9b}31m.txt",
        "right\u{202e}txt.exe",
        "mark\u{61c}\u{2067}.txt",
        "-rf",
        "--json",
        "space at end ",
        "quote'\"$(id).txt",
        "100%41.txt",
        &long,
    ]
    .into_iter()
    .map(|name| (OsString::from(name), name.replace("%4", "%254")))
    .collect();
    names.push((OsString::from_vec(b"latin\xfc\xff.txt".to_vec()), "latin%FC%FF.txt".to_owned()));
    names
}

#[test]
fn names_of_any_bytes_are_read_and_never_command_a_terminal() {
    let pit = Pit::new();
    for (number, (name, _)) in names().iter().enumerate() {
        pit.put(name, format!("{SOUND}File {number} of 1 May 2024.\n").as_bytes());
    }
    // One that fails, so that it is told by its name in every report.
    pit.put("damaged\u{1b}[31m\u{202e}.pdf", b"%PDF-1.7\nnothing follows\n");
    let said = pit.run().ends_with(1);
    said.is_harmless();
    let found = pit.documents();
    for (_, shown) in names() {
        assert_eq!(found.get(&shown).map(String::as_str), Some("done"), "{shown:?} of {:#?}", found.keys());
    }

    let with = |command: &str, name: &OsStr| {
        let path = OsString::from_vec([b"in/", name.as_bytes()].concat());
        let output = pit.command(&[command.as_ref(), path.as_ref()]).output().unwrap();
        let said = super::pit::Said::of(output);
        said.is_harmless();
        said
    };
    for (name, _) in names() {
        let why = with("why", &name).ends_with(0);
        assert!(why.out.contains("done"), "{why:?}");
    }
    for arguments in
        [&["status"][..], &["search", "rent"], &["doctor"], &["run", "in", "--verbose"], &["retry", "--verbose"]]
    {
        pit.say(arguments).is_harmless();
    }
    for (name, _) in names() {
        std::fs::remove_file(pit.path(&name)).unwrap();
    }
    let gone = pit.run();
    gone.is_harmless();
    assert!(gone.out.contains("13 files"), "{gone:?}");
    pit.say(&["forget", "damaged\u{1b}[31m\u{202e}.pdf"]).is_harmless();
    let pruned = pit.say(&["prune"]).ends_with(0);
    pruned.is_harmless();
    assert!(pit.documents().is_empty(), "{pruned:?}");
}

#[test]
fn a_name_that_is_not_there_is_refused_without_being_echoed_raw() {
    let pit = Pit::with(&[("a.txt", SOUND.as_bytes())]);
    pit.run().ends_with(0);
    let name = "no\u{1b}[31m\u{202e}such";
    for arguments in [
        &["run", name][..],
        &["extract", name],
        &["why", name],
        &["forget", name],
        &["document", "show", name],
        &["retry", name],
        &["explain", name],
        &["search", "\"\u{1b}[31m"],
        &["run", "in", "--include", "[\u{1b}"],
        &["run", "in", "--workers", name],
        &["run", "in", "--project", name],
        &["status", name],
    ] {
        let said = pit.say(arguments);
        assert!(matches!(said.code, Some(0 | 1)), "{arguments:?}: {said:?}");
        said.is_harmless();
    }
}
