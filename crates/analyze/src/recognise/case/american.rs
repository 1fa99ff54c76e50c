//! Decisions and dockets of the United States.

use std::sync::LazyLock;

use docmill_model::ByteSpan;
use regex::Regex;

use super::super::pattern::{Candidate, Reading, Row, after, compile};
use super::super::proper::start_of_caption;
use super::reporter;

pub fn rows() -> Vec<Row> {
    vec![
        Row::one(
            format!(
                r"\b(?P<v>\d{{1,4}})~(?P<r>{})(?:~?\([12]\d{{3}}\))?~(?P<p>\d{{1,5}}|_{{2,4}})\b",
                reporter::pattern()
            ),
            reported,
        ),
        Row::one(
            r"\b(?P<y>19[89]\d|20\d{2})~(?P<r>WL|U\.?S\.?~(?:Dist\.|App\.)~LEXIS|U\.S\.~LEXIS)~(?P<p>\d{2,8})\b",
            database,
        ),
        Row::one(
            r"\b(?:(?P<o>\d{1,2})[:-])?(?P<y>\d{2})[-–](?P<k>(?i:cv|cr|mj|mc|md|ml|bk|bkr|ap|po|misc|civ|crim|cm|sw|dp|adv))[-–](?P<n>\d{3,6})(?:[-–][A-Z]{1,4}\d?){0,4}\b",
            federal_docket,
        ),
        Row::one(
            r"\b(?P<y>\d{2})~(?P<k>Civ|Cr|Crim|Cv|CV|CR|cv|cr)\.?~(?P<n>\d{2,5})\b(?:~\([A-Z]{2,4}\)){0,2}",
            spelled_docket,
        ),
        Row::one(
            concat!(
                r"\b(?i:(?:civil~|criminal~|crim\.~|adversary~|bankruptcy~|appeal~|index~|cause~|court~|superior~court~|docket~)*",
                r"(?:case|docket|action|civ\.~?a\.|appeal|index|cause|proceeding|court~file|petition))",
                r"~?(?i:nos?\.?|numbers?|#):?~?(?P<n>(?:[A-Z]{1,4}(?:[-–.]|~)?)?\d{1,6}(?:[-–:/][A-Za-z0-9]{1,8}){0,4})"
            ),
            announced_docket,
        ),
        Row::one(r"\bNos?\.~(?P<n>\d{2}[-–]\d{2,5})\b", numbered_docket),
    ]
}

/// Pin pages and the court's parenthesis behind a citation belong to it; a parallel citation does not.
fn tail(text: &str, end: usize) -> usize {
    static PIN: LazyLock<Regex> =
        LazyLock::new(|| compile(r"^,~(?:at~)?\d{1,5}(?:[-–]\d{1,5})?(?:~&?~?nn?\.~?\d{1,3}(?:[-–]\d{1,3})?)?"));
    static PARALLEL: LazyLock<Regex> = LazyLock::new(|| compile(r"^~[A-Z§]"));
    static COURT: LazyLock<Regex> = LazyLock::new(|| compile(r"^~\([^()\n]{0,60}\n?[^()\n]{0,40}[12]\d{3}\)"));
    let mut at = end;
    // More than four pin pages are rare, and a sentence of numbers is not.
    for _ in 0..4 {
        let rest = after(text, at, 160);
        let Some(pin) = PIN.find(rest) else { break };
        let follows = &rest[pin.end()..];
        if PARALLEL.is_match(follows) || follows.starts_with(char::is_alphanumeric) {
            break;
        }
        at += pin.end();
    }
    COURT.find(after(text, at, 160)).map_or(at, |court| at + court.end())
}

fn reported(c: &Candidate) -> Option<Reading> {
    let reporter = reporter::key(c.group("r"))?;
    let (volume, page) = (c.group("v"), c.group("p"));
    if volume.starts_with('0') || page == "0" {
        return None;
    }
    let page = if page.starts_with('_') { "_" } else { page };
    let caption = start_of_caption(c.text, c.span().start);
    let span = ByteSpan::new(caption.unwrap_or(c.span().start), tail(c.text, c.span().end));
    let sure = caption.is_some() || reporter.contains(char::is_numeric) || span.end > c.span().end;
    Some(Reading::new(span, format!("{volume} {reporter} {page}"), if sure { 970 } else { 850 }))
}

/// `2019 WL 123456` and LEXIS numbers.
fn database(c: &Candidate) -> Option<Reading> {
    let series = c.group("r").to_lowercase().replace('.', "").split_whitespace().collect::<Vec<_>>().join(" ");
    let start = start_of_caption(c.text, c.span().start).unwrap_or(c.span().start);
    Some(Reading::new(ByteSpan::new(start, c.span().end), format!("{} {series} {}", c.group("y"), c.group("p")), 960))
}

/// `1:19-cv-01234-ABC` as `1:19-cv-01234`: judges' initials change in the course of a case.
fn federal_docket(c: &Candidate) -> Option<Reading> {
    let office = if c.group("o").is_empty() { String::new() } else { format!("{}:", c.group("o")) };
    let joined = c.before(1).ends_with(['-', '/', '.']);
    let normal = format!("{office}{}-{}-{:0>5}", c.group("y"), c.group("k").to_lowercase(), c.group("n"));
    (!joined).then(|| Reading::new(c.span(), normal, 970))
}

