//! Dates in English, German and French, and in digits.
//!
//! Normal forms: `2024-03-03` a day, `2024-03` a month, `2024-Q3` a quarter, `2024` a year, `A/B` a range of
//! days, and `A|B` in order of time where day and month can be read both ways. With dots the day stands first.

use std::sync::LazyLock;

use docmill_model::MentionType;
use regex::Regex;

use super::pattern::{Candidate, Family, Reading, Row, Scope, compile};

mod calendar;

use calendar::{Day, full_year, lacks_capital, month, month_pattern};

pub fn family() -> Family {
    Family::new(MentionType::Date, "rule/date@1", Scope::Digits, rows())
}

fn rows() -> Vec<Row> {
    let named = |source: &str| {
        source
            .replace("<day>", r"\b(?P<d>\d{1,2})(?:st|nd|rd|th|er|re|º|\.)?")
            .replace("<until>", r"(?P<e>\d{1,2})(?:st|nd|rd|th|er|\.)?")
            .replace("<month>", &format!(r"(?P<m>(?i:{}))\.?", month_pattern()))
            .replace("<year>", r"(?P<y>[12]\d{3})\b")
            .replace("<to>", r"(?:~?[-–—]~?|~(?:to|and|bis|und|au|et)~)")
    };
    vec![
        Row::one(
            r"\b(?P<y>[12]\d{3})(?P<s>[-/.])(?P<m>\d{1,2})(?P<s2>[-/.])(?P<d>\d{1,2})(?:(?:T|~)\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?:Z|~?[+-]\d{2}:?\d{2})?)?\b",
            year_first,
        ),
        Row::one(r"\b(?P<y>[12]\d{3})(?P<m>0[1-9]|1[0-2])(?P<d>[0-3]\d)T\d{4}(?:\d{2})?Z?\b", compact),
        Row::one(r"\b(?P<a>\d{1,2})(?P<s>[-/.])(?P<b>\d{1,2})(?P<s2>[-/.])(?P<y>\d{4}|\d{2})\b", digits),
        Row::one(r"\b(?P<a>\d{1,2})(?P<s>\.)~(?P<b>\d{1,2})(?P<s2>\.)~(?P<y>[12]\d{3})\b", digits),
        Row::one(named(r"<day>(?:~|-|/)?(?:day~of~|of~|de~)?<month>(?:,?~|-|/)?<year>"), day_first),
        Row::one(named(r"<day>[-/ ]<month>[-/ ](?P<y>\d{2})\b"), day_first),
        Row::one(named(r"\b<month>~?(?P<d>\d{1,2})(?:st|nd|rd|th)?(?:,~?|~)<year>"), day_first),
        Row::one(named(r"\b<month>~(?P<d>\d{1,2})~\d{2}:\d{2}:\d{2}~(?:[A-Z]{3,4}~)?<year>"), day_first),
        Row::one(named(r"<day><to><until>~(?:of~)?<month>,?~<year>"), range),
        Row::one(named(r"\b<month>~(?P<d>\d{1,2})(?:st|nd|rd|th)?<to><until>,?~<year>"), range),
        Row::one(named(r"\b<month>(?:,?~|-|/)(?:of~)?<year>"), month_of_year),
        Row::one(r"\b(?:Q|T)(?P<q>[1-4])(?:~|[-/])?(?:FY~?)?(?P<y>[12]\d{3})\b", quarter),
        Row::one(r"\b(?P<y>[12]\d{3})(?:~|[-/])?Q(?P<q>[1-4])\b", quarter),
        Row::one(
            r"\b(?P<q>[1-4])(?:\.|st|nd|rd|th|er|e|ème)?~(?:[Qq]uarter|Quartal|trimestre)(?:,?~)(?:of~|de~)?(?P<y>[12]\d{3})\b",
            quarter,
        ),
        Row::one(r"\b(?P<w>(?i:first|second|third|fourth))~quarter~(?:of~)?(?:fiscal~)?(?P<y>[12]\d{3})\b", quarter),
        Row::one(r"\b(?P<y>[12]\d{3})\b", year),
    ]
}

fn year_first(c: &Candidate) -> Option<Reading> {
    let day = Day::new(c.number("y")?, c.number("m")?, c.number("d")?)?;
    let padded = c.group("m").len() == 2 && c.group("d").len() == 2;
    (c.group("s") == c.group("s2") && (padded || c.group("s") != ".") && stands_alone(c))
        .then(|| Reading::new(c.span(), day.to_string(), if padded { 980 } else { 900 }))
}

fn compact(c: &Candidate) -> Option<Reading> {
    let day = Day::new(c.number("y")?, c.number("m")?, c.number("d")?)?;
    Some(Reading::new(c.span(), day.to_string(), 900))
}

