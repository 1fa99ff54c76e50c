//! What the fold of a large project costs, and of one document more:
//! `cargo run --release -p docmill-engine --example fold_scale -- FOLDER [DOCUMENTS]`. Prints one JSON object.
//!
//! 100,000 documents (or as many as are asked for) name ten things each: persons and organisations out of some ten
//! thousand, a few of them in very many documents, in several spellings and now and then with an address; dates; sums.
//! They are stored as their stages would store them, which is not in the figures.

use std::path::PathBuf;
use std::time::Instant;

use docmill_analyze::name;
use docmill_engine::{FoldReport, fold_all};
use docmill_model::{
    Category, CleanMap, Digest, DocumentId, Identifier, MediaType, MentionId, MentionType, Origin, Referent,
    ReferentId, Span, Stage, Text,
};
use docmill_store::{Chunked, Claimed, Node, Ocr, Output, Sqlite, StageKey, Stamp, Store, Submission, Versions};
use serde_json::json;
use tokio::task::JoinSet;
use uuid::Uuid;

/// That of the program, so that both allocate alike.
#[global_allocator]
static ALLOC: warden::Alloc = warden::Alloc;

const PROJECT: &str = "scale";
const DOCUMENTS: usize = 100_000;
/// Mentions of a document.
const MENTIONS: usize = 10;
/// Documents that are added one by one, each with a fold behind it.
const MORE: usize = 50;
const PERSONS: u64 = 60_000;
const FIRMS: u64 = 20_000;

fn main() {
    let mut arguments = std::env::args_os().skip(1);
    let folder = PathBuf::from(arguments.next().expect("the folder is the first argument"));
    let count = arguments.next().map_or(DOCUMENTS, |word| {
        word.to_str().and_then(|word| word.parse().ok()).expect("the second argument is a number of documents")
    });
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    let versions: Versions = Stage::ALL.into_iter().map(|stage| (stage, "1".to_owned())).collect();
    let store = Sqlite::open(&folder.join("fold_scale.sqlite"), versions).expect("a new store");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
    runtime.block_on(measure(&store, count));
}

async fn measure(store: &Sqlite, count: usize) {
    let mut mentions = 0;
    let mut adding = JoinSet::new();
    for number in 0..count {
        // Many at a time share a commit.
        if adding.len() >= 64 {
            mentions += adding.join_next().await.expect("there are some").expect("it does not panic");
        }
        let store = store.clone();
        adding.spawn(async move { add(&store, number).await });
    }
    mentions += adding.join_all().await.into_iter().sum::<usize>();
    let (started, cpu) = (Instant::now(), warden::usage().own);
    let whole = fold(store).await;
    let (wall, cpu) = (started.elapsed(), warden::usage().own - cpu);
    let mut one_more = Vec::new();
    let mut looked_at = FoldReport::default();
    for number in count..count + MORE {
        add(store, number).await;
        let started = Instant::now();
        let report = fold(store).await;
        one_more.push(started.elapsed().as_micros() as u64);
        looked_at.pairs += report.pairs;
        looked_at.components += report.components;
        looked_at.profiles += report.profiles;
    }
    one_more.sort_unstable();
    let overview = store.overview().await.expect("the store is read");
    let line = json!({
        "documents": count, "mentions": mentions, "entities": overview.entities, "profiles": whole.profiles,
        "linked": whole.linked, "pairs": whole.pairs, "components": whole.components,
        "wall_ms": wall.as_millis() as u64, "cpu_ms": cpu.as_millis() as u64, "peak_kb": peak(),
        "one_more_us": { "median": one_more[MORE / 2], "most": one_more[MORE - 1] },
        "one_more_looked_at": {
            "pairs": looked_at.pairs, "components": looked_at.components, "profiles": looked_at.profiles,
        },
    });
    println!("{line}");
}

async fn fold(store: &Sqlite) -> FoldReport {
    fold_all(store).await.expect("the fold comes to its end")
}

/// The most memory that this process held, in kilobytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// Stores a document with all its stages. Returns how many mentions it has.
async fn add(store: &Sqlite, number: usize) -> usize {
    let sha256 = Digest::of(format!("document {number}").as_bytes());
    let id = DocumentId::new(PROJECT, &sha256);
    let absolute = format!("/scale/{number}");
    let origin = Origin::Path { absolute: absolute.clone().into_bytes(), shown: absolute };
    let submission = Submission { project: PROJECT.into(), sha256, bytes: 1, origin, stamp: Stamp::default() };
    store.submit(vec![submission]).await.expect("it is taken in");
    let referents = referents(id, number as u64);
    let mentions = referents.iter().map(|referent| referent.mentions.len()).sum();
    for stage in Stage::ALL {
        let key = StageKey { document: id, stage };
        let claimed = store.claim(key, Uuid::nil()).await.expect("it is claimed");
        let Claimed::Run(claim) = claimed else { panic!("{stage} is not to be run") };
        store.commit(claim.done(output(stage, &referents), vec![], json!({}))).await.expect("it is committed");
    }
    mentions
}

