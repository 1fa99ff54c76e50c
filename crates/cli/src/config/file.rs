//! The file, as keys with their values and lines.

use std::io::Read as _;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::Problem;
use super::value::Given;

/// No configuration is longer; a file that is, is something else.
const MAX_BYTES: u64 = 1 << 20;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// With a point between tables.
    pub key: String,
    pub given: Given,
    /// From 1.
    pub line: usize,
}

/// Reads all entries, in the order of the file.
pub fn read(path: &Path) -> Result<Vec<Entry>, Problem> {
    let problem =
        |line: usize, message: String| Problem { place: format!("{}:{line}", path.display()), message, near: None };
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|error| problem(1, format!("the file cannot be read: {error}")))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(problem(1, "the file is larger than 1 MiB".to_owned()));
    }
    let text = String::from_utf8(bytes).map_err(|_| problem(1, "the file is not UTF-8".to_owned()))?;
    let feeds = |part: &str| part.bytes().filter(|b| *b == b'\n').count();
    let table = DeTable::parse(&text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        problem(feeds(before) + 1, error.message().lines().next().unwrap_or("is not TOML").to_owned())
    })?;
    let mut found = Vec::new();
    entries("", table.get_ref(), &mut found);
    found.sort_by_key(|(at, _, _)| *at);
    let (mut line, mut counted) = (1, 0);
    let numbered = found.into_iter().map(|(at, key, given)| {
        line += feeds(&text[counted..at]);
        counted = at;
        Entry { key, given, line }
    });
    Ok(numbered.collect())
}

/// Takes the leaves of a table with the position of their keys. The parser bounds how deep tables nest.
fn entries(prefix: &str, table: &DeTable<'_>, found: &mut Vec<(usize, String, Given)>) {
    for (name, value) in table {
        let key = if prefix.is_empty() { name.get_ref().to_string() } else { format!("{prefix}.{}", name.get_ref()) };
        let given = match value.get_ref() {
            // An empty table that no setting lies in is a key like any other.
            DeValue::Table(inner) if inner.is_empty() && !is_table(&key) => Given::Other,
            DeValue::Table(inner) => {
                entries(&key, inner, found);
                continue;
            }
            DeValue::String(word) => Given::Word(word.to_string()),
            DeValue::Integer(number) => {
                i64::from_str_radix(number.as_str(), number.radix()).map_or(Given::Other, Given::Number)
            }
            DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) | DeValue::Array(_) => Given::Other,
        };
        found.push((name.span().start, key, given));
    }
}

fn is_table(key: &str) -> bool {
    super::SETTINGS.iter().any(|s| s.key.strip_prefix(key).is_some_and(|rest| rest.starts_with('.')))
}