/// Digits with the year last. Dots: day first. Slashes and dashes: what is valid, or both readings.
fn digits(c: &Candidate) -> Option<Reading> {
    let (a, b, year) = (c.number("a")?, c.number("b")?, c.number("y")?);
    if c.group("s") != c.group("s2") || !stands_alone(c) {
        return None;
    }
    let short = c.group("y").len() == 2;
    let padded = c.group("a").len() == 2 && c.group("b").len() == 2;
    let dated = DATED.is_match(c.before(24));
    let separator = c.group("s");
    // `1.2.24` is a section, `1-2-24` a score: two digits of a year want a slash, padded dots, or a word for it.
    if short && !dated && !(separator == "/" || separator == "." && padded) {
        return None;
    }
    let year = if short { full_year(year) } else { year };
    let day_first = Day::new(year, b, a);
    let month_first = if separator == "." { None } else { Day::new(year, a, b) };
    let (normal, confidence) = match (day_first, month_first) {
        (Some(x), Some(y)) if x != y => (format!("{}|{}", x.min(y), x.max(y)), 600),
        (Some(x), _) | (None, Some(x)) => (x.to_string(), if separator == "." { 950 } else { 900 }),
        (None, None) => return None,
    };
    Some(Reading::new(c.span(), normal, if short && !dated { confidence - 250 } else { confidence }))
}

/// Words that announce a date.
static DATED: LazyLock<Regex> = LazyLock::new(|| {
    compile(r"(?i)(?:^|[^\p{L}])(?:dated?|on|of|by|until|since|am|vom|zum|den|dem|ab|bis|seit|datum|du|le|au)[:\s]*$")
});

/// Words behind which digits are a version or a section and no date.
static NUMBERED: LazyLock<Regex> = LazyLock::new(|| {
    compile(
        r"(?i)(?:§|(?:^|[^\p{L}])(?:version|release|rev|ver|v|section|sec|sect|chapter|clause|ziffer|ziff|kapitel|abschnitt|article|art|no|nr))\.?~?$",
    )
});

/// Whether a group of digits is not a part of a longer one (an address, a version, a path) and no section number.
fn stands_alone(c: &Candidate) -> bool {
    let before = c.before(24);
    let joined = |c: char| matches!(c, '.' | '/' | '-' | '_' | ':' | '+' | '=' | '\\');
    let tail = before.trim_end_matches(joined);
    let joined_before = tail.len() < before.len() && tail.ends_with(|c: char| c.is_alphanumeric());
    let mut after = c.after(8).chars();
    let joined_after = match after.next() {
        Some('.' | ',' | '-') => after.next().is_some_and(|c| c.is_ascii_digit()),
        Some('/' | '\\' | '_') => true,
        _ => false,
    };
    !joined_before && !before.ends_with('/') && !joined_after && !NUMBERED.is_match(before)
}

fn day_first(c: &Candidate) -> Option<Reading> {
    let year = c.number("y")?;
    let short = c.group("y").len() == 2;
    let written = if short { full_year(year) } else { year };
    let day = Day::new(written, month(c.group("m"))?, c.number("d")?)?;
    // `5.00-` and `12:30` end in digits that are no day.
    let before = c.before(2);
    let number_goes_on = before.starts_with(|c: char| c.is_ascii_digit()) && before.ends_with(['.', ':', ',', '/']);
    (!number_goes_on).then(|| Reading::new(c.span(), day.to_string(), if short { 700 } else { 980 }))
}

fn range(c: &Candidate) -> Option<Reading> {
    let (year, month) = (c.number("y")?, month(c.group("m"))?);
    let first = Day::new(year, month, c.number("d")?)?;
    let last = Day::new(year, month, c.number("e")?)?;
    (first < last).then(|| Reading::new(c.span(), format!("{first}/{last}"), 950))
}

fn month_of_year(c: &Candidate) -> Option<Reading> {
    let month = month(c.group("m"))?;
    // Behind a day this would be the rest of a date that does not exist: `30 February 2024`.
    let behind_day = DAY_BEFORE.is_match(c.before(12));
    (!lacks_capital(c.group("m")) && !behind_day)
        .then(|| Reading::new(c.span(), format!("{}-{month:02}", c.group("y")), 900))
}

static DAY_BEFORE: LazyLock<Regex> =
    LazyLock::new(|| compile(r"(?:^|[^\d.,])\d{1,2}(?:st|nd|rd|th|er|\.)?(?:~|-|/)?(?:day~of~|of~)?$"));

