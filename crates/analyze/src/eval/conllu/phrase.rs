//! The name in a noun phrase.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use docmill_model::MentionType;

use super::{Document, Group, NamedMention, Token};
use crate::eval::annotated::Sentence;

/// Words that stand inside names of organisations.
const LINKS: [&str; 10] = ["of", "the", "and", "&", "for", "-", "/", "de", "la", "on"];

/// Words and marks that stand inside names of any type.
const INNER: [&str; 8] = ["of", "and", "&", "for", "the", "-", ".", "'s"];

/// Titles, as they stand in front of persons. A span that is compared with a corpus of names begins behind them.
#[rustfmt::skip]
const TITLES: &[&str] = &[
    "aunt", "brother", "captain", "chancellor", "chief", "colonel", "count", "countess", "cousin", "dear", "doctor", "don",
    "dr", "duke", "father", "general", "governor", "hon", "judge", "justice", "king", "lady", "lieutenant", "little", "lord",
    "madam", "madame", "mademoiselle", "major", "master", "mayor", "minister", "miss", "mme", "monsieur", "mother", "mr", "mrs",
    "ms", "officer", "old", "poor", "president", "prince", "princess", "prof", "professor", "queen", "rev", "secretary",
    "senator", "sergeant", "shri", "sir", "sister", "smt", "squire", "sri", "the", "uncle", "young",
];

/// The sentences of a document, with the name of each group whose head, as the annotators say, is a proper noun: that
/// noun and the proper nouns beside it, capitalised adjectives too where it is no person, and what `of` and the like
/// tie to it where it is an organisation. Articles and titles in front are left out. Where names nest, the longest
/// counts.
pub(super) fn sentences(document: &Document<'_>) -> Vec<Sentence> {
    let mut names: Vec<(usize, usize, MentionType)> =
        document.groups.iter().filter_map(|group| around_marked_head(&document.tokens, group)).collect();
    names.sort_by_key(|&(first, last, kind)| (Reverse(last - first), first, kind));
    let mut taken = vec![false; document.tokens.len()];
    names.retain(|&(first, last, _)| {
        let free = !taken[first..=last].contains(&true);
        taken[first..=last].fill(true);
        free
    });
    names.sort();
    let mut names = names.into_iter().peekable();
    (0..document.sentences.len())
        .map(|index| {
            let range = document.range(index);
            let words: Vec<&str> = document.tokens[range.clone()].iter().map(|t| t.form).collect();
            let (id, genre) = (document.id.to_owned(), document.genre.to_owned());
            let mut sentence = Sentence::new(id, genre, document.sentences[index].0, &words);
            while let Some((first, last, kind)) = names.next_if(|(first, ..)| *first < range.end) {
                let (first, last) = trimmed(&document.tokens, first, last, kind);
                sentence.mark(first - range.start, last + 1 - range.start, kind);
            }
            sentence
        })
        .collect()
}

