//! What `docs/samples.md` promises of the samples, checked on a run over them. The tables here are its tables.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

use docmill_model::MentionType::{self, *};
use serde_json::Value;

use crate::pile::{self, Pile};

/// A mention as a reader of the page sees it.
struct Seen {
    /// Path of the document; a member's name for one that has no path.
    file: String,
    is_member: bool,
    page: u32,
    kind: MentionType,
    /// With white space folded.
    text: String,
    normal: String,
    entity: String,
    /// Boxes on its page.
    boxes: usize,
}

pub struct Samples {
    pub rows: Vec<Value>,
    mentions: Vec<Seen>,
}

/// One run serves all tests.
pub static SAMPLES: LazyLock<Samples> =
    LazyLock::new(|| tokio::runtime::Runtime::new().unwrap().block_on(async { Samples::run().await }));

impl Samples {
    async fn run() -> Self {
        let pile = Pile::new(&[]);
        let workspace = pile.workspace();
        pile::run_all(&workspace, &Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples")).await;
        let export = pile::export(&workspace).await;
        let rows: Vec<Value> = export.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let store = workspace.store();
        let mut normal = BTreeMap::new();
        for id in store.document_ids(None, 1000).await.unwrap() {
            let rows = store.mention_rows(id).await.unwrap();
            normal.extend(rows.into_iter().map(|row| (row.mention.id.to_string(), row.mention.normal)));
        }
        let mentions = of_kind(&rows, "mention").map(|row| seen(&rows, row, &normal)).collect();
        Self { rows, mentions }
    }

    fn documents(&self) -> impl Iterator<Item = &Value> {
        of_kind(&self.rows, "document")
    }

    fn document(&self, path: &str) -> &Value {
        self.documents().find(|d| name(d).0 == path).unwrap_or_else(|| panic!("{path} is not in the export"))
    }

    /// The clean text of a file with its white space folded.
    fn clean(&self, path: &str) -> String {
        let id = &self.document(path)["id"];
        let row = of_kind(&self.rows, "text").find(|t| t["document"] == *id).expect("the document has a text");
        folded(row["clean"].as_str().unwrap())
    }

    fn entity(&self, id: &Value) -> &Value {
        of_kind(&self.rows, "entity").find(|e| e["id"] == *id).expect("each entity has a row")
    }
}

pub fn of_kind<'r>(rows: &'r [Value], kind: &'static str) -> impl Iterator<Item = &'r Value> {
    rows.iter().filter(move |row| row["kind"] == kind)
}

pub fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The path of a document, or the name of the member when it has none; whether it is a member alone.
pub fn name(document: &Value) -> (&str, bool) {
    let sources = document["sources"].as_array().unwrap();
    let path = sources.iter().find_map(|s| s["path"].as_str());
    path.map_or_else(|| (sources[0]["member"].as_str().unwrap(), true), |path| (path, false))
}

fn seen(rows: &[Value], row: &Value, normal: &BTreeMap<String, String>) -> Seen {
    let document = of_kind(rows, "document").find(|d| d["id"] == row["document"]).unwrap();
    let (file, is_member) = name(document);
    let boxes = row["boxes"].as_array().unwrap();
    Seen {
        file: file.to_owned(),
        is_member,
        page: row["page"].as_u64().unwrap() as u32,
        kind: MentionType::parse(row["type"].as_str().unwrap()).unwrap(),
        text: folded(row["text"].as_str().unwrap()),
        normal: normal[row["id"].as_str().unwrap()].clone(),
        entity: row["entity"].as_str().unwrap().to_owned(),
        boxes: boxes.iter().filter(|b| b["page"] == row["page"]).count(),
    }
}

/// Path, language, category, state, and the code of what keeps it from being done. Empty: not promised.
#[rustfmt::skip]
const FILES: &[(&str, &str, &str, &str, &str)] = &[
    ("contract/restoration-agreement.pdf", "en", "contract", "done", ""),
    ("contract/amendment-1.docx", "en", "", "done", ""),
    ("contract/board-minutes-2023-09-06.md", "en", "", "done", ""),
    ("mail/2024-01-08-invoice.eml", "en", "correspondence", "done", ""),
    ("mail/2024-01-15-new-bank-details.eml", "en", "correspondence", "done", ""),
    ("mail/2024-01-16-re-new-bank-details.eml", "en", "correspondence", "done", ""),
    ("mail/2024-02-12-zahlung.eml", "de", "correspondence", "done", ""),
    ("mail/2024-02-13-re-zahlung.eml", "en", "correspondence", "done", ""),
    ("mail/2024-02-14-fwd-new-bank-details.eml", "en", "correspondence", "done", ""),
    ("mail/2024-03-06-tracing-report.eml", "en", "correspondence", "done", ""),
    ("mail/2024-09-30-settlement.eml", "en", "correspondence", "done", ""),
    ("court/memorandum-in-opposition.pdf", "en", "legal_filing", "done", ""),
    ("court/okafor-deposition.txt", "en", "deposition", "done", ""),
    ("court/vogt-declaration.docx", "en", "affidavit", "done", ""),
    ("court/exhibit-c.pdf", "", "", "partial", "needs_ocr"),
    ("finance/invoice-2024-0117.pdf", "en", "financial", "done", ""),
    ("finance/payments-ledger.csv", "", "financial", "done", ""),
    ("finance/insurance-certificate.txt", "en", "", "done", ""),
    ("finance/aktenvermerk.txt", "de", "", "done", ""),
    ("survey/rapport-d-expertise.html", "fr", "", "done", ""),
    ("survey/exhibit-b-panels.pdf", "en", "exhibit", "done", ""),
    ("survey/delivery-note.pdf", "", "document", "partial", "needs_ocr"),
    ("survey/panel-7.png", "", "document", "skipped", "unsupported"),
    ("press/the-keeper-autumn-2024.pdf", "en", "", "done", ""),
    ("press/hafenblatt-2024-10-07.pdf", "de", "", "done", ""),
    ("press/harrow-point-lens.html", "en", "", "done", ""),
    // A member has the name that the mail gives it.
    ("payment-schedule.csv", "", "", "done", ""),
];

#[test]
fn each_file_has_its_state_language_category_and_warning() {
    let samples = &*SAMPLES;
    for (path, language, category, state, code) in FILES {
        let row = samples.document(path);
        for (field, expected) in [("language", language), ("category", category), ("state", state)] {
            assert!(expected.is_empty() || row[field] == **expected, "{field} of {path} is {}", row[field]);
        }
        let codes: Vec<_> = row["warnings"].as_array().unwrap().iter().map(|w| w["code"].as_str().unwrap()).collect();
        // No loss: in another language the rules have looked, and the model has not.
        let other_language = !["", "en"].contains(language);
        let expected =
            other_language.then_some("names_language").into_iter().chain((!code.is_empty()).then_some(*code));
        assert_eq!(codes, Vec::from_iter(expected), "of {path}");
    }
    assert_eq!(samples.documents().count(), FILES.len());
}

#[test]
fn a_file_that_a_mail_encloses_is_one_document_with_two_sources() {
    let samples = &*SAMPLES;
    let sources = |d: &Value| d["sources"].as_array().unwrap().len();
    assert_eq!(samples.documents().map(sources).sum::<usize>(), 29);
    for (path, mail, member) in [
        ("finance/invoice-2024-0117.pdf", "mail/2024-01-08-invoice.eml", "invoice-2024-0117.pdf"),
        ("payment-schedule.csv", "mail/2024-01-08-invoice.eml", "payment-schedule.csv"),
        ("mail/2024-01-15-new-bank-details.eml", "mail/2024-02-14-fwd-new-bank-details.eml", "new-bank-details.eml"),
    ] {
        let source = serde_json::json!({ "parent": samples.document(mail)["id"], "member": member });
        let document = samples.document(path);
        assert!(document["sources"].as_array().unwrap().contains(&source), "{document}");
        assert_eq!(sources(document), if path.contains('/') { 2 } else { 1 }, "{document}");
    }
}

const ANNIKA: &str = "annika.vogt@example.net";
const THIEF: &str = "annika.vogt@example.com";
const CLAIMS: &str = "claims@example.com";
const CLAIRE: &str = "claire.ostry@example.net";
const DANIEL: &str = "daniel.okafor@example.org";
const ELEANOR: &str = "eleanor.whitcombe@example.org";
const JOERG: &str = "joerg.morgenroth@example.net";
const MATTHIAS: &str = "matthias.gruenwald@example.com";
const PRIYA: &str = "priya.raman@example.com";
const THOMAS: &str = "thomas.ashdown@example.com";

#[test]
fn the_persons_with_an_address_are_those_of_the_mail_headers() {
    let persons: BTreeSet<_> = of_kind(&SAMPLES.rows, "entity")
        // Those that are only named are in `graph_truth.rs`.
        .filter(|e| e["type"] == "PERSON" && e["identifiers"] != serde_json::json!([]))
        .map(|e| (e["name"].as_str().unwrap(), e["identifiers"][0]["value"].as_str().unwrap()))
        .collect();
    let expected = [
        ("Annika Vogt", ANNIKA),
        ("Annika Vogt", THIEF),
        ("Claire Ostry", CLAIRE),
        ("Daniel Okafor", DANIEL),
        ("Eleanor Whitcombe", ELEANOR),
        ("Jörg Morgenroth", JOERG),
        ("Matthias Grünwald", MATTHIAS),
        ("Priya Raman", PRIYA),
        ("Thomas Ashdown", THOMAS),
    ];
    assert_eq!(persons, expected.into());
    assert!(of_kind(&SAMPLES.rows, "entity").count() >= 20);
}

/// The file in `mail/`, who wrote it and to whom, copies included.
#[rustfmt::skip]
const MAILS: &[(&str, &str, &[&str])] = &[
    ("2024-01-08-invoice.eml", ANNIKA, &[DANIEL, ELEANOR, JOERG]),
    ("2024-01-15-new-bank-details.eml", THIEF, &[DANIEL]),
    ("2024-01-16-re-new-bank-details.eml", DANIEL, &[THIEF, ELEANOR]),
    ("2024-02-12-zahlung.eml", JOERG, &[ELEANOR, ANNIKA]),
    ("2024-02-13-re-zahlung.eml", ELEANOR, &[JOERG, ANNIKA, DANIEL]),
    ("2024-02-14-fwd-new-bank-details.eml", DANIEL, &[PRIYA, ELEANOR]),
    ("2024-03-06-tracing-report.eml", THOMAS, &[PRIYA, CLAIRE, CLAIMS]),
    ("2024-09-30-settlement.eml", PRIYA, &[MATTHIAS, ELEANOR, JOERG]),
];

#[test]
fn who_wrote_to_whom_is_one_relation_with_each_mail_as_evidence() {
    let mut expected: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for (mail, from, recipients) in MAILS {
        for to in *recipients {
            expected.entry((from.to_string(), to.to_string())).or_default().push(format!("mail/{mail}"));
        }
    }
    let samples = &*SAMPLES;
    let address = |id: &Value| samples.entity(id)["identifiers"][0]["value"].as_str().unwrap().to_owned();
    let mut relations = BTreeMap::new();
    for row in of_kind(&samples.rows, "relation").filter(|row| row["type"] == "WROTE_TO") {
        let mut mails = Vec::new();
        for evidence in row["evidence"].as_array().unwrap() {
            assert_eq!(evidence["page"], 1);
            let document = samples.documents().find(|d| d["id"] == evidence["document"]).unwrap();
            mails.push(name(document).0.to_owned());
        }
        mails.sort();
        relations.insert((address(&row["from"]), address(&row["to"])), mails);
    }
    assert_eq!(relations, expected);
    assert_eq!((relations.len(), relations.values().map(Vec::len).sum::<usize>()), (18, 19));
}

/// What a thing is, its normal form, in how many documents that are no members it stands, and how it is written.
#[rustfmt::skip]
const RECURRING: &[(MentionType, &str, usize, &[&str])] = &[
    (Money, "EUR 61500", 20, &["EUR 61,500.00", "€61,500.00", "61.500,00 €", "61 500,00 €", "sixty-one thousand five hundred euros"]),
    (Money, "EUR 184500", 8, &["EUR 184,500.00", "184.500,00 €"]),
    (Money, "EUR 30750", 5, &["EUR 30,750.00", "€30,750.00", "30.750,00 €"]),
    (Money, "USD 67035", 4, &["USD 67,035.00", "$67,035.00"]),
    (Money, "USD 950000", 5, &["USD 950,000", "950 000 USD"]),
    (Identifier, "iban DE89370400440532013000", 10, &["DE89 3704 0044 0532 013000"]),
    (Identifier, "iban LT121000011101001000", 9, &["LT12 1000 0111 0100 1000"]),
    (Email, ANNIKA, 7, &[ANNIKA]),
    (Email, THIEF, 6, &[THIEF]),
    (Case, "2:24-cv-99017", 5, &["2:24-cv-99017"]),
    (Identifier, "invoice 2024-0117", 11, &["Invoice No. 2024-0117", "Rechnung Nr. 2024-0117"]),
    (Identifier, "contract HP-2023-014", 8, &["Contract No. HP-2023-014", "Vertrag Nr. HP-2023-014"]),
    (Phone, "+12075550142", 6, &["(207) 555-0142"]),
    (Phone, "+493023125014", 5, &["+49 30 23125 014"]),
    (Phone, "03023125014", 2, &["030 23125 014"]),
    (Law, "bgb 270 abs 1", 3, &["§ 270 Abs. 1 BGB"]),
    (Law, "bgb 288 abs 2", 4, &["§ 288 Abs. 2 BGB"]),
    (Date, "2024-01-22", 12, &["22 January 2024", "January 22, 2024", "22. Januar 2024", "22 janvier 2024", "2024-01-22"]),
    (Date, "2024-01-15", 11, &["15 January 2024", "January 15, 2024", "15. Januar 2024", "15.01.2024", "15 Jan 2024", "2024-01-15"]),
    (Date, "2024-09-30", 3, &["30 September 2024", "30 Sep 2024"]),
    (Date, "2024-10-05", 3, &["5 October 2024", "5. Oktober 2024"]),
];

#[test]
fn what_recurs_is_one_entity_however_it_is_written() {
    let samples = &*SAMPLES;
    for (kind, normal, documents, written) in RECURRING {
        let mentions = || samples.mentions.iter().filter(|m| m.kind == *kind && m.normal == *normal);
        let files: BTreeSet<_> = mentions().filter(|m| !m.is_member).map(|m| &m.file).collect();
        assert_eq!(files.len(), *documents, "{normal} is in {files:#?}");
        let forms: BTreeSet<_> = mentions().map(|m| m.text.as_str()).collect();
        assert_eq!(forms, written.iter().copied().collect(), "forms of {normal}");
        let entities: BTreeSet<_> = mentions().map(|m| &m.entity).collect();
        assert_eq!(entities.len(), 1, "{normal} is one thing");
    }
}

/// Page, type, text with its white space folded, and normal form.
type Fact = (u32, MentionType, &'static str, &'static str);

#[rustfmt::skip]
const FACTS: &[(&str, &[Fact])] = &[
    ("contract/restoration-agreement.pdf", &[
        (1, Date, "14 September 2023", "2023-09-14"),
        (1, Money, "EUR 184,500.00", "EUR 184500"),
        (1, Identifier, "DE89 3704 0044 0532 013000", "iban DE89370400440532013000"),
        (1, Money, "CHF 4'250.00", "CHF 4250"),
        (1, Identifier, "999900HARROWPT000132", "lei 999900HARROWPT000132"),
        (1, Identifier, "DE999999147", "vat DE999999147"),
        (2, Law, "§ 276 Abs. 3 BGB", "bgb 276 abs 3"),
        (2, Law, "Article 6 of Regulation (EU) 2016/679", "regulation 2016/679 art 6"),
        (2, Email, "joerg.morgenroth@example.net", "joerg.morgenroth@example.net"),
        (2, Url, "https://example.net/werkstatt/harrow-point", "https://example.net/werkstatt/harrow-point"),
        (2, Date, "30 June 2029", "2029-06-30"),
        (3, Law, "28 U.S.C. § 1332(a)(2)", "28 usc 1332(a)(2)"),
        (3, Date, "12 September 2023", "2023-09-12"),
    ]),
    ("contract/amendment-1.docx", &[
        (1, Date, "20 November 2023", "2023-11-20"),
        (1, Money, "EUR 40.00", "EUR 40"),
        (1, Law, "§ 286 Abs. 2 Nr. 1 BGB", "bgb 286 abs 2 nr 1"),
        (1, Date, "21 November 2023", "2023-11-21"),
    ]),
    ("contract/board-minutes-2023-09-06.md", &[
        (1, Money, "CHF 212'400.00", "CHF 212400"),
        (1, Money, "$1.2 million", "USD 1200000"),
        (1, Identifier, "XS9999001423", "isin XS9999001423"),
        (1, Money, "£18,900", "GBP 18900"),
    ]),
    ("mail/2024-01-08-invoice.eml", &[
        (1, Money, "EUR 61,500.00", "EUR 61500"),
    ]),
    ("mail/2024-01-15-new-bank-details.eml", &[
        (1, Identifier, "LT12 1000 0111 0100 1000", "iban LT121000011101001000"),
        (1, Date, "22 January 2024", "2024-01-22"),
    ]),
    ("mail/2024-01-16-re-new-bank-details.eml", &[
        (1, Money, "USD 67,035.00", "USD 67035"),
    ]),
    ("mail/2024-02-12-zahlung.eml", &[
        (1, Money, "61.500,00 €", "EUR 61500"),
        (1, Date, "26. Februar 2024", "2024-02-26"),
        (1, Phone, "030 23125 014", "03023125014"),
    ]),
    ("mail/2024-02-13-re-zahlung.eml", &[
        (1, Money, "€61,500.00", "EUR 61500"),
    ]),
    ("mail/2024-02-14-fwd-new-bank-details.eml", &[
        (1, Email, "annika.vogt@example.com", "annika.vogt@example.com"),
    ]),
    ("mail/2024-03-06-tracing-report.eml", &[
        (1, Money, "EUR 61,350.00", "EUR 61350"),
        (1, Identifier, "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "btc bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
        (1, Identifier, "4111 1111 1111 1111", "card 4111111111111111"),
        (1, Case, "Philipp v Barclays Bank UK PLC [2023] UKSC 25", "[2023] uksc 25"),
        (1, Law, "section 17 of the Marine Insurance Act 1906", "marine insurance act 1906 s 17"),
    ]),
    ("mail/2024-09-30-settlement.eml", &[
        (1, Money, "€30,750.00", "EUR 30750"),
        (1, Law, "Fed. R. Civ. P. 41(a)(1)(A)(ii)", "fed r civ p 41(a)(1)(A)(ii)"),
        (1, Date, "11 October 2024", "2024-10-11"),
    ]),
    ("court/memorandum-in-opposition.pdf", &[
        (1, Date, "January 22, 2024", "2024-01-22"),
        (1, Law, "Fed. R. Civ. P. 12(b)(6)", "fed r civ p 12(b)(6)"),
        (1, Money, "$75,000", "USD 75000"),
        (1, Identifier, "HPM-000230", "bates HPM-000230"),
        (2, Law, "28 U.S.C. § 2201(a)", "28 usc 2201(a)"),
        (2, Case, "Bell Atl. Corp. v. Twombly, 550 U.S. 544, 570 (2007)", "550 us 544"),
        (2, Case, "Conley v. Gibson, 355 U.S. 41 (1957)", "355 us 41"),
        (2, Case, "Erie R.R. Co. v. Tompkins, 304 U.S. 64 (1938)", "304 us 64"),
        (2, Case, "Cossaboon v. Maine Med. Ctr., 600 F.3d 25 (1st Cir. 2010)", "600 f3d 25"),
        (2, Case, "ECLI:EU:C:2019:242", "ecli:eu:c:2019:242"),
        (2, Law, "18 U.S.C. § 1343", "18 usc 1343"),
        (2, Date, "July 12, 2024", "2024-07-12"),
    ]),
    ("court/okafor-deposition.txt", &[
        (1, Date, "June 28, 2024", "2024-06-28"),
        (1, Money, "$67,035.00", "USD 67035"),
        (1, Law, "Fed. R. Civ. P. 30(c)(2)", "fed r civ p 30(c)(2)"),
    ]),
    ("court/vogt-declaration.docx", &[
        (1, Law, "28 U.S.C. § 1746", "28 usc 1746"),
        (1, Date, "9 August 2024", "2024-08-09"),
        (1, Identifier, "HPM-000312", "bates HPM-000312"),
    ]),
    ("court/exhibit-c.pdf", &[
        (1, Date, "14 February 2024", "2024-02-14"),
        (1, Identifier, "HPM-000230", "bates HPM-000230"),
    ]),
    ("finance/invoice-2024-0117.pdf", &[
        (1, Date, "8 January 2024", "2024-01-08"),
        (1, Money, "EUR 61,500.00", "EUR 61500"),
    ]),
    ("finance/payments-ledger.csv", &[
        (1, Date, "2024-01-22", "2024-01-22"),
        (1, Money, "EUR 4,462.50", "EUR 4462.50"),
        (1, Identifier, "CH93 0076 2011 6238 5295 7", "iban CH9300762011623852957"),
        (1, Identifier, "FR14 2004 1010 0505 0001 3M02 606", "iban FR1420041010050500013M02606"),
    ]),
    ("finance/insurance-certificate.txt", &[
        (1, Identifier, "GB29 NWBK 6016 1331 9268 19", "iban GB29NWBK60161331926819"),
        (1, Identifier, "1M8GDM9AXKP042788", "vin 1M8GDM9AXKP042788"),
        (1, Identifier, "1234567", "imo 1234567"),
        (1, Identifier, "12-3456789", "ein 12-3456789"),
        (1, Identifier, "GB 999 9999 73", "vat GB999999973"),
    ]),
    ("finance/aktenvermerk.txt", &[
        (1, Money, "593,76 €", "EUR 593.76"),
        (1, Date, "15.01.2024", "2024-01-15"),
        (1, Law, "§ 362 Abs. 1 BGB", "bgb 362 abs 1"),
        (1, Law, "Art. 33 Abs. 1 DSGVO", "dsgvo 33 abs 1"),
        (1, Case, "BGHZ 40, 91", "bghz 40, 91"),
    ]),
    ("survey/rapport-d-expertise.html", &[
        (1, Date, "3 mai 2024", "2024-05-03"),
        (1, Money, "12 480,00 €", "EUR 12480"),
        (1, Law, "article 1353 du Code civil", "code civil 1353"),
        (1, Law, "directive (UE) 2015/2366", "directive 2015/2366"),
        (1, Phone, "+33 4 65 71 20 14", "+33465712014"),
        (1, Identifier, "FR77999999147", "vat FR77999999147"),
    ]),
    ("survey/exhibit-b-panels.pdf", &[
        (1, Money, "EUR 29,680.00", "EUR 29680"),
        (1, Date, "4 October 2023", "2023-10-04"),
        (1, Identifier, "HPM-000214", "bates HPM-000214"),
    ]),
    ("press/the-keeper-autumn-2024.pdf", &[
        (1, Date, "27 September 2024", "2024-09-27"),
        (1, Money, "$39.50", "USD 39.50"),
        (1, Date, "Q3 2024", "2024-Q3"),
        (1, Identifier, "978-3-16-148410-0", "isbn 9783161484100"),
        (1, Identifier, "10.5555/12345678", "doi 10.5555/12345678"),
    ]),
    ("press/hafenblatt-2024-10-07.pdf", &[
        (1, Money, "184.500,00 €", "EUR 184500"),
        (1, Law, "§ 263 Abs. 1 StGB", "stgb 263 abs 1"),
        (1, Date, "9.11.2024", "2024-11-09"),
        (1, Money, "12,50 EUR", "EUR 12.50"),
    ]),
    ("press/harrow-point-lens.html", &[
        (1, Date, "5 October 2024", "2024-10-05"),
        (1, Date, "June 2024", "2024-06"),
        (1, Url, "https://example.org/harrow-point/visit", "https://example.org/harrow-point/visit"),
    ]),
];

#[test]
fn each_promised_fact_stands_on_its_page_and_in_a_pdf_has_a_box_there() {
    let samples = &*SAMPLES;
    for (file, facts) in FACTS {
        let of_file: Vec<&Seen> = samples.mentions.iter().filter(|m| m.file == *file).collect();
        for &(page, kind, text, normal) in *facts {
            let found = of_file.iter().find(|m| (m.page, m.kind, m.text.as_str()) == (page, kind, text));
            let Some(found) = found else {
                let all: Vec<_> = of_file.iter().map(|m| (m.page, m.kind, &m.text)).collect();
                panic!("{kind} {text:?} is not on page {page} of {file}, where this is found: {all:#?}");
            };
            assert_eq!(found.normal, normal, "{text:?} of {file}");
            assert_eq!(found.boxes > 0, file.ends_with(".pdf"), "boxes of {text:?} in {file}");
        }
    }
    assert_eq!(FACTS.iter().map(|(_, facts)| facts.len()).sum::<usize>(), 95);
}

#[test]
fn what_is_hidden_struck_out_or_parted_is_not_found() {
    let samples = &*SAMPLES;
    for (path, absent) in [
        ("press/harrow-point-lens.html", "tracker@example.com"),
        ("press/harrow-point-lens.html", "99,999.00"),
        ("press/harrow-point-lens.html", "77,777.00"),
        ("contract/amendment-1.docx", "EUR 400.00"),
        ("press/the-keeper-autumn-2024.pdf", "light comes back A theft"),
        ("press/hafenblatt-2024-10-07.pdf", "Leucht-"),
        ("press/hafenblatt-2024-10-07.pdf", "ge-"),
    ] {
        assert!(!samples.clean(path).contains(absent), "{absent:?} is in {path}");
        assert!(!samples.mentions.iter().any(|m| m.text.contains(absent)), "{absent:?} is found");
    }
    for (path, present) in [
        ("press/the-keeper-autumn-2024.pdf", "We went to court over it."),
        ("press/hafenblatt-2024-10-07.pdf", "Leuchtturms"),
        ("press/hafenblatt-2024-10-07.pdf", "gesprungen"),
    ] {
        assert!(samples.clean(path).contains(present), "{present:?} is not in {path}");
    }
}
