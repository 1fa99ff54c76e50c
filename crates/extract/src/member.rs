//! The names of the members of a container.

use std::collections::BTreeMap;

/// Characters of a name that are kept, its ending aside: what file systems allow is about 255 bytes.
const MAX_NAME: usize = 200;

/// Names that are unique among the members of one parent.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// The last number that was tried behind each name, 1 standing for the name itself.
    taken: BTreeMap<String, u32>,
}

impl Names {
    /// Gives `name` back, or with a number behind it, such as `report.pdf (2)`, when it is taken.
    pub(crate) fn unique(&mut self, name: String) -> String {
        let mut count = self.taken.get(&name).copied().unwrap_or(0);
        let mut unique = name.clone();
        while self.taken.contains_key(&unique) {
            count += 1;
            unique = format!("{name} ({count})");
        }
        self.taken.insert(name, count.max(1));
        self.taken.entry(unique.clone()).or_insert(1);
        unique
    }
}

/// The last component of a path with either kind of slash, without control characters.
pub(crate) fn last_component(path: &str) -> String {
    let line = one_line(path);
    let name = line.rsplit(['/', '\\']).map(str::trim).find(|n| !n.is_empty()).unwrap_or_default();
    if matches!(name, "." | "..") {
        return String::new();
    }
    if name.chars().count() <= MAX_NAME {
        return name.to_owned();
    }
    // What is longer than any ending in use is a sentence with a full stop in it.
    let ending = name.rsplit_once('.').map(|(_, e)| e).filter(|e| e.len() <= 16);
    let short: String = name.chars().take(MAX_NAME).collect();
    ending.map_or(short.clone(), |ending| format!("{short}.{ending}"))
}

/// Folds white space to single spaces and leaves out control characters and the marks that turn the direction
/// of writing, so that a value never looks like two lines or like another one.
pub(crate) fn one_line(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut is_gap = false;
    for c in value.chars() {
        if c.is_whitespace() {
            is_gap = true;
        } else if !is_unsafe(c) {
            if is_gap && !out.is_empty() {
                out.push(' ');
            }
            is_gap = false;
            out.push(c);
        }
    }
    out
}

/// Controls, and the bidirectional marks, embeddings, overrides and isolates of Unicode Annex 9.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_given_once() {
        let mut names = Names::default();
        let mut check = |name: &str, want: &str| assert_eq!(names.unique(name.to_owned()), want);
        check("a.pdf", "a.pdf");
        check("a.pdf", "a.pdf (2)");
        check("a.pdf", "a.pdf (3)");
        check("a.pdf (2)", "a.pdf (2) (2)");
        check("b (2)", "b (2)");
        check("b", "b");
        check("b", "b (3)");
    }

    #[test]
    fn a_name_is_one_component_without_controls() {
        let check = |path: &str, want: &str| assert_eq!(last_component(path), want, "{path:?}");
        check("report.pdf", "report.pdf");
        check("../../etc/passwd", "passwd");
        check("C:\\temp\\a b.doc", "a b.doc");
        check("dir/", "dir");
        check("a\r\nb\0.txt", "a b.txt");
        check("evil\u{202E}fdp.exe", "evilfdp.exe");
        check("..", "");
        check("/", "");
        check(&format!("{}.pdf", "x".repeat(500)), &format!("{}.pdf", "x".repeat(200)));
    }
}
