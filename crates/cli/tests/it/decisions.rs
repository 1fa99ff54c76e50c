//! Entities and what people decide about them.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::Value;

use crate::desk::{Desk, Said};

/// A mail with two people in its header, and nothing in its text.
fn mail(from: &str, to: &str, number: u32) -> String {
    format!("From: {from}\r\nTo: {to}\r\nDate: Tue, {number} Mar 2024 10:22:33 +0100\r\nSubject: no\r\n\r\nno\r\n")
}

const ANNA: &str = "Anna Schmidt <anna@example.org>";
const OTHER_ANNA: &str = "Anna Schmidt <anna.schmidt@example.com>";
const BEN: &str = "Ben Carter <ben@example.net>";

/// Two mails of one Anna, and one of another.
fn desk() -> Desk {
    let desk = Desk::new(&[
        ("one.eml", &mail(ANNA, BEN, 4)),
        ("two.eml", &mail(ANNA, BEN, 5)),
        ("three.eml", &mail(OTHER_ANNA, BEN, 6)),
    ]);
    desk.run();
    desk
}

/// Entities of the type PERSON: (name, documents), sorted.
#[track_caller]
fn persons(desk: &Desk) -> Vec<(String, u64)> {
    let said = desk.docmill("export");
    assert_eq!(said.code, Some(0), "{said:?}");
    let rows = said.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut persons: Vec<(String, u64)> = rows
        .filter(|row| row["kind"] == "entity" && row["type"] == "PERSON")
        .map(|row| (row["name"].as_str().unwrap().to_owned(), row["documents"].as_u64().unwrap()))
        .collect();
    persons.sort();
    persons
}

#[track_caller]
fn check_persons(desk: &Desk, expected: &[(&str, u64)]) {
    let expected: Vec<(String, u64)> = expected.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect();
    assert_eq!(persons(desk), expected);
}

