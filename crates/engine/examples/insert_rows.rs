//! What it costs to put the rows of a finished store into a new file of the same tables, and nothing more: no claims,
//! no states on the way, 64 documents to a transaction:
//! `cargo run --release -p docmill-engine --example insert_rows -- FROM.sqlite TO.sqlite`. Prints one JSON object.
//!
//! The rows are read first, so that reading them is not in the figure.

use std::collections::{BTreeMap, BTreeSet};

use docmill_model::{Span, Text};
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, Statement, params_from_iter};
use serde_json::json;

/// That of the program, so that both allocate alike.
#[global_allocator]
static ALLOC: warden::Alloc = warden::Alloc;

/// Documents of one transaction, as many as the store's writer puts into one at most.
const BATCH: usize = 64;

type Row = Vec<Value>;

/// A table, and its rows by the document that they belong to; 0 for those that belong to none.
struct Table {
    insert: String,
    rows: BTreeMap<i64, Vec<Row>>,
}

fn main() -> rusqlite::Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    let from = arguments.next().expect("the finished store is the first argument");
    let to = arguments.next().expect("the new file is the second argument");
    let from = Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let tables = tables(&from)?;

    let to = Connection::open(to)?;
    // As the store has it.
    to.pragma_update(None, "journal_mode", "wal")?;
    to.pragma_update(None, "synchronous", "normal")?;
    to.pragma_update(None, "cache_size", -32768)?;
    to.pragma_update(None, "temp_store", "memory")?;
    to.pragma_update(None, "wal_autocheckpoint", 16384)?;
    for sql in definitions(&from)? {
        to.execute_batch(&sql)?;
    }

    let documents: BTreeSet<i64> = tables.iter().flat_map(|table| table.rows.keys().copied()).collect();
    let documents = Vec::from_iter(documents);
    let mut rows = 0;
    let before = warden::usage().own;
    let mut statements = tables.iter().map(|table| to.prepare(&table.insert)).collect::<rusqlite::Result<Vec<_>>>()?;
    for batch in documents.chunks(BATCH) {
        to.execute_batch("BEGIN IMMEDIATE")?;
        for document in batch {
            for (table, insert) in tables.iter().zip(&mut statements) {
                rows += put(insert, table.rows.get(document))?;
            }
        }
        to.execute_batch("COMMIT")?;
    }
    let cpu = warden::usage().own - before;
    println!("{}", json!({ "rows": rows, "tables": tables.len(), "cpu_us": cpu.as_micros() as u64 }));
    Ok(())
}

fn put(insert: &mut Statement<'_>, rows: Option<&Vec<Row>>) -> rusqlite::Result<u64> {
    let rows = rows.map_or(&[][..], Vec::as_slice);
    for row in rows {
        insert.execute(params_from_iter(row))?;
    }
    Ok(rows.len() as u64)
}

/// Tables, indexes and the full-text table, as they were made; the full-text table makes its own.
fn definitions(from: &Connection) -> rusqlite::Result<Vec<String>> {
    let sql = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'
               AND name NOT LIKE 'chunk\\_text\\_%' ESCAPE '\\' ORDER BY rowid";
    from.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
}

fn tables(from: &Connection) -> rusqlite::Result<Vec<Table>> {
    let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
               AND name NOT LIKE 'chunk\\_text%' ESCAPE '\\' ORDER BY rowid";
    let names: Vec<String> = from.prepare(sql)?.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let mut tables = names.iter().map(|name| table(from, name)).collect::<rusqlite::Result<Vec<_>>>()?;
    tables.push(index(from)?);
    Ok(tables)
}

fn table(from: &Connection, name: &str) -> rusqlite::Result<Table> {
    let mut select = from.prepare(&format!("SELECT * FROM \"{name}\""))?;
    let columns: Vec<String> = select.column_names().map(str::to_owned).collect();
    let owner = if name == "document" { "id" } else { "document" };
    let owner = columns.iter().position(|column| column == owner);
    let places = vec!["?"; columns.len()].join(", ");
    let mut table = Table { insert: format!("INSERT INTO \"{name}\" VALUES ({places})"), rows: BTreeMap::new() };
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let row: Row = (0..columns.len()).map(|column| row.get(column)).collect::<rusqlite::Result<_>>()?;
        let document = match owner.map(|owner| &row[owner]) {
            Some(Value::Integer(document)) => *document,
            _ => 0,
        };
        table.rows.entry(document).or_default().push(row);
    }
    Ok(table)
}

/// The full-text index keeps no text: what was put into it is cut from the cleaned texts again.
fn index(from: &Connection) -> rusqlite::Result<Table> {
    let mut bodies: BTreeMap<i64, String> = BTreeMap::new();
    let sql = "SELECT document, body FROM text WHERE layer = 1 ORDER BY document, page, seq";
    let mut select = from.prepare(sql)?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        bodies.entry(row.get(0)?).or_default().push_str(row.get_ref(1)?.as_str().unwrap_or_default());
    }
    let texts: BTreeMap<i64, Text> = bodies.into_iter().map(|(document, body)| (document, Text::new(body))).collect();
    let insert = "INSERT INTO chunk_text (rowid, body, section, title) VALUES (?, ?, ?, ?)".to_owned();
    let mut table = Table { insert, rows: BTreeMap::new() };
    let mut select = from.prepare(
        "SELECT k.id, k.document, k.start, k.\"end\", k.section, d.name || ' ' || coalesce(d.title, '')
         FROM chunk k JOIN document d ON d.id = k.document ORDER BY k.id",
    )?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let (document, span) = (row.get(1)?, Span::new(row.get(2)?, row.get(3)?));
        let body = texts.get(&document).map_or("", |text| text.slice(span)).to_owned();
        table.rows.entry(document).or_default().push(vec![
            Value::Integer(row.get(0)?),
            Value::Text(body),
            row.get(4)?,
            row.get(5)?,
        ]);
    }
    Ok(table)
}
