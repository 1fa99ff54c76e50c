//! Persons: given names, initials, nicknames, particles, the order of words.

use super::align::{Alignment, align};
use super::prepared::Prepared;
use super::token::{Cause, Kind, Token, alike};
use super::{ASK, Likeness, MERGE, POSSIBLE, reason, same_name};

/// Hundredths that a word weighs which one name has and the other leaves out.
const LEFT: u32 = 75;

/// What a surname alone and the person of that surname in the same case get: enough to be one, but less than any two
/// names that are one by themselves, so that those come first.
const IN_ONE_CASE: u16 = MERGE + 50;

/// Letters of a word from which on one letter more, less or other does not make it another name.
const LONG_WORD: usize = 8;

pub(super) fn likeness(a: &Prepared, b: &Prepared) -> Likeness {
    if a.generation != b.generation && a.generation.is_some() && b.generation.is_some() {
        return Likeness { veto: Some(reason::OTHER_GENERATION), ..Likeness::default() };
    }
    let mut likeness = compare(a, b);
    if a.generation != b.generation {
        // The name alone may be the father's or the son's.
        likeness.score = likeness.score.min(ASK);
        likeness.reasons.push(reason::MISSING_WORDS);
    }
    likeness
}

fn compare(a: &Prepared, b: &Prepared) -> Likeness {
    if a.normal == b.normal {
        // A single word names nobody alone: what joins it is a fuller name in its document, or an identifier.
        return match &a.words[..] {
            [word] if is_surname(word) && in_one_case(a, b) => {
                Likeness { score: IN_ONE_CASE, reasons: vec![reason::SAME_NAME, reason::SAME_CASE], veto: None }
            }
            [_, _, ..] => same_name(),
            _ => Likeness { score: POSSIBLE, ..same_name() },
        };
    }
    if a.long || b.long {
        return Likeness { veto: Some(reason::OTHER_NAME), ..Likeness::default() };
    }
    if a.numbers != b.numbers {
        return Likeness { veto: Some(reason::OTHER_NUMBER), ..Likeness::default() };
    }
    let script = a.is_foreign() != b.is_foreign();
    if a.joined == b.joined {
        let mut reasons = vec![if script { reason::TRANSLITERATION } else { reason::JOINED_WORDS }];
        if a.words.len() != b.words.len() {
            reasons.push(reason::JOINED_WORDS);
        }
        return if full_words(a).max(full_words(b)) < 2 {
            ask(reasons)
        } else {
            Likeness { score: 990, reasons, veto: None }
        };
    }
    let alignment = align(a, b, true);
    let mut score = alignment.score(a, b, LEFT);
    let mut reasons = reasons(&alignment, script);
    let strength = Strength::of(a, b, &alignment);
    if strength.full < 2 && !(strength.full == 1 && (alignment.matches().len() >= 2 || alignment.has_initials())) {
        score = score.min(600);
    }
    let left = [alignment.leaves(&a.words, 0), alignment.leaves(&b.words, 1)];
    if left == [true; 2] {
        return Likeness { score: (u32::from(score) * 7 / 10) as u16, reasons, veto: Some(reason::OTHER_NAME) };
    }
    if left != [false; 2] {
        reasons.push(reason::MISSING_WORDS);
        match part_alone(a, b).or_else(|| part_alone(b, a)) {
            Some(Part::Surname(word)) if is_surname(word) && in_one_case(a, b) => {
                reasons.push(reason::SAME_CASE);
                return Likeness { score: IN_ONE_CASE, reasons, veto: None };
            }
            Some(_) => score = score.max(POSSIBLE),
            None => {}
        }
    }
    let turned = alignment.is_reordered() && (all_given(a) || has_particle(a) || has_particle(b));
    if !strength.merges() || turned {
        score = score.min(ASK);
    }
    Likeness { score, reasons, veto: None }
}

/// The part of a name that stands alone in the other.
enum Part<'a> {
    Given,
    Surname(&'a Token),
}

