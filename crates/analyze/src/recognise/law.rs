//! Provisions of law, each system in a file of its own.
//!
//! Normal form: lower case, single spaces, no section sign: `42 usc 1983(a)`, `bgb 433 abs 1 satz 2`,
//! `regulation 2016/679 art 17(1)`, `companies act 2006 s 172`. A list gives a mention for each section. A section
//! without a code (`§ 1983`) is attached where the text before it names that number in one code only, and left out
//! otherwise: in contracts it means the contract.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use docmill_model::{ByteSpan, MentionType};
use regex::Regex;

use super::Found;
use super::pattern::{Candidate, Family, Reading, Scope, compile};

mod american;
mod european;
mod german;

const EXTRACTOR: &str = "rule/law@1";

/// A section with its subdivisions in brackets: `240.10b-5`, `12(b)(6)`.
const SECTION: &str = r"\d{1,5}[A-Za-z]{0,3}(?:[-–.]\d{1,5}[A-Za-z]{0,3}){0,4}(?:\((?:\d{1,3}|[A-Za-z]{1,4})\)){0,8}";

/// Several of them. A joint in words wants a section behind it that has more than a digit or two, as a sentence
/// may go on with a number there.
const SECTIONS: &str = concat!(
    r"\d{1,5}[A-Za-z]{0,3}(?:[-–.]\d{1,5}[A-Za-z]{0,3}){0,4}(?:\((?:\d{1,3}|[A-Za-z]{1,4})\)){0,8}",
    r"(?:(?:,~(?:and~|&~|or~)?|~and~|~&~|~or~)(?:§~?)?",
    r"\d{2,5}[A-Za-z]{0,3}(?:[-–.]\d{1,5}[A-Za-z]{0,3}){0,4}(?:\((?:\d{1,3}|[A-Za-z]{1,4})\)){0,8}){0,8}"
);

pub fn family() -> Family {
    let rows = american::rows().into_iter().chain(german::rows()).chain(european::rows());
    Family::new(MentionType::Law, EXTRACTOR, Scope::Digits, rows.collect())
}

pub fn family_without_digits() -> Family {
    Family::new(MentionType::Law, EXTRACTOR, Scope::Everywhere, american::rows_without_digits())
}

/// One reading for each section of the group `list`; the first takes the code with it. Without a doubled sign or a
/// plural only the first counts: `42 U.S.C. § 1983, 410 U.S. 113` goes on with something else.
fn each_section(c: &Candidate, code: &str) -> Vec<Reading> {
    static ONE: LazyLock<Regex> = LazyLock::new(|| compile(SECTION));
    let Some(list) = c.group_span("list") else { return Vec::new() };
    let head = &c.text[c.span().start..list.start];
    let several = head.contains("§§") || head.contains("ections") || head.contains("ecs.") || head.contains("arts");
    let mut readings = Vec::new();
    for matched in ONE.find_iter(&c.text[list.start..list.end]).take(if several { 9 } else { 1 }) {
        let end = list.start + matched.end();
        let start = if readings.is_empty() { c.span().start } else { list.start + matched.start() };
        let section = matched.as_str().replace('–', "-");
        readings.push(Reading::new(ByteSpan::new(start, end), format!("{code} {section}"), 970));
    }
    readings
}

/// A number as a Roman numeral in small letters, for the amendments of the constitution (1-27).
fn roman_or_number(number: u32) -> String {
    const ROWS: [(u32, &str); 5] = [(10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")];
    let mut rest = number.min(99);
    let mut out = String::new();
    for (value, numeral) in ROWS {
        while rest >= value {
            out.push_str(numeral);
            rest -= value;
        }
    }
    out
}

/// Adds the sections that stand without a code and whose number was cited before in exactly one code.
pub fn attach_sections(text: &str, found: &mut Vec<Found>) {
    static LONE: LazyLock<Regex> = LazyLock::new(|| compile(&format!(r"§~?(?P<s>{SECTION})")));
    if !text.contains('§') {
        return;
    }
    let mut cited: Vec<_> =
        found.iter().filter(|f| f.kind == MentionType::Law).map(|f| (f.span, f.normal.clone())).collect();
    cited.sort();
    let taken: BTreeMap<usize, usize> = cited.iter().map(|(span, _)| (span.start, span.end)).collect();
    let mut codes = BTreeMap::<String, BTreeSet<String>>::new();
    let mut cited = cited.into_iter().peekable();
    for captures in LONE.captures_iter(text) {
        let (Some(whole), Some(section)) = (captures.get(0), captures.name("s")) else { continue };
        while let Some((_, normal)) = cited.next_if(|(span, _)| span.end <= whole.start()) {
            if let Some((code, section)) = normal.rsplit_once(' ') {
                codes.entry(number_of(section).to_owned()).or_default().insert(code.to_owned());
            }
        }
        let inside = taken.range(..whole.end()).next_back().is_some_and(|(_, &end)| end > whole.start());
        let Some(named) = codes.get(number_of(section.as_str())) else { continue };
        if let (false, 1, Some(code)) = (inside, named.len(), named.first()) {
            let normal = format!("{code} {}", section.as_str().replace('–', "-"));
            let reading = Reading::new(whole.range().into(), normal, 700);
            found.push(Found::new(text, MentionType::Law, EXTRACTOR, reading));
        }
    }
}

/// A section without its subdivisions.
fn number_of(section: &str) -> &str {
    section.split('(').next().unwrap_or(section)
}

#[cfg(test)]
mod tests {
    use super::super::table;
    use docmill_model::MentionType::Law;

    #[test]
    fn a_lone_section_joins_the_only_code_that_has_its_number() {
        table::check(
            Law,
            &[
                (
                    "42 U.S.C. § 1983 and § 1983(b)",
                    &[("42 U.S.C. § 1983", "42 usc 1983"), ("§ 1983(b)", "42 usc 1983(b)")],
                ),
                ("42 U.S.C. § 1983 and § 1985", &[("42 U.S.C. § 1983", "42 usc 1983")]),
                (
                    "42 U.S.C. § 12; 15 U.S.C. § 12; § 12",
                    &[("42 U.S.C. § 12", "42 usc 12"), ("15 U.S.C. § 12", "15 usc 12")],
                ),
                ("§ 1983 before 42 U.S.C. § 1983", &[("42 U.S.C. § 1983", "42 usc 1983")]),
            ],
        );
    }
}
