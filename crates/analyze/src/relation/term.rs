//! Words that stand for a name in one document: those that it defines (`Acme Ltd, 1 High Street (the "Company")`), and
//! what the parties of its case are (`Plaintiff`).

use std::collections::BTreeMap;

use docmill_model::ByteSpan;
use docmill_model::MentionType::{Org, Person};

use super::party::captions;
use super::passage::Named;
use super::pattern::Document;

/// Bytes of a defined term at most, and of the words before it in its brackets.
const TERM: usize = 40;
const LEAD: usize = 48;
/// Bytes from a name to the brackets that define a term for it at most: an address may lie between.
const REACH: usize = 240;

/// The places where a term stands for a name, sorted, each with the nearest mention of what it stands for.
pub(super) fn terms<'a>(document: &Document<'_, 'a>) -> Vec<Named<'a>> {
    let terms = defined(document);
    if terms.is_empty() {
        return Vec::new();
    }
    // The mentions of each referent that a term stands for, in the order of the text.
    let mut mentions: BTreeMap<usize, Vec<usize>> = terms.values().map(|referent| (*referent, Vec::new())).collect();
    for (number, name) in document.named.iter().enumerate() {
        if let Some(list) = mentions.get_mut(&name.referent) {
            list.push(number);
        }
    }
    let mut out = Vec::new();
    let mut next = 0;
    for word in capitalised(document.text) {
        while document.named.get(next).is_some_and(|n| n.bytes.end <= word.start) {
            next += 1;
        }
        if document.named.get(next).is_some_and(|n| n.bytes.start < word.end) {
            continue;
        }
        let Some(referent) = terms.get(&document.text[word.start..word.end].to_lowercase()) else { continue };
        let Some(list) = mentions.get(referent) else { continue };
        let behind = list.partition_point(|&n| document.named[n].bytes.start < word.start);
        let near = [behind.checked_sub(1), Some(behind)].into_iter().flatten().filter_map(|at| list.get(at));
        let Some(&near) = near.min_by_key(|&&n| document.named[n].bytes.start.abs_diff(word.start)) else { continue };
        out.push(Named { bytes: word, is_term: true, ..document.named[near] });
    }
    out
}

/// Each term, in lower case, with the number of the referent that it stands for. One that is defined twice stands
/// for nothing.
fn defined(document: &Document<'_, '_>) -> BTreeMap<String, usize> {
    let mut found: BTreeMap<String, Option<usize>> = BTreeMap::new();
    let mut define = |term: String, referent: usize| {
        found.entry(term).and_modify(|r| *r = r.filter(|r| *r == referent)).or_insert(Some(referent));
    };
    let mut from = 0;
    for (open, _) in document.text.match_indices('(') {
        let Some((term, end)) = definition(&document.text[open + 1..]) else { continue };
        if let Some(referent) = definiendum(document, from.max(open.saturating_sub(REACH)), open) {
            define(term.to_lowercase(), referent);
        }
        from = open + 1 + end;
    }
    if let Some(caption) = captions(document).first() {
        for (party, part) in [(caption.first, &caption.parts[0]), (caption.second, &caption.parts[1])] {
            for part in part.split('/').filter(|part| !part.is_empty()) {
                define(part.to_owned(), document.named[party].referent);
            }
        }
    }
    found.into_iter().filter_map(|(term, referent)| Some((term, referent?))).collect()
}

/// The term that brackets define, given what stands behind the opening one, and where they close.
fn definition(text: &str) -> Option<(&str, usize)> {
    let text = &text[..text.floor_char_boundary(LEAD + 2 * TERM)];
    let quote = text.find(['"', '“']).filter(|at| *at <= LEAD)?;
    let lead = &text[..quote];
    let is_lead = lead.chars().all(|c| c.is_lowercase() || c.is_whitespace() || c == ',');
    let term = &text[quote + text[quote..].chars().next()?.len_utf8()..];
    let length = term.find(['"', '”'])?;
    let behind = &term[length..];
    let behind = behind[behind.chars().next()?.len_utf8()..].trim_start();
    let term = &term[..length];
    let is_word = term.len() <= TERM && term.chars().all(char::is_alphabetic) && term.starts_with(char::is_uppercase);
    (is_lead && is_word && behind.starts_with(')')).then_some((term, text.find(')')?))
}

/// The one name in a stretch that a term is defined for: with two, nobody knows which.
fn definiendum(document: &Document<'_, '_>, start: usize, end: usize) -> Option<usize> {
    let first = document.named.partition_point(|n| n.bytes.start < start);
    let here = document.named[first..].iter().take_while(|n| n.bytes.end <= end);
    let mut referents = here.filter(|n| matches!(n.mention.kind, Org | Person)).map(|n| n.referent);
    let referent = referents.next()?;
    referents.all(|other| other == referent).then_some(referent)
}

/// The words that begin with a capital letter.
fn capitalised(text: &str) -> impl Iterator<Item = ByteSpan> {
    let mut at = 0;
    text.split(|c: char| !c.is_alphabetic()).filter_map(move |word| {
        let start = at;
        at += word.len() + text[start + word.len()..].chars().next().map_or(0, char::len_utf8);
        word.starts_with(char::is_uppercase).then(|| ByteSpan::new(start, start + word.len()))
    })
}
