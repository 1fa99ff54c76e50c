//! Numbers that a word announces: invoice, contract, file, order, customer, account, policy, passport.
//!
//! The mention is word and number together, as the number alone tells nobody what it is.

use super::super::pattern::{Candidate, Reading, Row};

/// Words with the scheme they announce. English, German, French.
const LABELS: &[(&str, &str)] = &[
    ("invoice", r"[Ii]nvoice|INVOICE|Inv\.|Rechnungs?|RECHNUNG|[Ff]acture|FACTURE"),
    ("contract", r"[Cc]ontract|CONTRACT|[Aa]greement|Vertrags?|[Cc]ontrat"),
    (
        "file",
        r"[Ff]ile|FILE|(?:Our~|Your~)?[Rr]ef(?:erence)?|REFERENCE|Geschäftszeichen|(?:Unser|Ihr)~Zeichen|[Dd]ossier|[Rr]éférence",
    ),
    ("order", r"(?:[Pp]urchase~)?[Oo]rder|PURCHASE~ORDER|PO|P\.O\.|Bestell(?:ung)?|Auftrags?|[Cc]ommande"),
    ("customer", r"[Cc]ustomer|CUSTOMER|[Cc]lient|Kunden"),
    ("account", r"[Aa]ccount|ACCOUNT|Acct\.?|Konto|[Cc]ompte"),
    ("policy", r"[Pp]olicy|POLICY|Versicherungs(?:schein)?|Policen?|[Pp]olice"),
    ("passport", r"[Pp]assport|PASSPORT|Reisepass|[Pp]asseport"),
];

pub fn rows() -> Vec<Row> {
    let words: Vec<_> = LABELS.iter().map(|(scheme, words)| format!("(?P<{scheme}>{words})")).collect();
    let number = r"(?P<n>(?:-|~)?(?:[Nn]os?\.|NO\.|[Nn]umber|NUMBER|Nr\.|[Nn]ummer|#|[Nn]°|[Nn]uméro|ID)(?::|~){0,2}|~?[:#](?:~|#){0,2})";
    let value = r"(?P<v>[A-Z0-9][A-Za-z0-9]{0,19}(?:[-/._][A-Za-z0-9]{1,20}){0,6})";
    vec![Row::one(format!(r"\b(?:{}){number}{value}", words.join("|")), labelled)]
}

/// Kept with two digits at least: `Policy No. 5` counts, and does not name.
fn labelled(c: &Candidate) -> Option<Reading> {
    let value = c.group("v");
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let (scheme, _) = LABELS.iter().find(|(scheme, _)| c.group_span(scheme).is_some())?;
    // `Reference: 2019` and `File: 03.04.2019` are a year and a date, `File: a1.doc` is a file, `Auftrags: 184.500,00`
    // a sum.
    let bare = !c.group("n").contains(char::is_alphabetic) && !c.group("n").contains(['#', '°']);
    let is_date = value.split(['.', '/', '-']).count() == 3 && digits + 2 == value.len() && digits <= 8;
    let is_year = digits == value.len() && digits == 4;
    let is_sum = value.contains('.') && value.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let is_computer_file = c.group("file").eq_ignore_ascii_case("file");
    let goes_on = c.after(2).starts_with([',', '.']) && c.after(2).ends_with(|c: char| c.is_ascii_digit());
    let is_other = goes_on || bare && (is_date || is_year || is_sum || is_computer_file);
    (digits >= 2 && value.len() >= 3 && digits * 3 >= value.len() && !is_other)
        .then(|| Reading::identifier(c.span(), scheme, value.to_ascii_uppercase(), if bare { 750 } else { 850 }))
}

#[cfg(test)]
mod tests {
    use super::super::super::table;
    use docmill_model::MentionType::Identifier;

    #[test]
    fn a_word_announces_the_number() {
        table::check(
            Identifier,
            &[
                ("Invoice No. 2024-117.", &[("Invoice No. 2024-117", "invoice 2024-117")]),
                ("INVOICE #A1234", &[("INVOICE #A1234", "invoice A1234")]),
                ("Rechnung Nr. 4711/24", &[("Rechnung Nr. 4711/24", "invoice 4711/24")]),
                ("Rechnungsnummer: RE-2024-001", &[("Rechnungsnummer: RE-2024-001", "invoice RE-2024-001")]),
                ("Vertrag Nr. 12-345", &[("Vertrag Nr. 12-345", "contract 12-345")]),
                ("facture n° 2023-77", &[("facture n° 2023-77", "invoice 2023-77")]),
                ("Contract No. AB123", &[("Contract No. AB123", "contract AB123")]),
                ("Commission File Number: 001-34756", &[("File Number: 001-34756", "file 001-34756")]),
                ("Our ref: AB/123", &[("Our ref: AB/123", "file AB/123")]),
                ("Purchase Order No. 4500012345", &[("Purchase Order No. 4500012345", "order 4500012345")]),
                ("Kunden-Nr. 12345", &[("Kunden-Nr. 12345", "customer 12345")]),
                ("Policy Number 123-4567", &[("Policy Number 123-4567", "policy 123-4567")]),
                ("Passport No. C01X00T47", &[("Passport No. C01X00T47", "passport C01X00T47")]),
            ],
        );
        table::check_none(
            Identifier,
            &[
                "Invoice 2024-117",
                "the contract of 2019",
                "Policy No. 5",
                "File: report",
                "Reference: 2019",
                "File: 03.04.2019",
                "in order: 1",
                "Contract No. Nine",
                "account: balance1",
                "Invoice No.",
                "Auftrags: 184.500,00 €",
                "File: a12.doc",
                "profile: 1234567x",
            ],
        );
    }
}
