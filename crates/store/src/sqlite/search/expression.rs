//! Terms as FTS5 expressions. Every term is quoted, so that no character of it is an operator.

use crate::terms::{Form, Term, Terms};

/// All that is wanted, in one passage.
pub fn strict(terms: &Terms) -> String {
    without(&joined(&terms.wanted, " AND ", term), &terms.unwanted)
}

/// All that is wanted, each word in any of its forms. `None` where each has one form only.
pub fn inflected(terms: &Terms) -> Option<String> {
    let has_forms = terms.wanted.iter().any(|term| term.forms().len() > 1);
    has_forms.then(|| without(&joined(&terms.wanted, " AND ", any_form), &terms.unwanted))
}

/// All phrases, and any number of `words` in any of their forms; without phrases at least one of the words. Empty where
/// there is neither.
pub fn loose(terms: &Terms, words: &[&Term]) -> String {
    let phrases: Vec<String> = terms.wanted.iter().filter(|t| t.form == Form::Phrase).map(term).collect();
    let phrases = phrases.join(" AND ");
    let words = words.iter().map(|t| any_form(t)).collect::<Vec<_>>().join(" OR ");
    let wanted = match (phrases.as_str(), words.as_str()) {
        ("", "") => return String::new(),
        (_, "") => phrases,
        ("", _) => words,
        // The second side finds nothing more, and weighs the words.
        _ => format!("({phrases}) OR (({phrases}) AND ({words}))"),
    };
    without(&wanted, &terms.unwanted)
}

fn term(term: &Term) -> String {
    let quoted = format!("\"{}\"", term.text);
    if term.form == Form::Stem { quoted + " *" } else { quoted }
}

/// A term in any of its forms.
pub fn any_form(wanted: &Term) -> String {
    match wanted.forms().as_slice() {
        [_] => term(wanted),
        forms => {
            let quoted: Vec<String> = forms.iter().map(|form| format!("\"{form}\"")).collect();
            format!("({})", quoted.join(" OR "))
        }
    }
}

fn joined(terms: &[Term], by: &str, write: fn(&Term) -> String) -> String {
    terms.iter().map(write).collect::<Vec<_>>().join(by)
}

fn without(wanted: &str, unwanted: &[Term]) -> String {
    match unwanted {
        [] => wanted.to_owned(),
        _ => format!("({wanted}) NOT ({})", joined(unwanted, " OR ", term)),
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
    fn words_are_wanted_in_any_form_and_phrases_as_they_are() {
        let check = |query: &str, expected: Option<&str>| {
            assert_eq!(inflected(&Terms::parse(query).unwrap()).as_deref(), expected, "{query}");
        };
        check(
            "rents a \"old flats\" -flats",
            Some("((\"rents\" OR \"rent\") AND \"a\" AND \"old flats\") NOT (\"flats\")"),
        );
        check("a 2024 rent*", None);
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
