//! Names of organisations: words written out, articles left out, the legal form in its canonical word.

use unicode_normalization::char::canonical_combining_class;

use super::legal_form::{LegalForm, strip};
use super::{fold, head};

/// An organisation's name, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrgName {
    /// The name as it is compared, with the canonical word of its legal form behind it (`acme gmbh`): two forms are
    /// two companies.
    pub normal: String,
    /// The canonical word of the legal form.
    pub form: Option<&'static str>,
}

/// Abbreviations and spellings, and the word that is used for them. Sorted.
#[rustfmt::skip]
const WRITTEN_OUT: &[(&str, &str)] = &[
    ("acad", "academy"), ("admin", "administration"), ("agcy", "agency"), ("assn", "association"),
    ("assoc", "association"), ("auth", "authority"), ("bd", "board"), ("bldg", "building"), ("bros", "brothers"),
    ("centre", "center"), ("cmte", "committee"), ("comm", "commission"), ("ctr", "center"), ("cttee", "committee"),
    ("dept", "department"), ("dev", "development"), ("dist", "district"), ("div", "division"), ("fdn", "foundation"),
    ("fed", "federal"), ("gov", "government"), ("govt", "government"), ("grp", "group"), ("hosp", "hospital"),
    ("hq", "headquarters"), ("inst", "institute"), ("intl", "international"), ("lab", "laboratory"),
    ("labour", "labor"), ("labs", "laboratories"), ("mfg", "manufacturing"), ("mgmt", "management"),
    ("min", "ministry"), ("mt", "mount"), ("natl", "national"), ("organisation", "organization"),
    ("organisations", "organizations"), ("programme", "program"), ("sch", "school"), ("soc", "society"),
    ("st", "saint"), ("svc", "service"), ("svcs", "services"), ("tech", "technology"), ("univ", "university"),
];

/// Numbers as words, and their digits. Sorted.
#[rustfmt::skip]
const NUMBERS: &[(&str, u8)] = &[
    ("eight", 8), ("eighteen", 18), ("eighty", 80), ("eleven", 11), ("fifteen", 15), ("fifth", 5), ("fifty", 50),
    ("first", 1), ("five", 5), ("forty", 40), ("four", 4), ("fourteen", 14), ("fourth", 4), ("nine", 9),
    ("nineteen", 19), ("ninety", 90), ("ninth", 9), ("one", 1), ("second", 2), ("seven", 7), ("seventeen", 17),
    ("seventh", 7), ("seventy", 70), ("six", 6), ("sixteen", 16), ("sixth", 6), ("sixty", 60), ("ten", 10),
    ("tenth", 10), ("third", 3), ("thirteen", 13), ("thirty", 30), ("three", 3), ("twelve", 12), ("twenty", 20),
    ("two", 2),
];

/// Takes a name apart. `None` when nothing that could be a name is left.
pub fn organisation(raw: &str) -> Option<OrgName> {
    let quoted = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '‘' | '“' | '”' | '„' | '«' | '»' | ',');
    let shown = head(raw).trim_matches(quoted).split_whitespace().collect::<Vec<_>>().join(" ");
    let mut words = words(&shown);
    let form = strip(&mut words);
    let normal =
        [write_out(words, names_country(&shown)).join(" "), form.map(LegalForm::word).unwrap_or_default().to_owned()]
            .join(" ");
    let normal = normal.trim_end().to_owned();
    let named = normal.chars().any(char::is_alphanumeric);
    named.then(|| OrgName { normal, form: form.map(LegalForm::word) })
}

/// The folded words of a name. Signs part words, `&` is `and`, and single letters beside each other are one word: `J. P.
/// Morgan` and `JP Morgan` are alike.
pub(super) fn words(name: &str) -> Vec<String> {
    let folded = fold(name).replace(['&', '+'], " and ");
    let mut words: Vec<String> = Vec::new();
    let mut spelt = false;
    for word in folded.split(|c: char| !is_letter(c)).filter(|w| !w.is_empty()) {
        let single = word.len() == 1 && word.as_bytes()[0].is_ascii_alphabetic();
        match words.last_mut().filter(|_| single && spelt) {
            Some(letters) => letters.push_str(word),
            None => words.push(word.to_owned()),
        }
        spelt = single;
    }
    words
}

/// Letters, digits, and the marks that belong to them.
fn is_letter(c: char) -> bool {
    c.is_alphanumeric() || canonical_combining_class(c) != 0
}

