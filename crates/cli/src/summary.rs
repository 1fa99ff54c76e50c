//! What a run leaves to say: what it read, what it found, what needs attention, what to type next.

use std::collections::BTreeMap;

use anyhow::Result;
use docmill_engine::{RunReport, place_of};
use docmill_model::{DocumentId, Mention, MentionType, State};
use docmill_store::{Overview, Store, Unread};
use serde_json::{Value, json};

use crate::attention;
use crate::context::Context;
use crate::format::{count, grouped, quoted, short, shortened, size};
use crate::gist::Gist;
use crate::progress::Counts;
use crate::screen::{BOLD, GOOD, MARK, Screen, line};
use crate::table::{Cell, Column, Table};

/// How many mentions are shown.
const EXAMPLES: usize = 5;
/// Documents that are looked through for telling mentions: enough to be varied, a fraction of a second.
const LOOKED: usize = 200;
/// Bytes of documents after which no more of them are looked through when there is something to show: a single large
/// one can hold half a million mentions.
const LOOKED_BYTES: u64 = 16 << 20;
/// The longest text and name of a document that fit a line of a table.
const TEXT: usize = 34;
const NAME: usize = 26;
/// Characters of a line.
const LINE: usize = 78;

/// Types from the most telling to the least.
const TELLING: [MentionType; 12] = [
    MentionType::Money,
    MentionType::Case,
    MentionType::Law,
    MentionType::Date,
    MentionType::Person,
    MentionType::Identifier,
    MentionType::Org,
    MentionType::Location,
    MentionType::Email,
    MentionType::Phone,
    MentionType::Url,
    MentionType::Other,
];

/// A mention with its place.
#[derive(Clone, Debug)]
pub struct Example {
    pub kind: MentionType,
    pub text: String,
    pub document: DocumentId,
    pub name: String,
    pub place: String,
}

pub struct Summary {
    pub report: RunReport,
    pub overview: Overview,
    pub unread: Vec<Unread>,
    pub outdated: u64,
    pub examples: Vec<Example>,
    gist: Gist,
    /// Documents that were put back before the run.
    again: Option<u64>,
    /// Whether anything was done.
    changed: bool,
}

impl Summary {
    pub async fn gather(store: &dyn Store, report: RunReport, counts: &Counts, again: Option<u64>) -> Result<Self> {
        let intake = &report.intake;
        let changed = counts.stages > 0 || report.recovered > 0 || intake.new > 0 || intake.duplicates > 0;
        let overview = store.overview().await?;
        let examples = examples(store, &overview).await?;
        let gist = Gist::gather(store, &overview).await?;
        let (unread, outdated) = (store.unread().await?, store.outdated().await?);
        Ok(Self { report, overview, unread, outdated, examples, gist, again, changed })
    }

    pub fn documents(&self, state: State) -> u64 {
        self.overview.documents.get(&state).copied().unwrap_or(0)
    }

    fn total(&self) -> u64 {
        self.overview.documents.values().sum()
    }

    pub fn json(&self, cx: &Context) -> Value {
        let intake = &self.report.intake;
        let documents: BTreeMap<&str, u64> = self.overview.documents.iter().map(|(s, n)| (s.as_str(), *n)).collect();
        let mentions: BTreeMap<&str, u64> =
            self.overview.mentions_by_type.iter().map(|(t, n)| (t.as_str(), *n)).collect();
        let examples: Vec<Value> = self
            .examples
            .iter()
            .map(|e| json!({ "type": e.kind.as_str(), "text": e.text, "document": e.document, "name": e.name, "place": e.place }))
            .collect();
        json!({
            "workspace": cx.folder.to_string_lossy(), "changed": self.changed, "again": self.again,
            "recovered": self.report.recovered,
            "files": {
                "seen": intake.files, "bytes": intake.bytes, "new": intake.new, "duplicates": intake.duplicates,
                "unchanged": intake.unchanged, "unread": intake.unread, "vanished": intake.vanished,
            },
            "documents": documents, "pages": self.overview.pages, "mentions": mentions,
            "entities": self.overview.entities, "relations": self.overview.relations, "examples": examples,
            "people": self.gist.people_json(), "organisations": self.gist.organisations_json(),
            "related": self.gist.relations_json(),
            "attention": attention::classes_json(cx, &self.overview), "unread": attention::unread_json(&self.unread),
            "outdated": self.outdated,
        })
    }

