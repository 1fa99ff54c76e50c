//! The graph in the formats of other programs, over documents with hostile names, and the way between two entities.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use docmill_engine::graph::{self, Stream, way};
use docmill_engine::{Workspace, entity};
use docmill_model::RelationType;
use docmill_testkit::{graph_python, interop};
use quick_xml::events::Event;

use crate::pile::{MAIL, Pile, run_all};

/// A mail whose names try to break out of each format, and a chain of mails: Dora to Emil to Fred.
fn hostile() -> Pile {
    let mail = |from: &str, to: &str, subject: &str| {
        format!(
            "From: {from}\r\nTo: {to}\r\nSubject: {subject}\r\nDate: Tue, 5 Mar 2024 10:22:33 +0100\r\n\r\nSee you.\r\n"
        )
    };
    let breakers = [
        r#""=HYPERLINK(\"http://example.org\",\"a\")" <formula@example.org>"#,
        r#""<script>&amp;]]></data></node>" <markup@example.org>"#,
        "\"Eva \\\\u0022}) DETACH DELETE n //\" <cypher@example.org>",
        "=?utf-8?q?Bad_=1B[2J=C2=9B=E2=80=AE_Name?= <terminal@example.org>",
        r#""-1+1 'Quote; DROP" <quote@example.org>"#,
    ];
    Pile::new(&[
        ("mail.eml", MAIL),
        ("hostile.eml", &mail("Anna Schmidt <anna@example.org>", &breakers.join(", "), "Hello")),
        ("one.eml", &mail("Dora Dorn <dora@example.org>", "Emil Ernst <emil@example.org>", "One")),
        ("two.eml", &mail("Emil Ernst <emil@example.org>", "Fred Frey <fred@example.org>", "Two")),
        ("=cmd|' -C calc'!A0.txt", "=1+1\n\nAcme Holding GmbH of Berlin paid EUR 5.00 on 3 March 2024."),
    ])
}

async fn written(workspace: &Workspace, stream: Stream) -> String {
    let mut out = Vec::new();
    graph::write(workspace.store().as_ref(), stream, &mut out, true).await.unwrap();
    String::from_utf8(out).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_documents_give_the_same_bytes_that_cannot_command_a_terminal() {
    let pile = hostile();
    let (one, another) = (pile.workspace(), pile.another_workspace());
    run_all(&one, &pile.documents()).await;
    for file in ["two.eml", "hostile.eml"] {
        run_all(&another, &pile.documents().join(file)).await;
    }
    run_all(&another, &pile.documents()).await;
    for stream in [Stream::Graphml, Stream::Cypher, Stream::Ftm] {
        let text = written(&one, stream).await;
        assert_eq!(text, written(&another, stream).await, "{stream:?}");
        let harmful = |c: char| c.is_control() && c != '\n' && c != '\t' || ('\u{202a}'..='\u{202e}').contains(&c);
        assert_eq!(text.chars().find(|c| harmful(*c)), None, "{stream:?}");
    }
}

/// Nodes and edges by kind; the ends of edges.
struct Xml {
    kinds: BTreeMap<String, u32>,
    nodes: BTreeSet<String>,
    names: BTreeSet<String>,
}

fn read_xml(text: &str) -> Xml {
    let mut reader = quick_xml::Reader::from_str(text);
    let mut xml = Xml { kinds: BTreeMap::new(), nodes: BTreeSet::new(), names: BTreeSet::new() };
    let mut key = String::new();
    let mut value = String::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Eof => return xml,
            Event::Start(start) => {
                let attribute = |name: &str| {
                    let found = start.try_get_attribute(name).unwrap().unwrap();
                    found.value.into_owned()
                };
                match start.name().as_ref() {
                    "node" => assert!(xml.nodes.insert(attribute("id")), "each node comes once"),
                    "edge" => ["source", "target"].iter().for_each(|end| {
                        let end = attribute(end);
                        assert!(xml.nodes.contains(&end), "{end} comes before what leads to it");
                    }),
                    "data" => key = attribute("key"),
                    _ => {}
                }
                value.clear();
            }
            Event::Text(text) => value.push_str(&text),
            Event::GeneralRef(reference) => match reference.resolve_char_ref().unwrap() {
                Some(c) => value.push(c),
                None => {
                    value.push_str(quick_xml::escape::resolve_predefined_entity(&reference).unwrap());
                }
            },
            Event::End(end) if end.name().as_ref() == "data" => match key.as_str() {
                "node_kind" | "edge_kind" => *xml.kinds.entry(value.clone()).or_default() += 1,
                "node_name" => _ = xml.names.insert(value.clone()),
                _ => {}
            },
            _ => {}
        }
    }
}

