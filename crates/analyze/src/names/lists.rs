//! The words that the rules for names look for. Lower case, without full stops, sorted.

/// Whether a list holds a word, whatever its case and its points.
pub(super) fn holds(list: &[&str], word: &str) -> bool {
    // More bytes than any word of a list has, its points included: keeps long words cheap.
    word.len() <= 32 && {
        let bare: String = word.chars().filter(|&c| c != '.').flat_map(char::to_lowercase).collect();
        list.binary_search(&bare.as_str()).is_ok()
    }
}

/// Parts that people and companies play in a contract, a filing or a suit, and what such names are made of: a name
/// of these words alone is none.
#[rustfmt::skip]
pub(super) const ROLES: &[&str] = &[
    "administrator", "adviser", "advisor", "affiliate", "affiliates", "agent", "agreement", "appellant", "appellants",
    "appellee", "appellees", "applicant", "applicants", "assignee", "assignor", "attorney", "auditor", "bank", "board",
    "borrower", "borrowers", "buyer", "chairman", "chairperson", "chairwoman", "chief", "claimant", "claimants",
    "client", "committee", "common", "company", "consultant", "contractor", "corporation", "counsel", "court",
    "creditor", "creditors", "customer", "debtor", "debtors", "defendant", "defendants", "depositor", "director",
    "directors", "employee", "employees", "employer", "executive", "executor", "exhibit", "federal", "fund", "general",
    "government", "grantee", "grantor", "guarantor", "guarantors", "holder", "holders", "indemnitee", "insured",
    "insurer", "investor", "investors", "issuer", "judge", "landlord", "lender", "lenders", "lessee", "lessor",
    "licensee", "licensor", "manager", "managing", "member", "members", "mortgagee", "mortgagor", "of", "officer",
    "officers", "optionee", "owner", "parent", "participant", "participants", "parties", "partner", "partners",
    "partnership", "party", "payee", "payer", "petitioner", "petitioners", "plaintiff", "plaintiffs", "president", "principal",
    "prosecutor", "purchaser", "purchasers", "registrant", "respondent", "respondents", "secretary", "seller",
    "sellers", "senior", "servicer", "shareholder", "shareholders", "shares", "sponsor", "state", "stock",
    "stockholder", "stockholders", "subcontractor", "subsidiaries", "subsidiary", "supplier", "tenant", "the",
    "treasurer", "trust", "trustee", "trustees", "underwriter", "underwriters", "vendor", "vice", "witness",
];

/// Words by which an organisation is told where they end its name or stand before what it is of. Each names one in
/// most places of the training corpora that have it in a name of two words or more.
#[rustfmt::skip]
pub(super) const ORGANISATIONS: &[&str] = &[
    "academy", "agency", "association", "authority", "bureau", "college", "commission", "committee", "council",
    "department", "federation", "foundation", "fund", "group", "institute", "institution", "laboratory", "league",
    "ministry", "museum", "orchestra", "party", "police", "school", "society", "tribunal", "trust", "university",
];

/// Words by which an organisation is told where a name begins with them: firms of lawyers and experts, offices.
pub(super) const FIRMS: &[&str] =
    &["banco", "banque", "cabinet", "kanzlei", "ministère", "société", "studio", "université"];

/// Abbreviations and words of forms that stand before what is looked for and name nothing themselves.
#[rustfmt::skip]
pub(super) const TERMS: &[&str] = &[
    "al", "bic", "cc", "chf", "curiam", "doi", "ein", "esq", "eur", "fax", "from", "gbp", "iban", "ibid", "id", "imo", "isbn", "issn", "lei",
    "no", "per", "phone", "q", "re", "sent", "ssn", "subject", "swift", "tel", "to", "url", "usd", "v", "vat", "vin", "vs",
];

/// What stands before an organisation or a place and is no part of its name.
pub(super) const ARTICLES: &[&str] = &["a", "an", "the"];

/// What stands before a person's name and is no part of it.
#[rustfmt::skip]
pub(super) const TITLES: &[&str] = &[
    "a", "an", "attorney", "capt", "captain", "chairman", "chancellor", "col", "colonel", "dame", "dear", "detective",
    "director", "dr", "frau", "gen", "governor", "herr", "hon", "honorable", "honourable", "inspector", "judge",
    "justice", "lady", "lieutenant", "lord", "lt", "madame", "mayor", "messrs", "minister", "miss", "mister", "mlle",
    "mme", "monsieur", "mr", "mrs", "ms", "mx", "officer", "president", "prof", "professor", "rep", "representative",
    "rev", "reverend", "secretary", "sen", "senator", "sergeant", "sgt", "sir", "the",
];

/// Legal forms that nothing else is written like: a run of capitalised words before one is a company.
#[rustfmt::skip]
pub(super) const STRONG_FORMS: &[&str] = &[
    "aktiengesellschaft", "bv", "corp", "gmbh", "inc", "incorporated", "kg", "kgaa", "llc", "llp", "ltd", "ltda",
    "nv", "oyj", "plc", "pllc", "pty", "sarl", "srl",
];

/// Legal forms that mean other things too (`AG` is an attorney general): they belong to an organisation before them.
#[rustfmt::skip]
pub(super) const WEAK_FORMS: &[&str] = &[
    "ab", "ag", "as", "asa", "bancorp", "co", "company", "corporation", "ev", "lc", "limited", "lp", "na", "oy", "pc",
    "sa", "sas", "se", "spa",
];

/// Words that stand inside names of organisations without a capital.
pub(super) const CONNECTORS: &[&str] = &["&", "and", "de", "of", "the"];

/// Words with which sentences begin and names do not: none is taken into a run before a legal form.
#[rustfmt::skip]
pub(super) const OPENERS: &[&str] = &[
    "a", "after", "all", "also", "although", "an", "and", "any", "as", "at", "because", "before", "between", "both",
    "but", "by", "during", "each", "every", "for", "from", "he", "her", "his", "however", "i", "if", "in", "is",
    "it", "its", "may", "messrs", "no", "of", "on", "only", "or", "other", "our", "she", "since", "such", "that",
    "the", "their", "these", "they", "this", "those", "to", "under", "until", "upon", "was", "we", "were", "what",
    "when", "where", "whether", "which", "while", "who", "will", "with", "you", "your",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_sorted() {
        for list in
            [ROLES, ORGANISATIONS, FIRMS, TERMS, ARTICLES, TITLES, STRONG_FORMS, WEAK_FORMS, CONNECTORS, OPENERS]
        {
            assert!(list.is_sorted(), "{list:?}");
        }
    }

    #[test]
    fn points_and_capitals_make_no_difference() {
        assert!(holds(STRONG_FORMS, "L.L.C.") && holds(STRONG_FORMS, "GmbH") && !holds(STRONG_FORMS, "Incident"));
    }
}
