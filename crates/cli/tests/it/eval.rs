//! Measuring against what people marked.

use crate::desk::Desk;

const NAMES: &str = "# newdoc id = news-1\n# text = Angela Merkel visited Paris.\n1\tAngela\tB-PER\n2\tMerkel\tI-PER\n\
    3\tvisited\tO\n4\tParis\tB-LOC\n5\t.\tO\n\n# text = He liked it on 3 March 2024.\n1\tHe\tO\n2\tliked\tO\n3\tit\tO\n\
    4\ton\tO\n5\t3\tB-DATE\n6\tMarch\tI-DATE\n7\t2024\tI-DATE\n8\t.\tO\n\n\
    # text = Zurich fell.\n1\tZurich\tB-ORG\n2\tfell\tO\n3\t.\tO\n";

#[test]
fn names_are_scored_from_words_and_from_text() {
    let desk = Desk::new(&[("dev.iob2", NAMES)]);
    for line in ["eval names in/dev.iob2", "eval names --raw in/dev.iob2"] {
        let told = desk.docmill(&format!("{line} --json"));
        assert_eq!(told.code, Some(0), "{told:?}");
        let report = told.json();
        let score = report["scores"]
            .as_array()
            .unwrap()
            .iter()
            .find(|score| score["measure"] == "strict" && score["group"] == "news" && score["type"] == "PERSON");
        let score = score.unwrap();
        assert_eq!((&score["right"], &score["expected"], &score["f1"]), (&1.into(), &1.into(), &1000.into()), "{line}");
        let fault = &report["faults"][0];
        assert_eq!((&fault["place"], &fault["expected"]), (&"in/dev:2".into(), &"Zurich ORG".into()), "{report}");
    }
    let shown = desk.docmill("eval names in/dev.iob2");
    shown.check(0, &["strict\n", "overlap\n", "calibration\n", "in/dev:2"], &["DATE (1)"]);
    for (half, expected) in [("even", 3), ("odd", 0)] {
        let report = desk.docmill(&format!("eval names in/dev.iob2 --half {half} --json")).json();
        assert_eq!(report["scores"][0]["expected"], expected, "{half}");
    }
}

#[test]
fn another_program_and_an_earlier_run_stand_beside() {
    let desk = Desk::new(&[("dev.iob2", NAMES)]);
    let texts = desk.docmill("eval names in/dev.iob2 --texts");
    texts.check(0, &["{\"file\":\"in/dev\",\"sentence\":0,\"text\":\"Angela Merkel visited Paris.\"}\n"], &[]);
    desk.put("theirs.jsonl", b"{\"file\":\"in/dev\",\"sentence\":2,\"start\":0,\"end\":6,\"type\":\"ORG\"}\n");
    let told = desk.docmill("eval names --raw in/dev.iob2 --against in/theirs.jsonl --json").json();
    let change = &told["comparison"]["scores"][0];
    assert_eq!((&change["measure"], &change["type"], &change["other"]), (&"strict".into(), &"all".into(), &500.into()));
    let places = |field: &str| -> Vec<&str> {
        told["comparison"][field].as_array().unwrap().iter().map(|f| f["place"].as_str().unwrap()).collect()
    };
    assert_eq!(places("only_other_wrong"), ["in/dev:0", "in/dev:0"]);
    assert_eq!(places("only_here_wrong"), ["in/dev:2"]);

    desk.put("old.json", told.to_string().as_bytes());
    let told = desk.docmill("eval names --raw in/dev.iob2 --baseline in/old.json --json").json();
    assert!(told["comparison"]["scores"].as_array().unwrap().iter().all(|score| score["change"] == 0), "{told}");
    desk.docmill("eval pairs in/old.json --baseline in/old.json").check(1, &[], &["no column \"name1\""]);
}

#[test]
fn every_kind_reads_its_files() {
    let sentence = "{\"text\":\"It rained. We left.\\n\",\"annotations\":[{\"start\":0,\"end\":10},[11,20]]}\n";
    let pairs = "name1,name2,schema,is_match\nAnna Schmidt,\"Schmidt, Anna\",Person,true\nAnna Schmidt,Ben Carter,Person,false\n";
    let relation = "{\"text\":\"Ann Lee met Bob Ray.\",\"mentions\":[{\"start\":0,\"end\":7,\"type\":\"PER\"},\
        {\"start\":12,\"end\":19,\"type\":\"PERSON\"}],\"relations\":[{\"from\":0,\"to\":1,\"type\":\"WORKS_FOR\"}]}\n";
    let chunk = "{\"text\":\"It rained. We left.\",\"spans\":[[0,10]],\"boundaries\":[11]}\n";
    let group =
        |number: u32, form: &str, entity: &str| format!("{number}\t{form}\t_\tPROPN\t_\t_\t0\t_\t_\tEntity={entity}\n");
    let gum = format!(
        "# newdoc id = GUM_news_x\n# meta::genre = news\n{}\n{}",
        group(1, "Ann", "(1-person-n-n-n-1-coref-Ann)"),
        group(1, "Ann", "(1-person-n-n-n-1-coref-Ann)")
    );
    let desk = Desk::new(&[
        ("s.jsonl", sentence),
        ("p.csv", pairs),
        ("r.jsonl", relation),
        ("c.jsonl", chunk),
        ("g.conllu", &gum),
    ]);
    let check = |line: &str, expected: &[&str]| desk.docmill(line).check(0, expected, &[]);
    check("eval sentences in/s.jsonl", &["  all    all   100.0      100.0   100.0      2      2         2"]);
    check("eval pairs in/p.csv", &["  Person  all   100.0"]);
    check("eval relations in/r.jsonl", &["missed, 1 time", "Ann Lee WORKS_FOR Bob Ray"]);
    check("eval chunks in/c.jsonl", &["  all    all   100.0", "pk"]);
    check("eval identity in/g.conllu", &["within documents, B3", "  news   all   100.0"]);
    check("eval names in/g.conllu", &["strict"]);
}

