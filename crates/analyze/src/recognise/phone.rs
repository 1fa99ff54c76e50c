//! Telephone numbers. Normal form: E.164 (`+4930123456`) where the country is known, else the digits alone; an
//! extension follows as `;ext=12`.

use docmill_model::{ByteSpan, MentionType};

use super::country::dialling_code;
use super::pattern::{Candidate, Family, Reading, Row, Scope};

/// Most digits of a number in E.164.
const MOST: usize = 15;
/// Fewest digits that are no short code.
const FEWEST: usize = 7;

pub fn family() -> Family {
    Family::new(MentionType::Phone, "rule/phone@1", Scope::Digits, rows())
}

fn rows() -> Vec<Row> {
    let extension = r"(?:,?~?(?:ext\.?|x|extension|Durchwahl|DW)~?(?P<x>\d{1,6}))?\b";
    vec![
        Row::one(
            format!(r"(?P<n>\+~?\d{{1,4}}(?:[ .\-/–\x{{a0}}]{{0,2}}\(?\d{{1,8}}\)?){{2,7}}){extension}"),
            international,
        ),
        // Their length is known, so that a second number behind does not run into the first.
        Row::one(
            format!(
                r"(?P<n>\+1[-. \x{{a0}}]?\(?[2-9]\d{{2}}\)?[-. \x{{a0}}]{{0,2}}[2-9]\d{{2}}[-. ]?\d{{4}}){extension}"
            ),
            international,
        ),
        Row::one(
            format!(r"\b(?P<n>00[1-9]\d{{0,2}}(?:[ .\-/\x{{a0}}]\(?\d{{1,8}}\)?){{2,7}}){extension}"),
            international,
        ),
        Row::one(
            format!(
                r"(?P<n>(?:\b1[-. ])?(?:\([2-9]\d{{2}}\)[-. ]?|\b[2-9]\d{{2}}[-.])[2-9]\d{{2}}[-.]\d{{4}}){extension}"
            ),
            american,
        ),
        Row::one(
            format!(
                concat!(
                    r"\b(?i:tel|tél|telephone|telefon|téléphone|phone|ph|fax|telefax|télécopie|facsimile|mobile|mobil|mob|cell|handy|",
                    r"portable|call|direct|fon)\b\.?(?:~?(?i:no|nr|number|nummer)\b\.?)?(?:[:\s]|\.~?){{0,3}}",
                    r"(?P<n>\(?\d{{1,5}}\)?(?:[ .\-/–\x{{a0}}]{{0,3}}\(?\d{{1,8}}\)?){{1,7}}){extension}"
                ),
                extension = extension
            ),
            announced,
        ),
    ]
}

fn international(c: &Candidate) -> Option<Reading> {
    let written = c.group("n").replace("(0)", "");
    let digits = digits_of(&written);
    let dialled = digits.strip_prefix("00").unwrap_or(&digits);
    let code = dialling_code(dialled)?;
    let north_american = code != "1" || dialled.len() == 11 && is_north_american(&dialled[1..]);
    let fits = (FEWEST + 1..=MOST).contains(&dialled.len());
    let confidence = if written.starts_with('+') { 950 } else { 800 };
    (fits && north_american && !is_part(c)).then(|| reading(c, format!("+{dialled}"), confidence)).flatten()
}

fn american(c: &Candidate) -> Option<Reading> {
    let digits = digits_of(c.group("n"));
    let national = digits.strip_prefix('1').filter(|rest| rest.len() == 10).unwrap_or(&digits);
    (is_north_american(national) && !is_part(c)).then(|| reading(c, format!("+1{national}"), 850)).flatten()
}

/// A number behind a word such as `Tel.`: the country is known only where the shape is the North American one.
fn announced(c: &Candidate) -> Option<Reading> {
    let digits = digits_of(c.group("n"));
    let american = digits.strip_prefix('1').filter(|rest| rest.len() == 10).unwrap_or(&digits);
    let normal = if is_north_american(american) { format!("+1{american}") } else { digits.clone() };
    let dated = c.group("n").contains('.') && digits.len() == 8;
    let goes_on = c.after(2).starts_with(['.', ',', '/']) && c.after(2).ends_with(|c: char| c.is_ascii_digit());
    let fits = (FEWEST..=MOST).contains(&digits.len());
    (fits && !dated && !goes_on).then(|| reading(c, normal, 900)).flatten()
}

