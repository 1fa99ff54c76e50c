//! Statements for Neo4j 5: constraints first, then nodes and links in batches. Run again they change nothing.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::literal;
use super::row::{LinkShape, NODES, NodeShape, Row, Value, rows};
use super::walk::{Item, Sink};

/// Rows of one statement, and bytes: enough that the server is not kept busy with parsing, few enough for its memory
/// for one transaction.
const ROWS: usize = 500;
const BYTES: usize = 1 << 20;

/// Rows of one kind that wait for their statement.
#[derive(Default)]
struct Batch {
    rows: usize,
    text: String,
}

impl Batch {
    fn begin_row(&mut self) {
        if self.rows > 0 {
            self.text.push_str(",\n");
        }
        self.rows += 1;
    }

    fn is_full(&self) -> bool {
        self.rows >= ROWS || self.text.len() >= BYTES
    }
}

pub(super) struct Cypher<'a> {
    out: &'a mut (dyn Write + Send),
    nodes: BTreeMap<&'static str, Batch>,
    /// By kind and label of the start: `BELONGS_TO` leads from documents and from chunks.
    links: BTreeMap<(&'static str, &'static str), (&'static LinkShape, Batch)>,
}

impl<'a> Cypher<'a> {
    pub(super) fn new(out: &'a mut (dyn Write + Send)) -> io::Result<Self> {
        for NodeShape { label, table, .. } in NODES {
            writeln!(out, "CREATE CONSTRAINT docmill_{table} IF NOT EXISTS FOR (n:{label}) REQUIRE n.id IS UNIQUE;")?;
        }
        Ok(Self { out, nodes: BTreeMap::new(), links: BTreeMap::new() })
    }

    fn row(&mut self, row: &Row) -> io::Result<()> {
        match row {
            Row::Node { shape, id, values } => {
                let batch = self.nodes.entry(shape.label).or_default();
                batch.begin_row();
                batch.text.push_str(&format!("{{id: \"{id}\", properties: "));
                map(shape.properties.iter().map(|p| p.0).zip(values), &mut batch.text);
                batch.text.push('}');
                if batch.is_full() { self.write_nodes(shape.label) } else { Ok(()) }
            }
            Row::Link { shape, from, to, values } => {
                let key = (shape.kind, shape.from.label);
                let (_, batch) = self.links.entry(key).or_insert_with(|| (shape, Batch::default()));
                batch.begin_row();
                batch.text.push_str(&format!("{{from: \"{from}\", to: \"{to}\", properties: "));
                map(shape.properties.iter().map(|p| p.0).zip(values), &mut batch.text);
                batch.text.push('}');
                if batch.is_full() { self.write_links(key) } else { Ok(()) }
            }
        }
    }

    fn write_nodes(&mut self, label: &'static str) -> io::Result<()> {
        let Some(batch) = self.nodes.remove(label) else { return Ok(()) };
        writeln!(
            self.out,
            "UNWIND [\n{}\n] AS row\nMERGE (n:{label} {{id: row.id}})\nSET n += row.properties;",
            batch.text
        )
    }

    /// All nodes that wait are written before: both ends of each link have come.
    fn write_links(&mut self, key: (&'static str, &'static str)) -> io::Result<()> {
        let labels: Vec<&'static str> = self.nodes.keys().copied().collect();
        labels.into_iter().try_for_each(|label| self.write_nodes(label))?;
        let Some((shape, batch)) = self.links.remove(&key) else { return Ok(()) };
        let (from, to, kind) = (shape.from.label, shape.to.label, shape.kind);
        writeln!(
            self.out,
            "UNWIND [\n{}\n] AS row\nMATCH (a:{from} {{id: row.from}})\nMATCH (b:{to} {{id: row.to}})\n\
             MERGE (a)-[r:{kind}]->(b)\nSET r += row.properties;",
            batch.text
        )
    }
}

/// A map of Cypher. Names of properties that the language has a use for stand in backticks.
fn map<'a>(properties: impl Iterator<Item = (&'static str, &'a Value)>, out: &mut String) {
    out.push('{');
    let mut first = true;
    for (name, value) in properties {
        if *value == Value::None {
            continue;
        }
        if !first {
            out.push_str(", ");
        }
        first = false;
        out.push_str(&format!("`{name}`: "));
        match value {
            Value::None => {}
            Value::Text(text) => literal::cypher(text, out),
            Value::Texts(texts) => {
                out.push('[');
                for (index, text) in texts.iter().enumerate() {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    literal::cypher(text, out);
                }
                out.push(']');
            }
            Value::Integer(number) => out.push_str(&number.to_string()),
        }
    }
    out.push('}');
}

impl Sink for Cypher<'_> {
    fn take(&mut self, item: &Item<'_>) -> io::Result<()> {
        rows(item).iter().try_for_each(|row| self.row(row))
    }

    fn end(&mut self) -> io::Result<()> {
        let labels: Vec<&'static str> = self.nodes.keys().copied().collect();
        labels.into_iter().try_for_each(|label| self.write_nodes(label))?;
        let keys: Vec<_> = self.links.keys().copied().collect();
        keys.into_iter().try_for_each(|key| self.write_links(key))?;
        self.out.flush()
    }
}
