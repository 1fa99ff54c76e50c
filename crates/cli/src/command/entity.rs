//! `entity`: all that is known of a person, an organisation or another thing.

use anyhow::Result;
use docmill_engine::entity::{Account, Doubt, Extent, Fact, InDocument, account};
use docmill_store::{EntityRow, ProfileRow};
use serde_json::{Value, json};

use super::decisions;
use crate::context::{Context, block_on};
use crate::failure::Exit;
use crate::format::{count, grouped, short, shortened};
use crate::screen::{BOLD, DIM, MARK, Screen, line};
use crate::{find, quote, reason, relation};

/// The most of each kind that is shown; what there is beyond it is counted.
const EXTENT: Extent = Extent { documents: 10, facts: 30, company: 10, evidence: 2, doubts: 10 };
/// Other forms of the name that are shown, and parts that were taken together.
const FORMS: usize = 20;
/// The longest name or value that fits a line.
const NAME: usize = 60;

pub fn entity(cx: &Context, word: &str) -> Result<Exit> {
    let workspace = cx.open()?;
    let store = workspace.store();
    let account = block_on(async {
        docmill_engine::fold_all(store.as_ref()).await?;
        let row = find::entity(store.as_ref(), word).await?;
        anyhow::Ok(account(store.as_ref(), row, EXTENT).await?)
    })??;
    match cx.screen.json {
        true => cx.screen.print_json(&json_of(&account))?,
        false => cx.screen.print(&render(cx, &account))?,
    }
    Ok(Exit::Fine)
}

/// An entity in a few fields, as other commands refer to it.
pub fn brief(row: &EntityRow) -> Value {
    let e = &row.entity;
    json!({ "id": e.id, "type": e.kind.as_str(), "name": e.name, "documents": e.documents, "mentions": e.mentions })
}

/// `Annika Vogt  PERSON  7 documents  annika.vogt@example.net  3f2a91bc`.
pub fn headline(screen: &Screen, row: &EntityRow) -> String {
    let e = &row.entity;
    let identifiers = e.identifiers.iter().take(2).map(|i| format!("  {}", name(&i.value))).collect::<String>();
    let (title, documents) = (screen.paint(BOLD, &name(&e.name)), count(u64::from(e.documents), "document"));
    format!("{title}  {}  {documents}{identifiers}  {}", e.kind, screen.paint(DIM, &short(e.id)))
}

fn name(text: &str) -> String {
    shortened(&line(text), NAME)
}

fn json_of(account: &Account) -> Value {
    let e = &account.row.entity;
    let fact = |fact: &Fact| {
        let r = &fact.relation;
        json!({
            "id": r.id, "type": r.kind.as_str(), "direction": if fact.leads_out { "out" } else { "in" },
            "other": brief(&fact.other), "attributes": r.attributes, "confidence": r.confidence, "extractor": r.extractor,
            "documents": r.documents, "places": r.places, "strength": r.strength,
            "evidence": fact.quotes.iter().map(quote::json).collect::<Vec<_>>(),
        })
    };
    let part = |(form, row): &(String, ProfileRow)| {
        json!({ "form": form, "documents": row.documents, "mentions": row.mentions, "reasons": row.reasons,
                "score": row.score })
    };
    let doubt = |doubt: &Doubt| {
        json!({ "entity": brief(&doubt.other), "score": doubt.row.score, "reasons": doubt.row.reasons,
                "refused": doubt.row.refused })
    };
    let mentioned = |d: &InDocument| json!({ "mentions": d.mentions, "first": quote::json(&d.quote) });
    json!({
        "id": e.id, "type": e.kind.as_str(), "name": e.name, "aliases": e.aliases, "identifiers": e.identifiers,
        "project": account.row.project, "documents": e.documents, "mentions": e.mentions,
        "mentioned": account.documents.iter().map(mentioned).collect::<Vec<_>>(),
        "relations": account.facts.iter().map(fact).collect::<Vec<_>>(), "relations_in_all": account.all_facts,
        "company": account.company.iter().map(fact).collect::<Vec<_>>(), "company_in_all": account.all_company,
        "parts": account.parts.iter().map(part).collect::<Vec<_>>(),
        "possibly_same_as": account.doubts.iter().map(doubt).collect::<Vec<_>>(),
        "decisions": account.decisions.iter().map(decisions::json_of).collect::<Vec<_>>(),
    })
}

fn render(cx: &Context, account: &Account) -> String {
    let screen = &cx.screen;
    let mut out = head(screen, &account.row);
    facts(screen, account, &mut out);
    company(screen, account, &mut out);
    documents(cx, account, &mut out);
    parts(screen, account, &mut out);
    doubts(cx, account, &mut out);
    if !account.decisions.is_empty() {
        section(screen, "Decisions", &mut out);
        account.decisions.iter().for_each(|row| out.push_str(&format!("  {}\n", decisions::summary(screen, row))));
    }
    out
}

fn section(screen: &Screen, title: &str, out: &mut String) {
    out.push_str(&format!("\n{}\n", screen.paint(BOLD, title)));
}

