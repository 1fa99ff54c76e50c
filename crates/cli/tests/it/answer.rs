//! Commands that answer without a workspace: help, explain, extract, config, doctor, the reference.

use std::io::Write as _;
use std::process::Stdio;

use docmill_model::Code;

use crate::desk::{DAMAGED, Desk, LETTER, MAIL, repository};

#[test]
fn what_cannot_be_understood_is_the_users_to_mend() {
    let desk = Desk::new(&[]);
    let check = |line: &str, code, stdout: &[&str], stderr: &[&str]| desk.docmill(line).check(code, stdout, stderr);
    check("--help", 0, &["Examples:", "docmill run", "--workspace"], &[]);
    check("run --help", 0, &["--include <GLOB>"], &[]);
    check("--version", 0, &["docmill "], &[]);
    check("bogus", 1, &[], &["unrecognized subcommand"]);
    check("run", 1, &[], &["required"]);
    check("search x --limit 0", 1, &[], &["--limit"]);
    check("retry --class need_ocr", 1, &[], &["did you mean `needs_ocr`?"]);
    check("reprocess --from ocr", 1, &[], &["process_ocr"]);
    check("export --format xml", 1, &[], &["jsonl"]);
    check("run --workers many in", 1, &[], &["--workers: workers must be", "[bad_config]"]);
    check("--json bogus", 1, &[], &["{\"error\":{\"code\":\"bad_argument\""]);
    check("--workspace  status", 1, &[], &["a value is required for '--workspace <DIR>'"]);
    check("run \u{1b}[31m\nerror:", 1, &[], &["called \u{fffd}[31m error: [bad_argument]"]);
}

#[test]
fn every_code_is_explained() {
    let desk = Desk::new(&[]);
    for code in Code::ALL {
        desk.docmill(&format!("explain {code}")).check(0, &[&format!("# {code}\n"), "## What to do"], &[]);
    }
    let all = desk.docmill("explain");
    all.check(0, &Code::ALL.iter().map(|c| c.as_str()).collect::<Vec<_>>(), &[]);
    assert_eq!(desk.docmill("explain --json").json().as_array().unwrap().len(), Code::ALL.len());
    assert_eq!(desk.docmill("--json explain damaged").json()["code"], "damaged");
    desk.docmill("explain damagd").check(1, &[], &["no code is called damagd", "docmill explain damaged"]);
    desk.docmill("explain zzzzzz").check(1, &[], &["lists all codes"]);
}

#[test]
fn one_file_is_read_to_the_terminal() {
    let desk =
        Desk::new(&[("letter.txt", LETTER), ("mail.eml", MAIL), ("table.csv", "a,b|c\n1,2\n"), ("empty.txt", "")]);
    desk.put("damaged.pdf", DAMAGED);
    let page = docmill_testkit::pdf::PdfPage::new(300, 200).text(20, 150, 12, "Hello page");
    desk.put("page.pdf", &docmill_testkit::pdf::pdf(&[page]));
    let check = |line: &str, code, stdout: &[&str], stderr: &[&str]| desk.docmill(line).check(code, stdout, stderr);
    check("extract in/letter.txt", 0, &["The net rent of EUR 1,200.00"], &[]);
    check("extract in/page.pdf --to md", 0, &["<!-- page 1 -->", "Hello page"], &[]);
    check("extract in/table.csv --to md", 0, &["| a | b\\|c |\n| --- | --- |\n| 1 | 2 |\n"], &[]);
    check("extract in/mail.eml", 0, &["Please pay $500."], &["holds note.txt"]);
    check("extract in/empty.txt", 1, &[], &["[empty_file]", "hint: "]);
    check("extract in/damaged.pdf", 1, &[], &["[damaged]", "hint: "]);
    check("extract in", 1, &[], &["in is a folder", "docmill run in"]);
    check("extract in/none.txt", 1, &[], &["there is no file called in/none.txt"]);
    check("extract /dev/null", 1, &[], &["[not_a_file]"]);
    check("extract in/damaged.pdf --json", 1, &[], &["{\"error\":{\"code\":\"damaged\""]);

    let json = desk.docmill("extract in/page.pdf --to json").json();
    assert_eq!(json["media_type"], "application/pdf");
    assert_eq!((&json["pages"][0]["number"], &json["pages"][0]["width"]), (&1.into(), &300.0.into()));
    assert_eq!(json["pages"][0]["words"][0]["text"], "Hello");
    let json = desk.docmill("extract in/mail.eml --to json").json();
    assert_eq!((json["members"][0].as_str(), &json["pages"][0]["words"]), (Some("note.txt"), &serde_json::Value::Null));
    assert!(!desk.path(".docmill").exists());
}

