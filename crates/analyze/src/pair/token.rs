//! Words of names, made ready to be compared, and how alike two of them are.

use std::cmp::Ordering;

use super::sound::sound;
use super::spelling::{distance, scanned_form};
use crate::name::Given;

/// Letters of a word that are compared one by one; longer words are compared as wholes.
pub(super) const LONGEST: usize = 24;

/// Letters from which on two words that a scanner would read alike are taken for one: `Ian` and `Lan` are two.
const SCANNED: u8 = 5;

/// The vowels as bits of an alphabet.
const VOWELS: u32 =
    1 | 1 << (b'e' - b'a') | 1 << (b'i' - b'a') | 1 << (b'o' - b'a') | 1 << (b'u' - b'a') | 1 << (b'y' - b'a');

/// A word in lower-case ASCII.
#[derive(Clone, Debug)]
pub(super) struct Token {
    letters: [u8; LONGEST],
    length: u8,
    /// Of the whole word, which may be longer than its letters here.
    whole: u64,
    /// One bit for each letter that occurs.
    alphabet: u32,
    /// Of the word without the `e` that Germans write for an umlaut.
    umlaut: u64,
    /// Of the word as a scanner may have read it.
    scanned: u64,
    sound: u64,
    pub given: Option<Given>,
    pub kind: Kind,
    /// In hundredths: long words say more.
    pub weight: u32,
    /// Whether it was written in another script.
    pub foreign: bool,
}

/// What a word is in a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    /// One letter.
    Initial,
    Number,
    /// `von`, `bin`, `of`: says little about who it is.
    Particle,
}

/// Why two words are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cause {
    Equal,
    /// In another script, or with `oe` for `ö`.
    Transliterated,
    Scan,
    Nickname,
    Initials,
    /// A letter more, less, or other, or two that changed places.
    Letter,
    /// Two or three such slips.
    Spelling,
    Sound,
    Shortened,
}

/// Roman numbers behind names of funds and ships. Sorted.
const ROMAN: &[&str] = &["i", "ii", "iii", "iv", "ix", "v", "vi", "vii", "viii", "x", "xi", "xii"];

/// Words between the parts of names, transliterated. Sorted.
#[rustfmt::skip]
const PARTICLES: &[&str] = &[
    "a", "af", "al", "an", "and", "av", "ben", "bin", "bint", "d", "da", "das", "de", "del", "della", "den", "der",
    "des", "di", "do", "dos", "du", "e", "el", "et", "for", "ibn", "in", "la", "las", "le", "los", "of", "on", "the",
    "to", "ul", "und", "ur", "van", "vom", "von", "y", "zu", "zum", "zur",
];

impl Token {
    /// `word` is lower-case ASCII and not empty; `person` says whether it stands in a person's name.
    pub(super) fn new(word: &str, person: bool, foreign: bool) -> Self {
        let mut letters = [0; LONGEST];
        let length = word.len().min(LONGEST);
        letters[..length].copy_from_slice(&word.as_bytes()[..length]);
        let kind = if word.bytes().all(|b| b.is_ascii_digit()) || !person && ROMAN.binary_search(&word).is_ok() {
            Kind::Number
        } else if PARTICLES.binary_search(&word).is_ok() && !(person && word.len() == 1) {
            Kind::Particle
        } else if word.len() == 1 && person {
            Kind::Initial
        } else {
            Kind::Word
        };
        let weight = match kind {
            Kind::Particle => 40,
            Kind::Initial => 60,
            _ => root(word.len()),
        };
        Self {
            letters,
            length: length as u8,
            whole: hash(word.as_bytes()),
            alphabet: word.bytes().filter(u8::is_ascii_lowercase).fold(0, |bits, b| bits | 1 << (b - b'a')),
            umlaut: hash(&without_umlauts(word.as_bytes())),
            scanned: hash(&scanned_form(word.as_bytes())),
            sound: sound(&without_digits(word.as_bytes())),
            given: Given::of(word).filter(|_| person),
            kind,
            weight,
            foreign,
        }
    }

    pub(super) fn letters(&self) -> &[u8] {
        &self.letters[..self.length as usize]
    }

    pub(super) fn first(&self) -> u8 {
        self.letters[0]
    }

    pub(super) fn sound(&self) -> u64 {
        self.sound
    }

    pub(super) fn is_full(&self) -> bool {
        self.kind == Kind::Word
    }

    /// The same for `ö` and `oe`.
    pub(super) fn umlaut(&self) -> u64 {
        self.umlaut
    }

