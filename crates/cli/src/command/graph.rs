//! `graph`: the graph for other programs, and the way between two entities.

use std::io::{self, BufWriter};

use anyhow::Result;
use docmill_engine::graph::{self, Looked, Step, Stream, Way};
use docmill_engine::relations::RelationPlace;
use docmill_model::{EntityId, Text};
use docmill_store::{EntityRow, Store};
use serde_json::{Value, json};

use crate::args::graph::{Export, Form, Graph};
use crate::context::{Context, block_on, shown};
use crate::failure::{Error, Exit};
use crate::format::{count, grouped, short, shortened};
use crate::screen::{BOLD, DIM, MARK, line};
use crate::{find, relation};

/// A pipe's usual size.
const BUFFER: usize = 64 << 10;
/// The longest quotation of a place, in characters: three lines.
const QUOTE: usize = 220;

pub fn graph(cx: &Context, args: &Graph) -> Result<Exit> {
    match args {
        Graph::Export(args) => export(cx, args),
        Graph::Path { a, b } => path(cx, a, b),
    }
}

fn export(cx: &Context, args: &Export) -> Result<Exit> {
    let workspace = cx.open()?;
    let store = workspace.store();
    let stream = match args.format {
        Form::Graphml => Stream::Graphml,
        Form::Cypher => Stream::Cypher,
        Form::Ftm => Stream::Ftm,
        Form::Csv => {
            let Some(folder) = &args.out else {
                return Err(Error::Argument {
                    message: "`csv` is several tables".to_owned(),
                    hint: "name a folder for them with `--out DIR`".to_owned(),
                }
                .into());
            };
            block_on(graph::write_tables(store.as_ref(), folder, args.text))??;
            cx.screen.say(&format!("The graph is in {}.", shown(folder)));
            return Ok(Exit::Fine);
        }
    };
    match &args.out {
        None => {
            let mut out = BufWriter::with_capacity(BUFFER, io::stdout());
            let written = block_on(graph::write(store.as_ref(), stream, &mut out, args.text))?;
            if written.is_err() {
                // What is left in the buffer has nowhere to go.
                drop(out.into_parts());
            }
            written?;
        }
        Some(path) => block_on(graph::write_file(store.as_ref(), stream, path, args.text))??,
    }
    Ok(Exit::Fine)
}

/// A place of a step with what is said there.
struct Quote {
    document: String,
    id: String,
    page: u32,
    text: String,
}

fn path(cx: &Context, a: &str, b: &str) -> Result<Exit> {
    let workspace = cx.open()?;
    let store = workspace.store();
    let store = store.as_ref();
    let (a, b, way, names, quotes) = block_on(async {
        docmill_engine::fold_all(store).await?;
        let (a, b) = (find::entity(store, a).await?, find::entity(store, b).await?);
        let way = graph::way(store, a.entity.id, b.entity.id).await?;
        let steps = way.steps.as_deref().unwrap_or_default();
        let mut names = vec![a.clone()];
        let mut quotes = Vec::new();
        for step in steps {
            names.extend(store.entity_row(step.to).await?);
            quotes.push(quotations(store, step).await?);
        }
        anyhow::Ok((a, b, way, names, quotes))
    })??;
    let told = Told { a: &a, b: &b, way: &way, names: &names, quotes: &quotes };
    match cx.screen.json {
        true => cx.screen.print_json(&told.json())?,
        false => cx.screen.print(&told.render(cx))?,
    }
    Ok(if way.steps.is_some() { Exit::Fine } else { Exit::Mendable })
}

/// Of documents that are gone since there are none.
async fn quotations(store: &dyn Store, step: &Step) -> Result<Vec<Quote>> {
    let mut quotes = Vec::new();
    for place in &step.relation.evidence {
        match quotation(store, place).await {
            Err(docmill_store::Error::UnknownDocument(_)) => {}
            quote => quotes.push(quote?),
        }
    }
    Ok(quotes)
}

