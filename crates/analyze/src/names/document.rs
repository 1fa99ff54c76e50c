//! What the document as a whole says of its names: a name that stands in it several times is of one kind, and is found
//! wherever it stands; two persons side by side, as in signatures, are two.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use docmill_model::{ByteSpan, MentionType};

use super::{Name, REPEATED, line, tokens};

/// Thousandths of confidence in a name that was found elsewhere in the document.
const BY_REPETITION: u16 = 800;

/// Names of more words are not looked for again: bounds the time for each word of the text.
const LONGEST: usize = 8;

/// Times that a name has to be found before it is looked for elsewhere.
const OFTEN: u32 = 2;

/// Characters below which one word alone is not looked for: abbreviations are many things.
const SHORT: usize = 3;

/// Gives names of the same words the kind that most of them have, and adds those that were missed. Names are
/// sorted and do not overlap, before and after. Linear time but for sorting.
pub(super) fn agree(text: &str, stretches: &[ByteSpan], names: &mut Vec<Name>) {
    let votes = votes(text, names);
    let names_before = std::mem::take(names);
    names.extend(names_before.into_iter().flat_map(|name| apart(text, &votes, name)));
    for name in names.iter_mut() {
        let Some(votes) = votes.get(&words_of(text, name.span)) else { continue };
        let of = |kind| votes.get(&kind).copied().unwrap_or_default();
        // Of kinds with equally many votes the first counts, and none of them replaces a kind that is as frequent.
        if let Some((&kind, &most)) = votes.iter().max_by(|a, b| a.1.cmp(b.1).then(b.0.cmp(a.0)))
            && most > of(name.kind)
        {
            name.kind = kind;
        }
    }
    let missed = missed(text, stretches, names, &votes);
    names.extend(missed);
    names.sort_by_key(|name| name.span.start);
}

/// Words of a name that may be two persons: two words each, and not more than five.
const TWO: std::ops::RangeInclusive<usize> = 4..=10;

/// Takes a name apart that consists of two persons who stand elsewhere in the document with two words or more.
fn apart(text: &str, votes: &Votes, name: Name) -> Vec<Name> {
    let raw = &text[name.span.start..name.span.end];
    let words = if name.kind == MentionType::Person { tokens(raw, name.span.start) } else { Vec::new() };
    if !TWO.contains(&words.len()) {
        return vec![name];
    }
    let part = |words: &[super::Token<'_>]| {
        let (first, last) = (words.first()?, words.last()?);
        let span = ByteSpan::new(first.at, last.at + last.text.len());
        let known = votes.get(&words_of(text, span)).is_some_and(|votes| votes.contains_key(&MentionType::Person));
        (known && words.len() > 1).then(|| Name { span, ..name.clone() })
    };
    let parts = (2..words.len() - 1).find_map(|at| Some(vec![part(&words[..at])?, part(&words[at..])?]));
    parts.unwrap_or_else(|| vec![name])
}

type Votes = HashMap<String, BTreeMap<MentionType, u32>>;

fn votes(text: &str, names: &[Name]) -> Votes {
    let mut votes = Votes::new();
    for name in names {
        *votes.entry(words_of(text, name.span)).or_default().entry(name.kind).or_default() += 1;
    }
    votes
}

/// How often a name was found, whatever it was taken for.
fn times(votes: &Votes, words: &str) -> u32 {
    votes.get(words).map_or(0, |votes| votes.values().sum())
}

