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
use crate::format::{count, short};
use crate::screen::{BOLD, DIM, MARK, Screen, line};

/// Entities of one name that a passage may mention; more are not told apart by a name.
const SAME_NAME: usize = 50;
/// Documents that are named as having a passage too.
const NAMED: usize = 3;

pub fn search(cx: &Context, args: &Search) -> Result<Exit> {
    let workspace = cx.open()?;
    let store = workspace.store();
    let found = block_on(ask(store.as_ref(), args))??;
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

async fn ask(store: &dyn Store, args: &Search) -> Result<Results> {
    let mut filter = Filter {
        project: args.project.clone(),
        category: args.category,
        language: args.language.clone(),
        types: args.types.clone(),
        entities: Vec::new(),
        days: args.days(),
    };
    let mut names = Vec::new();
    for word in &args.entity {
        let found = entity::find(store, word, SAME_NAME).await?;
        if found.entities.is_empty() {
            // It fails, and says what is near.
            find::entity(store, word).await?;
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
    let mut out = String::new();
    let mut at = snippet.stretch.start;
    for hit in &snippet.hits {
        out.push_str(&text[at..hit.start]);
        let word = &text[hit.clone()];
        match screen.has_colour() {
            // Painted below, as white space and control characters of the text are changed first.
            true => out.push_str(&format!("{OPEN}{word}{CLOSE}")),
            false => out.push_str(&format!("**{word}**")),
        }
        at = hit.end;
    }
    out.push_str(&text[at..snippet.stretch.end]);
    let head = if snippet.stretch.start > 0 { "… " } else { "" };
    let tail = if snippet.stretch.end < text.len() { " …" } else { "" };
    let body = line(&out).replace(OPEN, &format!("{MARK}")).replace(CLOSE, &format!("{MARK:#}"));
    format!("{head}{body}{tail}")
}

/// Two of the code points that are no characters (U+FDD0 to U+FDEF): no text has them for its own.
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
    }
}
