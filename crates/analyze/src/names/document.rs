//! One document, one label: a name that stands in a document several times is of one kind, and is found wherever
//! it stands.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use docmill_model::{ByteSpan, MentionType};

use super::{Name, REPEATED, line, tokens};

/// Thousandths of confidence in a name that was found elsewhere in the document.
const BY_REPETITION: u16 = 800;

/// Words of a name at most that is looked for again: bounds the time for a word.
const LONGEST: usize = 8;

/// Times that a name has to be found before it is looked for elsewhere.
const OFTEN: u32 = 2;

/// Characters below which one word alone is not looked for: abbreviations are many things.
const SHORT: usize = 3;

/// Gives names of the same words the kind that most of them have, and adds those that were missed. Names are
/// sorted and do not overlap, before and after. Linear time but for sorting.
pub(super) fn agree(text: &str, stretches: &[ByteSpan], names: &mut Vec<Name>) {
    let votes = votes(text, names);
    for name in names.iter_mut() {
        let votes = &votes[&words_of(text, name.span)];
        // Of equally many the kind that comes first, but not instead of the one that the name has.
        if let Some((&kind, &most)) = votes.iter().max_by(|a, b| a.1.cmp(b.1).then(b.0.cmp(a.0)))
            && most > votes[&name.kind]
        {
            name.kind = kind;
        }
    }
    let missed = missed(text, stretches, names, &votes);
    names.extend(missed);
    names.sort_by_key(|name| name.span.start);
}

type Votes = HashMap<String, BTreeMap<MentionType, u32>>;

fn votes(text: &str, names: &[Name]) -> Votes {
    let mut votes = Votes::new();
    for name in names {
        *votes.entry(words_of(text, name.span)).or_default().entry(name.kind).or_default() += 1;
    }
    votes
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
        let found: u32 = votes[&words].values().sum();
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
        let found: u32 = votes[&words].values().sum();
        places.get(&words).is_none_or(|places| found * 2 >= *places)
    });
    out
}