fn quarter(c: &Candidate) -> Option<Reading> {
    let number = match c.group("w").to_ascii_lowercase().as_str() {
        "" => c.number("q")?,
        "first" => 1,
        "second" => 2,
        "third" => 3,
        _ => 4,
    };
    Some(Reading::new(c.span(), format!("{}-Q{number}", c.group("y")), 900))
}

/// Words behind which four digits are a year; a year and a joining word may stand between (`from 2019 to 2021`).
static BEFORE_YEAR: LazyLock<Regex> = LazyLock::new(|| {
    compile(concat!(
        r"(?i)(?:^|[^\p{L}])(?:in|since|until|till|before|after|during|circa|by|from|between|through|around|year|years|fiscal|",
        r"fy|ended|early|late|mid|copyright|©|\(c\)|",
        r"(?:spring|summer|autumn|fall|winter|end|beginning|start|middle|year|class|crisis|elections?)~of|",
        r"jahre?|jahres|geschäftsjahr|seit|bis|vor|nach|ab|anfang|ende|mitte|sommer|frühjahr|herbst|",
        r"en|depuis|année|années|avant|après|exercice|fin|début)",
        r"(?:~|-)(?:[12]\d{3}(?:~?[-–]~?|~(?:to|and|or|until|through|bis|und|et|à)~))?$"
    ))
});

/// What follows a quantity and not a year.
static UNIT: LazyLock<Regex> = LazyLock::new(|| {
    compile(concat!(
        r"(?i)^(?:[.,:/]\d|[%°$€£'’]|~?(?:%|°|[$€£])|(?:~|-)(?:",
        r"percent|people|persons|men|women|children|users|patients|employees|workers|members|soldiers|troops|homes|",
        r"units|shares|feet|foot|ft|miles?|km|m|cm|mm|kg|g|mg|ml|l|tons?|tonnes?|meters?|metres?|pounds|lbs?|acres?|hectares?|",
        r"dollars|euros?|eur|usd|cents|points|pages|words|votes|times|hours?|hrs|minutes?|seconds?|days?|weeks?|years?|",
        r"mhz|ghz|hz|watts?|volts?|calories|degrees|stück|personen|menschen|mitarbeiter|meter|prozent|personnes|mètres",
        r")(?:$|[^\p{L}]))"
    ))
});

/// Years that a single number in a sentence is taken for: outside it is a quantity more often than a year.
const LIKELY_YEARS: std::ops::Range<u32> = 1500..2100;

fn year(c: &Candidate) -> Option<Reading> {
    let year = c.number("y")?;
    (LIKELY_YEARS.contains(&year) && BEFORE_YEAR.is_match(c.before(40)) && !UNIT.is_match(c.after(16)))
        .then(|| Reading::new(c.span(), year.to_string(), 800))
}

#[cfg(test)]
mod tests {
    use super::super::table;
    use docmill_model::MentionType::Date;

    #[test]
    fn months_by_name_are_read_in_three_languages() {
        table::check(
            Date,
            &[
                ("on 3rd March 2024.", &[("3rd March 2024", "2024-03-03")]),
                ("On March 3, 2024, we", &[("March 3, 2024", "2024-03-03")]),
                ("MARCH 3, 2024", &[("MARCH 3, 2024", "2024-03-03")]),
                ("Berlin, den 3. März 2024", &[("3. März 2024", "2024-03-03")]),
                ("Wien, 1. Jänner 1999", &[("1. Jänner 1999", "1999-01-01")]),
                ("le 1er avril 2023", &[("1er avril 2023", "2023-04-01")]),
                ("le 3 mars 2024 à", &[("3 mars 2024", "2024-03-03")]),
                ("31 déc. 2019", &[("31 déc. 2019", "2019-12-31")]),
                ("Sept. 9, 1999", &[("Sept. 9, 1999", "1999-09-09")]),
                ("this 3rd day of March, 2024", &[("3rd day of March, 2024", "2024-03-03")]),
                ("05-Mar-24", &[("05-Mar-24", "2024-03-05")]),
                ("5-Mar-2024", &[("5-Mar-2024", "2024-03-05")]),
                ("Date: Tue, 5 Mar 2024 10:22:33 +0100", &[("5 Mar 2024", "2024-03-05")]),
                ("From a Tue Mar  5 10:22:33 2024", &[("Mar 5 10:22:33 2024", "2024-03-05")]),
                ("10:30 5 March 2024", &[("5 March 2024", "2024-03-05")]),
            ],
        );
        table::check_none(
            Date,
            &[
                "30 February 2024",
                "31. April 2024",
                "32 May 2024",
                "March 0, 2024",
                "you may 2024 times",
                "Marching 2024",
                "30th of February 2024",
            ],
        );
    }