#[test]
fn known_items_are_looked_for_in_the_workspace() {
    let desk = Desk::new(&[("letter.txt", crate::desk::LETTER)]);
    desk.run();
    std::fs::write(
        desk.path("q.jsonl"),
        "{\"query\":\"net rent\",\"kind\":\"words\",\"relevant\":[{\"document\":\"letter.txt\",\"page\":1}]}\n\
         {\"query\":\"net rent\",\"relevant\":[{\"document\":\"other.txt\"}]}\n",
    )
    .unwrap();
    desk.docmill("eval search q.jsonl").check(
        0,
        &["  words  all   100.0", "  all    all    50.0", "not found, 1 time"],
        &[],
    );
    for (item, expected) in [
        ("{\"query\":\"net rent\"}", "q.jsonl, line 1: nothing in \"relevant\""),
        (
            "{\"query\":\"net rent\",\"relevant\":[{\"path\":\"letter.txt\"}]}",
            "q.jsonl, line 1: no text in \"document\"",
        ),
    ] {
        std::fs::write(desk.path("q.jsonl"), item).unwrap();
        desk.docmill("eval search q.jsonl").check(1, &[], &[expected]);
    }
}

#[test]
fn marks_of_a_relation_may_come_in_any_order() {
    let item = "{\"text\":\"Ann Lee, director of Acme Ltd, left.\",\"mentions\":[{\"start\":21,\"end\":29,\"type\":\"ORG\"},\
        {\"start\":0,\"end\":7,\"type\":\"PER\"}],\"relations\":[{\"from\":1,\"to\":0,\"type\":\"WORKS_FOR\"}]}\n";
    let desk = Desk::new(&[("r.jsonl", item)]);
    let report = desk.docmill("eval relations in/r.jsonl --json").json();
    let rows: Vec<_> =
        report["scores"].as_array().unwrap().iter().map(|s| (&s["measure"], &s["type"], &s["f1"])).collect();
    let [strict, untyped, all, kind] = ["strict", "untyped", "all", "WORKS_FOR"].map(serde_json::Value::from);
    let whole = serde_json::Value::from(1000);
    assert_eq!(rows, [(&strict, &all, &whole), (&strict, &kind, &whole), (&untyped, &all, &whole)], "{report}");
}

#[test]
fn a_bad_file_is_told_with_its_line() {
    let desk = Desk::new(&[("a.iob2", "Ann O\nLee\n"), ("b.jsonl", "{\"text\":\"x\",\"annotations\":[[0,9]]}\n")]);
    let check = |line: &str, expected: &str| desk.docmill(line).check(1, &[], &[expected, "[bad_argument]", "hint: "]);
    check("eval names in/a.iob2", "in/a.iob2, line 2: a word without a label");
    check("eval sentences in/b.jsonl", "in/b.jsonl, line 1: [0,9] is no range of the text");
    check("eval relations in/a.iob2", "in/a.iob2, line 1: no JSON");
    check("eval identity in/none.conllu", "cannot be read");
    check("eval names in/a.iob2 --baseline in/b.jsonl", "in/a.iob2, line 2");
}

#[test]
fn what_cannot_be_scored_is_told() {
    let desk = Desk::new(&[("dev.iob2", NAMES), ("empty.iob2", "\n"), ("empty.jsonl", "")]);
    for kind in ["names in/empty.iob2", "relations in/empty.jsonl"] {
        desk.docmill(&format!("eval {kind}")).check(0, &[], &["there is nothing to score in these files"]);
    }
    desk.put("theirs.jsonl", b"{\"file\":\"dev\",\"sentence\":0,\"start\":0,\"end\":6,\"type\":\"PER\"}\n");
    let told = desk.docmill("eval names in/dev.iob2 --against in/theirs.jsonl");
    told.check(0, &["strict\n"], &["no name of in/theirs.jsonl lies in a sentence that is scored"]);
    let twice = desk.docmill("eval names in/dev.iob2 in/dev.iob2");
    twice.check(1, &[], &["two files would be called in/dev", "hint: "]);
}
