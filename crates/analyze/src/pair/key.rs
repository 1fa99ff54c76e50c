//! Blocking keys: two profiles that may be one thing nearly always share one whose block stays small.

use std::collections::BTreeSet;
use std::fmt::Write;

use docmill_model::{MentionType, ProfileKey};

use super::prepared::Prepared;
use super::token::{Kind, Token};

/// Keys of a profile at most.
const MOST: usize = 24;

/// Letters at either end of a single word that make a key.
const END: usize = 4;

/// Letters of an acronym, at least and at most.
pub(super) const ACRONYM: (usize, usize) = (3, 8);

/// The sort of key that stands for a person's whole name and nothing else.
const FULL_NAME: char = '=';

/// Whether all that have this key are persons of one full name without an address: then many of them may be compared.
pub fn is_full_name(key: &str) -> bool {
    key.chars().nth(1) == Some(FULL_NAME)
}

/// The blocking keys of a profile, sorted and distinct: coarse ones, whose blocks are large where a word is frequent,
/// and fine ones, whose blocks stay small. Empty for types whose normal form is exact.
pub fn keys(profile: &ProfileKey) -> Vec<String> {
    let letter = match profile.kind {
        MentionType::Person => 'p',
        MentionType::Org => 'o',
        MentionType::Location => 'l',
        _ => return Vec::new(),
    };
    let prepared = Prepared::new(profile);
    let mut keys = Keys { letter, all: BTreeSet::new() };
    for identifier in prepared.identifiers.iter().take(4) {
        keys.add('i', &[&identifier.scheme, &identifier.value]);
    }
    if prepared.long {
        keys.add('n', &[&profile.normal]);
        return keys.all.into_iter().collect();
    }
    keys.add('j', &[&prepared.joined]);
    let full: Vec<&Token> = prepared.words.iter().filter(|w| w.is_full()).collect();
    let mut sorted = full.clone();
    sorted.sort();
    keys.add('s', &sorted.iter().map(|w| text(w)).collect::<Vec<_>>());
    match profile.kind {
        MentionType::Person => {
            if let (Some(docket), Some(last)) = (&prepared.docket, full.last()) {
                keys.add('c', &[docket, &spelt(last)]);
            }
            if prepared.identifiers.is_empty() && full.len() > 1 {
                keys.add(FULL_NAME, &[&profile.normal]);
            }
            keys.of_person(&full, prepared.words.first().filter(|w| w.kind == Kind::Initial));
        }
        MentionType::Org => {
            match &full[..] {
                [one] if one.letters().len() <= ACRONYM.1 => keys.add('a', &[text(one)]),
                _ if (ACRONYM.0..=ACRONYM.1).contains(&prepared.initials.len()) => {
                    keys.add('a', &[&prepared.initials]);
                }
                _ => {}
            }
            keys.of_words(&full);
        }
        _ => keys.of_words(&full),
    }
    keys.all.into_iter().collect()
}

struct Keys {
    letter: char,
    all: BTreeSet<String>,
}

impl Keys {
    fn add(&mut self, sort: char, parts: &[&str]) {
        if self.all.len() < MOST && !parts.is_empty() {
            self.all.insert(format!("{}{sort}:{}", self.letter, parts.join(" ")));
        }
    }

    /// Two words by their sounds, in the order of the alphabet.
    fn sounds(&mut self, a: &Token, b: &Token) {
        let (a, b) = (a.sound().min(b.sound()), a.sound().max(b.sound()));
        let mut key = String::new();
        let _ = write!(key, "{a:x}.{b:x}");
        self.add('x', &[&key]);
    }

    /// A word and the beginning of another one.
    fn beginning(&mut self, whole: &Token, other: &Token, letters: usize) {
        let part = text(other);
        self.add('b', &[text(whole), &part[..part.len().min(letters)]]);
    }

    /// A word and the end of another one.
    fn end(&mut self, whole: &Token, other: &Token, letters: usize) {
        let part = text(other);
        self.add('e', &[text(whole), &part[part.len().saturating_sub(letters)..]]);
    }

    /// A slip in one word leaves the other one and, of this one, the beginning or the end: each is at most half of it,
    /// and words that differ by a letter in length have a half of the same size.
    fn slips(&mut self, whole: &Token, other: &Token) {
        let sizes: &[usize] = match other.letters().len() {
            0..=5 => &[2],
            6 => &[2, 3],
            7 => &[3],
            8 => &[3, 4],
            _ => &[4],
        };
        for &size in sizes {
            self.beginning(whole, other, size);
            self.end(whole, other, size);
        }
    }

    /// `initial` is the first word where that is an initial.
    fn of_person(&mut self, full: &[&Token], initial: Option<&Token>) {
        let (Some(first), Some(last)) = (full.first(), full.last()) else { return };
        self.add('w', &[&spelt(last)]);
        if first.given.is_none() {
            self.add('v', &[&spelt(first)]);
        }
        if let Some(initial) = initial {
            self.beginning(last, initial, 1);
        }
        if full.len() == 1 {
            return;
        }
        self.beginning(last, first, 1);
        self.slips(last, first);
        self.slips(first, last);
        self.sounds(first, last);
        for (name, other) in [(first, last), (last, first)] {
            let Some(given) = name.given else { continue };
            self.add('g', &[text(name), text(other)]);
            for nickname in given.others().iter().take(4) {
                self.add('g', &[nickname.name(), text(other)]);
            }
        }
        for middle in &full[1..full.len() - 1] {
            self.sounds(first, middle);
            self.sounds(middle, last);
        }
    }

    fn of_words(&mut self, full: &[&Token]) {
        for pair in full.windows(2).take(2) {
            self.sounds(pair[0], pair[1]);
            self.slips(pair[0], pair[1]);
            self.slips(pair[1], pair[0]);
        }
        for word in full.iter().take(3) {
            self.add('w', &[text(word)]);
        }
        if let [one] = full {
            let word = text(one);
            self.add('x', &[&format!("{:x}", one.sound())]);
            self.add('f', &[&word[..word.len().min(END)]]);
            self.add('e', &[&word[word.len().saturating_sub(END)..]]);
        }
    }
}

/// A word, with `oe` for `ö` or without.
fn spelt(word: &Token) -> String {
    format!("{:x}", word.umlaut())
}

fn text(word: &Token) -> &str {
    // Words are ASCII.
    str::from_utf8(word.letters()).unwrap_or_default()
}