/// Answers `review` line by line.
fn review(desk: &Desk, answers: &str) -> Said {
    let mut command = desk.command(&["review", "--by", "Cleo"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(answers.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

const APART: &[(&str, u64)] = &[("Anna Schmidt", 1), ("Anna Schmidt", 2), ("Ben Carter", 3)];

#[test]
fn a_wrong_merge_is_taken_apart_stays_apart_and_undo_brings_it_back() {
    let desk = Desk::new(&[("one.eml", &mail(ANNA, BEN, 4)), ("two.eml", &mail(ANNA, BEN, 5))]);
    desk.run();
    let merged: &[(&str, u64)] = &[("Anna Schmidt", 2), ("Ben Carter", 2)];
    let apart: &[(&str, u64)] = &[("Anna Schmidt", 1), ("Anna Schmidt", 1), ("Ben Carter", 2)];
    check_persons(&desk, merged);
    let whole = desk.docmill("export").stdout;
    desk.args(&["different", "Anna Schmidt", "anna schmidt"]).check(
        1,
        &[],
        &["both sides are the same entity", "[same_entity]", "NAME@DOCUMENT"],
    );
    let said =
        desk.args(&["different", "Anna Schmidt", "Anna Schmidt@two.eml", "--why", "a shared\nmailbox", "--by", "Cleo"]);
    said.check(0, &["They are not the same now:", "docmill undo "], &[]);
    check_persons(&desk, apart);
    desk.args(&["entity", "Anna Schmidt"]).check(1, &[], &["several entities match Anna Schmidt [ambiguous]"]);
    let json = desk.docmill("decisions --json").json();
    assert_eq!(
        (&json["decisions"][0]["why"], &json["decisions"][0]["by"], &json["decisions"][0]["asleep"]),
        (&"a shared mailbox".into(), &"Cleo".into(), &false.into())
    );
    desk.docmill("reprocess --from process_ocr");
    check_persons(&desk, apart);
    desk.docmill("forget two.eml");
    desk.docmill("decisions").check(0, &["asleep"], &[]);
    desk.run();
    check_persons(&desk, apart);
    desk.docmill("undo").check(0, &["Taken back: ", "different  Anna Schmidt | Anna Schmidt", "is now:"], &[]);
    check_persons(&desk, merged);
    assert_eq!(desk.docmill("export").stdout, whole);
    desk.docmill("undo").check(1, &[], &["there is no decision that holds", "[not_found]"]);
}

#[test]
fn two_of_one_name_are_joined_and_taken_apart_again() {
    let desk = desk();
    check_persons(&desk, APART);
    let json = desk.docmill("review --json").json();
    assert_eq!(json["pairs"].as_array().unwrap().len(), 1, "{json}");
    assert_eq!(
        (&json["pairs"][0]["a"]["name"], &json["pairs"][0]["b"]["name"]),
        (&"Anna Schmidt".into(), &"Anna Schmidt".into())
    );
    let said = desk.args(&["same", "Anna Schmidt@one.eml", "Anna Schmidt@three.eml"]);
    said.check(0, &["They are one now:", "3 documents"], &[]);
    check_persons(&desk, &[("Anna Schmidt", 3), ("Ben Carter", 3)]);
    let said = desk.args(&["entity", "anna SCHMIDT"]);
    said.check(
        0,
        &[
            "anna@example.org",
            "anna.schmidt@example.com",
            "Facts",
            "─▶ wrote to  Ben Carter",
            "Taken together",
            "a person decided so",
            "Decisions",
            "same  Anna Schmidt = Anna Schmidt",
        ],
        &[],
    );
    let undo = said.stdout.lines().find(|line| line.contains("  same  ")).unwrap().trim().split(' ').next().unwrap();
    desk.args(&["undo", undo]).check(0, &["Taken back"], &[]);
    check_persons(&desk, APART);
    desk.args(&["undo", undo]).check(1, &[], &["taken back already", "decide again"]);
}

#[test]
fn a_review_asks_keeps_each_answer_and_goes_on_where_it_was() {
    let desk = desk();
    let said = review(&desk, "\n");
    said.check(0, &["1 pair left", "A  Anna Schmidt  PERSON", "1 pair left open; they come again"], &[]);
    assert!(said.stdout.contains("anna@example.org") && said.stdout.contains("three.eml"), "{said:?}");
    review(&desk, "perhaps\nq\n").check(0, &["1 pair left", "Answer with s, d, Enter or q."], &[]);
    review(&desk, "").check(0, &["1 pair left"], &[]);
    check_persons(&desk, APART);
    review(&desk, "s\n").check(0, &["kept: one", "1 decision: 1 same, 0 different"], &[]);
    check_persons(&desk, &[("Anna Schmidt", 3), ("Ben Carter", 3)]);
    desk.docmill("undo").check(0, &["Taken back"], &[]);
    review(&desk, "d\n").check(0, &["kept: different"], &[]);
    check_persons(&desk, APART);
    review(&desk, "s\n").check(0, &["Nothing is in doubt."], &[]);
    assert_eq!(desk.docmill("decisions --json").json()["decisions"][0]["by"], "Cleo");
}

#[test]
fn a_name_is_chosen_and_given_back() {
    let desk = desk();
    desk.args(&["rename", "Ben Carter", "Benjamin  Carter"]).check(0, &["The name is Benjamin Carter now:"], &[]);
    desk.args(&["entity", "Benjamin Carter"]).check(
        0,
        &["also  Ben Carter", "rename  Ben Carter as Benjamin Carter"],
        &[],
    );
    desk.args(&["rename", "Benjamin Carter", " \n"]).check(1, &[], &["the name is empty", "[bad_argument]"]);
    desk.args(&["rename", "Benjamin Carter", "\u{1b}[2J"]).check(1, &[], &["the name has a control character"]);
    desk.args(&["rename", "Benjamin Carter", &"x".repeat(5000)]).check(1, &[], &["more than 1,000 characters"]);
    desk.docmill("undo").check(0, &["Taken back"], &[]);
    check_persons(&desk, APART);
}

#[test]
fn decisions_are_carried_to_another_workspace() {
    let desk = desk();
    desk.docmill("decisions").check(0, &[], &["Nothing has been decided yet"]);
    desk.args(&["same", "Anna Schmidt@one.eml", "Anna Schmidt@three.eml", "--by", "Cleo"]).check(0, &["one now"], &[]);
    desk.args(&["rename", "Ben Carter", "B. Carter"]).check(0, &["now:"], &[]);
    let exported = desk.docmill("decisions export").stdout;
    assert_eq!(exported.lines().count(), 2, "{exported}");
    std::fs::write(desk.path("decisions.jsonl"), &exported).unwrap();
    desk.docmill("decisions import decisions.jsonl").check(0, &["0 decisions taken in, 2 known already."], &[]);

    desk.docmill("run in --workspace other");
    desk.docmill("decisions import decisions.jsonl --workspace other").check(
        0,
        &["2 decisions taken in, 0 known"],
        &[],
    );
    assert_eq!(desk.docmill("export --workspace other").stdout, desk.docmill("export").stdout);

    // Taken in before their documents, they wait for them.
    std::fs::create_dir(desk.path("empty")).unwrap();
    desk.docmill("run empty --workspace late");
    let said = desk.docmill("decisions import decisions.jsonl --workspace late");
    said.check(0, &["2 decisions taken in", "wait for documents"], &[]);
    desk.docmill("run in --workspace late");
    assert_eq!(desk.docmill("export --workspace late").stdout, desk.docmill("export").stdout);
}

#[test]
fn a_file_that_holds_no_decisions_changes_nothing() {
    let desk = desk();
    desk.args(&["same", "Anna Schmidt@one.eml", "Anna Schmidt@three.eml"]).check(0, &["one now"], &[]);
    let good = desk.docmill("decisions export").stdout;
    desk.docmill("undo").check(0, &["Taken back"], &[]);
    let check = |bytes: &[u8], said: &str| {
        std::fs::write(desk.path("file"), bytes).unwrap();
        desk.docmill("decisions import file").check(1, &[], &[said, "[bad_decisions]", "hint: "]);
    };
    check(&good.as_bytes()[..good.len() / 2], "line 1 of file");
    check(format!("{good}{{}}").as_bytes(), "line 2 of file");
    check(good.replace("\"default\"", "\"other\"").as_bytes(), "has an id that is not the one of its content");
    check(good.replace("\"at_ms\":", "\"at_ms\":\"x\",\"y\":").as_bytes(), "line 1 of file");
    check(b"\xff\xfe\x00\n", "line 1 of file");
    check(&vec![b' '; 5 << 20], "longer than any decision");
    desk.docmill("decisions import none").check(
        1,
        &[],
        &["none cannot be read: it is not there", "`docmill decisions export`"],
    );
    desk.docmill("decisions import in").check(1, &[], &["it is a folder"]);
    assert_eq!(desk.docmill("decisions --json").json()["decisions"].as_array().unwrap().len(), 2);
    check_persons(&desk, APART);
}

#[test]
fn what_does_not_name_one_thing_is_told_with_what_it_could_be() {
    let desk = desk();
    let check = |words: &[&str], stderr: &[&str]| desk.args(words).check(1, &[], stderr);
    check(&["entity", "Nobody"], &["no entity here is called Nobody", "[not_found]"]);
    check(&["entity", "Annabel Schmidt"], &["[not_found]", "anna.schmidt@example.com", "give one of those"]);
    check(&["entity", ""], &["[not_found]"]);
    check(
        &["entity", "Anna Schmidt"],
        &["several entities match Anna Schmidt [ambiguous]", "anna@example.org", "2 documents"],
    );
    check(&["same", "Anna Schmidt", "Ben Carter"], &["[ambiguous]", "anna.schmidt@example.com"]);
    check(&["same", "Ben Carter", "Anna Schmidt@none.eml"], &["no document here is called none.eml", "[not_found]"]);
    check(&["same", "Ben Carter", "Zoe@one.eml"], &["one.eml has no mention of Zoe", "docmill document show"]);
    check(&["same", "Ben Carter", "anna@example.org"], &["is of type PERSON", "is of type EMAIL", "[bad_argument]"]);
    check(&["same", "Ben Carter", "Annabel Schmidt@one.eml"], &["PERSON  Anna Schmidt"]);
    check(&["same", "Ben Carter", "ben carter"], &["both sides are Ben Carter", "[bad_argument]"]);
    check(&["different", "Ben Carter@one.eml", "Ben Carter@one.eml"], &["the same name in the same document"]);
    check(&["same", "00000000-0000-0000-0000-000000000000", "Ben Carter"], &["[not_found]"]);
    check(&["undo", "zz"], &["no decision has an id that begins with zz", "docmill decisions"]);
    check(&["same", "\u{1b}[2J\nerror:", "Ben Carter"], &["called \u{fffd}[2J\u{fffd}error: [not_found]"]);
    check(&["entity", &"x".repeat(100_000)], &["[not_found]"]);
    let id = desk.docmill("entity Carter --json").json()["id"].as_str().unwrap().to_owned();
    let list: Vec<String> = ('A'..='Z').map(|c| format!("{c}anna Moor <{c}@example.org>")).collect();
    desk.put("list.eml", mail(ANNA, &list.join(", "), 7).as_bytes());
    desk.run();
    check(
        &["same", "Ben Carter", "moor@list.eml"],
        &["several names match moor in", "and 6 more", "id of the mention"],
    );
    let mention =
        desk.docmill("entity Carter --json").json()["mentioned"][0]["mentions"][0].as_str().unwrap().to_owned();
    for word in [&id, &id[..8], &id.to_uppercase()] {
        desk.args(&["entity", word]).check(0, &["Ben Carter  PERSON"], &[]);
    }
    desk.args(&["rename", &mention, "Benny"]).check(0, &["The name is Benny now:"], &[]);
}

#[test]
fn names_from_documents_cannot_command_the_terminal() {
    let desk = Desk::new(&[
        ("one.eml", &mail("\"Eve\u{1b}[31m \u{202e}Moor\" <eve@example.org>", BEN, 4)),
        ("two.eml", &mail("\"Eve\u{1b}[31m \u{202e}Moor\" <eve@example.net>", BEN, 4)),
    ]);
    desk.run();
    let harmful =
        |said: &Said| said.stdout.contains(['\u{1b}', '\u{202e}']) || said.stderr.contains(['\u{1b}', '\u{202e}']);
    let check = |said: Said| assert!(said.stdout.contains("Moor") && !harmful(&said), "{said:?}");
    // The text around a name has what the name itself ends before.
    check(desk.args(&["entity", "eve@example.org"]));
    check(desk.args(&["entity", "Ben Carter"]));
    check(desk.args(&["review", "--json"]));
    check(desk.args(&["rename", "Eve@one.eml", "Eve \u{202e}Moor", "--why", "\u{202e}why"]));
    check(desk.args(&["entity", "Moor"]));
    check(desk.args(&["graph", "path", "Moor", "Ben Carter"]));
    check(desk.args(&["review", "--json"]));
    check(review(&desk, "s\n"));
    check(desk.docmill("decisions"));
    check(desk.docmill("decisions export"));
}
