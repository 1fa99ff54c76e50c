//! Organisations: legal forms, acronyms, numbers.

use super::align::align;
use super::key::ACRONYM;
use super::person::reasons;
use super::prepared::Prepared;
use super::token::{Cause, Kind};
use super::{ASK, Likeness, reason, same_name};

/// Hundredths that a word weighs which one name has and the other leaves out.
const LEFT: u32 = 100;

/// Words that a name may leave out and mean the same. Sorted.
const OPTIONAL: &[&[u8]] = &[b"companies", b"group", b"gruppe", b"holding", b"holdings"];

/// What a name without its optional words gets at most.
const WITHOUT_OPTIONAL: u16 = 950;

pub(super) fn likeness(a: &Prepared, b: &Prepared) -> Likeness {
    if a.normal == b.normal {
        return same_name();
    }
    if a.long || b.long {
        return Likeness { veto: Some(reason::OTHER_NAME), ..Likeness::default() };
    }
    let mut likeness = compare(a, b);
    if a.form == b.form {
        return likeness;
    }
    likeness.reasons.push(reason::LEGAL_FORM);
    if let (Some(x), Some(y)) = (a.form, b.form) {
        likeness.score = likeness.score.min(ASK);
        if !x.agrees(y) {
            likeness.veto = likeness.veto.or(Some(reason::OTHER_LEGAL_FORM));
        }
    }
    likeness
}

fn compare(a: &Prepared, b: &Prepared) -> Likeness {
    let script = a.is_foreign() != b.is_foreign();
    if a.joined == b.joined || a.sorted == b.sorted {
        let one = match (script, a.words.len() == b.words.len(), a.joined == b.joined) {
            (true, ..) => Some(reason::TRANSLITERATION),
            (_, false, _) => Some(reason::JOINED_WORDS),
            (_, _, false) => Some(reason::WORD_ORDER),
            _ => None,
        };
        return Likeness { score: 980, reasons: one.into_iter().collect(), veto: None };
    }
    if is_acronym(a, b) || is_acronym(b, a) {
        return Likeness { score: ASK, reasons: vec![reason::ACRONYM], veto: None };
    }
    let alignment = align(a, b, false);
    let mut score = alignment.score(a, b, LEFT);
    let mut reasons = reasons(&alignment, script);
    if a.numbers != b.numbers {
        let both = [a, b].iter().all(|name| name.words.iter().any(|w| w.kind == Kind::Number));
        if both {
            return Likeness { veto: Some(reason::OTHER_NUMBER), ..Likeness::default() };
        }
        score = score.min(ASK);
    }
    let left = [alignment.leaves(&a.words, 0), alignment.leaves(&b.words, 1)];
    if left == [true; 2] {
        return Likeness { score: (u32::from(score) * 17 / 20) as u16, reasons, veto: Some(reason::OTHER_NAME) };
    }
    if left != [false; 2] {
        reasons.push(reason::MISSING_WORDS);
        let optional = |word: &[u8]| OPTIONAL.binary_search(&word).is_ok();
        let mut rest = alignment.left(&a.words, 0).chain(alignment.left(&b.words, 1));
        score = match rest.all(|w| w.kind == Kind::Particle || optional(w.letters())) {
            true => alignment.score(a, b, 0).min(WITHOUT_OPTIONAL),
            false => score.min(ASK),
        };
    }
    let full = || alignment.matches().iter().filter(|m| a.words[m.a as usize].is_full());
    let sure = full().filter(|m| matches!(m.cause, Cause::Equal | Cause::Transliterated | Cause::Scan)).count();
    let slips = full().filter(|m| m.cause == Cause::Letter).count();
    let merges = sure == full().count() || slips == 1 && sure >= 2 && sure + 1 == full().count();
    if !merges {
        score = score.min(ASK);
    }
    Likeness { score, reasons, veto: None }
}

fn is_acronym(short: &Prepared, long: &Prepared) -> bool {
    let [word] = &short.words[..] else { return false };
    let letters = word.letters();
    word.is_full() && (ACRONYM.0..=ACRONYM.1).contains(&letters.len()) && long.initials.as_bytes() == letters
}