/// Whether `US` or `UK` stands in the name as a country, and not as in `Toys R Us`.
fn names_country(shown: &str) -> bool {
    let mut words = shown.split(|c: char| c.is_whitespace() || matches!(c, ',' | '(' | ')' | '-' | '/'));
    words.any(|word| matches!(word, "US" | "U.S." | "USA" | "U.S.A." | "UK" | "U.K."))
}

fn write_out(words: Vec<String>, country: bool) -> Vec<String> {
    let named = words.len() > 1;
    let mut out: Vec<String> = Vec::with_capacity(words.len());
    // The value of a word such as `forty`, as long as a unit may follow.
    let mut tens: Option<u8> = None;
    for (at, word) in words.into_iter().enumerate() {
        if at == 0 && named && matches!(word.as_str(), "the" | "a" | "an") {
            continue;
        }
        let number = number(&word).filter(|_| named);
        if let (Some(unit @ 1..=9), Some(ten)) = (number, tens.take()) {
            out.pop();
            out.push((ten + unit).to_string());
            continue;
        }
        tens = number.filter(|n| *n >= 20 && n % 10 == 0 && word.ends_with('y'));
        out.push(match number {
            Some(n) => n.to_string(),
            None => written_out(&word, country).map_or(word, str::to_owned),
        });
    }
    out
}

fn number(word: &str) -> Option<u8> {
    if let Ok(at) = NUMBERS.binary_search_by_key(&word, |(name, _)| name) {
        return Some(NUMBERS[at].1);
    }
    let digits = word.trim_end_matches(|c: char| c.is_ascii_lowercase());
    let ordinal = matches!(&word[digits.len()..], "" | "st" | "nd" | "rd" | "th") && digits.len() <= 2;
    digits.parse().ok().filter(|n| ordinal && *n > 0 && !digits.starts_with('0'))
}

fn written_out(word: &str, country: bool) -> Option<&'static str> {
    match word {
        "us" | "usa" if country => Some("united states"),
        "uk" if country => Some("united kingdom"),
        _ => WRITTEN_OUT.binary_search_by_key(&word, |(short, _)| short).ok().map(|at| WRITTEN_OUT[at].1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(cases: &[(&str, &str)]) {
        for (raw, normal) in cases {
            assert_eq!(organisation(raw).map(|o| o.normal).unwrap_or_default(), *normal, "{raw:?}");
        }
    }

    #[test]
    fn spellings_of_one_organisation_have_one_normal_form() {
        check(&[
            ("Linsenwerkstatt Morgenroth GmbH", "linsenwerkstatt morgenroth gmbh"),
            ("“Linsenwerkstatt  Morgenroth G.m.b.H.”", "linsenwerkstatt morgenroth gmbh"),
            ("The Coca-Cola Company", "coca cola co"),
            ("Coca Cola Co.", "coca cola co"),
            ("First Bank Int’l", "1 bank international"),
            ("1st Bank International", "1 bank international"),
            ("Brigade Forty-Four", "brigade 44"),
            ("Brigade 44", "brigade 44"),
            ("U.S. Department of State", "united states department of state"),
            ("US Dept. of State", "united states department of state"),
            ("Toys R Us", "toys r us"),
            ("AT&T Inc.", "at and t inc"),
            ("J. P. Morgan & Co.", "jp morgan and co"),
            ("JP Morgan and Co", "jp morgan and co"),
            ("World Health Organisation", "world health organization"),
            ("Société Générale S.A.", "societe generale sa"),
            ("Газпром, ОАО", "газпром jsc"),
            ("三菱商事株式会社", "三菱商事株式会社"),
        ]);
    }

    #[test]
    fn legal_forms_and_numbers_keep_companies_apart() {
        check(&[("Deutsche Bank AG", "deutsche bank ag"), ("Deutsche Bank GmbH", "deutsche bank gmbh")]);
        check(&[
            ("Harbour Fund I", "harbour fund i"),
            ("Harbour Fund II", "harbour fund ii"),
            ("Fund 20 5", "fund 20 5"),
        ]);
    }

    #[test]
    fn what_is_no_name_gives_none() {
        check(&[("", ""), ("\"\"", ""), ("...", ""), ("&", "and"), ("The", "the"), ("One", "one")]);
        assert!(organisation(&"Acme ".repeat(100_000)).is_some_and(|o| o.normal.len() <= 500));
    }

    #[test]
    fn the_tables_are_sorted() {
        assert!(WRITTEN_OUT.is_sorted() && NUMBERS.is_sorted());
    }
}