#[test]
fn standard_input_is_read_like_a_file() {
    let desk = Desk::new(&[]);
    let mut child = desk.command(&["extract", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(LETTER.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8(output.stdout).unwrap(), LETTER);
    desk.docmill("extract -").check(1, &[], &["[empty_file]"]);
}

#[test]
fn settings_are_shown_with_their_origin_and_checked() {
    let desk = Desk::new(&[]);
    std::fs::write(desk.path("docmill.toml"), "workers = 3\n[limits]\ntime = \"5s\"\n").unwrap();
    desk.docmill("config show").check(0, &["limits.time      5s", "docmill.toml:3", "workspace"], &[]);
    desk.docmill("config check").check(0, &["The configuration is good", "docmill.toml"], &[]);
    let mut command = desk.command(&["config", "show", "--json"]);
    let json = crate::desk::said(command.env("DOCMILL_WORKERS", "7")).json();
    assert_eq!(json["settings"]["workers"], serde_json::json!({ "value": "7", "from": "DOCMILL_WORKERS" }));

    std::fs::write(desk.path("docmill.toml"), "worker = 3\nproject = 1\n").unwrap();
    let wrong: &[&str] =
        &["docmill.toml:1: there is no setting \"worker\" [bad_config]", "docmill.toml:2: project must", "`workers`"];
    for line in ["config check", "config show", "run in", "status", "extract in/x"] {
        desk.docmill(line).check(1, &[], if line == "extract in/x" { &wrong[..1] } else { wrong });
    }
    // What explains an error must answer while there is one.
    desk.docmill("explain bad_config").check(0, &["# bad_config"], &[]);
    let error: serde_json::Value = serde_json::from_str(&desk.docmill("--json config check").stderr).unwrap();
    assert_eq!((error["error"]["code"].as_str(), error["error"]["details"][0].is_string()), (Some("bad_config"), true));
}

#[test]
fn the_doctor_looks_at_machine_and_workspace() {
    let desk = Desk::new(&[("letter.txt", LETTER)]);
    desk.docmill("doctor").check(
        0,
        &["none yet", "a document was read in a process of its own", "application/pdf"],
        &[],
    );
    assert!(!desk.path(".docmill").exists());
    desk.run();
    desk.docmill("doctor").check(0, &["layout 2, sound"], &[]);
    assert_eq!(desk.docmill("doctor --json").json()["ok"], true);
    // Without its log, from which the store would be whole again.
    let _ = std::fs::remove_file(desk.path(".docmill/docmill.sqlite-wal"));
    let _ = std::fs::remove_file(desk.path(".docmill/docmill.sqlite-shm"));
    std::fs::write(desk.path(".docmill/docmill.sqlite"), "this is no database at all, and long enough to be one")
        .unwrap();
    let said = desk.docmill("doctor --json");
    assert_eq!((said.code, &said.json()["ok"]), (Some(1), &false.into()));
}

#[test]
fn the_reference_is_what_the_program_says() {
    let desk = Desk::new(&[]);
    for page in ["commands", "config"] {
        let file = repository().join(format!("docs/reference/{page}.md"));
        let kept = std::fs::read_to_string(&file).unwrap_or_default();
        let said = desk.docmill(&format!("reference {page}"));
        assert_eq!(kept, said.stdout, "docmill reference {page} > docs/reference/{page}.md");
    }
}
