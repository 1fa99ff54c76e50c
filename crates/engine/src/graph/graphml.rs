//! GraphML 1.0 (graphml.graphdrawing.org), streamed.

use std::io::{self, Write};

use super::literal;
use super::row::{Kind, NODES, Row, Value, links, rows};
use super::walk::{Item, Sink};

/// One graph: nodes and edges as they come, which the format allows in any order.
pub(super) struct Graphml<'a> {
    out: &'a mut (dyn Write + Send),
    line: String,
}

impl<'a> Graphml<'a> {
    pub(super) fn new(out: &'a mut (dyn Write + Send)) -> io::Result<Self> {
        let mut head = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        head.push_str("<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\"");
        head.push_str(" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:schemaLocation=\"");
        head.push_str(
            "http://graphml.graphdrawing.org/xmlns http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd\">\n",
        );
        keys("node", NODES.iter().flat_map(|shape| shape.properties), &mut head);
        keys("edge", links().flat_map(|shape| shape.properties), &mut head);
        head.push_str("<graph id=\"docmill\" edgedefault=\"directed\">\n");
        out.write_all(head.as_bytes())?;
        Ok(Self { out, line: String::new() })
    }

    fn data(&mut self, domain: &str, name: &str, value: &Value) {
        let line = &mut self.line;
        let mut text = |text: &str| {
            line.push_str(&format!("<data key=\"{domain}_{name}\">"));
            literal::xml(text, line);
            line.push_str("</data>");
        };
        match value {
            Value::None => {}
            Value::Text(value) => text(value),
            Value::Texts(values) => text(&literal::array(values)),
            Value::Integer(value) => text(&value.to_string()),
        }
    }

    fn row(&mut self, row: Row) {
        match row {
            Row::Node { shape, id, values } => {
                self.line.push_str(&format!("<node id=\"{id}\">"));
                self.data("node", KIND, &shape.label.into());
                shape.properties.iter().zip(&values).for_each(|((name, _), value)| self.data("node", name, value));
                self.line.push_str("</node>\n");
            }
            Row::Link { shape, from, to, values } => {
                self.line.push_str(&format!("<edge source=\"{from}\" target=\"{to}\">"));
                self.data("edge", KIND, &shape.kind.into());
                shape.properties.iter().zip(&values).for_each(|((name, _), value)| self.data("edge", name, value));
                self.line.push_str("</edge>\n");
            }
        }
    }
}

/// The property that says what a node or an edge is.
const KIND: &str = "kind";

/// A declaration for each property, the first time that it comes.
fn keys(domain: &str, properties: impl Iterator<Item = &'static (&'static str, Kind)>, out: &mut String) {
    let mut declared: Vec<&str> = Vec::new();
    for (name, kind) in [&(KIND, Kind::Text)].into_iter().chain(properties) {
        if declared.contains(name) {
            continue;
        }
        declared.push(name);
        let kind = match kind {
            Kind::Text | Kind::Texts => "string",
            Kind::Integer => "long",
        };
        out.push_str(&format!(
            "<key id=\"{domain}_{name}\" for=\"{domain}\" attr.name=\"{name}\" attr.type=\"{kind}\"/>\n"
        ));
    }
}

impl Sink for Graphml<'_> {
    fn take(&mut self, item: &Item<'_>) -> io::Result<()> {
        self.line.clear();
        rows(item).into_iter().for_each(|row| self.row(row));
        self.out.write_all(self.line.as_bytes())
    }

    fn end(&mut self) -> io::Result<()> {
        self.out.write_all(b"</graph>\n</graphml>\n")?;
        self.out.flush()
    }
}