/// `19 Civ. 1234 (ABC)`.
fn spelled_docket(c: &Candidate) -> Option<Reading> {
    let kind = if c.group("k").to_lowercase().starts_with("cr") { "cr" } else { "cv" };
    let number_in_front = c.before(2).trim_end().ends_with(|c: char| c.is_ascii_digit() || matches!(c, ',' | '.'));
    (!number_in_front).then(|| Reading::new(c.span(), format!("{}-{kind}-{:0>5}", c.group("y"), c.group("n")), 850))
}

fn announced_docket(c: &Candidate) -> Option<Reading> {
    let number = c.group("n");
    let span = c.group_span("n")?;
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    // `Case No. 5` counts; a docket has a dash, or as many digits as a register.
    let has_shape = number.contains(['-', '–', ':', '/']) && digits >= 4 || digits >= 5;
    has_shape.then(|| Reading::new(span, canonical(number), 850))
}

/// `No. 17-1234`, as courts of appeals number; other things are numbered so as well.
fn numbered_docket(c: &Candidate) -> Option<Reading> {
    let number = canonical(c.group("n"));
    let goes_on = c.after(2).starts_with(['-', '–', '/', '.']) && c.after(2).ends_with(|c: char| c.is_alphanumeric());
    let part_of_label =
        c.before(8).trim_end().ends_with(|c: char| c.is_lowercase() || c == '.') && c.before(1).ends_with(' ');
    (!goes_on)
        .then(|| c.group_span("n"))
        .flatten()
        .map(|span| Reading::new(span, number, if part_of_label { 500 } else { 650 }))
}

fn canonical(number: &str) -> String {
    number.to_lowercase().replace('–', "-").replace(['\n', '\u{a0}'], " ")
}

#[cfg(test)]
mod tests {
    use super::super::super::table;
    use docmill_model::MentionType::Case;

    #[test]
    fn reported_decisions_are_cited_by_volume_and_page() {
        table::check(
            Case,
            &[
                ("See Roe v. Wade, 410 U.S. 113 (1973).", &[("Roe v. Wade, 410 U.S. 113 (1973)", "410 us 113")]),
                ("410 U. S. 113, 120-21", &[("410 U. S. 113, 120-21", "410 us 113")]),
                (
                    "Roe v. Wade, 410 U.S. 113, 93 S. Ct. 705 (1973)",
                    &[("Roe v. Wade, 410 U.S. 113", "410 us 113"), ("93 S. Ct. 705 (1973)", "93 s ct 705")],
                ),
                (
                    "Acme, Inc. v. City of Troy, 123 F. Supp. 2d 456, 460 n.3 (S.D.N.Y. 1999)",
                    &[(
                        "Acme, Inc. v. City of Troy, 123 F. Supp. 2d 456, 460 n.3 (S.D.N.Y. 1999)",
                        "123 f supp 2d 456",
                    )],
                ),
                (
                    "In re Grand Jury, 100 F.3d 1 (9th Cir. 1996)",
                    &[("In re Grand Jury, 100 F.3d 1 (9th Cir. 1996)", "100 f3d 1")],
                ),
                (
                    "45 Cal. 4th 600; 50 N.Y.2d 12",
                    &[("45 Cal. 4th 600", "45 cal 4th 600"), ("50 N.Y.2d 12", "50 ny2d 12")],
                ),
                ("12 So.3d 4", &[("12 So.3d 4", "12 so 3d 4")]),
                ("2019 WL 1234567", &[("2019 WL 1234567", "2019 wl 1234567")]),
                ("2019 U.S. Dist. LEXIS 12345", &[("2019 U.S. Dist. LEXIS 12345", "2019 us dist lexis 12345")]),
            ],
        );
        table::check_none(
            Case,
            &[
                "410 U.S. at 120",
                "12 A 3",
                "0 U.S. 1",
                "U.S. 113",
                "5 F.3d",
                "42 U.S.C. 1983",
                "1 U.S. Highway 5",
                "12 Iowans 3",
            ],
        );
    }

    #[test]
    fn dockets_lose_the_initials_of_judges() {
        table::check(
            Case,
            &[
                ("No. 1:19-cv-01234", &[("1:19-cv-01234", "1:19-cv-01234")]),
                ("2:20-cr-00012-ABC", &[("2:20-cr-00012-ABC", "2:20-cr-00012")]),
                ("Case 3:07-cv-521-JAM-EFB Document 3", &[("3:07-cv-521-JAM-EFB", "3:07-cv-00521")]),
                ("19-CV-1234", &[("19-CV-1234", "19-cv-01234")]),
                ("19 Civ. 1234 (ABC)", &[("19 Civ. 1234 (ABC)", "19-cv-01234")]),
                ("Case No. 19-1234", &[("19-1234", "19-1234")]),
                ("Index No. 650123/2019", &[("650123/2019", "650123/2019")]),
                ("Civil Action No. 05-2433", &[("05-2433", "05-2433")]),
                ("No. 17-1234", &[("17-1234", "17-1234")]),
            ],
        );
        table::check_none(
            Case,
            &["Case No. 5", "in case 19-1234", "17-1234", "No. 17-1", "No. 5", "a-19-cv-01234", "Invoice No. 17-1234"],
        );
    }
}