fn around_marked_head(tokens: &[Token<'_>], group: &Group<'_>) -> Option<(usize, usize, MentionType)> {
    let head = group.first.checked_add(group.head?)?;
    if head > group.last || tokens[head].part != "PROPN" {
        return None;
    }
    let inside = |at: usize| (group.first..=group.last).contains(&at);
    let named = |at: usize| {
        let token = &tokens[at];
        let capital = token.form.starts_with(char::is_uppercase);
        token.part == "PROPN" || group.kind != MentionType::Person && token.part == "ADJ" && capital
    };
    let link = |at: usize| LINKS.contains(&tokens[at].form.to_lowercase().as_str());
    let (mut first, mut last) = (head, head);
    loop {
        let before = (first, last);
        if first > group.first && named(first - 1) {
            first -= 1;
        }
        if last < group.last && named(last + 1) {
            last += 1;
        }
        if group.kind == MentionType::Org {
            let beyond = (last + 1..=group.last).find(|&at| !link(at));
            if let Some(at) = beyond.filter(|&at| at > last + 1 && tokens[at].part == "PROPN") {
                last = at;
            }
            let beyond = (group.first..first).rev().find(|&at| !link(at));
            if let Some(at) = beyond.filter(|&at| at + 1 < first && tokens[at].part == "PROPN") {
                first = at;
            }
        }
        if (first, last) == before {
            return (inside(first) && inside(last)).then_some((first, last, group.kind));
        }
    }
}

/// Without the titles in front of a person and the articles in front of anything else.
fn trimmed(tokens: &[Token<'_>], mut first: usize, last: usize, kind: MentionType) -> (usize, usize) {
    let dropped = |word: &str| match kind {
        MentionType::Person => TITLES.binary_search(&word.trim_matches('.')).is_ok(),
        _ => matches!(word, "the" | "a" | "an"),
    };
    while first < last && dropped(&tokens[first].form.to_lowercase()) {
        first += 1;
    }
    (first, last)
}

/// The mentions of a document whose head, by the tree of the sentence, is a proper noun; their names are the proper
/// nouns and numbers around it and what stands between them. Nested ones count each.
pub(super) fn mentions(document: &Document<'_>) -> Vec<NamedMention> {
    let mut seen = BTreeSet::new();
    for group in &document.groups {
        let Some((first, last)) = around_tree_head(&document.tokens, group) else { continue };
        let words: Vec<&str> = document.tokens[first..=last].iter().map(|t| t.form).collect();
        seen.insert(NamedMention {
            at: group.first,
            group: group.id.to_owned(),
            kind: group.kind,
            name: words.join(" "),
            identity: group.identity.clone(),
        });
    }
    seen.into_iter().collect()
}

fn around_tree_head(tokens: &[Token<'_>], group: &Group<'_>) -> Option<(usize, usize)> {
    let range = group.first..=group.last;
    let mut heads = range.clone().filter(|&at| !tokens[at].head.is_some_and(|head| range.contains(&head)));
    let (Some(head), None) = (heads.next(), heads.next()) else { return None };
    if tokens[head].part != "PROPN" {
        return None;
    }
    let proper = |at: usize| matches!(tokens[at].part, "PROPN" | "NUM");
    let inner = |at: usize| proper(at) || INNER.contains(&tokens[at].form);
    let first = (group.first..head).rev().take_while(|&at| inner(at)).last().unwrap_or(head);
    let last = (head + 1..=group.last).take_while(|&at| inner(at)).last().unwrap_or(head);
    // A name neither begins nor ends with what only stands inside names; the head itself is a proper noun.
    let first = (first..=head).find(|&at| tokens[at].part == "PROPN")?;
    let last = (head..=last).rev().find(|&at| proper(at))?;
    Some((first, last))
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::super::tests::file;
    use super::*;

    /// The names of the sentences, and those of the mentions with group and identity.
    fn check(lines: &str, names: &[&str], mentions: &[&str]) {
        let text = file("# newdoc id = GUM_news_x\n", lines);
        let documents = read(&text).unwrap();
        let found: Vec<String> = documents
            .iter()
            .flat_map(Document::sentences)
            .flat_map(|s| {
                s.names.iter().map(|n| format!("{} {}", n.kind, &s.text[n.span.start..n.span.end])).collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(found, names, "{lines}");
        let found: Vec<String> = documents
            .iter()
            .flat_map(Document::mentions)
            .map(|m| format!("{} {} {} {}", m.group, m.kind, m.name, m.identity).trim_end().to_owned())
            .collect();
        assert_eq!(found, mentions, "{lines}");
    }

    #[test]
    fn the_name_is_the_proper_part_of_the_phrase() {
        check(
            "the DET 3 (1-organization-n-n-n-3-coref-Uni\nformer ADJ 3 _\nUniversity PROPN 0 _\nof ADP 5 _\nBath PROPN 3 (2-place-n-n-n-1-sgl-Bath)1)",
            &["ORG University of Bath"],
            &["1 ORG University of Bath Uni", "2 LOCATION Bath Bath"],
        );
    }

    #[test]
    fn titles_and_articles_are_outside() {
        check(
            "Mr. PROPN 0 (1-person-n-n-n-1\nAnn PROPN 1 _\nLee PROPN 1 1)",
            &["PERSON Ann Lee"],
            &["1 PERSON Mr. Ann Lee"],
        );
        check("The PROPN 2 (1-place-n-n-n-2\nHague PROPN 0 1)", &["LOCATION Hague"], &["1 LOCATION The Hague"]);
    }

    #[test]
    fn a_phrase_without_a_proper_head_is_no_name() {
        check("his PRON 2 (1-person-n-n-n-2\nwife NOUN 0 1)", &[], &[]);
        check("Ann PROPN 9 (1-person-n-n-n-1\nLee PROPN 9 1)", &["PERSON Ann Lee"], &[]);
    }

    #[test]
    fn the_titles_are_sorted() {
        assert!(TITLES.is_sorted());
    }
}
