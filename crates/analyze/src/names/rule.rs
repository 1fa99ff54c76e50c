//! What rules set right in the names of a sentence: borders, roles that are no names, companies with their legal
//! form, and courts and authorities.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use docmill_model::MentionType;
use regex::Regex;

use super::lists::{ARTICLES, CONNECTORS, OPENERS, ROLES, STRONG_FORMS, TITLES, WEAK_FORMS, holds};
use super::{LEGAL_FORM, PUBLIC_BODY, Span, Token};

/// Thousandths of confidence in what the rules find by themselves.
const BY_FORM: u16 = 850;
const BY_BODY: u16 = 900;

/// Words of a company's name that are looked for before its legal form.
const LONGEST_RUN: usize = 7;

/// Applies the rules to the names of a sentence, which are sorted and do not overlap, before and after.
pub(super) fn apply(text: &str, sentence: &[Token<'_>], spans: &mut Vec<Span>) {
    let mut names = Names { sentence, spans: BTreeMap::new() };
    for span in spans.drain(..) {
        if let Some(span) = trim(sentence, span) {
            names.put(span);
        }
    }
    names.legal_forms();
    names.public_bodies(text);
    spans.extend(names.spans.into_values());
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
    while span.start < span.end && (!is_word(span.end - 1) || is_possessive(sentence[span.end - 1].text)) {
        span.end -= 1;
    }
    let words = &sentence[span.start..span.end];
    let is_role = span.kind != MentionType::Location && words.iter().all(|word| holds(ROLES, word.text));
    (!words.is_empty() && !is_role).then_some(span)
}

/// The names of a sentence by their first word.
struct Names<'a, 't> {
    sentence: &'a [Token<'t>],
    spans: BTreeMap<usize, Span>,
}

impl Names<'_, '_> {
    fn covering(&self, word: usize) -> Option<&Span> {
        self.spans.range(..=word).next_back().map(|(_, span)| span).filter(|span| word < span.end)
    }

    /// Adds a name; those that it overlaps become part of it.
    fn put(&mut self, mut span: Span) {
        while let Some((&start, other)) = self.spans.range(..span.end).next_back().filter(|(_, o)| o.end > span.start) {
            span.start = span.start.min(start);
            span.end = span.end.max(other.end);
            self.spans.remove(&start);
        }
        self.spans.insert(span.start, span);
    }

    fn text(&self, word: usize) -> &str {
        self.sentence[word].text
    }

    fn is_capitalised(&self, word: usize) -> bool {
        self.text(word).starts_with(char::is_uppercase)
    }

    /// An organisation grows over the legal form behind it, and what no name covers becomes one by its form.
    fn legal_forms(&mut self) {
        for form in 1..self.sentence.len() {
            let strong = holds(STRONG_FORMS, self.text(form));
            if !strong && !holds(WEAK_FORMS, self.text(form)) || !self.is_capitalised(form) && self.text(form) != "e.V."
            {
                continue;
            }
            if self.covering(form).is_some_and(|span| span.kind == MentionType::Org) {
                continue;
            }
            let end = self.before_form(form);
            let before = end.checked_sub(1).and_then(|last| self.covering(last)).cloned();
            if let Some(name) = before.as_ref().filter(|name| strong || name.kind == MentionType::Org) {
                self.put(Span { end: form + 1, kind: MentionType::Org, ..name.clone() });
            } else if strong && before.is_none() {
                let start = self.start_of_run(end);
                if (start..end).any(|word| !holds(ROLES, self.text(word))) {
                    let kind = MentionType::Org;
                    self.put(Span {
                        start,
                        end: form + 1,
                        kind,
                        likelihood: 0,
                        confidence: BY_FORM,
                        extractor: LEGAL_FORM,
                    });
                }
            }
        }
    }

    /// Where the name in front of a legal form ends: before a comma, and with a country in brackets inside it.
    fn before_form(&self, form: usize) -> usize {
        if self.text(form - 1) == "," { form - 1 } else { form }
    }

    /// Where the run of capitalised words begins that ends before the word `end`.
    fn start_of_run(&self, end: usize) -> usize {
        let mut start = end;
        while start > 0 && end - start < LONGEST_RUN {
            let word = start - 1;
            let joins = holds(CONNECTORS, self.text(word)) && start < end && word > 0 && self.is_capitalised(word - 1);
            let part = self.is_capitalised(word) && !holds(OPENERS, self.text(word)) || joins;
            if !part || self.covering(word).is_some() {
                break;
            }
            start = word;
        }
        // Not with a small word first, where the run was too long.
        while start < end && holds(CONNECTORS, self.text(start)) {
            start += 1;
        }
        start
    }

    fn public_bodies(&mut self, text: &str) {
        let (Some(first), Some(last)) = (self.sentence.first(), self.sentence.last()) else { return };
        let offset = first.at;
        for found in BODY.find_iter(&text[offset..last.at + last.text.len()]) {
            let start = self.sentence.partition_point(|word| word.at < offset + found.start());
            let end = self.sentence.partition_point(|word| word.at + word.text.len() <= offset + found.end());
            if start >= end || self.covering(start).is_some_and(|s| s.kind == MentionType::Org && s.end >= end) {
                continue;
            }
            self.put(Span {
                start,
                end,
                kind: MentionType::Org,
                likelihood: 0,
                confidence: BY_BODY,
                extractor: PUBLIC_BODY,
            });
        }
    }
}

/// Courts and authorities by the words that their names are made of.
static BODY: LazyLock<Regex> = LazyLock::new(|| {
    // `~` is white space and `^` a capitalised word.
    const LISTED: &str = "^(?:~^){0,3}(?:(?:,~^(?:~^)?){0,4},?~and~^(?:~^){0,2})?";
    const PLACE: &str = "(?:~(?:of|for)~(?:the~)?(?:(?:^~){0,3}(?:District|State|County|Circuit)~of~)?^(?:~^){0,3})?";
    let pattern = [
        format!("(?:Department|Ministry|Bureau)~(?:of|for)~(?:the~)?{LISTED}"),
        format!("(?:(?:Admiralty|Bankruptcy|Chancery|Circuit|County|Crown|District|Family|High|Superior|Supreme)~){{1,2}}Court{PLACE}"),
        format!("Court~of~(?:Appeals?|Chancery|Claims|Common~Pleas|Federal~Claims|International~Trade|Justice|Session){PLACE}"),
        "(?:Equal~Employment~Opportunity|Federal~Communications|Federal~Trade|Securities~and~Exchange)~Commission".into(),
        "Federal~Reserve(?:~(?:Board|System|Bank~of~^(?:~^)?))?|Federal~Bureau~of~Investigation".into(),
        "Environmental~Protection~Agency|Food~and~Drug~Administration|Internal~Revenue~Service".into(),
        "National~Labor~Relations~Board|Social~Security~Administration|House~of~(?:Commons|Lords|Representatives)".into(),
        "(?:London|New~York)~Stock~Exchange|Nasdaq~Stock~Market".into(),
    ]
    .join("|");
    let pattern = format!(r"\b(?:(?:United~States|U\.S\.)~)?(?:{pattern})\b");
    let pattern = pattern.replace('~', r"\s+").replace('^', r"[A-Z][\w'’-]*");
    Regex::new(&pattern).expect("the pattern is fixed, and the tests run it")
});

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
