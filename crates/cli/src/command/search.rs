//! `search`: passages by words, best match first.

use anyhow::Result;
use docmill_engine::entity;
use docmill_engine::search::{Passage, Results, Snippet};
use docmill_store::{Filter, Fit, Query, Store};
use serde_json::{Value, json};

use crate::args::search::Search;
use crate::context::{Context, block_on};
use crate::failure::Exit;
use crate::find;
use crate::format::{count, grouped, short};
use crate::screen::{BOLD, DIM, MARK, Screen, line};

/// Entities that one `--entity` may stand for. A word that fits more says little, and a query is bounded.
const FITTING: usize = 50;
/// Documents with the same passage that are named.
const NAMED: usize = 3;

pub fn search(cx: &Context, args: &Search) -> Result<Exit> {
    let workspace = cx.open()?;
    let store = workspace.store();
    let found = block_on(ask(&cx.screen, store.as_ref(), args))??;
    if cx.screen.json {
        let hits: Vec<Value> = found.passages.iter().map(as_json).collect();
        cx.screen.print_json(&json!({
            "query": args.query.join(" "), "hits": hits, "fit": found.fit.as_str(), "cut": found.is_cut
        }))?;
        return Ok(Exit::Fine);
    }
    if found.passages.is_empty() {
        cx.screen.say("Nothing found. Leave some words or conditions out, or look for the beginning of a word: pay*");
    } else {
        match found.fit {
            Fit::Whole => {}
            Fit::Forms => cx.screen.say("No passage has just these words. These have them in another form:"),
            Fit::Some => cx.screen.say("No passage has all the words. These have some of them:"),
        }
    }
    let mut out = String::new();
    for passage in &found.passages {
        out.push_str(&as_text(&cx.screen, passage));
    }
    cx.screen.print(&out)?;
    if found.is_cut {
        cx.screen.say("So many passages match that not all were weighed: there may be better ones. Add a rare word.");
    }
    Ok(Exit::Fine)
}

async fn ask(screen: &Screen, store: &dyn Store, args: &Search) -> Result<Results> {
    let mut filter = Filter {
        project: args.project.clone(),
        category: args.category,
        language: args.language.clone(),
        types: args.types.clone(),
        entities: Vec::new(),
        days: args.days(),
    };
    let mut names = Vec::new();
    if !args.entity.is_empty() {
        docmill_engine::fold_all(store).await?;
    }
    for word in &args.entity {
        let found = entity::find(store, word, FITTING).await?;
        if found.entities.is_empty() {
            // It fails, and says what is near.
            find::entity(store, word).await?;
        }
        if found.total > found.entities.len() as u64 {
            let fitting = grouped(found.total);
            screen.say(&format!("{word} fits {fitting} entities: the {FITTING} in most documents are looked for."));
        }
        filter.entities.push(found.entities.iter().map(|row| row.entity.id).collect());
        names.extend(found.entities.into_iter().map(|row| row.entity.name));
    }
    let query = Query { words: args.query.join(" "), filter, limit: args.limit as usize };
    Ok(docmill_engine::search::search(store, &query, &names).await?)
}

fn as_json(passage: &Passage) -> Value {
    let Passage { hit, name, place, snippet, copies } = passage;
    let marks: Vec<&str> = snippet.hits.iter().map(|r| &hit.text[r.clone()]).collect();
    let copies: Vec<Value> = copies
        .iter()
        .map(|copy| json!({ "document": copy.document, "name": copy.name, "page": copy.page, "chunk": copy.chunk }))
        .collect();
    json!({ "document": hit.document, "name": name, "page": place.page, "place": place.label(), "chunk": hit.chunk,
            "section": hit.section, "score": hit.score, "snippet": &hit.text[snippet.stretch.clone()], "marks": marks,
            "copies": copies })
}

fn as_text(screen: &Screen, passage: &Passage) -> String {
    let Passage { hit, name, place, snippet, copies } = passage;
    let id = screen.paint(DIM, &short(hit.document));
    let section = hit.section.as_ref().map(|s| format!("  {}", line(s))).unwrap_or_default();
    let mut out = format!("{}  {}{section}  {id}\n", screen.paint(BOLD, &line(name)), place.label());
    out.push_str(&format!("  {}\n", marked(screen, &hit.text, snippet)));
    if !copies.is_empty() {
        let mut others: Vec<String> = Vec::new();
        for copy in copies {
            let name = line(&copy.name);
            if copy.document != hit.document && !others.contains(&name) {
                others.push(name);
            }
        }
        let rest = if others.len() > NAMED { ", …" } else { "" };
        others.truncate(NAMED);
        let places = if others.is_empty() { "in this document".to_owned() } else { others.join(", ") + rest };
        let like = count(copies.len() as u64, "passage");
        out.push_str(&format!("  {}\n", screen.paint(DIM, &format!("and {like} like it: {places}"))));
    }
    out + "\n"
}

/// The snippet in one line, its hits painted or between two asterisks, with dots where the passage goes on.
fn marked(screen: &Screen, text: &str, snippet: &Snippet) -> String {
    let plain = |text: &str| text.replace([OPEN, CLOSE], "\u{fffd}");
    let mut out = String::new();
    let mut at = snippet.stretch.start;
    for hit in &snippet.hits {
        out.push_str(&plain(&text[at..hit.start]));
        out.push_str(&format!("{OPEN}{}{CLOSE}", plain(&text[hit.clone()])));
        at = hit.end;
    }
    out.push_str(&plain(&text[at..snippet.stretch.end]));
    let head = if snippet.stretch.start > 0 { "… " } else { "" };
    let tail = if snippet.stretch.end < text.len() { " …" } else { "" };
    let (open, close) = match screen.has_colour() {
        true => (format!("{MARK}"), format!("{MARK:#}")),
        false => ("**".to_owned(), "**".to_owned()),
    };
    let body = line(&out).replace(OPEN, &open).replace(CLOSE, &close);
    format!("{head}{body}{tail}")
}

/// Stand around a hit until the text's own control characters are gone, among which those of colours would be. Two code
/// points that are no characters (U+FDD0 to U+FDEF): where a text has them all the same, they are replaced.
const OPEN: char = '\u{fdd0}';
const CLOSE: char = '\u{fdd1}';

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hits_are_marked_and_cuts_are_shown() {
        let check = |text: &str, hits: &[&str], expected: &str| {
            let range = |hit: &&str| text.find(hit).map(|at| at..at + hit.len()).unwrap();
            let snippet = Snippet { stretch: 0..text.len(), hits: hits.iter().map(range).collect() };
            assert_eq!(marked(&Screen::plain(), text, &snippet), expected);
        };
        check("The net\n rent\u{1b}[2J", &["rent"], "The net **rent**\u{fffd}[2J");
        check("nothing here", &[], "nothing here");
        check("a\u{fdd0} \u{fdd1}rent", &["rent"], "a\u{fffd} \u{fffd}**rent**");
    }
}
