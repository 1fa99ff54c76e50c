//! Tables: a file for each kind of node and of link, in the layout of `neo4j-admin database import`.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::row::{Kind, NODES, Row, Value, links, rows};
use super::walk::{Item, Sink};
use super::{literal, unfinished};

/// Tables under other names until they are whole.
pub(super) struct Csv {
    folder: PathBuf,
    tables: BTreeMap<&'static str, BufWriter<NamedTempFile>>,
    line: String,
}

impl Csv {
    pub(super) fn new(folder: &Path) -> io::Result<Self> {
        let mut csv = Self { folder: folder.to_owned(), tables: BTreeMap::new(), line: String::new() };
        for shape in NODES {
            csv.begin(shape.table, "id:ID,:LABEL", shape.properties)?;
        }
        for shape in links() {
            csv.begin(shape.table, ":START_ID,:END_ID,:TYPE", shape.properties)?;
        }
        Ok(csv)
    }

    fn begin(&mut self, table: &'static str, ids: &str, properties: &[(&str, Kind)]) -> io::Result<()> {
        if self.tables.contains_key(table) {
            return Ok(());
        }
        let file = unfinished(".csv", &self.folder)?;
        let mut file = BufWriter::new(file);
        file.write_all(ids.as_bytes())?;
        for (name, kind) in properties {
            let kind = match kind {
                Kind::Text | Kind::Texts => "",
                Kind::Integer => ":long",
            };
            write!(file, ",{name}{kind}")?;
        }
        file.write_all(b"\n")?;
        self.tables.insert(table, file);
        Ok(())
    }

    fn row(&mut self, row: &Row) -> io::Result<()> {
        self.line.clear();
        let (table, values) = match row {
            Row::Node { shape, id, values } => {
                self.line.push_str(&format!("{id},{}", shape.label));
                (shape.table, values)
            }
            Row::Link { shape, from, to, values } => {
                self.line.push_str(&format!("{from},{to},{}", shape.kind));
                (shape.table, values)
            }
        };
        for value in values {
            self.line.push(',');
            match value {
                Value::None => {}
                Value::Text(text) => literal::csv(text, &mut self.line),
                Value::Texts(texts) => literal::csv(&literal::array(texts), &mut self.line),
                Value::Integer(number) => self.line.push_str(&number.to_string()),
            }
        }
        self.line.push('\n');
        match self.tables.get_mut(table) {
            Some(file) => file.write_all(self.line.as_bytes()),
            None => Ok(()),
        }
    }

    /// Gives the tables their names.
    pub(super) fn keep(self) -> io::Result<()> {
        let mut whole = Vec::new();
        for (table, file) in self.tables {
            let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.as_file().sync_all()?;
            whole.push((table, file));
        }
        for (table, file) in whole {
            file.persist(self.folder.join(format!("{table}.csv")))?;
        }
        Ok(())
    }
}

impl Sink for Csv {
    fn take(&mut self, item: &Item<'_>) -> io::Result<()> {
        rows(item).iter().try_for_each(|row| self.row(row))
    }

    fn end(&mut self) -> io::Result<()> {
        self.tables.values_mut().try_for_each(BufWriter::flush)
    }
}