fn head(screen: &Screen, row: &EntityRow) -> String {
    let e = &row.entity;
    let mut out = format!("{}  {}  {}\n", screen.paint(BOLD, &line(&e.name)), e.kind, e.id);
    if !e.aliases.is_empty() {
        let aliases: Vec<String> = e.aliases.iter().take(FORMS).map(|alias| name(alias)).collect();
        let rest = e.aliases.len() - aliases.len();
        let more = if rest > 0 { format!(" and {} more", grouped(rest as u64)) } else { String::new() };
        out.push_str(&format!("  also  {}{more}\n", aliases.join("; ")));
    }
    for identifier in e.identifiers.iter().take(FORMS) {
        out.push_str(&format!("  {}  {}\n", name(&identifier.scheme), name(&identifier.value)));
    }
    let (documents, mentions) = (count(u64::from(e.documents), "document"), count(u64::from(e.mentions), "mention"));
    out.push_str(&format!("  {documents}, {mentions}\n"));
    out
}

fn facts(screen: &Screen, account: &Account, out: &mut String) {
    if account.facts.is_empty() {
        return;
    }
    section(screen, "Facts", out);
    for fact in &account.facts {
        let r = &fact.relation;
        let (arrow, attributes) = (relation::arrow(r.kind, fact.leads_out), relation::attributes(&r.attributes));
        let kind = screen.paint(MARK, &relation::words(r.kind));
        let (other, documents) = (name(&fact.other.entity.name), count(u64::from(r.documents), "document"));
        let id = screen.paint(DIM, &short(fact.other.entity.id));
        out.push_str(&format!("  {arrow} {kind}  {other}{attributes}  {documents}  {id}\n"));
        for place in &fact.quotes {
            out.push_str(&format!("      {}\n        {}\n", quote::place(screen, place), quote::plain(place)));
        }
    }
    rest(account.all_facts, account.facts.len(), out);
}

fn company(screen: &Screen, account: &Account, out: &mut String) {
    if account.company.is_empty() {
        return;
    }
    section(screen, "Named together", out);
    for fact in &account.company {
        let places = count(u64::from(fact.relation.places), "place");
        let seen = fact.quotes.first().map(|q| format!("  {}", quote::place(screen, q))).unwrap_or_default();
        let (other, kind) = (name(&fact.other.entity.name), fact.other.entity.kind);
        out.push_str(&format!("  {other}  {kind}  {places}{seen}\n"));
    }
    rest(account.all_company, account.company.len(), out);
}

fn documents(cx: &Context, account: &Account, out: &mut String) {
    let screen = &cx.screen;
    if account.documents.is_empty() {
        return;
    }
    section(screen, "Documents", out);
    for document in &account.documents {
        let mentions = count(document.mentions.len() as u64, "mention");
        out.push_str(&format!("  {}  {mentions}\n", quote::place(screen, &document.quote)));
        out.push_str(&format!("      {}\n", quote::marked(screen, &document.quote)));
        if let Some(id) = document.mentions.first() {
            out.push_str(&format!("      {}\n", screen.paint(DIM, &format!("mention {id}"))));
        }
    }
    let left = (account.row.entity.documents as usize).saturating_sub(account.documents.len());
    if left > 0 {
        let all = cx.command(&format!("search --entity {}", short(account.row.entity.id)));
        out.push_str(&format!("  and {} more: {all}\n", grouped(left as u64)));
    }
}

fn parts(screen: &Screen, account: &Account, out: &mut String) {
    if account.parts.len() < 2 {
        return;
    }
    section(screen, "Taken together", out);
    for (form, row) in account.parts.iter().take(FORMS) {
        let own = row.key.identifiers.iter().filter(|i| i.is_own());
        let identifiers = own.take(2).map(|i| format!(" {}", name(&i.value))).collect::<String>();
        let why = match row.reasons.is_empty() {
            true => "the name of the whole".to_owned(),
            false => format!("{}: {}", reason::percent(row.score), reason::all(&row.reasons)),
        };
        let documents = count(u64::from(row.documents), "document");
        out.push_str(&format!("  {}{identifiers}  {documents}  {}\n", name(form), line(&why)));
    }
    rest(account.parts.len(), account.parts.len().min(FORMS), out);
}

fn doubts(cx: &Context, account: &Account, out: &mut String) {
    if account.doubts.is_empty() {
        return;
    }
    section(&cx.screen, "Perhaps the same", out);
    for doubt in &account.doubts {
        out.push_str(&format!("  {}\n      {}\n", headline(&cx.screen, &doubt.other), why(doubt)));
        let (a, b) = (short(account.row.entity.id), short(doubt.other.entity.id));
        let (same, different) = (cx.command(&format!("same {a} {b}")), cx.command(&format!("different {a} {b}")));
        out.push_str(&format!("      {same}\n      {different}\n"));
    }
    if account.doubts.len() == EXTENT.doubts {
        let (review, whose) = (cx.command("review"), name(&account.row.entity.name));
        out.push_str(&format!("  {review} goes through all, not only those of {whose}\n"));
    }
}

fn why(doubt: &Doubt) -> String {
    let row = &doubt.row;
    line(&doubtful(row.score, &row.reasons, &row.refused))
}

/// What speaks for two being one, and what kept them apart.
pub fn doubtful(score: u16, reasons: &[String], refused: &str) -> String {
    let against = if refused.is_empty() { String::new() } else { format!("; but {}", reason::words(refused)) };
    format!("{} alike: {}{against}", reason::percent(score), reason::all(reasons))
}

fn rest(all: usize, shown: usize, out: &mut String) {
    if all > shown {
        out.push_str(&format!("  and {} more\n", grouped((all - shown) as u64)));
    }
}