fn reading(c: &Candidate, number: String, confidence: u16) -> Option<Reading> {
    let mut span = ByteSpan::new(c.group_span("n")?.start, c.span().end);
    // `telephone (202-555-0100)`: the bracket is the sentence's.
    if c.group("n").starts_with('(') && !c.group("n").contains(')') {
        span.start += 1;
    }
    let normal = if c.group("x").is_empty() { number } else { format!("{number};ext={}", c.group("x")) };
    Some(Reading::new(span, normal, confidence))
}

/// Ten digits of which area and exchange begin with 2-9 and are no service code such as 911.
fn is_north_american(digits: &str) -> bool {
    let bytes = digits.as_bytes();
    bytes.len() == 10 && matches!(bytes[0], b'2'..=b'9') && matches!(bytes[3], b'2'..=b'9') && bytes[1..3] != *b"11"
}

/// Whether the digits go on in front of the match or behind it.
fn is_part(c: &Candidate) -> bool {
    let before = c.before(2);
    let joined =
        before.ends_with(['-', '/', '.', '+']) && !before.starts_with(char::is_whitespace) && before.len() == 2;
    joined || before.ends_with(|c: char| c.is_ascii_digit()) || c.after(1).starts_with(['-', '/', '+'])
}

fn digits_of(written: &str) -> String {
    written.chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests {
    use super::super::table;
    use docmill_model::MentionType::Phone;

    #[test]
    fn numbers_are_normal_where_the_country_is_known() {
        table::check(
            Phone,
            &[
                ("+49 30 1234567", &[("+49 30 1234567", "+49301234567")]),
                ("+49 (0)30 123 45 67,", &[("+49 (0)30 123 45 67", "+49301234567")]),
                ("+1 (212) 555-0100", &[("+1 (212) 555-0100", "+12125550100")]),
                ("+33 1 23 45 67 89", &[("+33 1 23 45 67 89", "+33123456789")]),
                ("0049 30 1234567", &[("0049 30 1234567", "+49301234567")]),
                ("(212) 555-0100", &[("(212) 555-0100", "+12125550100")]),
                ("212-555-0100 ext. 12", &[("212-555-0100 ext. 12", "+12125550100;ext=12")]),
                ("212.555.0100", &[("212.555.0100", "+12125550100")]),
                ("212.555.0100x12", &[("212.555.0100x12", "+12125550100;ext=12")]),
                ("001-212-555-0100x12", &[("001-212-555-0100x12", "+12125550100;ext=12")]),
                (
                    "+1-212-555-0100 (212)555-0199x7",
                    &[("+1-212-555-0100", "+12125550100"), ("(212)555-0199x7", "+12125550199;ext=7")],
                ),
                ("dial 1-800-555-0100.", &[("1-800-555-0100", "+18005550100")]),
                ("by telephone (212-555-0100)", &[("212-555-0100", "+12125550100")]),
                ("tél. 01 99 00 12 34", &[("01 99 00 12 34", "0199001234")]),
                ("Tél : 01.99.00.12.34", &[("01.99.00.12.34", "0199001234")]),
                ("Tel.: 030 1234567", &[("030 1234567", "0301234567")]),
                ("Telefon 030/123 45-67", &[("030/123 45-67", "0301234567")]),
                ("Phone: 2125550100", &[("2125550100", "+12125550100")]),
                ("Fax No. 020 7946 0000", &[("020 7946 0000", "02079460000")]),
            ],
        );
    }

    #[test]
    fn other_digits_are_no_numbers() {
        table::check_none(
            Phone,
            &[
                "030 1234567",
                "+1 123 456 7890",
                "+5",
                "+99 99 99 99 99",
                "2024-03-03",
                "123-45-6789",
                "911",
                "Tel. 12.03.2024",
                "call 911",
                "+10 000 000",
                "1-800",
                "0000 0000 0000",
                "12-212-555-0100",
                "phone 5",
                "DE89 3704 0044 0532 0130 00",
                "511-555-0100x",
                "(011) 555-0100",
            ],
        );
    }
}
