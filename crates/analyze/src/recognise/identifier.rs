//! Identifiers: numbers that name one thing, with their check digits where they have some.
//!
//! Normal form: scheme, space, value without separators (`iban DE89370400440532013000`); the same pair is the
//! mention's identifier.

use std::sync::LazyLock;

use docmill_model::{ByteSpan, MentionType};
use regex::Regex;

use super::pattern::{Candidate, Family, Reading, Row, Scope, compile, is_blank};
use super::url;

mod bank;
mod check;
mod labelled;
mod ledger;
mod tax;

use check::{digits, ean_13, imo, isbn_10, vin};

const EXTRACTOR: &str = "rule/identifier@1";

pub fn family() -> Family {
    let mut rows = vec![
        Row::one(r"\bISBN(?:-1[03])?:?~?(?P<v>\d[\d \x{a0}-]{8,16}[\dX])\b", isbn),
        Row::one(r"\b(?P<v>97[89]-?\d[\d-]{8,12}\d)\b", isbn),
        Row::one(r"\b[A-HJ-NPR-Z0-9]{17}\b", vehicle),
        Row::one(r"\bIMO(?:~(?:[Nn]o\.?|[Nn]umber))?(?::|~){0,2}(?P<v>\d{7})\b", ship),
        Row::one(r"\b10\.\d{4,9}/", doi),
        Row::one(r"\b(?P<p>[A-Z][A-Z0-9]{1,9}(?:[-_][A-Z]{1,8})?)(?P<s>[-_])?(?P<v>\d{6,10})\b", bates),
    ];
    rows.extend(bank::rows());
    rows.extend(tax::rows());
    rows.extend(ledger::rows());
    rows.extend(labelled::rows());
    Family::new(MentionType::Identifier, EXTRACTOR, Scope::Digits, rows)
}

pub fn family_without_digits() -> Family {
    Family::new(MentionType::Identifier, EXTRACTOR, Scope::Everywhere, bank::rows_without_digits())
}

/// A value without white space and dashes.
fn compact(written: &str) -> String {
    written.chars().filter(|c| c.is_ascii_alphanumeric()).collect()
}

/// Reads so many capitals and digits from a position over single gaps; the value ends with a word. Gives the value
/// without gaps and where it ends.
fn compact_prefix(text: &str, start: usize, length: usize) -> Option<(String, usize)> {
    let mut value = String::with_capacity(length);
    let mut gap = false;
    for (at, c) in text[start..].char_indices() {
        if c.is_ascii_uppercase() || c.is_ascii_digit() {
            value.push(c);
            gap = false;
            if value.len() == length {
                let end = start + at + 1;
                let ends = !text[end..].starts_with(|c: char| c.is_alphanumeric());
                return ends.then_some((value, end));
            }
        } else if (is_blank(c) || c == '-') && !gap {
            gap = true;
        } else {
            return None;
        }
    }
    None
}

/// ISBN-10 and ISBN-13, both given as the latter.
fn isbn(c: &Candidate) -> Option<Reading> {
    let span = c.group_span("v")?;
    let value = compact(c.group("v"));
    let announced = span.start > c.span().start;
    let mut all = match value.len() {
        10 if announced && isbn_10(&value) => digits(&format!("978{}", &value[..9]))?,
        13 if value.starts_with("978") || value.starts_with("979") => digits(&value[..12])?,
        _ => return None,
    };
    let check = ean_13(&all);
    if value.len() == 13 && !value.ends_with(|c: char| c.to_digit(10) == Some(check)) {
        return None;
    }
    all.push(check);
    let value: String = all.iter().filter_map(|d| char::from_digit(*d, 10)).collect();
    Some(Reading::identifier(span, "isbn", value, if announced { 990 } else { 850 }))
}

fn vehicle(c: &Candidate) -> Option<Reading> {
    let value = &c.text[c.span().start..c.span().end];
    let letters = value.bytes().filter(u8::is_ascii_uppercase).count();
    let announced = c.before(40).to_ascii_lowercase().contains("vin") || c.before(40).contains("ehicle");
    let plausible = (3..=14).contains(&letters) && value.bytes().rev().take(4).all(|b| b.is_ascii_digit());
    (plausible && vin(value)).then(|| Reading::identifier(c.span(), "vin", value, if announced { 990 } else { 850 }))
}

fn ship(c: &Candidate) -> Option<Reading> {
    let value = c.group("v");
    let span = c.group_span("v")?;
    imo(&digits(value)?).then(|| Reading::identifier(span, "imo", value, 990))
}