fn words_of(text: &str, span: ByteSpan) -> String {
    text[span.start..span.end].split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Places where the words of a name stand that was found often enough elsewhere. One word alone has to be found in
/// at least half of its places: others are words that also happen to be names.
fn missed(text: &str, stretches: &[ByteSpan], names: &[Name], votes: &Votes) -> Vec<Name> {
    let mut wanted: HashMap<String, MentionType> = HashMap::new();
    // Lengths in words of the wanted names that begin with a word.
    let mut lengths: HashMap<String, BTreeSet<usize>> = HashMap::new();
    for name in names {
        let words = words_of(text, name.span);
        let found = times(votes, &words);
        let tokens = tokens(&words, 0);
        let alone = tokens.len() == 1;
        let common = alone && (words.chars().count() < SHORT || !words.starts_with(char::is_uppercase));
        if found < OFTEN || tokens.len() > LONGEST || common {
            continue;
        }
        lengths.entry(tokens[0].text.to_owned()).or_default().insert(tokens.len());
        wanted.insert(words, name.kind);
    }
    let mut taken = names.iter().peekable();
    let mut places: HashMap<String, u32> = HashMap::new();
    let mut out = Vec::new();
    for line in stretches.iter().flat_map(|stretch| line::lines(text, *stretch)) {
        let tokens = tokens(&text[line.start..line.end], line.start);
        let mut word = 0;
        while let Some(first) = tokens.get(word) {
            while taken.next_if(|name| name.span.end <= first.at).is_some() {}
            let begin = word;
            word += 1;
            let Some(lengths) = lengths.get(first.text) else { continue };
            if let Some(count) =
                wanted.contains_key(first.text).then(|| places.entry(first.text.to_owned()).or_default())
            {
                *count += 1;
            }
            for &length in lengths.iter().rev() {
                let Some(last) = tokens.get(begin + length - 1) else { continue };
                let span = ByteSpan::new(first.at, last.at + last.text.len());
                if taken.peek().is_some_and(|name| name.span.start < span.end) {
                    continue;
                }
                if let Some(&kind) = wanted.get(&words_of(text, span)) {
                    out.push(Name { span, kind, confidence: BY_REPETITION, extractor: REPEATED });
                    word = begin + length;
                    break;
                }
            }
        }
    }
    out.retain(|name| {
        let words = words_of(text, name.span);
        places.get(&words).is_none_or(|places| times(votes, &words) * 2 >= *places)
    });
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::MODEL;
    use MentionType::{Location, Org, Person};

    /// Asserts what becomes of names, each a kind and the number of the place where its words stand.
    fn check(text: &str, found: &[(MentionType, &str, usize)], expected: &[(MentionType, &str)]) {
        let name = |&(kind, words, number): &(MentionType, &str, usize)| {
            let (at, _) = text.match_indices(words).nth(number).unwrap();
            Name { span: ByteSpan::new(at, at + words.len()), kind, confidence: 900, extractor: MODEL }
        };
        let mut names: Vec<Name> = found.iter().map(name).collect();
        names.sort_by_key(|name| name.span.start);
        agree(text, &[ByteSpan::new(0, text.len())], &mut names);
        let shown: Vec<_> = names.iter().map(|n| (n.kind, &text[n.span.start..n.span.end])).collect();
        assert_eq!(shown, expected, "{text:?}");
        assert!(names.windows(2).all(|pair| pair[0].span.end <= pair[1].span.start));
    }

    #[test]
    fn most_places_decide_what_a_name_is() {
        let found = [(Org, "Acme", 0), (Person, "Acme", 1), (Org, "Acme", 2)];
        check("Acme saw Acme and Acme", &found, &[(Org, "Acme"), (Org, "Acme"), (Org, "Acme")]);
        check("Acme saw Acme", &[(Org, "Acme", 0), (Person, "Acme", 1)], &[(Org, "Acme"), (Person, "Acme")]);
    }

    #[test]
    fn a_name_found_twice_is_found_everywhere() {
        let text = "Bo Li met Bo\nLi. Then Bo Li left Bo Lima.";
        check(
            text,
            &[(Person, "Bo Li", 0), (Person, "Bo\nLi", 0)],
            &[(Person, "Bo Li"), (Person, "Bo\nLi"), (Person, "Bo Li")],
        );
        check("Bo Li and Bo Li", &[(Person, "Bo Li", 0)], &[(Person, "Bo Li")]);
    }

    #[test]
    fn one_word_is_found_elsewhere_only_where_it_is_mostly_a_name() {
        let found = [(Location, "Reading", 0), (Location, "Reading", 1)];
        check("Reading, Reading, Reading", &found, &[(Location, "Reading"); 3]);
        check("Reading Reading Reading Reading Reading", &found, &[(Location, "Reading"); 2]);
        check("no no no", &[(Person, "no", 0), (Person, "no", 1)], &[(Person, "no"); 2]);
    }

    #[test]
    fn two_persons_side_by_side_are_two_when_they_are_known() {
        let text = "Bo Li saw Ann Lee. Signed Bo Li Ann Lee Mary Sue Joe Poe";
        check(
            text,
            &[
                (Person, "Bo Li", 0),
                (Person, "Ann Lee", 0),
                (Person, "Bo Li Ann Lee", 0),
                (Person, "Mary Sue Joe Poe", 0),
            ],
            &[
                (Person, "Bo Li"),
                (Person, "Ann Lee"),
                (Person, "Bo Li"),
                (Person, "Ann Lee"),
                (Person, "Mary Sue Joe Poe"),
            ],
        );
    }
}