    pub fn render(&self, cx: &Context) -> String {
        let screen = &cx.screen;
        let mut out = String::new();
        if self.changed {
            self.read(screen, &mut out);
            self.found(screen, &mut out);
        } else if self.total() == 0 {
            out.push_str("Nothing to read: no file was found.\n");
        } else {
            let unchanged = format!("Nothing changed: {}, all as they were.", count(self.total(), "document"));
            out.push_str(&format!("{}\n", screen.paint(GOOD, &unchanged)));
        }
        out.push_str(&attention::render(cx, &self.overview, &self.unread, false));
        self.left(cx, &mut out);
        self.next(cx, &mut out);
        out
    }

    fn read(&self, screen: &Screen, out: &mut String) {
        let intake = &self.report.intake;
        out.push_str(&format!("{}\n", screen.paint(BOLD, "Read")));
        if intake.files > 0 {
            let mut parts = vec![format!("{} new", grouped(intake.new))];
            for (number, word) in [
                (intake.unchanged, "unchanged"),
                (intake.duplicates, "known under another name"),
                (intake.unread, "unread"),
            ] {
                if number > 0 {
                    parts.push(format!("{} {word}", grouped(number)));
                }
            }
            out.push_str(&format!("  {}, {}: {}\n", count(intake.files, "file"), size(intake.bytes), parts.join(", ")));
        }
        let states: Vec<String> =
            self.overview.documents.iter().map(|(state, n)| format!("{} {state}", grouped(*n))).collect();
        let (documents, pages) = (count(self.total(), "document"), count(self.overview.pages, "page"));
        out.push_str(&format!("  {documents}, {pages}: {}\n", states.join(", ")));
    }

    fn found(&self, screen: &Screen, out: &mut String) {
        let o = &self.overview;
        out.push_str(&format!("\n{}\n", screen.paint(BOLD, "Found")));
        let (mentions, entities, relations) =
            (count(o.mentions, "mention"), count(o.entities, "entity"), count(o.relations, "relation"));
        out.push_str(&format!("  {mentions} of {entities}, {relations}\n"));
        let mut types: Vec<(&MentionType, &u64)> = o.mentions_by_type.iter().collect();
        types.sort_by_key(|(kind, n)| (std::cmp::Reverse(**n), **kind));
        let types: Vec<String> = types.iter().map(|(kind, n)| format!("{kind} {}", grouped(**n))).collect();
        wrapped(&types, out);
        self.gist.render(screen, out);
        if !self.examples.is_empty() {
            out.push_str(&format!("\n{}\n", screen.paint(BOLD, "For example")));
            let mut table = Table::new(&[
                Column::Left("type"),
                Column::Left("text"),
                Column::Left("document"),
                Column::Left("place"),
            ]);
            for e in &self.examples {
                let text = shortened(&line(&e.text), TEXT);
                table.row([
                    e.kind.as_str().into(),
                    Cell::painted(text, MARK),
                    shortened(&line(&e.name), NAME).into(),
                    e.place.as_str().into(),
                ]);
            }
            out.push_str(&table.render(screen));
        }
    }

    /// Vanished files, and documents that an upgrade concerns.
    fn left(&self, cx: &Context, out: &mut String) {
        let vanished = &self.report.intake.vanished;
        if !vanished.is_empty() {
            let files = count(vanished.len() as u64, "file");
            out.push_str(&format!(
                "\n{files} no longer there; what they said stays until you run `{}`\n",
                cx.command("prune")
            ));
            for name in vanished.iter().take(EXAMPLES) {
                out.push_str(&format!("  {}\n", line(name)));
            }
            if vanished.len() > EXAMPLES {
                out.push_str(&format!("  and {} more\n", grouped((vanished.len() - EXAMPLES) as u64)));
            }
        }
        if self.outdated > 0 {
            let documents = count(self.outdated, "document");
            let command = cx.command("reprocess");
            out.push_str(&format!("\n{documents} read by another version of docmill; `{command}` reads them anew\n"));
        }
    }