fn doi(c: &Candidate) -> Option<Reading> {
    let start = c.span().start;
    let value = url::extent(&c.text[start..]);
    let joined = c.before(1).ends_with(['.', '-']);
    let span = ByteSpan::new(start, start + value.len());
    (span.end > c.span().end && !joined).then(|| Reading::identifier(span, "doi", value.to_lowercase(), 980))
}

/// Prefixes that stand in front of long numbers for another reason: standards, patents, money, reagents.
const NO_BATES: &str = "ISO RFC CVE IMO EP US WO DE GB EU USD EUR GBP CHF ISBN ISSN PMID NCT DOI UTC GMT TEL FAX SSN EIN \
    FIG VAT ZIP BIC CAS ISIN LEI VIN SKU UPC EAN GTIN PO ID NO NR MD5 SHA UTF KB MB AB SCR";

/// Words that announce the number of a thing that is no page.
static NO_PAGE: LazyLock<Regex> = LazyLock::new(|| {
    compile(
        r"(?i)\b(?:part|model|type|typ|serial|item|product|catalog(?:ue)?|ticket|patent|article|artikel|version|release|chip)s?-?~?(?:nos?\.?|nr\.?|numbers?|nummer|#)?:?~?$",
    )
});

/// Page stamps of discovery. Without a dash they want a leading zero, as no sum and no year has one.
fn bates(c: &Candidate) -> Option<Reading> {
    let (prefix, number) = (c.group("p"), c.group("v"));
    let letters = prefix.bytes().filter(u8::is_ascii_uppercase).count();
    let separated = !c.group("s").is_empty();
    let known = NO_BATES.split_whitespace().any(|known| prefix == known);
    let joined =
        c.before(1).ends_with(['-', '/', '.', '#']) || c.after(2).starts_with(['-', '/', '_']) && c.after(2).len() == 2;
    let range = c.after(2).starts_with('-') && c.after(2).ends_with(|c: char| c.is_ascii_uppercase());
    let is_page = !NO_PAGE.is_match(c.before(32));
    (letters >= 2 && !known && is_page && (separated || number.starts_with('0')) && (!joined || range)).then(|| {
        let value = format!("{}-{number}", prefix.replace('_', "-"));
        Reading::identifier(c.span(), "bates", value, if number.starts_with('0') { 800 } else { 650 })
    })
}

#[cfg(test)]
mod tests {
    use super::super::{recognise, table};
    use docmill_model::MentionType::Identifier;

    #[test]
    fn numbers_of_books_vehicles_ships_papers_and_pages_are_found() {
        table::check(
            Identifier,
            &[
                ("ISBN 0-306-40615-2", &[("0-306-40615-2", "isbn 9780306406157")]),
                ("ISBN-13: 978-0-306-40615-7.", &[("978-0-306-40615-7", "isbn 9780306406157")]),
                ("9780306406157", &[("9780306406157", "isbn 9780306406157")]),
                ("VIN 1M8GDM9AXKP042788", &[("1M8GDM9AXKP042788", "vin 1M8GDM9AXKP042788")]),
                ("M/V Sea (IMO 9074729)", &[("9074729", "imo 9074729")]),
                ("doi:10.1000/xyz(1)2.", &[("10.1000/xyz(1)2", "doi 10.1000/xyz(1)2")]),
                (
                    "see ABC-000123 and GS_0001234",
                    &[("ABC-000123", "bates ABC-000123"), ("GS_0001234", "bates GS-0001234")],
                ),
                ("ABC000123", &[("ABC000123", "bates ABC-000123")]),
            ],
        );
        table::check_none(
            Identifier,
            &[
                "ISBN 0-306-40615-3",
                "9780306406158",
                "1M8GDM9A0KP042788",
                "IMO 9074728",
                "10.1000",
                "10.1/x",
                "ABC-00123",
                "A-000123",
                "EP1234567",
                "USD 500000",
                "ABC123456",
                "ISO-123456",
                "Part No. ABC-123456",
                "model ABC-123456",
                "Artikel-Nr. ABC-000123",
                "",
            ],
        );
    }

    #[test]
    fn the_identifier_is_the_pair_of_the_normal_form() {
        let found = recognise("ISBN 0-306-40615-2");
        assert_eq!(found[0].identifiers[0].scheme, "isbn");
        assert_eq!(format!("isbn {}", found[0].identifiers[0].value), found[0].normal);
    }
}
