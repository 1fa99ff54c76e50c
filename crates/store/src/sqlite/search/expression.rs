//! Terms as FTS5 expressions. Every term is quoted, so that no character of it is an operator.

use crate::terms::{Form, Term, Terms};

/// All that is wanted, in one passage.
pub fn strict(terms: &Terms) -> String {
    without(&joined(&terms.wanted, " AND "), &terms.unwanted)
}

/// All phrases, and as many of `words` as there are; without phrases at least one of them. Empty where nothing is
/// wanted then.
pub fn loose(terms: &Terms, words: &[&Term]) -> String {
    let phrases: Vec<String> = terms.wanted.iter().filter(|t| t.form == Form::Phrase).map(term).collect();
    let phrases = phrases.join(" AND ");
    let words = words.iter().map(|t| term(t)).collect::<Vec<_>>().join(" OR ");
    let wanted = match (phrases.as_str(), words.as_str()) {
        ("", "") => return String::new(),
        (_, "") => phrases,
        ("", _) => words,
        // The second side finds nothing more, and weighs the words.
        _ => format!("({phrases}) OR (({phrases}) AND ({words}))"),
    };
    without(&wanted, &terms.unwanted)
}

pub fn term(term: &Term) -> String {
    let quoted = format!("\"{}\"", term.text);
    if term.form == Form::Stem { quoted + " *" } else { quoted }
}

fn joined(terms: &[Term], by: &str) -> String {
    terms.iter().map(term).collect::<Vec<_>>().join(by)
}

fn without(wanted: &str, unwanted: &[Term]) -> String {
    match unwanted {
        [] => wanted.to_owned(),
        _ => format!("({wanted}) NOT ({})", joined(unwanted, " OR ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_term_is_quoted() {
        let check = |query: &str, expected: &str| assert_eq!(strict(&Terms::parse(query).unwrap()), expected);
        check("a OR b", "\"a\" AND \"OR\" AND \"b\"");
        check("\"net rent\" pay* -\"x y\" -b:c", "(\"net rent\" AND \"pay\" *) NOT (\"x y\" OR \"b:c\")");
    }

    #[test]
    fn phrases_are_wanted_even_where_words_are_not_all_there() {
        let terms = Terms::parse("a \"net rent\" b -c").unwrap();
        let words: Vec<&Term> = terms.wanted.iter().filter(|t| t.form == Form::Word).collect();
        let phrase = "(\"net rent\") OR ((\"net rent\") AND (\"a\" OR \"b\"))";
        assert_eq!(loose(&terms, &words), format!("({phrase}) NOT (\"c\")"));
        assert_eq!(loose(&terms, &[]), "(\"net rent\") NOT (\"c\")");
        assert_eq!(loose(&Terms::parse("a b").unwrap(), &words), "\"a\" OR \"b\"");
        assert_eq!(loose(&Terms::parse("a b").unwrap(), &[]), "");
    }
}
