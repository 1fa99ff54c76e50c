use std::io::{Cursor, Write};
use std::sync::Arc;

use proptest::prelude::*;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;
use crate::testing::{Kept, codes, extract_as, paths};

/// A package from its parts.
fn pack(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

const NAMESPACES: &str = r#"xmlns:w="w" xmlns:r="r" xmlns:m="m" xmlns:mc="mc" xmlns:v="v""#;

/// The main part around a body.
fn main_part(body: &str) -> String {
    format!(r#"<?xml version="1.0"?><w:document {NAMESPACES}><w:body>{body}<w:sectPr/></w:body></w:document>"#)
}

fn document(body: &str) -> Vec<u8> {
    pack(&[("word/document.xml", main_part(body).as_bytes())])
}

/// A paragraph with properties.
fn p(properties: &str, runs: &str) -> String {
    format!("<w:p><w:pPr>{properties}</w:pPr>{runs}</w:p>")
}

fn r(text: &str) -> String {
    format!(r#"<w:r><w:rPr><w:b/></w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>"#)
}

fn relation(id: &str, kind: &str, target: &str) -> String {
    let mode = if target.contains("://") || target.starts_with("mailto:") { r#" TargetMode="External""# } else { "" };
    format!(r#"<Relationship Id="{id}" Type="http://x/relationships/{kind}" Target="{target}"{mode}/>"#)
}

fn relations(list: &[String]) -> String {
    format!("<Relationships>{}</Relationships>", list.concat())
}

fn read(bytes: Vec<u8>, options: &Options) -> (Kept, Summary) {
    let mut kept = Kept::default();
    let bytes: Bytes = Arc::new(bytes);
    let summary = extract(&bytes, options, &mut kept).expect("a document");
    kept.pages.iter().for_each(crate::invariant::check);
    (kept, summary)
}

/// The text of a body and `kind path` of its blocks.
#[track_caller]
fn check(body: &str, text: &str, blocks: &[&str]) {
    let (page, summary) = extract_as(extract, &document(body), &Options::default());
    assert_eq!(page.text, text);
    let found: Vec<String> = page.blocks.iter().map(|b| format!("{} {}", b.kind.as_str(), b.path)).collect();
    assert_eq!(found, blocks);
    assert_eq!(codes(&summary), if text.is_empty() { vec![Code::NO_TEXT] } else { vec![] });
}

#[test]
fn paragraphs_are_told_apart_by_style_outline_and_list() {
    let body = [
        p(r#"<w:pStyle w:val="Heading1"/>"#, &r("Title")),
        p("", &r("one")),
        p("", ""),
        p(r#"<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>"#, &r("item")),
        p(r#"<w:outlineLvl w:val="2"/>"#, &r("two")),
        p(r#"<w:pPrChange><w:pPr><w:outlineLvl w:val="2"/></w:pPr></w:pPrChange>"#, &r("three")),
    ];
    check(
        &body.concat(),
        "Title\n\none\n\nitem\n\ntwo\n\nthree\n",
        &["heading body/p1", "paragraph body/p2", "list_item body/p4", "heading body/p5", "paragraph body/p6"],
    );
    check("", "", &[]);
}

#[test]
fn runs_give_their_characters() {
    let check = |runs: &str, text: &str| {
        let want = if text.is_empty() { String::new() } else { format!("{text}\n") };
        let (page, _) = extract_as(extract, &document(&p("", runs)), &Options::default());
        assert_eq!(page.text, want, "{runs}");
    };
    check("<w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t></w:r>", "a\tb\nc");
    check("<w:r><w:t>a</w:t><w:noBreakHyphen/><w:t>b</w:t><w:softHyphen/><w:t>c</w:t></w:r>", "a\u{2011}bc");
    check(r#"<w:r><w:sym w:font="Symbol" w:char="F061"/></w:r>"#, "α");
    check("<w:r><w:t>&lt;a&amp;b&#233;&#xE9;&unknown;<![CDATA[<c>]]></w:t></w:r>", "<a&béé&unknown;<c>");
    check(&format!("<w:ins>{}</w:ins><w:del>{}</w:del>", r("new"), r("old")), "new");
    check(&format!("<w:moveTo>{}</w:moveTo><w:moveFrom>{}</w:moveFrom>", r("here"), r("there")), "here");
    check("<w:r><w:delText>gone</w:delText></w:r>", "");
    check(&format!("<w:sdt><w:sdtPr/><w:sdtContent>{}</w:sdtContent></w:sdt>", r("in control")), "in control");
    check("<m:oMath><m:r><m:t>x+1</m:t></m:r></m:oMath>", "x+1");
    check(
        &format!("<w:ruby><w:rt>{}</w:rt><w:rubyBase>{}</w:rubyBase></w:ruby>", r("kana"), r("kanji")),
        "kanji(kana)",
    );
    let choice = format!(
        "<mc:AlternateContent><mc:Choice>{}</mc:Choice><mc:Fallback>{}</mc:Fallback></mc:AlternateContent>",
        r("new"),
        r("old")
    );
    check(&choice, "new");
    check(&format!("<mc:AlternateContent><mc:Fallback>{}</mc:Fallback></mc:AlternateContent>", r("old")), "old");
}

#[test]
fn a_field_gives_its_result_only() {
    let mark = |kind: &str| format!(r#"<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>"#);
    let (begin, separate, end) = (mark("begin"), mark("separate"), mark("end"));
    let instruction = "<w:r><w:instrText>PAGE</w:instrText></w:r>";
    let check = |runs: &str, text: &str| {
        let (page, _) =
            extract_as(extract, &document(&format!("{}{}", p("", runs), p("", &r("after")))), &Options::default());
        assert_eq!(page.text, format!("{text}\n\nafter\n"), "{runs}");
    };
    check(&format!("{}{begin}{instruction}{separate}{}{end}", r("a "), r("7")), "a 7");
    check(
        &format!("{begin}{instruction}{begin}{instruction}{separate}{}{end}{separate}{}{end}", r("in"), r("out")),
        "out",
    );
    check(&format!("{begin}{instruction}{}", format_args!("{separate}{}", r("open"))), "open");
    check(&format!("{}{begin}{}", r("a"), r("b")), "a");
    check(&format!("<w:fldSimple>{}</w:fldSimple>{end}{separate}", r("simple")), "simple");
}

#[test]
fn the_end_of_a_paragraph_may_be_deleted() {
    let deleted = "<w:rPr><w:del/></w:rPr>";
    check(
        &[p(deleted, &r("one ")), p("", &r("two")), p(deleted, &r("last"))].concat(),
        "one two\n\nlast\n",
        &["paragraph body/p2", "paragraph body/p3"],
    );
}

#[test]
fn tables_have_rows_and_cells() {
    let cell = |content: &str| format!("<w:tc><w:tcPr/>{content}</w:tc>");
    let row = |cells: &[&str]| format!("<w:tr>{}</w:tr>", cells.iter().map(|c| cell(c)).collect::<String>());
    let text = |t: &str| p("", &r(t));
    let table = |rows: &[String]| format!("<w:tbl><w:tblPr/><w:tblGrid/>{}</w:tbl>", rows.concat());
    check(
        &format!(
            "{}{}{}",
            text("before"),
            table(&[row(&[&text("a"), &text("b")]), row(&[&p("", ""), &text("d")]), row(&[&text("e"), &p("", "")])]),
            text("after")
        ),
        "before\n\na\tb\n\td\ne\n\nafter\n",
        &[
            "paragraph body/p1",
            "cell body/table1/r1/c1",
            "cell body/table1/r1/c2",
            "cell body/table1/r2/c2",
            "cell body/table1/r3/c1",
            "paragraph body/p2",
        ],
    );
    let nested = table(&[row(&[&text("x"), &text("y")]), row(&[&text("z")])]);
    let tabbed = "<w:p><w:r><w:t>t</w:t><w:tab/><w:t>u</w:t></w:r></w:p>";
    check(
        &table(&[row(&[&format!("{}{}{nested}", text("a"), text("b")), tabbed])]),
        "a\nb\nx y\nz\tt u\n",
        &["cell body/table1/r1/c1", "cell body/table1/r1/c2"],
    );
}

#[test]
fn a_text_box_follows_the_paragraph_that_holds_it() {
    let inner = format!("<w:txbxContent>{}{}</w:txbxContent>", p("", &r("in")), p("", &r("box")));
    let shape =
        |content: &str| format!("<w:r><w:pict><v:shape><v:textbox>{content}</v:textbox></v:shape></w:pict></w:r>");
    check(
        &format!("{}{}", p("", &format!("{}{}{}", r("a"), shape(&inner), r("b"))), p("", &r("c"))),
        "ab\n\nin\n\nbox\n\nc\n",
        &["paragraph body/p1", "paragraph body/p1/box1/p1", "paragraph body/p1/box1/p2", "paragraph body/p2"],
    );
}

/// A package with every kind of part.
fn full() -> Vec<u8> {
    let link = |id: &str, text: &str| format!(r#"<w:hyperlink r:id="{id}">{}</w:hyperlink>"#, r(text));
    let body = [
        p("", &format!("{}{}", r("see "), link("web", "here"))),
        p("", &link("web", "https://example.org/")),
        p("", &link("mail", "a@x.example")),
        p(r#"<w:pStyle w:val="Mine"/>"#, &r("styled")),
        r#"<w:altChunk r:id="chunk"/>"#.to_owned(),
    ];
    let part = |root: &str, content: &str| format!("<w:{root} {NAMESPACES}>{content}</w:{root}>");
    let note =
        |kind: &str, attributes: &str, text: &str| format!("<w:{kind} {attributes}>{}</w:{kind}>", p("", &r(text)));
    let main_relations = relations(&[
        relation("web", "hyperlink", "https://example.org/"),
        relation("mail", "hyperlink", "mailto:a@x.example"),
        relation("s", "styles", "styles.xml"),
        relation("h10", "header", "header10.xml"),
        relation("h2", "header", "/word/header2.xml"),
        relation("h2again", "header", "header2.xml"),
        relation("f", "footer", "footer1.xml"),
        relation("n", "footnotes", "footnotes.xml"),
        relation("e", "endnotes", "endnotes.xml"),
        relation("c", "comments", "comments.xml"),
        relation("chunk", "aFChunk", "chunk.htm"),
    ]);
    let styles =
        part("styles", r#"<w:style w:type="paragraph" w:styleId="Mine"><w:name w:val="heading 3"/></w:style>"#);
    let footnotes = part(
        "footnotes",
        &[
            note("footnote", r#"w:id="-1" w:type="separator""#, "line"),
            note("footnote", r#"w:id="1""#, "first"),
            note("footnote", r#"w:id="2""#, "second"),
        ]
        .concat(),
    );
    pack(&[
        ("_rels/.rels", relations(&[relation("d", "officeDocument", "Word/Document.xml")]).as_bytes()),
        ("word/document.xml", main_part(&body.concat()).as_bytes()),
        ("word/_rels/document.xml.rels", main_relations.as_bytes()),
        ("word/styles.xml", styles.as_bytes()),
        ("word/header10.xml", part("hdr", &p("", &r("header ten"))).as_bytes()),
        ("word/header2.xml", part("hdr", &p("", &r("header two"))).as_bytes()),
        ("word/footer1.xml", part("ftr", &p("", &r("footer"))).as_bytes()),
        ("word/footnotes.xml", footnotes.as_bytes()),
        ("word/endnotes.xml", part("endnotes", &note("endnote", "", "end")).as_bytes()),
        ("word/comments.xml", part("comments", &note("comment", r#"w:author="Ann Lee""#, "why?")).as_bytes()),
        ("word/embeddings/sheet.xlsx", b"PK-sheet"),
        ("word/media/image1.png", b"png"),
        ("word/chunk.htm", b"<p>chunk"),
    ])
}

#[test]
fn the_parts_follow_the_body_in_one_order() {
    let (kept, summary) = read(full(), &Options::default());
    assert_eq!(
        paths(&kept.pages[0]),
        [
            "body/p1: see here <https://example.org/>",
            "body/p2: https://example.org/",
            "body/p3: a@x.example",
            "body/p4: styled",
            "header1/p1: header two",
            "header2/p1: header ten",
            "footer1/p1: footer",
            "footnote1/p1: first",
            "footnote2/p1: second",
            "endnote1/p1: end",
            "comment1/p1: Ann Lee: why?",
        ]
    );
    let kinds: Vec<&str> = kept.pages[0].blocks[3..].iter().map(|b| b.kind.as_str()).collect();
    assert_eq!(kinds, ["heading", "header", "header", "footer", "footnote", "footnote", "footnote", "comment"]);
    let members: Vec<(&str, &[u8])> = kept.members.iter().map(|m| (m.0.name.as_str(), m.1.as_slice())).collect();
    assert_eq!(members, [("sheet.xlsx", b"PK-sheet".as_slice()), ("chunk.htm", b"<p>chunk")]);
    assert_eq!(codes(&summary), []);
}

#[test]
fn charts_and_diagrams_follow_the_body_in_the_order_of_the_text() {
    let body = p("", r#"<w:r><dgm:relIds r:dm="d"/><c:chart r:id="c"/></w:r>"#) + &p("", &r("after"));
    let values = |list: &[&str]| {
        let points: String = list.iter().map(|v| format!("<c:pt><c:v>{v}</c:v></c:pt>")).collect();
        format!(
            "<c:ser><c:cat><c:strRef><c:strCache>{points}</c:strCache></c:strRef></c:cat>\
                 <c:val><c:numCache><c:pt><c:v>1</c:v></c:pt></c:numCache></c:val></c:ser>"
        )
    };
    let chart = format!(
        "<c:chartSpace><a:p><a:r><a:t>Chart</a:t></a:r></a:p>{}{}</c:chartSpace>",
        values(&["East", "West"]),
        values(&["East", "West", "North"])
    );
    let diagram =
        "<dgm:dataModel><dgm:pt><dgm:t> <a:p><a:r><a:t>Step</a:t></a:r></a:p></dgm:t></dgm:pt></dgm:dataModel>";
    let list = [relation("d", "diagramData", "diagrams/data1.xml"), relation("c", "chart", "charts/chart1.xml")];
    let bytes = pack(&[
        ("word/document.xml", main_part(&body).as_bytes()),
        ("word/_rels/document.xml.rels", relations(&list).as_bytes()),
        ("word/diagrams/data1.xml", diagram.as_bytes()),
        ("word/charts/chart1.xml", chart.as_bytes()),
    ]);
    let (kept, _) = read(bytes, &Options::default());
    assert_eq!(
        paths(&kept.pages[0]),
        [
            "body/p2: after",
            "diagram1/p1: Step",
            "chart1/p1: Chart",
            "chart1/p2: East",
            "chart1/p3: West",
            "chart1/p6: North",
        ]
    );
}

#[test]
fn parts_are_found_by_their_usual_names_without_relationships() {
    let note = format!(r#"<w:footnotes><w:footnote w:id="1">{}</w:footnote></w:footnotes>"#, p("", &r("note")));
    let header = format!("<w:hdr>{}</w:hdr>", p("", &r("head")));
    let bytes = pack(&[
        ("word/document.xml", main_part(&p("", &r("body"))).as_bytes()),
        ("word/footnotes.xml", note.as_bytes()),
        ("word/header1.xml", header.as_bytes()),
    ]);
    let (kept, _) = read(bytes, &Options::default());
    assert_eq!(kept.pages[0].text, "body\n\nhead\n\nnote\n");
}

#[test]
fn encodings_and_prefixes_do_not_matter() {
    let xml = r#"<?xml version="1.0" encoding="UTF-16"?><document xmlns="http://purl.oclc.org/ooxml/wordprocessingml/main">
        <body><p><r><t>é😀</t></r></p></body></document>"#;
    let utf16: Vec<u8> = "\u{FEFF}".encode_utf16().chain(xml.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let (kept, summary) = read(pack(&[("word/document.xml", &utf16)]), &Options::default());
    assert_eq!((kept.pages[0].text.as_str(), codes(&summary)), ("é😀\n", vec![]));

    let mut bad = main_part(&p("", &r("a?b?c"))).into_bytes();
    let zero = bad.iter().rposition(|&b| b == b'?').unwrap();
    bad[zero] = 0;
    bad[zero - 2] = 0xFF;
    let (kept, summary) = read(pack(&[("word/document.xml", &bad)]), &Options::default());
    assert_eq!(kept.pages[0].text, "a\u{FFFD}b\u{FFFD}c\n");
    assert_eq!(summary.warnings[0].message, "2 characters could not be decoded");
}

#[test]
fn damage_is_told_and_the_rest_is_kept() {
    let check = |bytes: Vec<u8>, text: &str, warnings: &[Code]| {
        let (kept, summary) = read(bytes, &Options::default());
        assert_eq!((kept.pages[0].text.as_str(), codes(&summary).as_slice()), (text, warnings));
    };
    let whole = main_part(&format!("{}{}", p("", &r("one")), p("", &r("two"))));
    let cut = &whole[..whole.find("two").unwrap() + 2];
    check(pack(&[("word/document.xml", cut.as_bytes())]), "one\n\ntw\n", &[Code::DAMAGED_PART]);
    check(
        pack(&[
            ("word/document.xml", whole.as_bytes()),
            ("word/_rels/document.xml.rels", relations(&[relation("h", "header", "header1.xml")]).as_bytes()),
        ]),
        "one\n\ntwo\n",
        &[Code::DAMAGED_PART],
    );
    check(
        pack(&[("word/document.xml", whole.as_bytes()), ("word/header1.xml", b"<a><b></a>")]),
        "one\n\ntwo\n",
        &[Code::DAMAGED_PART],
    );
    check(pack(&[("word/document.xml", main_part("").as_bytes()), ("word/media/a.png", b"x")]), "", &[Code::NEEDS_OCR]);
    let broken = |bytes: Vec<u8>| {
        let bytes: Bytes = Arc::new(bytes);
        assert!(matches!(extract(&bytes, &Options::default(), &mut Kept::default()), Err(Error::Damaged { .. })));
    };
    broken(pack(&[("other.xml", b"<a/>")]));
    broken(document("")[..40].to_vec());
    broken(b"PK\x03\x04".to_vec());
}

#[test]
fn limits_are_told() {
    let check = |body: &str, options: Options, text: &str, warnings: &[Code]| {
        let (kept, summary) = read(document(body), &options);
        assert_eq!((kept.pages[0].text.as_str(), codes(&summary).as_slice()), (text, warnings));
    };
    let default = Options::default;
    let body = [p("", &r("first")), p("", &r("second"))].concat();
    check(&body, Options { max_chars: 14, ..default() }, "first\n\nsecond\n", &[]);
    check(&body, Options { max_chars: 10, ..default() }, "first\n\nse\n", &[Code::TEXT_LIMIT]);
    check(&body, Options { max_chars: 0, ..default() }, "", &[Code::TEXT_LIMIT]);
    check(&body, Options { max_depth: 4, ..default() }, "", &[Code::PART_LIMIT, Code::NO_TEXT]);
    let spaces = p("", &r(&" ".repeat(1000)));
    check(&spaces, Options { max_chars: 100, ..default() }, "", &[Code::TEXT_LIMIT, Code::NO_TEXT]);

    let deep = format!("{}{}{}", "<w:sdt>".repeat(100_000), r("x"), "</w:sdt>".repeat(100_000));
    let (_, summary) = read(document(&deep), &default());
    assert_eq!(codes(&summary), [Code::PART_LIMIT, Code::NO_TEXT]);
}

#[test]
fn a_part_that_expands_past_the_limit_is_cut() {
    let bomb = format!("{}{}", p("", &r("kept")), "<w:p/>".repeat(100_000));
    let options = Options { max_member_bytes: 10_000, ..Options::default() };
    let (kept, summary) = read(document(&bomb), &options);
    assert_eq!((kept.pages[0].text.as_str(), codes(&summary)), ("kept\n", vec![Code::PART_LIMIT]));

    let zeros = vec![0; 20_000];
    let bytes = pack(&[
        ("word/document.xml", main_part(&p("", &r("body"))).as_bytes()),
        ("word/embeddings/bomb.bin", &zeros),
        ("word/embeddings/fine.bin", &zeros[..9_000]),
    ]);
    let (kept, summary) = read(bytes, &options);
    assert_eq!(codes(&summary), [Code::PART_LIMIT]);
    assert_eq!(kept.members.iter().map(|m| (m.0.name.as_str(), m.1.len())).collect::<Vec<_>>(), [("fine.bin", 9_000)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn mutated_packages_neither_panic_nor_break_a_page(edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8), end in any::<prop::sample::Index>(), is_cut in any::<bool>()) {
        let mut bytes = full();
        for (at, byte) in edits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if is_cut {
            bytes.truncate(end.index(bytes.len()));
        }
        let mut kept = Kept::default();
        let bytes: Bytes = Arc::new(bytes);
        if extract(&bytes, &Options::default(), &mut kept).is_ok() {
            crate::invariant::check(&kept.pages[0]);
        }
    }

    #[test]
    fn mutated_elements_neither_panic_nor_break_a_page(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "<w:p>", "</w:p>", "<w:tbl>", "</w:tbl>", "<w:tr>", "</w:tr>", "<w:tc>", "</w:tc>", "<w:pPr>", "</w:pPr>",
            "<w:txbxContent>", "</w:txbxContent>", "<w:t>", "</w:t>", "text", " ", "\u{0}", "<w:tab/>", "<w:br/>",
            "<w:ruby>", "</w:ruby>", "<w:rt>", "</w:rt>", "<w:del/>", "<w:rPr>", "</w:rPr>", "<mc:Choice>", "&x;", "&#0;",
            "<w:fldChar w:fldCharType='begin'/>", "<w:fldChar w:fldCharType='separate'/>", "<c:strCache>", "<c:v>",
        ]), 0..60),
        max_chars in prop::sample::select(vec![0, 1, 5, 1 << 20]),
    ) {
        let options = Options { max_chars, ..Options::default() };
        let (kept, _) = read(document(&pieces.concat()), &options);
        prop_assert!(kept.pages[0].text.chars().count() <= max_chars as usize);
    }
}