/// Rows of a table with comma-separated values after RFC 4180.
fn read_csv(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let mut chars = text.chars().peekable();
    let mut quoted = false;
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            c => cell.push(c),
        }
    }
    assert!(!quoted && row.is_empty() && cell.is_empty(), "the table ends with its last row");
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn every_form_holds_the_same_nodes_and_links_whatever_the_names_are() {
    let pile = hostile();
    let workspace = pile.workspace();
    run_all(&workspace, &pile.documents()).await;

    let xml = read_xml(&written(&workspace, Stream::Graphml).await);
    for kind in [
        "Project",
        "Document",
        "Chunk",
        "EntityMention",
        "CanonicalEntity",
        "BELONGS_TO",
        "CONTAINS_MENTION",
        "MEMBER_OF_CLUSTER",
        "WROTE_TO",
    ] {
        assert!(xml.kinds.contains_key(kind), "{kind} in {:?}", xml.kinds);
    }
    assert!(xml.names.contains("=cmd|' -C calc'!A0.txt"), "{:?}", xml.names);
    assert!(xml.names.iter().any(|name| name.contains("</data></node>")), "{:?}", xml.names);

    let folder = tempfile::tempdir().unwrap();
    graph::write_tables(workspace.store().as_ref(), folder.path(), false).await.unwrap();
    let plain = pile.documents().join("made by the test");
    std::fs::write(&plain, "").unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&folder.path().join("mentions.csv")), mode(&plain), "another user's program may read it");
    let mut kinds: BTreeMap<String, u32> = BTreeMap::new();
    for table in
        ["projects", "documents", "chunks", "mentions", "entities", "structure", "relations", "possibly_same_as"]
    {
        let text = std::fs::read_to_string(folder.path().join(format!("{table}.csv"))).unwrap();
        let rows = read_csv(&text);
        let kind = rows[0].iter().position(|head| head == ":LABEL" || head == ":TYPE").unwrap();
        for row in &rows[1..] {
            assert_eq!(row.len(), rows[0].len(), "cells of {row:?}");
            *kinds.entry(row[kind].clone()).or_default() += 1;
            let formula = |cell: &String| cell.starts_with(['=', '+', '@']);
            assert_eq!(row.iter().find(|cell| formula(cell)), None, "a formula in {table}");
        }
        if table == "documents" {
            assert!(rows.iter().any(|row| row.iter().any(|cell| cell == "'=cmd|' -C calc'!A0.txt")), "{rows:?}");
        }
    }
    assert_eq!(kinds, xml.kinds);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 8, "nothing is left beside the tables");

    let cypher = written(&workspace, Stream::Cypher).await;
    assert_eq!(cypher.matches("CREATE CONSTRAINT").count(), 5);
    let first_of = |words: &str| cypher.find(words).unwrap_or_else(|| panic!("no {words}"));
    assert!(first_of("MERGE (n:Chunk") < first_of("MATCH (a:Chunk"));
    let rows = cypher.lines().filter(|line| line.starts_with("{id: ") || line.starts_with("{from: ")).count();
    assert_eq!(rows as u32, xml.kinds.values().sum::<u32>());
}

/// What the checker of `interop/graph` counts; `None` where it cannot be installed.
fn checked(format: &str, text: &str) -> Option<BTreeMap<String, u32>> {
    // In CI too: it needs a compiler and ICU, which nothing else here does.
    let python = graph_python().inspect_err(|error| eprintln!("SKIPPED: {error}")).ok()?;
    let mut child = Command::new(python)
        .arg(interop().join("graph/check.py"))
        .arg(format)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let text = text.to_owned();
    // A checker that ends early closes the pipe; what it says is looked at below.
    let writer = std::thread::spawn(move || _ = stdin.write_all(text.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn networkx_and_followthemoney_read_what_is_written() {
    let pile = hostile();
    let workspace = pile.workspace();
    run_all(&workspace, &pile.documents()).await;
    check_readers(&workspace).await;
}

async fn check_readers(workspace: &Workspace) {
    let graphml = written(workspace, Stream::Graphml).await;
    let Some(counts) = checked("graphml", &graphml) else { return };
    assert_eq!(counts, read_xml(&graphml).kinds);
    let counts = checked("ftm", &written(workspace, Stream::Ftm).await).unwrap();
    for schema in ["Person", "Email", "PlainText", "Mention", "UnknownLink", "UserAccount"] {
        assert!(counts.contains_key(schema), "{schema} in {counts:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_samples_graph_is_read_by_networkx_and_followthemoney() {
    let pile = Pile::new(&[]);
    let workspace = pile.workspace();
    run_all(&workspace, &std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples")).await;
    check_readers(&workspace).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_way_leads_over_those_between_and_says_where_each_step_is_said() {
    let pile = hostile();
    let workspace = pile.workspace();
    run_all(&workspace, &pile.documents()).await;
    let store = workspace.store();
    let store = store.as_ref();
    let id = async |name: &str| entity::find(store, name, 1).await.unwrap().only().expect(name).entity.id;
    let (dora, emil, fred) = (id("Dora Dorn").await, id("Emil Ernst").await, id("Fred Frey").await);
    let found = way(store, fred, dora).await.unwrap();
    let steps = found.steps.expect("there is a way");
    let ends: Vec<_> = steps.iter().map(|s| (s.from, s.to, s.relation.kind)).collect();
    assert_eq!(ends, [(fred, emil, RelationType::WroteTo), (emil, dora, RelationType::WroteTo)]);
    // Against the direction in which it was written.
    assert_eq!((steps[0].relation.from, steps[0].relation.to), (emil, fred));
    let place = &steps[1].relation.evidence[0];
    assert_eq!(store.document(place.document).await.unwrap().name(), "one.eml");

    let nowhere = way(store, dora, id("Anna Schmidt").await).await.unwrap();
    assert_eq!(nowhere.steps, None);
    assert!(nowhere.looked.everything && nowhere.looked.entities > 0, "{:?}", nowhere.looked);
    assert_eq!(way(store, dora, dora).await.unwrap().steps, Some(Vec::new()));
}
