//! Files that are measured with, and what is wrong with them.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use anyhow::Result;
use docmill_analyze::eval::Malformed;
use serde_json::Value;

use crate::context::shown;
use crate::failure::Error;

/// Bytes of a file at most: annotated corpora have a hundredth of it, and a device has no end.
const LARGEST: u64 = 1 << 30;

/// The text of a file; bytes that are no UTF-8 stand as U+FFFD.
pub fn text(path: &Path) -> Result<String> {
    let unreadable = |why: &str| Error::Argument {
        message: format!("{} cannot be read: {why}", shown(path)),
        hint: "give a file of at most 1 GiB that may be read".to_owned(),
    };
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes));
    read.map_err(|error| unreadable(&error.to_string()))?;
    if bytes.len() as u64 > LARGEST {
        return Err(unreadable("it is too large").into());
    }
    let text = String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// What a file is called in a report: its name without the last ending, and its folder's.
pub fn label(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    match path.parent().and_then(Path::file_name) {
        Some(folder) => format!("{}/{stem}", folder.to_string_lossy()),
        None => stem.into_owned(),
    }
}

/// A place in a file that is not as its format says.
pub fn malformed(path: &Path, line: usize, what: &str) -> anyhow::Error {
    let message = format!("{}, line {line}: {what}", shown(path));
    let hint = "docs/eval.md describes the files that can be measured with".to_owned();
    Error::Argument { message, hint }.into()
}

/// Adds the file to an error of a reader.
pub fn read<T>(path: &Path, result: Result<T, Malformed>) -> Result<T> {
    result.map_err(|error| malformed(path, error.line, &error.what))
}

/// One object of a file of JSON with its line, from 1.
pub struct Item {
    pub line: usize,
    pub value: Value,
    /// Its key, where the file is one object of objects.
    pub key: Option<String>,
}

/// The objects of a file: one a line, or all in one array or one object.
pub fn items(path: &Path) -> Result<Vec<Item>> {
    let text = text(path)?;
    match serde_json::from_str(&text) {
        // No line of a file of lines begins with an array: what is wrong with it is told where it is.
        Err(error) if text.trim_start().starts_with('[') => {
            return Err(malformed(path, error.line(), &format!("no JSON: {error}")));
        }
        Ok(Value::Array(values)) => {
            return Ok(values.into_iter().map(|value| Item { line: 1, value, key: None }).collect());
        }
        Ok(Value::Object(map)) if !map.is_empty() && map.values().all(Value::is_object) => {
            return Ok(map.into_iter().map(|(key, value)| Item { line: 1, value, key: Some(key) }).collect());
        }
        _ => {}
    }
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| match serde_json::from_str(line) {
            Ok(value @ Value::Object(_)) => Ok(Item { line: number + 1, value, key: None }),
            Ok(_) => Err(malformed(path, number + 1, "no JSON object")),
            Err(error) => Err(malformed(path, number + 1, &format!("no JSON: {error}"))),
        })
        .collect()
}

impl Item {
    pub fn text<'a>(&'a self, path: &Path, field: &str) -> Result<&'a str> {
        self.value[field].as_str().ok_or_else(|| malformed(path, self.line, &format!("no text in {field:?}")))
    }

    /// The list in a field; without the field it is empty.
    pub fn list<'a>(&'a self, path: &Path, field: &str) -> Result<&'a [Value]> {
        match &self.value[field] {
            Value::Null => Ok(&[]),
            Value::Array(values) => Ok(values),
            _ => Err(malformed(path, self.line, &format!("no list in {field:?}"))),
        }
    }

    /// Its `id`, else its key, else its line.
    pub fn name(&self) -> String {
        match (&self.value["id"], &self.key) {
            (Value::String(id), _) => id.clone(),
            (Value::Number(id), _) => id.to_string(),
            (_, Some(key)) => key.clone(),
            _ => format!("line {}", self.line),
        }
    }
}

/// A number that fits; `None` for anything else.
pub fn number(value: &Value) -> Option<u32> {
    value.as_u64().and_then(|number| u32::try_from(number).ok())
}

/// Two numbers in order, `{"start": 3, "end": 9}` or `[3, 9]`, of characters of a text that has `length` of them.
pub fn range(value: &Value, length: u32) -> Option<(u32, u32)> {
    let (start, end) = match value {
        Value::Array(ends) if ends.len() == 2 => (&ends[0], &ends[1]),
        _ => (&value["start"], &value["end"]),
    };
    let (start, end) = (number(start)?, number(end)?);
    (start <= end && end <= length).then_some((start, end))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn file(text: &[u8]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text).unwrap();
        file
    }

    #[test]
    fn objects_come_by_line_in_an_array_or_by_key() {
        let check = |text: &str, expected: &[(usize, &str)]| {
            let file = file(text.as_bytes());
            let items = items(file.path()).unwrap();
            let found: Vec<_> = items.iter().map(|i| (i.line, i.name())).collect();
            let expected: Vec<_> = expected.iter().map(|(l, n)| (*l, (*n).to_owned())).collect();
            assert_eq!(found, expected, "{text}");
        };
        check("{\"id\":\"a\"}\n\n{\"id\":7}\n{}\n", &[(1, "a"), (3, "7"), (4, "line 4")]);
        check("[{\"id\":\"a\"},{\"id\":\"b\"}]", &[(1, "a"), (1, "b")]);
        check("{\"x\":{\"text\":\"t\"},\"y\":{}}", &[(1, "x"), (1, "y")]);
        check("{\"text\":\"t\"}", &[(1, "line 1")]);
        check("", &[]);
    }

    #[test]
    fn a_bad_line_is_told_with_file_and_line() {
        let check = |text: &[u8], expected: &str| {
            let file = file(text);
            let error = items(file.path()).err().unwrap().to_string();
            assert!(error.contains(expected), "{error}");
        };
        check(b"{}\n{\n", "line 2: no JSON");
        check(b"{}\n7\n", "line 2: no JSON object");
        check(b"\xff", "line 1");
        check(b"[\n{\"id\":\"a\"},\n{,\n]", "line 3: no JSON");
    }

    #[test]
    fn ranges_lie_in_their_text() {
        let check =
            |json: &str, expected| assert_eq!(range(&serde_json::from_str(json).unwrap(), 9), expected, "{json}");
        check("[3,9]", Some((3, 9)));
        check("{\"start\":0,\"end\":0}", Some((0, 0)));
        check("[3,10]", None);
        check("[5,3]", None);
        check("[-1,3]", None);
        check("[1]", None);
        check("\"x\"", None);
        check("[0,4294967296]", None);
    }

    #[test]
    fn a_file_is_called_by_its_folder_and_its_name() {
        assert_eq!(label(Path::new("ner/ewt/dev.iob2")), "ewt/dev");
        assert_eq!(label(Path::new("dev.iob2")), "dev");
    }
}
