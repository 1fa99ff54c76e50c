//! Numbers of banking: IBAN, BIC, cards, LEI, ISIN.

use docmill_model::ByteSpan;

use super::super::country::is_country;
use super::super::pattern::{Candidate, Reading, Row};
use super::check::{digits, isin, luhn, mod_97};
use super::{compact, compact_prefix};

pub fn rows() -> Vec<Row> {
    vec![
        Row::one(r"\b[A-Z]{2}\d{2}[ \x{a0}-]?[A-Z0-9]{2}", iban),
        Row::one(r"\b\d{4}[ -]?\d{4}[ -]?\d{4}[ -]?\d{1,4}(?:[ -]?\d{1,3})?\b", card),
        Row::one(r"\b3[0-9]\d{2}[ -]?\d{6}[ -]?\d{4,5}\b", card),
        Row::one(r"\b[A-Z0-9]{18}\d{2}\b", lei),
        Row::one(r"\b[A-Z]{2}[A-Z0-9]{9}\d\b", securities_number),
    ]
}

/// A BIC has letters alone, mostly, and is sought behind its name.
pub fn rows_without_digits() -> Vec<Row> {
    let source =
        r"\b(?:BIC|SWIFT)(?:[-/ ]?(?:BIC|SWIFT|[Cc]ode))?\b[)]?[:\s]{0,4}(?P<v>[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?)\b";
    vec![Row::one(source, bic)]
}

/// Lengths of the IBAN registry.
const LENGTHS: &str = "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 \
    DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 \
    KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 \
    PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 \
    YE30";

fn iban(c: &Candidate) -> Option<Reading> {
    let start = c.span().start;
    let country = c.text.get(start..start + 2)?;
    let length = LENGTHS.split_whitespace().find_map(|row| row.strip_prefix(country)?.parse().ok())?;
    let (value, end) = compact_prefix(c.text, start, length)?;
    let rotated = value.chars().skip(4).chain(value.chars().take(4));
    (mod_97(rotated) == Some(1)).then(|| Reading::identifier(ByteSpan::new(start, end), "iban", value, 990))
}

fn bic(c: &Candidate) -> Option<Reading> {
    let value = c.group("v");
    is_country(value.get(4..6)?)
        .then(|| c.group_span("v"))
        .flatten()
        .map(|span| Reading::identifier(span, "bic", value, 950))
}

/// Payment cards: prefix and length of a known scheme, and Luhn.
fn card(c: &Candidate) -> Option<Reading> {
    let value = compact(&c.text[c.span().start..c.span().end]);
    let head = |length: usize| value.get(..length).and_then(|s| s.parse::<u32>().ok()).unwrap_or(0);
    let known = match value.len() {
        14 => matches!(head(2), 36 | 38) || matches!(head(4), 3000..=3059),
        15 => matches!(head(2), 34 | 37),
        16 if matches!(head(2), 51..=55) => true,
        16 if matches!(head(4), 2221..=2720 | 3528..=3589 | 6011 | 6440..=6599) => true,
        13 | 16 | 19 => head(1) == 4,
        _ => false,
    };
    let separated = value.len() < c.span().end - c.span().start;
    // Thirteen digits without a gap are an EAN or a time stamp more often than one of the old short cards.
    let is_card = known && (separated || value.len() > 13) && luhn(&digits(&value)?) && !is_joined(c);
    is_card.then(|| Reading::identifier(c.span(), "card", value, if separated { 950 } else { 800 }))
}

fn lei(c: &Candidate) -> Option<Reading> {
    let value = &c.text[c.span().start..c.span().end];
    let mixed = value.bytes().any(|b| b.is_ascii_uppercase()) && value.bytes().take(18).any(|b| b.is_ascii_digit());
    let announced = c.before(40).contains("LEI");
    (mixed && mod_97(value.chars()) == Some(1))
        .then(|| Reading::identifier(c.span(), "lei", value, if announced { 990 } else { 900 }))
}

/// A letter beyond the country, or the word ISIN, is wanted: Luhn alone lets one in ten strings pass.
fn securities_number(c: &Candidate) -> Option<Reading> {
    let value = &c.text[c.span().start..c.span().end];
    let announced = c.before(40).to_ascii_uppercase().contains("ISIN");
    let country = value.get(..2)?;
    let from_somewhere = is_country(country) || ["XS", "EU", "XA", "XB", "XC", "XD"].contains(&country);
    let plain = value.bytes().skip(2).filter(u8::is_ascii_digit).count() >= 6;
    (from_somewhere && isin(value) && (announced || plain))
        .then(|| Reading::identifier(c.span(), "isin", value, if announced { 990 } else { 800 }))
}

/// Whether digits are a part of a longer run with dots or dashes.
fn is_joined(c: &Candidate) -> bool {
    c.before(1).ends_with(['.', '-', '/']) || c.after(1).starts_with(['-', '/'])
}

#[cfg(test)]
mod tests {
    use super::super::super::table;
    use docmill_model::MentionType::Identifier;

    #[test]
    fn numbers_of_banks_pass_their_checks() {
        table::check(
            Identifier,
            &[
                (
                    "IBAN: DE89 3704 0044 0532 0130 00 BIC",
                    &[("DE89 3704 0044 0532 0130 00", "iban DE89370400440532013000")],
                ),
                ("GB29NWBK60161331926819.", &[("GB29NWBK60161331926819", "iban GB29NWBK60161331926819")]),
                ("NO93 8601 1117 947", &[("NO93 8601 1117 947", "iban NO9386011117947")]),
                ("BIC: DEUTDEFF", &[("DEUTDEFF", "bic DEUTDEFF")]),
                ("SWIFT code DEUTDEFF500", &[("DEUTDEFF500", "bic DEUTDEFF500")]),
                ("4111 1111 1111 1111", &[("4111 1111 1111 1111", "card 4111111111111111")]),
                ("378282246310005", &[("378282246310005", "card 378282246310005")]),
                ("3782 822463 10005", &[("3782 822463 10005", "card 378282246310005")]),
                ("LEI 5493001KJTIIGC8Y1R12", &[("5493001KJTIIGC8Y1R12", "lei 5493001KJTIIGC8Y1R12")]),
                ("US0378331005", &[("US0378331005", "isin US0378331005")]),
            ],
        );
        table::check_none(
            Identifier,
            &[
                "DE88 3704 0044 0532 0130 00",
                "DE89 3704 0044 0532 0130 0",
                "XX89 3704 0044 0532 0130 00",
                "DE893704004405320130001",
                "DE89",
                "DEUTDEFF",
                "BIC: ABCDEFGH",
                "4111 1111 1111 1112",
                "1234 5678 9012 3456",
                "5493001KJTIIGC8Y1R13",
                "US0378331006",
                "ABCDEFGHIJKLMNOPQR12",
            ],
        );
    }
}