    #[test]
    fn digits_are_read_by_their_separators() {
        table::check(
            Date,
            &[
                ("2024-03-03", &[("2024-03-03", "2024-03-03")]),
                ("at 2024-03-03T10:22:33.123Z.", &[("2024-03-03T10:22:33.123Z", "2024-03-03")]),
                ("2024-03-03 10:22:33+01:00", &[("2024-03-03 10:22:33+01:00", "2024-03-03")]),
                ("20240303T102233Z", &[("20240303T102233Z", "2024-03-03")]),
                ("2024/3/13", &[("2024/3/13", "2024-03-13")]),
                ("am 03.04.2024.", &[("03.04.2024", "2024-04-03")]),
                ("am 3. 4. 2024", &[("3. 4. 2024", "2024-04-03")]),
                ("3/4/2024", &[("3/4/2024", "2024-03-04|2024-04-03")]),
                ("4/4/2024", &[("4/4/2024", "2024-04-04")]),
                ("13/4/2024", &[("13/4/2024", "2024-04-13")]),
                ("4/13/2024", &[("4/13/2024", "2024-04-13")]),
                ("12-31-1999", &[("12-31-1999", "1999-12-31")]),
                ("03.03.24", &[("03.03.24", "2024-03-03")]),
                ("vom 3.3.24", &[("3.3.24", "2024-03-03")]),
                ("6/13/69", &[("6/13/69", "2069-06-13")]),
                ("6/13/70", &[("6/13/70", "1970-06-13")]),
                ("(03.03.2024)", &[("03.03.2024", "2024-03-03")]),
            ],
        );
        table::check_none(
            Date,
            &[
                "30.02.2024",
                "13/13/2024",
                "2024-13-01",
                "1.2.2024.5",
                "192.168.1.20",
                "10.1.12.24",
                "v1.2.2024",
                "version 1.2.2024",
                "Section 1.2.2024",
                "§ 1.2.2024",
                "1.2.24",
                "1-2-24",
                "1/2/2024/3",
                "555-12-1234",
                "12.50",
                "3/4.2024",
                "99/99/9999",
                "+49.30.12.10.2024",
                "build-12-10-2024",
                "",
                "2024",
                "2024-03-03-17",
            ],
        );
    }

    #[test]
    fn months_quarters_years_and_ranges_have_their_own_precision() {
        table::check(
            Date,
            &[
                ("in March 2024", &[("March 2024", "2024-03")]),
                ("im Dezember 2019", &[("Dezember 2019", "2019-12")]),
                ("en mars 2024", &[("mars 2024", "2024-03")]),
                ("Q3 2024", &[("Q3 2024", "2024-Q3")]),
                ("2024-Q1", &[("2024-Q1", "2024-Q1")]),
                ("the third quarter of 2019", &[("third quarter of 2019", "2019-Q3")]),
                ("im 2. Quartal 2020", &[("2. Quartal 2020", "2020-Q2")]),
                ("in 2019 the", &[("2019", "2019")]),
                ("im Jahr 2019", &[("2019", "2019")]),
                ("fiscal year 2023", &[("2023", "2023")]),
                ("en 2019,", &[("2019", "2019")]),
                ("since 2020", &[("2020", "2020")]),
                ("from 2019 to 2021", &[("2019", "2019"), ("2021", "2021")]),
                ("between 2019 and 2021", &[("2019", "2019"), ("2021", "2021")]),
                ("3-5 March 2024", &[("3-5 March 2024", "2024-03-03/2024-03-05")]),
                ("March 3–5, 2024", &[("March 3–5, 2024", "2024-03-03/2024-03-05")]),
                ("vom 3. bis 5. März 2024", &[("3. bis 5. März 2024", "2024-03-03/2024-03-05")]),
                ("du 3 au 5 mars 2024", &[("3 au 5 mars 2024", "2024-03-03/2024-03-05")]),
                ("3 March 2024 – 5 April 2024", &[("3 March 2024", "2024-03-03"), ("5 April 2024", "2024-04-05")]),
            ],
        );
        table::check_none(
            Date,
            &[
                "in 2000 people",
                "by 1500 feet",
                "sold 2000, 3",
                "in the 1990s",
                "in 2019.5",
                "room 2019",
                "in 3019",
                "within 2000",
                "Q5 2024",
                "in 2,019",
            ],
        );
    }

    #[test]
    fn doubt_lowers_the_confidence() {
        let confidence = |text| super::super::recognise(text).first().map(|f| f.confidence);
        assert!(confidence("3/4/2024") < confidence("13/4/2024"));
        assert!(confidence("03.03.24") < confidence("03.03.2024"));
        assert!(confidence("in 2019") < confidence("March 2019"));
    }
}