    fn next(&self, cx: &Context, out: &mut String) {
        if self.total() == 0 {
            return;
        }
        let example = self.examples.iter().find(|e| e.kind == MentionType::Person).or(self.examples.first());
        let words = example.map_or_else(|| "WORDS".to_owned(), |e| quoted(&line(&e.text)).into_owned());
        let document = example.map_or_else(|| "DOCUMENT".to_owned(), |e| short(e.document));
        out.push_str(&format!("\n{}\n", cx.screen.paint(BOLD, "Next")));
        let mut commands: Vec<(String, &str)> = self
            .gist
            .next
            .as_ref()
            .map(|word| (format!("entity {word}"), "who that is, with all that is said"))
            .into_iter()
            .collect();
        commands.extend([
            (format!("search {words}"), "where it is said"),
            (format!("document show {document}"), "a document with everything that was found in it"),
            (format!("why {document}"), "what happened to a document"),
            ("export > facts.jsonl".to_owned(), "every fact with its place"),
        ]);
        let commands: Vec<(String, &str)> =
            commands.into_iter().map(|(command, does)| (cx.command(&command), does)).collect();
        let width = commands.iter().map(|(command, _)| command.chars().count()).max().unwrap_or(0);
        for (command, does) in commands {
            let gap = " ".repeat(width - command.chars().count());
            out.push_str(&format!("  {}{gap}  {does}\n", cx.screen.paint(BOLD, &command)));
        }
    }
}

/// Mentions of different types and, where it can be, of different documents; the most telling types first.
async fn examples(store: &dyn Store, overview: &Overview) -> Result<Vec<Example>> {
    let mut candidates: BTreeMap<MentionType, Vec<(DocumentId, Mention)>> = BTreeMap::new();
    let mut small_first = Vec::new();
    for id in store.document_ids(None, LOOKED).await? {
        small_first.push((store.document(id).await?.bytes, id));
    }
    small_first.sort();
    let mut looked = 0;
    for (bytes, id) in small_first {
        looked += bytes;
        if looked > LOOKED_BYTES && candidates.values().map(Vec::len).sum::<usize>() >= EXAMPLES {
            break;
        }
        let mut best: BTreeMap<MentionType, Mention> = BTreeMap::new();
        for mention in store.mentions(id).await? {
            let better = best.get(&mention.kind).is_none_or(|old| telling(&mention) > telling(old));
            if better {
                best.insert(mention.kind, mention);
            }
        }
        for (kind, mention) in best {
            candidates.entry(kind).or_default().push((id, mention));
        }
    }
    let present = TELLING.into_iter().filter(|kind| overview.mentions_by_type.contains_key(kind));
    let mut chosen: Vec<(DocumentId, Mention)> = Vec::new();
    // A second round only where there are fewer types than examples.
    for kind in present.clone().chain(present) {
        if chosen.len() == EXAMPLES {
            break;
        }
        let Some(of_kind) = candidates.get_mut(&kind) else { continue };
        let best = (0..of_kind.len()).max_by_key(|index| {
            let (id, mention) = &of_kind[*index];
            (chosen.iter().all(|(other, _)| other != id), telling(mention), std::cmp::Reverse(*id))
        });
        if let Some(best) = best {
            chosen.push(of_kind.swap_remove(best));
        }
    }
    let mut out = Vec::new();
    for (document, mention) in chosen {
        let row = store.document(document).await?;
        let (_, map) = store.clean(document).await?;
        let (pages, blocks) = (store.page_rows(document).await?, store.blocks(document).await?);
        let place = place_of(mention.span, map.to_raw(mention.span), &pages, &blocks).label();
        out.push(Example { kind: mention.kind, text: mention.name, document, name: row.name().to_owned(), place });
    }
    Ok(out)
}

/// Words with commas between them, in as many lines as they need.
fn wrapped(words: &[String], out: &mut String) {
    let mut width = 0;
    for (index, word) in words.iter().enumerate() {
        let word = if index + 1 < words.len() { format!("{word},") } else { word.clone() };
        let more = word.chars().count() + 1;
        if width > 0 && width + more > LINE {
            out.push('\n');
            width = 0;
        }
        out.push_str(if width == 0 { "  " } else { " " });
        out.push_str(&word);
        width += more;
    }
    if !words.is_empty() {
        out.push('\n');
    }
}

/// How much a mention tells: what is sure before what is not, then what says more and still fits a line.
fn telling(mention: &Mention) -> (u16, bool, usize) {
    let length = mention.name.chars().count();
    (mention.confidence, length <= TEXT, length.min(TEXT))
}
