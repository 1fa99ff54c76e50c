//! Legal forms of companies (`GmbH`, `Ltd.`, `S.A.`), and what is left of a name without them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::organisation::words;

/// A legal form, whatever the way it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LegalForm(u8);

/// Words of the longest way to write a form.
const MOST_WORDS: usize = 6;

/// How many forms stand behind one another at most: `Tactical Missiles Corporation JSC`.
const MOST_FORMS: usize = 2;

struct Table {
    /// One word each, in the order of the file.
    canonical: Vec<String>,
    ways: BTreeMap<String, LegalForm>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table { canonical: Vec::new(), ways: BTreeMap::new() };
    for line in include_str!("legal_forms.txt").lines().filter(|l| !l.starts_with('#')) {
        let form = LegalForm(table.canonical.len() as u8);
        for way in line.split('|') {
            table.ways.insert(words(way).join(" "), form);
        }
        table.canonical.push(line.split('|').next().unwrap_or_default().replace(' ', ""));
    }
    table
});

impl LegalForm {
    /// The one word that is used for the form in normal forms.
    pub(crate) fn word(self) -> &'static str {
        &TABLE.canonical[self.0 as usize]
    }

    /// Whether one company may be written with both: words that say no more than that it is a company stand for any
    /// other, and `Co. Ltd.` is `Ltd.`.
    pub(crate) fn agrees(self, other: Self) -> bool {
        let generic = |form: Self| matches!(form.word(), "co" | "corp");
        let limited = |form: Self| matches!(form.word(), "ltd" | "coltd" | "ptyltd" | "pteltd");
        self == other || generic(self) || generic(other) || limited(self) && limited(other)
    }
}

/// The form whose canonical word this is.
pub(crate) fn canonical(word: &str) -> Option<LegalForm> {
    TABLE.canonical.iter().position(|c| c == word).map(|at| LegalForm(at as u8))
}

/// Takes the forms off a name, behind it (`Acme GmbH`) or, where that is the custom, before it (`OAO Gazprom`), and
/// gives the outermost. At least one word stays.
pub(super) fn strip(words: &mut Vec<String>) -> Option<LegalForm> {
    let mut found = None;
    for _ in 0..MOST_FORMS {
        let most = MOST_WORDS.min(words.len().saturating_sub(1));
        let behind = (1..=most).rev().find_map(|n| Some((n, lookup(&words[words.len() - n..])?)));
        if let Some((n, form)) = behind {
            words.truncate(words.len() - n);
            found = found.or(Some(form));
            continue;
        }
        let before = (1..=most).rev().find_map(|n| Some((n, lookup(&words[..n])?)));
        let Some((n, form)) = before.filter(|(n, form)| *n > 2 || stands_before(*form)) else { break };
        words.drain(..n);
        found = found.or(Some(form));
    }
    found
}

fn lookup(words: &[String]) -> Option<LegalForm> {
    match words {
        [word] => TABLE.ways.get(word).copied(),
        _ => TABLE.ways.get(&words.join(" ")).copied(),
    }
}

/// Forms that stand before the name even when they are abbreviated.
fn stands_before(form: LegalForm) -> bool {
    matches!(form.word(), "jsc" | "ooo" | "srl" | "uab")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn check(name: &str, rest: &str, form: Option<&str>) {
        let mut left = words(name);
        let found = strip(&mut left).map(LegalForm::word);
        assert_eq!((left.join(" ").as_str(), found), (rest, form), "{name:?}");
    }

    #[test]
    fn forms_are_known_however_they_are_written() {
        for (name, rest, form) in [
            ("Siemens AG", "siemens", Some("ag")),
            ("Siemens Aktiengesellschaft", "siemens", Some("ag")),
            ("Acme G.m.b.H.", "acme", Some("gmbh")),
            ("Acme GmbH & Co. KG", "acme", Some("gmbhcokg")),
            ("Acme, S. A.", "acme", Some("sa")),
            ("Samsung Electronics Co., Ltd.", "samsung electronics", Some("coltd")),
            ("FABERLIC EUROPE Sp. z o.o.", "faberlic europe", Some("spzoo")),
            ("OAO Gazprom", "gazprom", Some("jsc")),
            ("Open Joint Stock Company Gazprom", "gazprom", Some("jsc")),
            ("Общество с ограниченной ответственностью Бай", "баи", Some("ooo")),
            ("Tactical Missiles Corporation JSC", "tactical missiles", Some("jsc")),
            ("Raman Ellery LLP", "raman ellery", Some("llp")),
        ] {
            check(name, rest, form);
        }
    }

    #[test]
    fn each_way_to_write_belongs_to_one_form_and_the_numbers_of_forms_fit() {
        let file = include_str!("legal_forms.txt").lines().filter(|l| !l.starts_with('#'));
        let mut forms: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for line in file {
            for way in line.split('|') {
                forms.entry(words(way).join(" ")).or_default().insert(line);
            }
        }
        assert!(forms.values().all(|lines| lines.len() == 1), "{forms:?}");
        assert!(TABLE.canonical.len() <= usize::from(u8::MAX));
    }

    #[test]
    fn a_name_that_is_only_a_form_stays() {
        for (name, rest) in [("Limited", "limited"), ("AG", "ag"), ("", ""), ("SAS Institute", "sas institute")] {
            check(name, rest, None);
        }
        check("Company Limited", "company", Some("ltd"));
    }

    #[test]
    fn generic_words_agree_with_every_form_and_forms_only_with_themselves() {
        let form = |word| canonical(word).unwrap_or_else(|| panic!("no form {word}"));
        for (a, b, expected) in [
            ("ag", "ag", true),
            ("ag", "gmbh", false),
            ("co", "inc", true),
            ("corp", "inc", true),
            ("ltd", "coltd", true),
            ("ltd", "plc", false),
        ] {
            assert_eq!(form(a).agrees(form(b)), expected, "{a} and {b}");
            assert_eq!(form(b).agrees(form(a)), expected, "{b} and {a}");
        }
    }
}