    fn has_vowel(&self) -> bool {
        self.alphabet & VOWELS != 0
    }

    /// Digits inside a word do not keep it from being one: `Sech1n`. All others do.
    pub(super) fn has_digit(&self) -> bool {
        self.letters().iter().any(u8::is_ascii_digit)
    }
}

impl PartialEq for Token {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Token {}

impl PartialOrd for Token {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Token {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.letters(), self.whole).cmp(&(other.letters(), other.whole))
    }
}

/// How alike two words are, in thousandths, and why. `None` when they are two words.
///
/// What may be written wrongly grows with the length of the longer word: nothing up to 3 letters, 1 letter up to 6, 2 up
/// to 11, then 3.
pub(super) fn alike(a: &Token, b: &Token, person: bool) -> Option<(u16, Cause)> {
    if a.whole == b.whole {
        return Some((1000, Cause::Equal));
    }
    if a.kind == Kind::Number || b.kind == Kind::Number {
        return None;
    }
    if a.kind == Kind::Initial || b.kind == Kind::Initial {
        return (a.first() == b.first() && a.kind != Kind::Particle && b.kind != Kind::Particle)
            .then_some((860, Cause::Initials));
    }
    if a.kind == Kind::Particle || b.kind == Kind::Particle {
        return None;
    }
    if a.umlaut == b.umlaut {
        return Some((970, Cause::Transliterated));
    }
    let (n, shorter) = (a.length.max(b.length), a.length.min(b.length));
    let names = a.given.zip(b.given);
    let nickname = names.is_some_and(|(x, y)| x.stands_for(y));
    if names.is_some_and(|(x, y)| !nickname && !x.shares_name(y)) {
        return None;
    }
    if a.scanned == b.scanned && (n >= SCANNED || a.has_digit() || b.has_digit()) {
        return Some((950, Cause::Scan));
    }
    if a.length as usize == LONGEST || b.length as usize == LONGEST {
        return None;
    }
    let allowed = match n {
        0..=3 => 0,
        // An abbreviation is spelled right: `BBC` and `ABC`, `NABC`.
        _ if !person && (!a.has_vowel() || !b.has_vowel()) => 0,
        4..=6 => 1,
        7..=11 => 2,
        _ => 3,
    };
    let same_sound = a.sound == b.sound && n > 3;
    let most = if same_sound { allowed.max(n / 2) } else { allowed };
    let apart = (a.alphabet ^ b.alphabet).count_ones();
    let edits = if n - shorter <= most && apart <= 2 * u32::from(most) {
        distance(a.letters(), b.letters(), most)
    } else {
        None
    };
    // `Anna` and `Ann` stand for one another, and yet they are two names that differ by a letter.
    if nickname && edits.is_none_or(|d| d > 1) {
        return Some((930, Cause::Nickname));
    }
    if let Some(d) = edits {
        // Each language writes the names of another script in its own way: `Zelensky`, `Selenskij`.
        if same_sound && a.foreign != b.foreign && d <= allowed {
            return Some((960, Cause::Transliterated));
        }
        let score = 1000 - (900 * u16::from(d) + u16::from(n) / 2) / u16::from(n);
        return Some(match d {
            1 if allowed > 0 => (score, Cause::Letter),
            _ if d <= allowed => (score, Cause::Spelling),
            _ => (800, Cause::Sound),
        });
    }
    let (long, short) = if a.length >= b.length { (a, b) } else { (b, a) };
    (person && shorter >= 4 && long.letters().starts_with(short.letters())).then_some((750, Cause::Shortened))
}

/// A hundred times the square root of a length: a word of 4 letters weighs 200, one of 9 letters 300.
fn root(length: usize) -> u32 {
    ((length.min(LONGEST) * 10_000) as u32).isqrt()
}

/// `ae`, `oe` and `ue` without the `e`.
fn without_umlauts(word: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(word.len());
    for &b in word {
        if b != b'e' || !matches!(out.last(), Some(b'a' | b'o' | b'u')) {
            out.push(b);
        }
    }
    out
}

/// The letters that a scanner took for digits; a number stays one.
fn without_digits(word: &[u8]) -> Vec<u8> {
    if word.iter().all(u8::is_ascii_digit) {
        return word.to_vec();
    }
    let letter = |b: &u8| match b {
        b'0' => b'o',
        b'1' => b'i',
        b'5' => b's',
        b'6' | b'9' => b'g',
        b'8' => b'b',
        other => *other,
    };
    word.iter().map(letter).collect()
}

/// FNV-1a: the same on every machine.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0000_0100_0000_01b3))
}
