//! The walk through two exports.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use super::line::{Error, Key, Kind, Lines};
use super::telling::{Best, Change, Names, Told};

/// How many lines of a kind differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub same: u64,
    pub removed: u64,
    pub changed: u64,
    pub added: u64,
}

impl Counts {
    pub fn of(&self, change: Change) -> u64 {
        match change {
            Change::Removed => self.removed,
            Change::Changed => self.changed,
            Change::Added => self.added,
        }
    }
}

/// What the comparison gives.
#[derive(Debug)]
pub struct Report {
    /// Kinds that either export has.
    pub counts: BTreeMap<Kind, Counts>,
    /// By kind and change, the most telling ones first.
    pub told: Vec<Told>,
    pub names: Names,
}

impl Report {
    pub fn is_same(&self) -> bool {
        self.counts.values().all(|c| c.removed + c.changed + c.added == 0)
    }
}

/// Compares two exports. They are read once, and again as far as names are needed for what is told.
pub fn compare(before: &Path, after: &Path) -> Result<Report, Error> {
    let mut counts: BTreeMap<Kind, Counts> = BTreeMap::new();
    let mut best: BTreeMap<(Kind, Change), Best> = BTreeMap::new();
    let (mut old, mut new) = (Lines::open(before)?, Lines::open(after)?);
    let (mut old_key, mut new_key) = (old.next()?, new.next()?);
    loop {
        let (kind, change) = match side(old_key.as_ref(), new_key.as_ref()) {
            None => break,
            Some((kind, side)) => (kind, side),
        };
        let counts = counts.entry(kind).or_default();
        let mut tell = |change, value, fields| {
            best.entry((kind, change)).or_default().offer(Told { kind, change, value, fields });
        };
        match change {
            Side::Old => {
                counts.removed += 1;
                tell(Change::Removed, old.value()?, Vec::new());
            }
            Side::New => {
                counts.added += 1;
                tell(Change::Added, new.value()?, Vec::new());
            }
            Side::Both if old.bytes == new.bytes => counts.same += 1,
            Side::Both => {
                let (old, new) = (old.value()?, new.value()?);
                let fields = fields(&old, &new);
                // The same in another order or with other blanks.
                if fields.is_empty() {
                    counts.same += 1;
                } else {
                    counts.changed += 1;
                    tell(Change::Changed, new, fields);
                }
            }
        }
        if change != Side::New {
            old_key = old.next()?;
        }
        if change != Side::Old {
            new_key = new.next()?;
        }
    }
    let told: Vec<Told> = best.into_values().flat_map(Best::done).collect();
    let names = names(&told, before, after)?;
    Ok(Report { counts, told, names })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Old,
    New,
    Both,
}

/// Which of two lines comes next in the order of both, with its kind; `None` at the end of both.
fn side(old: Option<&Key>, new: Option<&Key>) -> Option<(Kind, Side)> {
    match (old, new) {
        (None, None) => None,
        (Some(old), None) => Some((old.kind, Side::Old)),
        (None, Some(new)) => Some((new.kind, Side::New)),
        (Some(old), Some(new)) => Some(match old.cmp(new) {
            std::cmp::Ordering::Less => (old.kind, Side::Old),
            std::cmp::Ordering::Greater => (new.kind, Side::New),
            std::cmp::Ordering::Equal => (new.kind, Side::Both),
        }),
    }
}

/// The fields in which two objects differ, with what they were in the first.
fn fields(old: &Value, new: &Value) -> Vec<(String, Value)> {
    let keys =
        |value: &Value| -> BTreeSet<String> { value.as_object().into_iter().flat_map(|o| o.keys().cloned()).collect() };
    keys(old)
        .union(&keys(new))
        .filter(|key| old[*key] != new[*key])
        .map(|key| (key.clone(), old[key].clone()))
        .collect()
}

