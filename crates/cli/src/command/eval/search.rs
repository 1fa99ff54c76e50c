//! `eval search`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;
use docmill_analyze::eval::rank::{DEPTHS, Ranks};
use docmill_model::Origin;
use docmill_store::{Query, Store};
use serde_json::Value;

use super::input::{self, Item, malformed};
use super::report::{Fault, Figure, Report, Score};
use crate::context::{Context, block_on};

/// Hits that are looked through; what stands behind them counts as not found.
const DEPTH: usize = 100;

/// Asks the workspace: `query` with `relevant`, a list of objects with `document` (an id, a path or a name) and
/// perhaps `page`; `kind` groups the queries.
pub fn search(cx: &Context, files: &[PathBuf]) -> Result<Report> {
    let workspace = cx.open()?;
    let store = workspace.store();
    let mut report = Report::new("search");
    let mut ranks: BTreeMap<(bool, String), Ranks> = BTreeMap::new();
    for path in files {
        for item in input::items(path)? {
            let query = item.text(path, "query")?;
            let relevant = relevant(path, &item)?;
            let rank = block_on(rank(store.as_ref(), query, &relevant))??;
            let kind = item.value["kind"].as_str();
            for key in [Some((false, "all".to_owned())), kind.map(|kind| (true, kind.to_owned()))].into_iter().flatten()
            {
                ranks.entry(key).or_default().0.push(rank);
            }
            if rank.is_none_or(|rank| rank > DEPTHS[1]) {
                report.faults.push(Fault {
                    wrong: if rank.is_some() { "far down" } else { "not found" }.to_owned(),
                    place: format!("{}:{}", input::label(path), item.name()),
                    expected: relevant.iter().map(|r| r.document.as_str()).collect::<Vec<_>>().join(", "),
                    found: rank.map(|rank| format!("at {rank}")).unwrap_or_default(),
                    context: query.to_owned(),
                    weight: rank.unwrap_or_default().into(),
                });
            }
        }
    }
    report.scores.extend(ranks.iter().map(|((_, group), ranks)| {
        let [one, five, ten] = DEPTHS.map(|depth| Figure::Share(ranks.success(depth)));
        let figures = vec![
            ("mrr", Figure::Share(ranks.mean_reciprocal())),
            ("success at 1", one),
            ("success at 5", five),
            ("success at 10", ten),
            ("queries", Figure::Count(ranks.0.len() as u64)),
        ];
        Score::new("ranks", group, "all", figures)
    }));
    report.faults.sort_by(|a, b| b.wrong.cmp(&a.wrong));
    Ok(report)
}

struct Relevant {
    document: String,
    page: Option<u32>,
}

/// What answers a query. A query that nothing answers measures nothing.
fn relevant(path: &Path, item: &Item) -> Result<Vec<Relevant>> {
    let values = item.list(path, "relevant")?;
    if values.is_empty() {
        return Err(malformed(path, item.line, "nothing in \"relevant\""));
    }
    let one = |value: &Value| {
        let document = value["document"].as_str();
        let document = document.ok_or_else(|| malformed(path, item.line, "no text in \"document\""))?;
        Ok(Relevant { document: document.to_owned(), page: input::number(&value["page"]) })
    };
    values.iter().map(one).collect()
}

/// The rank of the first hit that is relevant, from 1.
async fn rank(store: &dyn Store, query: &str, relevant: &[Relevant]) -> Result<Option<u32>> {
    let found = store.search(&Query::new(query, DEPTH)).await?;
    for (at, hit) in found.hits.iter().enumerate() {
        let row = store.document(hit.document).await?;
        let id = hit.document.to_string();
        let is = |r: &Relevant| {
            let path = |origin: &Origin| matches!(origin, Origin::Path { shown, .. } if *shown == r.document);
            let named = r.document == id || r.document == row.name() || row.sources.iter().any(path);
            named && r.page.is_none_or(|page| page == hit.first_page)
        };
        if relevant.iter().any(is) {
            return Ok(Some(at as u32 + 1));
        }
    }
    Ok(None)
}