async fn quotation(store: &dyn Store, place: &RelationPlace) -> Result<Quote, docmill_store::Error> {
    let row = store.document(place.document).await?;
    let text = Text::new(store.clean(place.document).await?.0);
    Ok(Quote {
        document: row.name().to_owned(),
        id: row.id.to_string(),
        page: place.page,
        text: text.slice(place.span).to_owned(),
    })
}

struct Told<'a> {
    a: &'a EntityRow,
    b: &'a EntityRow,
    way: &'a Way,
    /// The entities of the way that are there.
    names: &'a [EntityRow],
    /// Of each step.
    quotes: &'a [Vec<Quote>],
}

impl Told<'_> {
    fn name(&self, id: EntityId) -> &str {
        self.names.iter().find(|row| row.entity.id == id).map_or("", |row| &row.entity.name)
    }

    fn json(&self) -> Value {
        let entity = |id: EntityId| {
            let row = self.names.iter().find(|row| row.entity.id == id);
            json!({ "id": id, "name": row.map(|r| &r.entity.name), "type": row.map(|r| r.entity.kind.as_str()) })
        };
        let quote = |quote: &Quote| json!({ "document": quote.id, "name": quote.document, "page": quote.page, "quote": quote.text });
        let step = |(step, quotes): (&Step, &Vec<Quote>)| {
            let relation = &step.relation;
            json!({
                "from": entity(step.from), "to": entity(step.to), "type": relation.kind.as_str(),
                "forward": relation.from == step.from, "attributes": relation.attributes, "places": relation.places,
                "documents": relation.documents, "strength": relation.strength,
                "evidence": quotes.iter().map(quote).collect::<Vec<_>>(),
            })
        };
        let steps = self.way.steps.as_ref();
        let steps: Option<Vec<Value>> = steps.map(|steps| steps.iter().zip(self.quotes).map(step).collect());
        let Looked { entities, relations, everything } = self.way.looked;
        json!({
            "from": self.a.entity.id, "to": self.b.entity.id, "steps": steps,
            "looked": { "entities": entities, "relations": relations, "everything": everything },
        })
    }

    fn render(&self, cx: &Context) -> String {
        let screen = &cx.screen;
        let Some(steps) = &self.way.steps else {
            return self.nothing();
        };
        if steps.is_empty() {
            return format!("{} is one and the same.\n", line(&self.a.entity.name));
        }
        let mut out = format!("{}  {}\n", screen.paint(BOLD, &line(&self.a.entity.name)), short(self.a.entity.id));
        for (step, quotes) in steps.iter().zip(self.quotes) {
            let relation = &step.relation;
            let arrow = relation::arrow(relation.kind, relation.from == step.from);
            let attributes = relation::attributes(&relation.attributes);
            let (places, documents) =
                (count(relation.places.into(), "place"), count(relation.documents.into(), "document"));
            let kind = screen.paint(MARK, &relation::words(relation.kind));
            out.push_str(&format!("  {arrow} {kind}{attributes}  {places} in {documents}\n"));
            for quote in quotes {
                let text = shortened(&line(&quote.text), QUOTE);
                let place = screen.paint(DIM, &format!("{}, page {}", line(&quote.document), quote.page));
                out.push_str(&format!("       {place}\n       “{text}”\n"));
            }
            out.push_str(&format!("{}  {}\n", screen.paint(BOLD, &line(self.name(step.to))), short(step.to)));
        }
        out
    }

    fn nothing(&self) -> String {
        let (a, b) = (line(&self.a.entity.name), line(&self.b.entity.name));
        let Looked { entities, relations, everything } = self.way.looked;
        let (entities, relations) = (grouped(entities.into()), grouped(relations));
        match everything {
            true => format!(
                "No way leads from {a} to {b}: all that one of them can reach was looked at\n\
                 (entities: {entities}, relations: {relations}).\n"
            ),
            false => format!(
                "No way from {a} to {b} was found as far as was looked\n\
                 (entities: {entities}, relations: {relations}); there may be a longer one.\n"
            ),
        }
    }
}
