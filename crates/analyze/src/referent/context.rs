//! What the text around names says of them: titles in front, addresses behind, short names in brackets.

use std::collections::{BTreeMap, BTreeSet};

use docmill_model::{Mention, MentionType, Span, Text};

use crate::{name, sentence};

/// Characters in front of a name in which its titles stand.
const TITLE_REACH: usize = 40;

/// Characters between a name and an address that belongs to it: a block of contact data.
const ADDRESS_REACH: u32 = 300;

/// The titles in front of a name, folded: those of the name itself and those that the text has before it.
pub(super) fn titles(before: &str, name: &str) -> Vec<String> {
    let mut words: Vec<String> = name.split_whitespace().map(name::fold).collect();
    words.pop();
    let titles = words.iter().take_while(|w| name::is_title(w)).count();
    words.truncate(titles);
    let line = before.rsplit('\n').next().unwrap_or_default();
    let outside = line.split_whitespace().rev().map(name::fold).take_while(|w| name::is_title(w));
    words.extend(outside);
    words
}

/// Whether a name is written in capitals, as abbreviations are.
pub(super) fn is_capitals(name: &str) -> bool {
    let mut letters = name.chars().filter(|c| c.is_alphabetic()).peekable();
    letters.peek().is_some() && letters.all(char::is_uppercase)
}

/// The end of what stands before a mention.
pub(super) fn before<'a>(text: &'a Text, mention: &Mention) -> &'a str {
    let all = &text.as_str()[..text.byte_of(mention.span.start)];
    &all[all.floor_char_boundary(all.len().saturating_sub(TITLE_REACH))..]
}

/// What stands between two mentions, where it is short.
fn between<'a>(text: &'a Text, a: &Mention, b: &Mention) -> Option<&'a str> {
    let gap = a.span.end <= b.span.start && b.span.start - a.span.end <= TITLE_REACH as u32;
    gap.then(|| text.slice(Span::new(a.span.end, b.span.start)))
}

/// For each person's mention the index of the mention of the address that is given with it: `Anna Schmidt
/// <a.schmidt@example.org>`, or, below it in the same block or sentence, the only address that spells it. An address in
/// another sentence may be told of someone else who uses the name, and one that spells two names is anybody's.
///
/// `mentions` are sorted by their spans.
pub(super) fn addresses(text: &Text, mentions: &[&Mention]) -> BTreeMap<usize, usize> {
    let mut out = BTreeMap::new();
    // Local parts and the addresses that have them: two addresses that spell one name may be of two persons.
    let mut spelt: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    let mut below = Vec::new();
    let mut names: BTreeSet<&str> = BTreeSet::new();
    let mut person: Option<usize> = None;
    for (at, mention) in mentions.iter().enumerate() {
        match mention.kind {
            MentionType::Person => {
                names.insert(&mention.normal);
                person = Some(at);
            }
            MentionType::Email => {
                let local = letters(mention.normal.split('@').next().unwrap_or_default());
                spelt.entry(local).or_default().insert(&mention.normal);
                let Some(owner) = person else { continue };
                let name = mentions[owner];
                let gap = (owner + 1 == at).then(|| between(text, name, mention)).flatten();
                if gap.is_some_and(opens_address) {
                    out.insert(owner, at);
                    person = None;
                } else if mention.span.start.saturating_sub(name.span.end) <= ADDRESS_REACH {
                    below.push((owner, at));
                }
            }
            _ => {}
        }
    }
    if below.is_empty() {
        return out;
    }
    // What an address may spell, and the given names of those whom it spells.
    let mut spelling: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for name in names {
        let given = name.split(' ').next().filter(|given| given.chars().nth(1).is_some());
        for local in spellings(name) {
            spelling.entry(local).or_default().extend(given);
        }
    }
    let is_shared = |local: &String| spelling.get(local).is_some_and(|given| given.len() > 1);
    for (owner, at) in below {
        let name = mentions[owner];
        let addresses: BTreeSet<&str> = spellings(&name.normal)
            .iter()
            .filter_map(|s| spelt.get(s))
            .flat_map(|a| a.iter().take(2))
            .copied()
            .collect();
        let local = letters(mentions[at].normal.split('@').next().unwrap_or_default());
        if name.identifiers.is_empty()
            && addresses.len() == 1
            && addresses.contains(mentions[at].normal.as_str())
            && !is_shared(&local)
            && is_one_block(text, name, mentions[at])
        {
            out.entry(owner).or_insert(at);
        }
    }
    out
}

