//! `graph`, `diff`, `completions`, and what a run ends with.

use crate::desk::{Desk, MAIL};

const REPLY: &str = "From: Ben Carter <ben@example.com>\r\nTo: Cleo Diaz <cleo@example.net>\r\n\
    Date: Wed, 6 Mar 2024 10:22:33 +0100\r\nSubject: Fwd: The rent\r\n\r\nSee below.\r\n";

#[test]
fn the_graph_is_written_for_other_programs() {
    let desk = Desk::new(&[("mail.eml", MAIL)]);
    desk.run();
    let check = |line: &str, code, stdout: &[&str], stderr: &[&str]| desk.docmill(line).check(code, stdout, stderr);
    check("graph export --format graphml", 0, &["<graphml", "Ben Carter", "CONTAINS_MENTION", "</graphml>\n"], &[]);
    check("graph export --format cypher", 0, &["CREATE CONSTRAINT", "MERGE (a)-[r:WROTE_TO]->(b)"], &[]);
    check("graph export --format ftm", 0, &["\"schema\":\"Person\"", "\"schema\":\"Email\""], &[]);
    check("graph export --format ftm --text", 0, &["Please pay $500."], &[]);
    check("graph export --format csv", 1, &[], &["`csv` is several tables", "--out DIR"]);
    check("graph export --format xml", 1, &[], &["graphml", "csv", "cypher", "ftm"]);
    check("graph export --format csv --out tables/graph", 0, &[], &["The graph is in tables/graph."]);
    let relations = std::fs::read_to_string(desk.path("tables/graph/relations.csv")).unwrap();
    assert!(relations.contains("WROTE_TO"), "{relations}");
    check("graph export --format graphml --out graph.xml", 0, &[], &[]);
    let said = desk.docmill("graph export --format graphml");
    assert_eq!(std::fs::read_to_string(desk.path("graph.xml")).unwrap(), said.stdout);
    check("graph export --format ftm --out none/graph.ftm", 1, &[], &["cannot write the export"]);
}

#[test]
fn a_way_is_told_with_its_places_and_so_is_that_there_is_none() {
    let desk = Desk::new(&[("mail.eml", MAIL), ("reply.eml", REPLY)]);
    desk.run();
    let said = desk.args(&["graph", "path", "Cleo Diaz", "Anna Schmidt"]);
    said.check(
        0,
        &[
            "Cleo Diaz  ",
            "\n  ◀─ wrote to  1 place in 1 document\n",
            "reply.eml, page 1\n",
            "Ben Carter",
            "Anna Schmidt  ",
        ],
        &[],
    );
    let json = desk.args(&["graph", "path", "Cleo Diaz", "Anna Schmidt", "--json"]).json();
    let steps = json["steps"].as_array().unwrap();
    let names: Vec<_> = steps.iter().map(|s| (s["to"]["name"].as_str().unwrap(), &s["forward"])).collect();
    assert_eq!(names, [("Ben Carter", &false.into()), ("Anna Schmidt", &false.into())]);
    assert!(steps[0]["evidence"][0]["quote"].as_str().unwrap().contains("Ben Carter"), "{json}");

    desk.args(&["graph", "path", "Ben Carter", "1 April 2024"]).check(1, &["No way leads from Ben Carter to"], &[]);
    desk.args(&["graph", "path", "Ben Carter", "ben carter"]).check(0, &["Ben Carter is one and the same."], &[]);
    desk.args(&["graph", "path", "Ben Carter", "Nobody"]).check(1, &[], &["called Nobody"]);
}

#[test]
fn two_exports_are_compared() {
    let desk = Desk::new(&[("mail.eml", MAIL)]);
    desk.run();
    let export = |name: &str| std::fs::write(desk.path(name), desk.docmill("export").stdout).unwrap();
    export("before");
    desk.docmill("diff before before").check(0, &["No difference."], &[]);
    desk.put("reply.eml", REPLY.as_bytes());
    desk.run();
    export("after");
    let added = &["kind", "added", "+ reply.eml (done)", "+ PERSON Cleo Diaz", "+ Ben Carter WROTE_TO Cleo Diaz"];
    desk.docmill("diff before after").check(1, added, &[]);
    desk.docmill("diff after before").check(1, &["- Ben Carter WROTE_TO Cleo Diaz"], &[]);
    let json = desk.docmill("diff before after --json").json();
    assert_eq!((&json["same"], &json["kinds"]["document"]["added"]), (&false.into(), &1.into()));

    let whole = std::fs::read(desk.path("after")).unwrap();
    std::fs::write(desk.path("cut"), &whole[..whole.len() - 9]).unwrap();
    desk.docmill("diff before cut").check(2, &[], &["cut is cut off in line", "`docmill export`"]);
    desk.docmill("diff before in/mail.eml").check(2, &[], &["in/mail.eml is no export of facts: line 1"]);
    desk.docmill("diff before").check(2, &[], &["AFTER"]);
    desk.docmill("diff before none").check(2, &[], &["none cannot be read", "`docmill export`"]);
    desk.docmill("diff before in").check(2, &[], &["in"]);
    desk.docmill("--json diff before none").check(2, &[], &["{\"error\":"]);
}

#[test]
fn shells_learn_the_commands() {
    let desk = Desk::new(&[]);
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        desk.docmill(&format!("completions {shell}")).check(0, &["docmill", "graph"], &[]);
    }
    desk.docmill("completions dos").check(1, &[], &["bash"]);
    assert!(!desk.path(".docmill").exists());
}

#[test]
fn a_run_ends_with_people_relations_and_the_next_command() {
    let desk = Desk::new(&[("mail.eml", MAIL), ("reply.eml", REPLY)]);
    let said = desk.run();
    said.check(
        0,
        &[
            "\nPeople\n",
            "  Ben Carter            2         2  ben@example.com\n",
            "\nRelations\n",
            "  Ben Carter wrote to Cleo Diaz\n    reply.eml, page 1\n",
            "docmill entity 'Ben Carter'",
        ],
        &[],
    );
    let json = desk.docmill("run in --json").json();
    assert_eq!(json["people"][0]["name"], "Ben Carter");
    assert_eq!((&json["related"][0]["type"], &json["related"][0]["page"]), (&"WROTE_TO".into(), &1.into()));
}
