//! What the pure functions of all stages cost over a folder, in this process, one document after the other, without a
//! store: `cargo run --release -p docmill-engine --example stage_functions -- FOLDER`. Prints one JSON object.
//!
//! The measure against which `bench/cases/overhead` and `bench/cases/pdfs` hold a whole run.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use docmill_analyze as analyze;
use docmill_analyze::fold::link::Linking;
use docmill_analyze::names::Names;
use docmill_engine::{Direct, Part, Reader};
use docmill_extract::{Flow, Options};
use docmill_infer::{NameModel, Table};
use docmill_model::{
    Component, Digest, DocumentId, Fold, Link, MediaType, Page, Profile, ProfileId, ProjectId, Referent, Span,
};
use serde_json::json;

/// That of the program, so that both allocate alike.
#[global_allocator]
static ALLOC: warden::Alloc = warden::Alloc;

const PROJECT: &str = "default";

/// Loaded on first use, on the account of the first document, as in the program.
static MODEL: LazyLock<NameModel> = LazyLock::new(|| NameModel::load().expect("a test loads the model"));
static TABLE: LazyLock<Table> = LazyLock::new(|| Table::load().expect("a test loads the table"));

fn main() {
    let folder = std::env::args_os().nth(1).expect("the folder is the one argument");
    let mut paths: Vec<_> = walkdir::WalkDir::new(folder)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .collect();
    paths.sort();
    let mut pile = Pile::default();
    let before = warden::usage().own;
    paths.iter().for_each(|path| pile.file(path));
    pile.fold();
    let cpu = warden::usage().own - before;
    let stages: BTreeMap<&str, u64> = pile.stages.iter().map(|(stage, time)| (*stage, micros(*time))).collect();
    let line = json!({
        "files": paths.len(), "documents": pile.documents, "pages": pile.pages, "unread": pile.unread, "chunks": pile.chunks,
        "mentions": pile.mentions, "relations": pile.relations, "entities": pile.entities, "cpu_us": micros(cpu),
        "stage_us": stages,
    });
    println!("{line}");
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Counts of what was made, and the profiles for the fold.
#[derive(Default)]
struct Pile {
    stages: BTreeMap<&'static str, Duration>,
    profiles: BTreeMap<ProfileId, Profile>,
    documents: u64,
    unread: u64,
    pages: u64,
    chunks: u64,
    mentions: u64,
    relations: u64,
    entities: u64,
}

impl Pile {
    /// Runs `work` on the account of a stage.
    fn timed<T>(&mut self, stage: &'static str, work: impl FnOnce() -> T) -> T {
        let started = Instant::now();
        let result = work();
        *self.stages.entry(stage).or_default() += started.elapsed();
        result
    }

    fn file(&mut self, path: &Path) {
        let Ok(file) = File::open(path) else {
            self.unread += 1;
            return;
        };
        let id = DocumentId::new(PROJECT, &Digest::of(path.as_os_str().as_encoded_bytes()));
        let (mut pages, mut members) = (Vec::new(), 0_u64);
        let read = self.timed("process_ocr", || {
            Direct.read(&file, &Options::default(), &mut |_| {}, &mut |part| {
                match part {
                    Part::Page(page) => pages.push(page),
                    Part::Member(_) => members += 1,
                    Part::Bytes(_) => {}
                }
                Flow::Continue
            })
        });
        // Piles to measure with have no attachments: theirs would be documents too.
        assert_eq!(members, 0, "{} has members", path.display());
        match read {
            Ok(Ok(summary)) => self.document(id, summary.media_type, pages),
            _ => self.unread += 1,
        }
    }

    /// All stages behind the first, as the engine's own stages call them.
    fn document(&mut self, id: DocumentId, media_type: MediaType, pages: Vec<Page>) {
        self.documents += 1;
        self.pages += pages.len() as u64;
        let (mut raw, mut raw_blocks, mut spans, mut at) = (String::new(), Vec::new(), Vec::new(), 0);
        for page in pages {
            let end = at + page.text.chars().count() as u32;
            raw.push_str(&page.text);
            raw_blocks.extend(page.blocks.into_iter().map(|mut block| {
                block.span = block.span.shift(at);
                block
            }));
            spans.push((page.number, Span::new(at, end)));
            at = end;
        }
        let mut language = None;
        let (cleaned, blocks) = self.timed("create_document_node", || {
            let cleaned = analyze::clean::clean(&raw);
            let blocks = analyze::clean::map_blocks(&raw_blocks, &cleaned.map, &cleaned.text);
            language = analyze::language::language(cleaned.text.as_str());
            std::hint::black_box(analyze::category::category(cleaned.text.as_str(), media_type));
            (cleaned, blocks)
        });
        let spans: Vec<_> = spans.into_iter().map(|(number, span)| (number, cleaned.map.to_clean(span))).collect();
        let chunks = self.timed("process_chunking", || {
            let chunks = analyze::chunk::chunk(id, &cleaned.text, &blocks, &spans);
            std::hint::black_box(analyze::title::title(&cleaned.text, &blocks));
            for chunk in &chunks {
                let slice = cleaned.text.slice(chunk.span);
                std::hint::black_box((analyze::sketch::sketch(slice), TABLE.vector(slice)));
            }
            chunks
        });
        let mentions = self.timed("extract_entities", || {
            let names: &dyn Names = &*MODEL;
            let text = &cleaned.text;
            analyze::mention::mentions(id, media_type, text, &blocks, &chunks, language.as_ref(), Some(names))
                .expect("a test runs the model")
                .mentions
        });
        let referents = self.timed("resolve_entities", || analyze::referent::referents(id, &cleaned.text, &mentions));
        let relations = self.timed("build_relationships", || {
            analyze::relation::relations(&cleaned.text, &blocks, &mentions, &referents)
        });
        self.chunks += chunks.len() as u64;
        self.mentions += mentions.len() as u64;
        self.relations += relations.len() as u64;
        for referent in referents {
            self.profile(referent);
        }
    }

    fn profile(&mut self, referent: Referent) {
        let key = referent.key();
        let id = ProfileId::new(&key.digest());
        let new = || Profile { id, key, documents: 0, mentions: 0, forms: Vec::new(), least: referent.id };
        let profile = self.profiles.entry(id).or_insert_with(new);
        profile.documents += 1;
        profile.mentions += referent.mentions.len() as u32;
        profile.least = profile.least.min(referent.id);
        for (form, count) in referent.forms {
            match profile.forms.iter_mut().find(|(known, _)| *known == form) {
                Some((_, sum)) => *sum += count,
                None => profile.forms.push((form, count)),
            }
        }
    }

    /// All profiles at once, in the blocks and components that they make.
    fn fold(&mut self) {
        let project = ProjectId::new(PROJECT);
        let profiles = std::mem::take(&mut self.profiles);
        let components = self.timed("fold", || {
            let come = profiles.values().map(|profile| (profile.id, profile.key.clone())).collect();
            let mut linking = Linking::new(project, come, Vec::new());
            let blocks = linking.blocks().into_iter().map(|(block, _)| (block, Vec::new())).collect();
            linking.see_blocks(blocks);
            components(&profiles, linking.links(Vec::new()).new)
        });
        let folds: Vec<Fold> =
            self.timed("fold", || components.iter().map(|component| analyze::fold::fold(project, component)).collect());
        self.entities = folds.iter().map(|fold| fold.entities.len() as u64).sum();
    }
}

/// Profiles that links lead between.
fn components(profiles: &BTreeMap<ProfileId, Profile>, links: Vec<Link>) -> Vec<Component> {
    let joining = |link: &Link| link.veto.is_none() && link.score >= analyze::pair::MERGE;
    let mut links_of: BTreeMap<ProfileId, Vec<Link>> = BTreeMap::new();
    for link in links.into_iter().filter(joining) {
        links_of.entry(link.a).or_default().push(link.clone());
        links_of.entry(link.b).or_default().push(link);
    }
    let mut seen = BTreeSet::new();
    let mut out = Vec::new();
    for id in profiles.keys() {
        let mut queue = vec![*id];
        let mut members = BTreeSet::new();
        while let Some(id) = queue.pop() {
            if seen.insert(id) {
                members.insert(id);
                queue.extend(links_of.get(&id).into_iter().flatten().flat_map(|link| [link.a, link.b]));
            }
        }
        if !members.is_empty() {
            out.push(Component {
                links: members.iter().filter_map(|id| links_of.get(id)).flatten().cloned().collect(),
                profiles: members.iter().filter_map(|id| profiles.get(id)).cloned().collect(),
                rulings: Vec::new(),
                threshold: analyze::pair::MERGE,
            });
        }
    }
    out
}