/// Whether no sentence ends between two mentions. The lines of a block of contact data end none, empty ones neither.
fn is_one_block(text: &Text, a: &Mention, b: &Mention) -> bool {
    let all = text.slice(Span::new(a.span.start, b.span.end.max(a.span.start)));
    let line = all.split_whitespace().collect::<Vec<_>>().join(" ");
    sentence::sentences(&line).len() < 2
}

/// `Name <`, `Name (`, `Name [mailto:`.
fn opens_address(gap: &str) -> bool {
    let gap = gap.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '”'));
    matches!(
        gap.to_ascii_lowercase().as_str(),
        "<" | "(" | "[" | "<mailto:" | "(mailto:" | "[mailto:" | "(e-mail:" | "(email:"
    )
}

/// The local parts that a name of two words or more may have, as [`letters`] writes them: `anna.schmidt`,
/// `schmidt.anna`, `aschmidt`, `schmidta`.
fn spellings(normal: &str) -> Vec<String> {
    let words: Vec<String> = normal.split(' ').map(letters).filter(|w| !w.is_empty()).collect();
    match &words[..] {
        [first, .., last] if last.len() > 2 => {
            let initial = &first[..1];
            vec![
                format!("{first}{last}"),
                format!("{last}{first}"),
                format!("{initial}{last}"),
                format!("{last}{initial}"),
            ]
        }
        _ => Vec::new(),
    }
}

/// The letters of a text in lower-case ASCII, without the `e` that Germans write for an umlaut.
fn letters(text: &str) -> String {
    let latin = any_ascii::any_ascii(text).to_ascii_lowercase();
    let letters: String = latin.chars().filter(char::is_ascii_lowercase).collect();
    letters.replace("ae", "a").replace("oe", "o").replace("ue", "u")
}

/// Pairs of mentions, by index, of which the second defines a short name for the first: `Harrow Point Museum of
/// Navigation ("HPMN")`, `... (the "Museum")`, `... (HPMN)`.
pub(super) fn definitions(text: &Text, mentions: &[&Mention]) -> Vec<(usize, usize)> {
    let named = |m: &Mention| matches!(m.kind, MentionType::Person | MentionType::Org | MentionType::Location);
    let mut out = Vec::new();
    for (at, pair) in mentions.windows(2).enumerate() {
        let (long, short) = (pair[0], pair[1]);
        if !named(long) || long.kind != short.kind || short.normal.len() >= long.normal.len() {
            continue;
        }
        let Some(gap) = between(text, long, short) else { continue };
        let Some(inside) = gap.trim().strip_prefix('(') else { continue };
        let after = text.slice(Span::new(short.span.end, short.span.end.saturating_add(3)));
        let quoted = inside.ends_with(['"', '“', '‘', '\'', '„']) && after.starts_with(['"', '”', '’', '\'', '“']);
        let opening = inside.trim_end_matches(['"', '“', '‘', '\'', '„']).trim();
        let defines = ["", "the", "hereinafter", "hereinafter the", "hereafter", "or", "or the", "collectively"];
        let closed = after.trim_start_matches(['"', '”', '’', '\'', '“', '.', ',']).starts_with([')', ',', ';']);
        if closed
            && defines.contains(&opening.to_lowercase().as_str())
            && (quoted || is_short_for(&short.normal, &long.normal))
        {
            out.push((at, at + 1));
        }
    }
    out
}

/// Whether the letters of an abbreviation stand in a name in their order, the first at its beginning.
fn is_short_for(short: &str, long: &str) -> bool {
    let mut rest = long.chars();
    let first = short.chars().next();
    first.is_some()
        && long.chars().next() == first
        && short.chars().filter(|c| c.is_alphanumeric()).all(|c| rest.any(|other| other == c))
}
