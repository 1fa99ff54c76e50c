//! The export against its JSON Schema, and what a schema cannot say: that ranges, ids, counts and order agree, and
//! that the text map is exact. On the samples, and on a pile with every format and every final state.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use docmill_engine::{Broken, Direct, Part, Read, Reader, RunOptions, Silent, Workspace, run};
use docmill_extract::{Flow, Options};
use docmill_model::{
    BlockKind, Category, Code, DocumentId, EntityId, MentionType, ProjectId, RelationType, Rewrite, Span, Stage, State,
    Text,
};
use docmill_testkit::corpus;
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::pile::{self, MAIL, Pile};

/// Kinds in the order in which they are exported.
const KINDS: [&str; 10] =
    ["document", "page", "block", "chunk", "mention", "entity", "merge", "possibly_same_as", "relation", "text"];

fn schema() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/export.schema.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn validator(schema: &Value) -> Validator {
    jsonschema::draft202012::new(schema).unwrap()
}

/// Reads as [`Direct`] does, but dies on documents that begin with this word.
struct Mortal;
const DEADLY: &[u8] = b"deadly";

impl Reader for Mortal {
    fn read(
        &self,
        file: &File,
        options: &Options,
        started: &mut dyn FnMut(u32),
        take: &mut dyn FnMut(Part<'_>) -> Flow,
    ) -> Result<Read, Broken> {
        use std::os::unix::fs::FileExt;
        let mut head = [0; DEADLY.len()];
        if file.read_exact_at(&mut head, 0).is_ok() && head == DEADLY {
            return Err(Broken::Death { death: warden::Death::Memory, stderr: String::new() });
        }
        Direct.read(file, options, started, take)
    }
}

/// Every format twice, every final state, and names and bytes that are not as they should be.
fn odd_pile() -> Pile {
    let pile = Pile::new(&[
        ("empty.txt", ""),
        ("blank.txt", " \n\t\n"),
        ("deadly.txt", "deadly"),
        ("damaged.pdf", "%PDF-1.7\nthis is no PDF"),
        ("nested/mail.eml", MAIL),
        ("nested/copy of mail.eml", MAIL),
        ("nested/cut.eml", &MAIL[..MAIL.len() - 8]),
        ("nested/other.eml", &MAIL.replace("anna@example.org", "anna@example.net")),
        (
            "white.txt",
            "Paid\u{a0}\u{a0}EUR 5.00 \t\r\n\r\n\r\non 3 March 2024, a co-\noperation; un\u{ad}\u{200b}seen\u{202e} \u{feff}end \r",
        ),
    ]);
    for (index, format) in corpus::FORMATS.iter().enumerate() {
        for seed in [index as u64, 100 + index as u64] {
            pile.put(&format!("{format}/{seed}.{format}"), &corpus::document(format, seed, 1500, 3));
        }
    }
    let name = <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"caf\xe9 %.txt");
    std::fs::write(pile.documents().join(name), "Call +49 30 23125 014 by 1 May 2024.").unwrap();
    pile.put("latin.txt", b"Stra\xdfe, 3. M\xe4rz 2024, gr\xfc\xdfe");
    pile.put("nul.txt", b"Paid \0 on 3 March 2024. \x07\x1b[0m\n");
    pile.put("picture.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0:~\x9bU");
    pile.put("archive.zip", &corpus::zip_of(&[("a.txt", b"a")]));
    let whole = corpus::document("docx", 7, 500, 1);
    pile.put("cut.docx", &whole[..whole.len() / 2]);
    pile
}

/// The export of a run over a folder, and the workspace.
async fn run_over(pile: &Pile, root: &Path) -> (Workspace, String) {
    let workspace = pile.workspace();
    {
        let _lock = workspace.lock().unwrap();
        let options = RunOptions { intake: Some(pile::intake(root)), workers: 2 };
        run(&workspace, options, Arc::new(Mortal), Arc::new(Silent), std::future::pending()).await.unwrap();
    }
    let export = pile::export(&workspace).await;
    (workspace, export)
}

/// The rows of an export by kind, in their order.
struct Rows(BTreeMap<String, Vec<Value>>);

impl Rows {
    fn of(&self, kind: &str) -> &[Value] {
        self.0.get(kind).map_or(&[], Vec::as_slice)
    }

