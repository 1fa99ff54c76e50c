//! `search`: passages by words, best match first.

use anyhow::Result;
use docmill_engine::place_of;
use docmill_model::{Span, Text};
use docmill_store::{Hit, Store};
use serde_json::{Value, json};

use crate::context::{Context, block_on};
use crate::failure::Exit;
use crate::format::short;
use crate::screen::{BOLD, DIM, MARK, Screen, line};
use crate::snippet::{Snippet, snippet};

/// A passage with what a person needs to find it.
struct Found {
    hit: Hit,
    name: String,
    place: String,
    page: u32,
    snippet: Snippet,
}

pub fn search(cx: &Context, query: &str, limit: usize) -> Result<Exit> {
    let workspace = cx.open()?;
    let store = workspace.store();
    let found = block_on(find(store.as_ref(), query, limit))??;
    if cx.screen.json {
        let hits: Vec<Value> = found
            .iter()
            .map(|f| {
                let marks: Vec<&str> = f.snippet.hits.iter().map(|r| &f.hit.text[r.clone()]).collect();
                json!({ "document": f.hit.document, "name": f.name, "page": f.page, "place": f.place, "chunk": f.hit.chunk,
                        "section": f.hit.section, "score": f.hit.score, "snippet": &f.hit.text[f.snippet.stretch.clone()],
                        "marks": marks })
            })
            .collect();
        cx.screen.print_json(&json!({ "query": query, "hits": hits }))?;
        return Ok(Exit::Fine);
    }
    if found.is_empty() {
        cx.screen.say("Nothing found. All words must stand in one passage; leave some out, or look for a part.");
    }
    let mut out = String::new();
    for f in &found {
        let id = cx.screen.paint(DIM, &short(f.hit.document));
        let section = f.hit.section.as_ref().map(|s| format!("  {}", line(s))).unwrap_or_default();
        out.push_str(&format!("{}  {}{section}  {id}\n", cx.screen.paint(BOLD, &line(&f.name)), f.place));
        out.push_str(&format!("  {}\n\n", marked(&cx.screen, &f.hit.text, &f.snippet)));
    }
    cx.screen.print(&out)?;
    Ok(Exit::Fine)
}

async fn find(store: &dyn Store, query: &str, limit: usize) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    for hit in store.search(query, limit).await? {
        let snippet = snippet(&hit.text, query);
        let row = store.document(hit.document).await?;
        let (_, map) = store.clean(hit.document).await?;
        let (pages, blocks) = (store.page_rows(hit.document).await?, store.blocks(hit.document).await?);
        // The place of the first word that was found, not of the passage around it.
        let at = snippet.hits.first().unwrap_or(&snippet.stretch).start;
        let start = hit.span.start + Text::from(hit.text.as_str()).char_of(at);
        let span = Span::new(start, start + 1);
        let place = place_of(span, map.to_raw(span), &pages, &blocks);
        found.push(Found { name: row.name().to_owned(), place: place.label(), page: place.page, snippet, hit });
    }
    Ok(found)
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
        let check = |text: &str, query: &str, expected: &str| {
            assert_eq!(marked(&Screen::plain(), text, &snippet(text, query)), expected);
        };
        check("The net\n rent\u{1b}[2J", "rent", "The net **rent**\u{fffd}[2J");
        check("nothing here", "rent", "nothing here");
    }
}