/// Names of the documents and entities that are spoken of. The second export has the last word.
fn names(told: &[Told], before: &Path, after: &Path) -> Result<Names, Error> {
    let wanted: BTreeSet<&str> = told.iter().flat_map(Told::ids).collect();
    let mut names = Names::new();
    if wanted.is_empty() {
        return Ok(names);
    }
    for path in [before, after] {
        let mut lines = Lines::open(path)?;
        while let Some(key) = lines.next()?.filter(|key| key.kind <= Kind::Entity) {
            if matches!(key.kind, Kind::Document | Kind::Entity) && wanted.contains(key.id()) {
                let value = lines.value()?;
                names.insert(key.id().to_owned(), value["name"].as_str().unwrap_or_default().to_owned());
            }
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    struct Files(tempfile::TempDir);

    impl Files {
        fn put(&self, name: &str, text: &str) -> PathBuf {
            let path = self.0.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        }
    }

    const DOCUMENT: &str = r#"{"kind":"document","id":"d1","name":"a.txt","state":"done"}"#;
    const PERSON: &str = r#"{"kind":"entity","id":"e1","type":"PERSON","name":"Anna","documents":2,"mentions":3}"#;

    /// Change, kind and words of what is told.
    fn told(before: &str, after: &str) -> Vec<String> {
        let files = Files(tempfile::tempdir().unwrap());
        let report = compare(&files.put("before", before), &files.put("after", after)).unwrap();
        assert_eq!(report.is_same(), report.told.is_empty());
        let words = |t: &Told| format!("{} {} {}", t.change.mark(), t.kind.as_str(), t.words(&report.names));
        report.told.iter().map(words).collect()
    }

    #[test]
    fn what_only_one_export_has_and_what_both_have_otherwise_is_told() {
        let check = |before: &[&str], after: &[&str], expected: &[&str]| {
            let text = |lines: &[&str]| lines.iter().map(|l| format!("{l}\n")).collect::<String>();
            assert_eq!(told(&text(before), &text(after)), expected);
        };
        check(&[], &[], &[]);
        check(&[DOCUMENT, PERSON], &[DOCUMENT, PERSON], &[]);
        check(&[DOCUMENT], &[DOCUMENT, PERSON], &["+ entity PERSON Anna, documents: 2"]);
        check(&[DOCUMENT, PERSON], &[DOCUMENT], &["- entity PERSON Anna, documents: 2"]);
        let failed = DOCUMENT.replace("done", "failed");
        check(&[DOCUMENT], &[&failed], &["~ document a.txt (failed): state done → failed"]);
        // The order of fields is no difference.
        check(&[DOCUMENT], &[r#"{"id":"d1","kind":"document","name":"a.txt","state":"done"}"#], &[]);
        let relation = r#"{"kind":"relation","from":"e1","to":"e2","type":"WROTE_TO"}"#;
        check(&[DOCUMENT, PERSON], &[DOCUMENT, PERSON, relation], &["+ relation Anna WROTE_TO e2"]);
        let block = format!(r#"{{"kind":"block","document":"d1","index":{},"type":"cell"}}"#, u64::MAX);
        check(&[DOCUMENT], &[DOCUMENT, &block], &["+ block a.txt, block 18446744073709551615 (cell)"]);
        // A newer recogniser gives the same mention another id.
        let mention = |id: &str| {
            format!(
                r#"{{"kind":"mention","id":"{id}","document":"d1","start":1,"end":3,"type":"DATE","text":"x","page":1}}"#
            )
        };
        check(&[&mention("m1")], &[&mention("m2")], &["~ mention DATE x, d1, page 1: id m1 → m2"]);
    }

    #[test]
    fn the_most_telling_lines_are_kept_and_all_are_counted() {
        let line = |n: u32| {
            format!("{{\"kind\":\"entity\",\"id\":\"e{n:03}\",\"type\":\"ORG\",\"name\":\"n\",\"documents\":{n}}}\n")
        };
        let files = Files(tempfile::tempdir().unwrap());
        let many: String = (0..100).map(line).collect();
        let report = compare(&files.put("before", ""), &files.put("after", &many)).unwrap();
        assert_eq!(report.counts[&Kind::Entity], Counts { added: 100, ..Counts::default() });
        let documents: Vec<_> = report.told.iter().map(|t| t.value["documents"].as_u64().unwrap()).collect();
        assert_eq!(documents, [99, 98, 97, 96, 95]);
    }

    #[test]
    fn what_is_no_export_is_an_error_that_names_the_line() {
        let check = |text: &str, expected: &str| {
            let files = Files(tempfile::tempdir().unwrap());
            let good = files.put("good", "");
            let error = compare(&files.put("bad", text), &good).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        check(&format!("{DOCUMENT}\n{}", &PERSON[..20]), "is cut off in line 2");
        check(&format!("{DOCUMENT}\n{}\n", &PERSON[..20]), "line 2 is no JSON");
        check(&format!("{PERSON}\n{DOCUMENT}\n"), "line 2 is not behind");
        check(&format!("{DOCUMENT}\n{DOCUMENT}\n"), "line 2 is not behind");
        check("%PDF-1.7\n", "line 1 is no JSON object");
        check("{}\n", "line 1 is not as a line of an export");
        check("{\"kind\":\"song\"}\n", "\"song\"");
        check("{\"kind\":\"page\",\"document\":\"d\"}\n", "without \"number\"");
        check("{\"kind\":7}\n", "line 1");
        let files = Files(tempfile::tempdir().unwrap());
        let good = files.put("good", "");
        assert!(matches!(compare(files.0.path(), &good), Err(Error::NotAFile(_) | Error::Read(..))));
        assert!(matches!(compare(&files.0.path().join("none"), &good), Err(Error::Read(..))));
    }
}
