//! What rules set right in the names of a sentence: borders, words that are no names, companies with their legal
//! form, courts and authorities, and organisations and addresses that were taken for something else.

mod body;
mod company;
mod kind;

use std::collections::BTreeMap;

use docmill_model::MentionType;

use super::lists::{ARTICLES, CONNECTORS, ROLES, TERMS, TITLES, holds};
use super::{Span, Token};

/// Applies the rules to the names of a sentence of `text`, which are sorted and do not overlap, before and after.
pub(super) fn apply(text: &str, sentence: &[Token<'_>], spans: &mut Vec<Span>) {
    let mut marked = Marked { sentence, names: BTreeMap::new() };
    for span in spans.drain(..) {
        if let Some(span) = trim(sentence, span) {
            marked.put(span);
        }
    }
    marked.organisations();
    marked.addresses();
    marked.companies();
    marked.public_bodies(text);
    spans.extend(marked.names.into_values());
}

/// Takes off what is no part of a name; `None` when no name is left.
fn trim(sentence: &[Token<'_>], mut span: Span) -> Option<Span> {
    let before: &[&str] = if span.kind == MentionType::Person { TITLES } else { ARTICLES };
    let is_word = |at: usize| sentence[at].text.contains(char::is_alphanumeric);
    while span.start < span.end
        && (!is_word(span.start) || span.start + 1 < span.end && holds(before, sentence[span.start].text))
    {
        span.start += 1;
    }
    let is_possessive = |text: &str| matches!(text, "'s" | "’s" | "'S" | "’S");
    // Between two parties the model now and then takes the `v.` for the end of the first.
    let is_behind = |text: &str| is_possessive(text) || matches!(text, "v." | "vs.");
    while span.start < span.end && (!is_word(span.end - 1) || is_behind(sentence[span.end - 1].text)) {
        span.end -= 1;
    }
    let words = &sentence[span.start..span.end];
    let is_role = span.kind != MentionType::Location && words.iter().all(|word| holds(ROLES, word.text));
    let is_term = words
        .iter()
        .all(|word| holds(TERMS, word.text) || word.text.chars().filter(|c| c.is_alphanumeric()).nth(1).is_none());
    (!words.is_empty() && !is_role && !is_term).then_some(span)
}

/// A sentence and its names by their first word.
struct Marked<'a, 't> {
    sentence: &'a [Token<'t>],
    names: BTreeMap<usize, Span>,
}

impl Marked<'_, '_> {
    fn covering(&self, word: usize) -> Option<&Span> {
        self.names.range(..=word).next_back().map(|(_, span)| span).filter(|span| word < span.end)
    }

    /// Adds a name; those that it overlaps become part of it.
    fn put(&mut self, mut span: Span) {
        while let Some((&start, other)) = self.names.range(..span.end).next_back().filter(|(_, o)| o.end > span.start) {
            span.start = span.start.min(start);
            span.end = span.end.max(other.end);
            self.names.remove(&start);
        }
        self.names.insert(span.start, span);
    }

    fn text(&self, word: usize) -> &str {
        self.sentence.get(word).map_or("", |token| token.text)
    }

    fn is_capitalised(&self, word: usize) -> bool {
        self.text(word).starts_with(char::is_uppercase)
    }

    fn is_connector(&self, word: usize) -> bool {
        holds(CONNECTORS, self.text(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::{MODEL, tokens};

    /// Asserts what becomes of the names that the model gives, each as type and text.
    fn check(text: &str, model: &[(MentionType, &str)], expected: &[(MentionType, &str)]) {
        let sentence = tokens(text, 0);
        let mut spans: Vec<Span> = model
            .iter()
            .map(|(kind, name)| {
                let at = text.find(name).unwrap();
                let start = sentence.partition_point(|t| t.at < at);
                let end = sentence.partition_point(|t| t.at < at + name.len());
                Span { start, end, kind: *kind, likelihood: 900, confidence: 900, extractor: MODEL }
            })
            .collect();
        apply(text, &sentence, &mut spans);
        let shown = |s: &Span| {
            let last = &sentence[s.end - 1];
            (s.kind, &text[sentence[s.start].at..last.at + last.text.len()])
        };
        assert_eq!(spans.iter().map(shown).collect::<Vec<_>>(), expected, "{text:?}");
        assert!(spans.windows(2).all(|pair| pair[0].end <= pair[1].start));
    }

    use MentionType::{Location, Org, Person};

    #[test]
    fn titles_articles_and_roles_are_no_names() {
        check("Mr. Justice Vogt spoke", &[(Person, "Mr. Justice Vogt")], &[(Person, "Vogt")]);
        check("by the Harrow Trust", &[(Org, "the Harrow Trust")], &[(Org, "Harrow Trust")]);
        check("the Borrower pays the Company", &[(Org, "Borrower"), (Org, "the Company")], &[]);
        check("Judge left", &[(Person, "Judge")], &[]);
        check("in The Hague", &[(Location, "The Hague")], &[(Location, "Hague")]);
        check("see -", &[(Person, "-")], &[]);
        check("in Smith LLC v. Vogt", &[(Org, "Smith LLC v.")], &[(Org, "Smith LLC")]);
    }

    #[test]
    fn a_legal_form_belongs_to_the_company_before_it() {
        check("with Acme, Inc. today", &[(Org, "Acme")], &[(Org, "Acme, Inc.")]);
        check("with John Smith Ltd today", &[(Person, "John Smith")], &[(Org, "John Smith Ltd")]);
        check("When Harrow Point and Sons LLC paid", &[], &[(Org, "Harrow Point and Sons LLC")]);
        check("the Company LLC paid", &[], &[]);
        check("the AG of Texas", &[(Location, "Texas")], &[(Location, "Texas")]);
        check("from Siemens AG.", &[(Org, "Siemens")], &[(Org, "Siemens AG")]);
        check("Inc. Ltd", &[], &[(Org, "Inc. Ltd")]);
    }

    #[test]
    fn a_word_or_a_place_in_an_address_tells_what_a_name_is() {
        for (name, whole) in [
            ("Harrow Point Museum", "Harrow Point Museum of Navigation"),
            ("Harrow Point Museum of", "Harrow Point Museum of Navigation"),
            ("Harrow Point Museum of Navigation", "Harrow Point Museum of Navigation"),
        ] {
            check("the Harrow Point Museum of Navigation v. Acme", &[(Location, name)], &[(Org, whole)]);
        }
        check("at Basel University of the day", &[(Location, "Basel University of")], &[(Org, "Basel University")]);
        check("to Cabinet Ostry", &[(Person, "Cabinet Ostry")], &[(Org, "Cabinet Ostry")]);
        check(
            "to Cabinet Secretary Jones",
            &[(Person, "Cabinet Secretary Jones")],
            &[(Person, "Cabinet Secretary Jones")],
        );
        check("in College Station", &[(Location, "College Station")], &[(Location, "College Station")]);
        let address = [(Location, "Sophienufer"), (Location, "Berlin")];
        check("Sophienufer 14, 10115 Berlin", &[(Person, "Sophienufer")], &address);
        check("Sophienufer 14, 10115 Berlin", &[], &address[1..]);
        check("Anna, 14, 10115", &[(Person, "Anna")], &[(Person, "Anna")]);
        check("Q. IBAN v. VAT ID", &[(Person, "Q."), (Org, "IBAN"), (Person, "v."), (Org, "VAT ID")], &[]);
    }

    #[test]
    fn courts_and_authorities_are_told_by_their_words() {
        for (text, body) in [
            ("filed in the Superior Court of Delaware.", "Superior Court of Delaware"),
            (
                "before the United States District Court for the Southern District of New York, which",
                "United States District Court for the Southern District of New York",
            ),
            ("the U.S. Department of Health and Human Services said", "U.S. Department of Health and Human Services"),
            ("the Court of Appeals for the Ninth\nCircuit held", "Court of Appeals for the Ninth\nCircuit"),
            ("by the Securities and Exchange Commission.", "Securities and Exchange Commission"),
        ] {
            check(text, &[], &[(Org, body)]);
        }
        check("Department of Justice", &[(Org, "Department"), (Org, "Justice")], &[(Org, "Department of Justice")]);
        check("the department of the court", &[], &[]);
    }
}