fn output(stage: Stage, referents: &[Referent]) -> Output {
    match stage {
        Stage::ProcessOcr => Output::Ocr(Ocr { media_type: MediaType::Text, pages: vec![], members: vec![] }),
        Stage::CreateDocumentNode => Output::Node(Node {
            text: Text::new(String::new()),
            map: CleanMap::default(),
            blocks: vec![],
            language: None,
            category: Category::Document,
        }),
        Stage::ProcessChunking => Output::Chunks(Chunked::default()),
        Stage::ExtractEntities => Output::Mentions(vec![]),
        Stage::ResolveEntities => Output::Referents(referents.to_vec()),
        Stage::BuildRelationships => Output::Relations(vec![]),
    }
}

/// The steps of SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// Small numbers far more often than large ones, as names are spread: about as many below 10 as between 10 and 100.
    fn rank(&mut self, limit: u64) -> u64 {
        let digits = limit.ilog2();
        let below = 1 << self.below(u64::from(digits) + 1);
        self.below(below.min(limit))
    }
}

/// A capitalised word of two to four syllables, always the same one for a number and a seed.
fn word(number: u64, seed: u64) -> String {
    const STARTS: [&str; 16] = ["b", "br", "d", "f", "g", "h", "k", "l", "m", "n", "p", "r", "s", "st", "t", "v"];
    const ENDS: [&str; 12] = ["a", "e", "i", "o", "u", "an", "el", "in", "or", "us", "ert", "ick"];
    let mut random = Random(number * 31 + seed);
    let mut word = String::new();
    for _ in 0..2 + random.below(3) {
        word.push_str(STARTS[random.below(16) as usize]);
        word.push_str(ENDS[random.below(12) as usize]);
    }
    format!("{}{}", word[..1].to_uppercase(), &word[1..])
}

fn referents(document: DocumentId, number: u64) -> Vec<Referent> {
    let mut random = Random(number);
    let mut out: Vec<Referent> = Vec::new();
    let mut left = MENTIONS as u32;
    while left > 0 {
        let count = 1 + random.below(3) as u32;
        let referent = referent(document, out.len() as u32, count.min(left), &mut random);
        if !out.iter().any(|known| known.key() == referent.key()) {
            left -= count.min(left);
            out.push(referent);
        }
    }
    out
}

fn referent(document: DocumentId, at: u32, count: u32, random: &mut Random) -> Referent {
    let (kind, normal, form, email) = match random.below(10) {
        0..=4 => person(random),
        5..=6 => firm(random),
        7..=8 => {
            let day = format!("20{:02}-{:02}-{:02}", random.below(25), 1 + random.below(12), 1 + random.below(28));
            (MentionType::Date, day.clone(), day, None)
        }
        _ => {
            let sum = format!("EUR {}", random.below(1_000_000));
            (MentionType::Money, sum.clone(), sum, None)
        }
    };
    let mention = |i: u32| MentionId::new(document, kind, Span::new(at * 8 + i, at * 8 + i + 1), "rule/scale@1");
    Referent {
        id: ReferentId::new(document, kind, Span::new(at * 8, at * 8 + 1)),
        kind,
        normal,
        identifiers: email.map(|value| Identifier { scheme: "email".into(), value }).into_iter().collect(),
        forms: vec![(form, count)],
        mentions: (0..count).map(mention).collect(),
        discriminator: String::new(),
    }
}

fn person(random: &mut Random) -> (MentionType, String, String, Option<String>) {
    let who = random.rank(PERSONS);
    // Given names are few, family names many.
    let (given, family) = (word(Random(who).rank(400), 1), word(Random(who + 1).rank(20_000), 2));
    let form = match random.below(12) {
        0 => format!("{family}, {given}"),
        1 => format!("{}. {family}", &given[..1]),
        2 => format!("Dr. {given} {family}"),
        3 => format!("{given} {}. {family}", &word(who, 3)[..1]),
        _ => format!("{given} {family}"),
    };
    let email = (random.below(8) == 0).then(|| format!("{family}{who}@example.org").to_lowercase());
    let normal = name::person(&form).map_or_else(|| form.to_lowercase(), |person| person.normal);
    (MentionType::Person, normal, form, email)
}

fn firm(random: &mut Random) -> (MentionType, String, String, Option<String>) {
    let which = random.rank(FIRMS);
    let form = ["", ", Inc.", " Inc", " GmbH"][random.below(4) as usize];
    let form = format!("{} {}{form}", word(Random(which).rank(5_000), 4), word(Random(which + 1).rank(300), 5));
    let normal = name::organisation(&form).map_or_else(|| form.to_lowercase(), |firm| firm.normal);
    (MentionType::Org, normal, form, None)
}