/// `Schmidt` or `Joerg`, and `Jörg Schmidt`: worth showing where the word is rare, that is where its block is within
/// the cap, and it is no given name that every reader knows.
fn part_alone<'a>(short: &'a Prepared, long: &Prepared) -> Option<Part<'a>> {
    let ([word], [given, .., surname]) = (&short.words[..], &long.words[..]) else { return None };
    let is_same = |other| matches!(alike(word, other, true), Some((_, Cause::Equal | Cause::Transliterated)));
    if !word.is_full() {
        None
    } else if is_same(surname) {
        Some(Part::Surname(word))
    } else {
        (word.given.is_none() && is_same(given)).then_some(Part::Given)
    }
}

/// Whether a word alone is not as well a given name: `James` may be that of many a person of the case.
fn is_surname(word: &Token) -> bool {
    word.is_full() && word.given.is_none()
}

fn in_one_case(a: &Prepared, b: &Prepared) -> bool {
    a.docket.is_some() && a.docket == b.docket
}

fn ask(reasons: Vec<&'static str>) -> Likeness {
    Likeness { score: ASK, reasons, veto: None }
}

fn full_words(name: &Prepared) -> usize {
    name.words.iter().filter(|w| w.is_full()).count()
}

/// `Thomas James` and `James Thomas` are two persons; `Smith John` is `John Smith`.
fn all_given(name: &Prepared) -> bool {
    name.words.iter().all(|w| w.given.is_some())
}

/// `Omar bin Abdullah` is not `Abdullah bin Omar`.
fn has_particle(name: &Prepared) -> bool {
    name.words.iter().any(|w| w.kind == Kind::Particle)
}

/// What carries a pair.
#[derive(Default)]
struct Strength {
    /// Words that are no initials.
    full: u32,
    /// Of these the ones that are surely the same.
    sure: u32,
    /// Of these the ones that are a letter apart.
    doubtful: u32,
    /// Whether there are others.
    other: bool,
}

impl Strength {
    fn of(a: &Prepared, b: &Prepared, alignment: &Alignment) -> Self {
        let mut out = Self { full: alignment.joins, sure: alignment.joins, ..Self::default() };
        for m in alignment.matches() {
            let (x, y) = (&a.words[m.a as usize], &b.words[m.b as usize]);
            if x.kind != Kind::Word || y.kind != Kind::Word {
                continue;
            }
            out.full += 1;
            match m.cause {
                cause if is_sure(x, y, cause) => out.sure += 1,
                Cause::Letter => out.doubtful += 1,
                _ => out.other = true,
            }
        }
        out
    }

    /// Two sure words make a person, and one doubtful one beside them may be a slip.
    fn merges(&self) -> bool {
        self.sure >= 2 && self.doubtful <= 1 && !self.other
    }
}

fn is_sure(x: &Token, y: &Token, cause: Cause) -> bool {
    match cause {
        Cause::Equal | Cause::Transliterated | Cause::Scan | Cause::Nickname => true,
        Cause::Letter => x.letters().len().min(y.letters().len()) >= LONG_WORD && x.sound() == y.sound(),
        Cause::Initials | Cause::Spelling | Cause::Sound | Cause::Shortened => false,
    }
}

pub(super) fn reasons(alignment: &Alignment, script: bool) -> Vec<&'static str> {
    let mut out = Vec::with_capacity(4);
    if script {
        out.push(reason::TRANSLITERATION);
    }
    if alignment.is_reordered() {
        out.push(reason::WORD_ORDER);
    }
    if alignment.joins > 0 {
        out.push(reason::JOINED_WORDS);
    }
    if alignment.has_initials() {
        out.push(reason::INITIALS);
    }
    out.extend(alignment.matches().iter().filter_map(|m| match m.cause {
        Cause::Equal => None,
        Cause::Transliterated => Some(reason::TRANSLITERATION),
        Cause::Scan => Some(reason::SCAN),
        Cause::Nickname => Some(reason::NICKNAME),
        Cause::Initials => Some(reason::INITIALS),
        Cause::Letter | Cause::Spelling | Cause::Sound => Some(reason::SPELLING),
        Cause::Shortened => Some(reason::SHORTENED),
    }));
    out
}
