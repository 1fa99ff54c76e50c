//! Numbers of tax and person: European VAT ids, US social security and employer numbers.

use docmill_model::ByteSpan;

use super::super::pattern::{Candidate, Reading, Row};
use super::check::{digits, luhn, mod_97, weighted};
use super::compact_prefix;

pub fn rows() -> Vec<Row> {
    vec![
        Row::one(r"\b(?:DE|ATU|FR|GB|IT|ES|NL|BE|PL)[ \x{a0}]?[A-Z0-9]{2}", vat),
        Row::one(r"\b\d{3}-\d{2}-\d{4}\b", social_security),
        Row::one(
            r"(?:\bSSN|(?i:\bsocial~security)(?:~(?i:no\.?|number|#))?)(?:\s(?i:no\.?|number|#))?[:#\s]{0,3}(?P<v>\d{9})\b",
            social_security_plain,
        ),
        Row::one(
            r"(?:\bF?EIN|(?i:\bemployer~identification|\btax(?:payer)?~(?:id|identification)))(?:~(?i:no\.?|number|#))?[:#\s]{0,3}(?P<v>\d{2}-?\d{7})\b",
            employer,
        ),
    ]
}

/// VAT ids are kept when their check digits hold, and with a low confidence when a word announces them.
fn vat(c: &Candidate) -> Option<Reading> {
    let start = c.span().start;
    let country = c.text.get(start..start + 2)?;
    let lengths: &[usize] = match country {
        "DE" | "AT" | "ES" => &[11],
        "FR" | "IT" => &[13],
        "GB" => &[14, 11],
        "NL" => &[14],
        "BE" | "PL" => &[12],
        _ => return None,
    };
    let (value, end) = lengths.iter().find_map(|&length| compact_prefix(c.text, start, length))?;
    let rest = value.get(2..)?;
    let shape_holds = match country {
        "AT" => rest.starts_with('U') && digits(&rest[1..]).is_some(),
        "FR" => digits(&rest[2..]).is_some(),
        "NL" => rest.as_bytes().get(9) == Some(&b'B') && digits(&rest[..9]).is_some() && digits(&rest[10..]).is_some(),
        "ES" => digits(&rest[1..8]).is_some(),
        "BE" => rest.starts_with(['0', '1']) && digits(rest).is_some(),
        _ => digits(rest).is_some(),
    };
    let before = c.before(40).to_lowercase();
    let words = ["vat", "ust", "umsatzsteuer", "uid", "tva", "iva", "btw", "nip", "mwst"];
    let announced = words.iter().any(|word| before.contains(word));
    let confidence = match (vat_check_holds(country, rest), announced) {
        (true, true) => 990,
        (true, false) => 850,
        (false, true) => 600,
        (false, false) => return None,
    };
    shape_holds.then(|| Reading::identifier(ByteSpan::new(start, end), "vat", value, confidence))
}