    /// Those of a kind that hang on a document.
    fn under<'r>(&'r self, kind: &str, document: &'r Value) -> impl Iterator<Item = &'r Value> {
        self.of(kind).iter().filter(move |row| row["document"] == document["id"])
    }
}

fn text<'r>(row: &'r Value, field: &str) -> &'r str {
    row[field].as_str().unwrap_or_else(|| panic!("{field} of {row} is no text"))
}

fn number(row: &Value, field: &str) -> u32 {
    row[field].as_u64().and_then(|n| n.try_into().ok()).unwrap_or_else(|| panic!("{field} of {row} is no number"))
}

fn span(row: &Value) -> Span {
    Span::new(number(row, "start"), number(row, "end"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_export_of_the_samples_holds_its_promises() {
    let pile = Pile::new(&[]);
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
    let (workspace, export) = run_over(&pile, &samples).await;
    assert!(!export.contains("/samples/"), "an absolute path is in the export");
    check(&workspace, &export).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_export_of_every_format_and_state_holds_its_promises() {
    let pile = odd_pile();
    let (workspace, export) = run_over(&pile, &pile.documents()).await;
    let folder = pile.documents();
    assert!(!export.contains(folder.to_str().unwrap()), "an absolute path is in the export");
    check(&workspace, &export).await;
    let rows: Vec<Value> = export.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let states: BTreeSet<_> = rows.iter().filter_map(|row| row["state"].as_str()).collect();
    assert_eq!(states, ["done", "failed", "partial", "skipped"].into());
    assert!(export.contains(r#"{"path":"caf%E9 %.txt"}"#), "bytes that are no characters are shown as %XX");

    // Another folder at another time.
    let other = odd_pile();
    let (_, again) = run_over(&other, &other.documents()).await;
    assert!(export == again, "the export depends on the place or the time of the run");
}

async fn check(workspace: &Workspace, export: &str) {
    let (schema, mut rows) = (schema(), Rows(BTreeMap::new()));
    let validator = validator(&schema);
    for line in export.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        check_row(&validator, &schema, &row);
        rows.0.entry(text(&row, "kind").to_owned()).or_default().push(row);
    }
    assert!(KINDS.iter().all(|kind| !rows.of(kind).is_empty()), "a kind is missing");
    check_order(export, &rows);
    check_ids(&rows);
    check_entities(&rows);
    check_relations(&rows);
    for document in rows.of("document") {
        let state = State::parse(text(document, "state")).unwrap();
        let warned = !document["warnings"].as_array().unwrap().is_empty();
        assert!(state.is_final() && (state == State::Done || warned), "{document} does not say why");
        check_ranges(&rows, document);
        if matches!(state, State::Done | State::Partial) {
            check_against_store(workspace, &rows, document).await;
        }
    }
    check_merges(workspace, &rows).await;
}

fn check_row(validator: &Validator, schema: &Value, row: &Value) {
    if !validator.is_valid(row) {
        // Said by the part of the schema that is meant.
        let kind = json!({ "$ref": format!("#/$defs/{}", text(row, "kind")), "$defs": schema["$defs"] });
        let errors: Vec<_> =
            self::validator(&kind).iter_errors(row).map(|e| format!("{}: {e}", e.instance_path())).collect();
        panic!("{row}\ndoes not match the schema: {errors:#?}");
    }
}

/// Kinds in their order; within a kind by document and place, or by id.
fn check_order(export: &str, rows: &Rows) {
    let kinds = export.lines().map(|line| {
        let row: Value = serde_json::from_str(line).unwrap();
        KINDS.iter().position(|kind| row["kind"] == *kind).unwrap()
    });
    assert!(kinds.is_sorted(), "kinds are not in order");
    for (kind, keys) in [
        ("document", &["id"][..]),
        ("page", &["document", "number"]),
        ("block", &["document", "index"]),
        ("chunk", &["document", "index"]),
        ("mention", &["document", "start"]),
        ("entity", &["id"]),
        ("merge", &["entity", "member"]),
        ("possibly_same_as", &["a", "b"]),
        ("relation", &["from", "to", "type"]),
        ("text", &["document"]),
    ] {
        // Numbers are widened, so that they compare as numbers.
        let part = |value: &Value| value.as_u64().map_or_else(|| value.to_string(), |n| format!("{n:020}"));
        let key = |row: &Value| keys.iter().map(|field| part(&row[*field])).collect::<Vec<_>>();
        let keys: Vec<_> = rows.of(kind).iter().map(key).collect();
        let wrong = keys.windows(2).find(|pair| pair[0] >= pair[1]);
        assert!(wrong.is_none(), "{kind} rows are not in order, or twice the same: {wrong:?}");
    }
}

fn check_ids(rows: &Rows) {
    let mut ids = BTreeSet::new();
    for row in rows.0.values().flatten().filter(|row| row.get("id").is_some()) {
        assert!(ids.insert(text(row, "id")), "the id of {row} is not its own");
    }
    let documents: BTreeSet<_> = rows.of("document").iter().map(|d| text(d, "id")).collect();
    for row in rows.0.values().flatten() {
        let document = row.get("document").and_then(Value::as_str);
        assert!(document.is_none_or(|d| documents.contains(d)), "{row} hangs on no document");
    }
    for source in rows.of("document").iter().flat_map(|d| d["sources"].as_array().unwrap()) {
        let parent = source.get("parent").and_then(Value::as_str);
        assert!(parent.is_none_or(|p| documents.contains(p)), "{source} has no parent");
    }
}

/// Pages tile the raw text, blocks lie in order and chunks tile the clean text; what stands in the text of a document.
fn check_ranges(rows: &Rows, document: &Value) {
    let texts = rows.under("text", document).next();
    let of_layer = |layer| Text::from(texts.map_or("", |row| text(row, layer)));
    let (raw, clean) = (of_layer("raw"), of_layer("clean"));
    let mut end = 0;
    for (index, page) in rows.under("page", document).enumerate() {
        assert_eq!((span(page).start, number(page, "number")), (end, index as u32 + 1), "{page}");
        assert_eq!(page["width"].is_null(), page["height"].is_null(), "{page}");
        end = span(page).end;
    }
    assert_eq!(end, raw.chars(), "pages do not cover the raw text of {document}");
    let pages = rows.under("page", document).count();
    let complete = ["done", "partial"].contains(&text(document, "state"));
    assert!(!complete || number(document, "pages") as usize == pages, "{document} has {pages} pages");
    let mut end = 0;
    for (index, block) in rows.under("block", document).enumerate() {
        assert_eq!(number(block, "index") as usize, index, "{block}");
        assert!(end <= span(block).start && span(block).end <= clean.chars(), "{block} is out of order");
        assert!(!clean.slice(span(block)).trim().is_empty(), "{block} is blank");
        let gap = clean.slice(Span::new(end, span(block).start));
        assert!(gap.trim().is_empty(), "{gap:?} before {block} lies in no block");
        end = span(block).end;
    }
    let rest = clean.slice(Span::new(end, clean.chars()));
    assert!(rest.trim().is_empty(), "{rest:?} lies in no block of {document}");
    let mut end = 0;
    let mut last_page = 1;
    for (index, chunk) in rows.under("chunk", document).enumerate() {
        assert_eq!((span(chunk).start, number(chunk, "index") as usize), (end, index), "{chunk}");
        assert!(!span(chunk).is_empty(), "{chunk} is empty");
        let (first, last) = (number(chunk, "first_page"), number(chunk, "last_page"));
        assert!(last_page <= first && first <= last && last as usize <= pages, "pages of {chunk}");
        (end, last_page) = (span(chunk).end, last);
    }
    assert_eq!(end, clean.chars(), "chunks do not cover the clean text of {document}");
    let mut end = 0;
    for mention in rows.under("mention", document) {
        assert_eq!(clean.slice(span(mention)), text(mention, "text"), "{mention}");
        assert!(end <= span(mention).start, "{mention} overlaps the one before");
        let chunk =
            rows.under("chunk", document).find(|c| c["id"] == mention["chunk"]).expect("a chunk of its document");
        assert!(span(chunk).contains(span(mention).start), "{mention} does not start in {chunk}");
        let block = rows.under("block", document).find(|b| span(b).contains(span(mention).start));
        assert_eq!(mention["block"], block.map_or(Value::Null, |b| b["index"].clone()), "{mention}");
        end = span(mention).end;
    }
}

/// Every mention has an entity and every entity its mentions, counted.
fn check_entities(rows: &Rows) {
    let mut seen: BTreeMap<&str, (BTreeSet<&str>, u32, &Value)> = BTreeMap::new();
    for mention in rows.of("mention") {
        let entry = seen.entry(text(mention, "entity")).or_insert((BTreeSet::new(), 0, &mention["type"]));
        entry.0.insert(text(mention, "document"));
        entry.1 += 1;
        assert_eq!(*entry.2, mention["type"], "{mention} is of another type than its entity");
    }
    assert_eq!(seen.len(), rows.of("entity").len(), "entities and what mentions name are not the same");
    for entity in rows.of("entity") {
        let (documents, mentions, kind) = seen.get(text(entity, "id")).expect("each entity has a mention");
        assert_eq!((number(entity, "documents"), number(entity, "mentions")), (documents.len() as u32, *mentions));
        assert_eq!(entity["type"], **kind, "{entity}");
        let aliases: Vec<_> = entity["aliases"].as_array().unwrap().iter().map(|a| a.as_str().unwrap()).collect();
        assert!(aliases.is_sorted() && !aliases.contains(&text(entity, "name")), "aliases of {entity}");
        let identifiers = entity["identifiers"].as_array().unwrap();
        assert!(identifiers.is_sorted_by_key(|i| (text(i, "scheme"), text(i, "value"))), "identifiers of {entity}");
    }
}

/// A relation joins entities, and its evidence holds one mention of each.
fn check_relations(rows: &Rows) {
    let mentions: BTreeMap<_, _> = rows.of("mention").iter().map(|m| (text(m, "id"), m)).collect();
    for relation in rows.of("relation") {
        let evidence = relation["evidence"].as_array().unwrap();
        assert!(evidence.is_sorted_by_key(|e| (text(e, "document"), span(e))), "evidence of {relation}");
        for one in evidence {
            for (id, side) in one["mentions"].as_array().unwrap().iter().zip(["from", "to"]) {
                let mention = mentions.get(id.as_str().unwrap()).expect("the evidence names mentions");
                assert_eq!((&mention["entity"], &mention["document"]), (&relation[side], &one["document"]));
                let (inner, outer) = (span(mention), span(one));
                assert!(outer.start <= inner.start && inner.end <= outer.end, "{mention} is not inside {one}");
            }
            let last = one["mentions"].as_array().unwrap().iter().map(|id| mentions[id.as_str().unwrap()]);
            assert!(last.max_by_key(|m| span(m)).is_some_and(|m| m["page"] == one["page"]), "page of {one}");
        }
    }
}

/// Pages of mentions and blocks, boxes, and the map from clean to raw text, as the store has them.
async fn check_against_store(workspace: &Workspace, rows: &Rows, document: &Value) {
    let id = DocumentId(text(document, "id").parse().unwrap());
    let (raw, pages, _) = workspace.store().raw(id).await.unwrap();
    let (clean, map) = workspace.store().clean(id).await.unwrap();
    let (raw, clean) = (Text::new(raw), Text::new(clean));
    let mut at = (0, 0);
    for segment in map.segments() {
        let from = raw.slice(Span::new(at.0, at.0 + segment.raw));
        let to = clean.slice(Span::new(at.1, at.1 + segment.clean));
        let blank = |text: &str| !text.contains(|c: char| c.is_alphanumeric() || c.is_ascii_punctuation());
        let holds = match segment.rewrite {
            Rewrite::Equal => from == to && segment.raw == segment.clean,
            Rewrite::Space => blank(from) && matches!(to, " " | "\t" | "\n" | "\n\n"),
            Rewrite::LineEnd => from.trim_matches(['\r', '\n']).is_empty() && to.trim_matches('\n').is_empty(),
            Rewrite::Control => to.is_empty() && blank(from),
            Rewrite::Hyphen => to.is_empty() && from.contains(['-', '\u{2010}', '\u{ad}', '\n', '\r']),
            Rewrite::Trim => to.is_empty() && blank(from),
        };
        assert!(holds && segment.raw > 0, "{segment:?} makes {to:?} of {from:?} in {document}");
        at = (at.0 + segment.raw, at.1 + segment.clean);
    }
    assert_eq!(at, (raw.chars(), clean.chars()), "the map does not cover the texts of {document}");
    let page_of = |span: Span| {
        let raw = map.to_raw(span).start;
        pages.iter().find(|page| page.span.contains(raw)).map(|page| page.number)
    };
    for row in rows.under("mention", document).chain(rows.under("block", document)) {
        assert_eq!(Some(number(row, "page")), page_of(span(row)), "page of {row}");
    }
    for mention in rows.under("mention", document) {
        let boxes = mention["boxes"].as_array().unwrap();
        let paged = document["media_type"] == "application/pdf";
        assert_eq!(boxes.iter().any(|b| b["page"] == mention["page"]), paged, "boxes of {mention}");
        for b in boxes {
            let side = |field: &str| b[field].as_f64().unwrap();
            assert!(side("x0") < side("x1") && side("y0") < side("y1"), "{b} is no box");
        }
    }
}

/// An entity is named after the least of its members, and each other one has a row that says why.
async fn check_merges(workspace: &Workspace, rows: &Rows) {
    let mut members: BTreeMap<EntityId, BTreeSet<_>> = BTreeMap::new();
    for document in workspace.store().document_ids(None, 10_000).await.unwrap() {
        for row in workspace.store().mention_rows(document).await.unwrap() {
            members.entry(row.entity.expect("the fold has run")).or_default().insert(row.referent);
        }
    }
    let mut expected = Vec::new();
    for (entity, mut members) in members {
        let least = members.pop_first().expect("an entity has a member");
        assert_eq!(entity, EntityId::new(ProjectId::new("test"), least));
        expected.extend(members.into_iter().map(|member| (entity.to_string(), member.to_string())));
    }
    let found: Vec<_> = rows.of("merge").iter().map(|m| (text(m, "entity").into(), text(m, "member").into())).collect();
    assert_eq!(found, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schema_refuses_a_row_with_a_field_more_or_less() {
    let other = MAIL.replace("anna@example.org", "anna@example.net");
    let pile = Pile::new(&[("a.eml", MAIL), ("b.eml", &MAIL.replace("$500", "$700")), ("c.eml", &other)]);
    let (_, export) = run_over(&pile, &pile.documents()).await;
    let validator = validator(&schema());
    let rows = export.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let one_of_each: BTreeMap<_, _> = rows.map(|row| (text(&row, "kind").to_owned(), row)).collect();
    assert_eq!(one_of_each.len(), KINDS.len());
    for (kind, row) in one_of_each {
        assert!(validator.is_valid(&row), "{row}");
        for field in row.as_object().unwrap().keys() {
            let mut less = row.clone();
            less.as_object_mut().unwrap().remove(field);
            assert!(!validator.is_valid(&less), "{kind} without {field} is accepted");
        }
        let mut more = row.clone();
        more["surplus"] = json!(1);
        assert!(!validator.is_valid(&more), "{kind} with one field more is accepted");
    }
}

#[test]
fn the_words_of_the_schema_are_those_of_the_model() {
    let schema = schema();
    let check = |pointer: &str, expected: Vec<&str>| {
        let words = schema.pointer(pointer).unwrap_or_else(|| panic!("{pointer} is not in the schema"));
        let mut words: Vec<_> = words.as_array().unwrap().iter().map(|w| w.as_str().unwrap()).collect();
        words.sort_unstable();
        let mut expected = expected;
        expected.sort_unstable();
        assert_eq!(words, expected, "{pointer}");
    };
    check("/$defs/warning/properties/code/enum", Code::ALL.iter().map(|c| c.as_str()).collect());
    check("/$defs/document/properties/category/enum", Category::ALL.map(Category::as_str).to_vec());
    check("/$defs/document/properties/state/enum", State::ALL.map(State::as_str).to_vec());
    check("/$defs/document/properties/stages/propertyNames/enum", Stage::ALL.map(Stage::as_str).to_vec());
    check("/$defs/block/properties/type/enum", BlockKind::ALL.map(BlockKind::as_str).to_vec());
    check("/$defs/mention_type/enum", MentionType::ALL.map(MentionType::as_str).to_vec());
    check("/$defs/relation/properties/type/enum", RelationType::ALL.map(RelationType::as_str).to_vec());
    let kinds: Vec<_> = schema["oneOf"].as_array().unwrap().iter().map(|k| text(k, "$ref")).collect();
    assert_eq!(kinds, KINDS.map(|kind| format!("#/$defs/{kind}")));
}