fn vat_check_holds(country: &str, rest: &str) -> bool {
    let only_digits: Vec<u32> = rest.chars().filter_map(|c| c.to_digit(10)).collect();
    let d = only_digits.as_slice();
    match (country, d.len()) {
        // ISO 7064 mod 11,10
        ("DE", 9) => {
            let product = d[..8].iter().fold(10, |product, digit| match (product + digit) % 10 {
                0 => 20 % 11,
                sum => 2 * sum % 11,
            });
            (11 - product) % 10 == d[8]
        }
        ("AT", 8) => {
            let doubled = |d: u32| d * 2 / 10 + d * 2 % 10;
            let sum: u32 = d[..7].iter().enumerate().map(|(i, &d)| if i % 2 == 1 { doubled(d) } else { d }).sum();
            (10 - (sum + 4) % 10) % 10 == d[7]
        }
        ("FR", 11) => {
            let company = d[2..].iter().fold(0u64, |n, &d| n * 10 + u64::from(d));
            (12 + 3 * (company % 97)) % 97 == u64::from(d[0] * 10 + d[1]) && luhn(&d[2..])
        }
        ("GB", 9 | 12) => {
            let sum = weighted(&d[..7], &[8, 7, 6, 5, 4, 3, 2]) + d[7] * 10 + d[8];
            sum.is_multiple_of(97) || (sum + 55).is_multiple_of(97)
        }
        ("IT", 11) => luhn(d),
        ("NL", 11) => {
            let old = weighted(&d[..8], &[9, 8, 7, 6, 5, 4, 3, 2]) % 11 == d[8];
            old || mod_97("NL".chars().chain(rest.chars())) == Some(1)
        }
        ("BE", 10) => {
            let head = d[..8].iter().fold(0, |n, d| n * 10 + d);
            97 - head % 97 == d[8] * 10 + d[9]
        }
        ("PL", 10) => weighted(&d[..9], &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11 == d[9],
        _ => false,
    }
}

fn social_security(c: &Candidate) -> Option<Reading> {
    let value = &c.text[c.span().start..c.span().end];
    let joined = c.before(1).ends_with(['-', '.', '/']) || c.after(1).starts_with('-');
    (is_social_security(&value.replace('-', ""))? && !joined).then(|| Reading::identifier(c.span(), "ssn", value, 900))
}

fn social_security_plain(c: &Candidate) -> Option<Reading> {
    let v = c.group("v");
    let value = format!("{}-{}-{}", v.get(..3)?, v.get(3..5)?, v.get(5..)?);
    is_social_security(v)?.then(|| c.group_span("v")).flatten().map(|span| Reading::identifier(span, "ssn", value, 900))
}

/// Area 000, 666 and 900-999, group 00 and serial 0000 are never given out.
fn is_social_security(nine_digits: &str) -> Option<bool> {
    let (area, group, serial) = (nine_digits.get(..3)?, nine_digits.get(3..5)?, nine_digits.get(5..)?);
    Some(area != "000" && area != "666" && !area.starts_with('9') && group != "00" && serial != "0000")
}

fn employer(c: &Candidate) -> Option<Reading> {
    let v = c.group("v").replace('-', "");
    let value = format!("{}-{}", v.get(..2)?, v.get(2..)?);
    c.group_span("v").map(|span| Reading::identifier(span, "ein", value, 950))
}

#[cfg(test)]
mod tests {
    use super::super::super::{recognise, table};
    use docmill_model::MentionType::Identifier;

    #[test]
    fn tax_numbers_pass_their_checks_or_are_announced() {
        table::check(
            Identifier,
            &[
                ("DE136695976", &[("DE136695976", "vat DE136695976")]),
                ("USt-IdNr. DE 136 695 976", &[("DE 136 695 976", "vat DE136695976")]),
                ("ATU13585627", &[("ATU13585627", "vat ATU13585627")]),
                ("FR40303265045", &[("FR40303265045", "vat FR40303265045")]),
                ("GB980780684", &[("GB980780684", "vat GB980780684")]),
                ("IT00743110157", &[("IT00743110157", "vat IT00743110157")]),
                ("NL004495445B01", &[("NL004495445B01", "vat NL004495445B01")]),
                ("BE0428759497", &[("BE0428759497", "vat BE0428759497")]),
                ("PL8567346215", &[("PL8567346215", "vat PL8567346215")]),
                ("NIF/IVA ESA12345678", &[("ESA12345678", "vat ESA12345678")]),
                ("VAT No. DE136695977", &[("DE136695977", "vat DE136695977")]),
                ("SSN 123-45-6789", &[("123-45-6789", "ssn 123-45-6789")]),
                ("Social Security Number: 123456789", &[("123456789", "ssn 123-45-6789")]),
                ("EIN 12-3456789", &[("12-3456789", "ein 12-3456789")]),
                ("Employer Identification No. 123456789", &[("123456789", "ein 12-3456789")]),
            ],
        );
        table::check_none(
            Identifier,
            &[
                "DE136695977",
                "ESA12345678",
                "000-12-3456",
                "666-12-3456",
                "900-12-3456",
                "123-00-4567",
                "123-45-0000",
                "123456789",
                "12-3456789",
                "1-123-45-6789",
                "GB12",
            ],
        );
    }

    #[test]
    fn an_announced_id_with_a_wrong_check_digit_is_doubted() {
        assert_eq!(recognise("VAT No. DE136695977")[0].confidence, 600);
        assert_eq!(recognise("VAT No. DE136695976")[0].confidence, 990);
    }
}
