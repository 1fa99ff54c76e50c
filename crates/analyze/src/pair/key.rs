//! Blocking keys: two profiles that may be one thing nearly always share one whose block stays small.

use std::collections::BTreeSet;
use std::fmt::Write;

use docmill_model::{MentionType, ProfileKey};

use super::prepared::Prepared;
use super::token::Token;

/// Keys of a profile at most.
const MOST: usize = 24;

/// Letters at either end of a single word that make a key.
const END: usize = 4;

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
    for identifier in profile.identifiers.iter().take(4) {
        keys.add('i', &[&identifier.scheme, &identifier.value]);
    }
    if prepared.long {
        keys.add('n', &[&profile.normal]);
        return keys.all.into_iter().collect();
    }
    keys.add('j', &[&prepared.joined]);
    let mut full: Vec<&Token> = prepared.words.iter().filter(|w| w.is_full()).collect();
    match profile.kind {
        MentionType::Person => keys.of_person(&full),
        _ => keys.of_words(&full),
    }
    full.sort();
    keys.add('s', &full.iter().map(|w| text(w)).collect::<Vec<_>>());
    if profile.kind == MentionType::Org {
        match &full[..] {
            [one] if one.letters().len() <= 8 => keys.add('a', &[text(one)]),
            _ if (3..=8).contains(&prepared.initials.len()) => keys.add('a', &[&prepared.initials]),
            _ => {}
        }
    }
    keys.all.into_iter().take(MOST).collect()
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

    fn of_person(&mut self, full: &[&Token]) {
        let (Some(first), Some(last)) = (full.first(), full.last()) else { return };
        self.add('w', &[text(last)]);
        self.add('w', &[text(first)]);
        if full.len() == 1 {
            return;
        }
        self.beginning(last, first, 1);
        self.beginning(last, first, 2);
        self.beginning(first, last, 2);
        self.sounds(first, last);
        for name in [first, last] {
            let other = if std::ptr::eq(*name, *first) { last } else { first };
            let others = name.given.map_or(&[][..], |g| g.others());
            for nick in others.iter().map(|g| g.name()).take(4) {
                self.add('g', &[nick, text(other)]);
            }
            if name.given.is_some() {
                self.add('g', &[text(name), text(other)]);
            }
        }
        for middle in &full[1..full.len() - 1] {
            self.sounds(first, middle);
            self.sounds(middle, last);
        }
    }

    fn of_words(&mut self, full: &[&Token]) {
        for pair in full.windows(2).take(4) {
            self.sounds(pair[0], pair[1]);
            self.beginning(pair[0], pair[1], 3);
            self.beginning(pair[1], pair[0], 3);
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

fn text(word: &Token) -> &str {
    // Words are ASCII.
    str::from_utf8(word.letters()).unwrap_or_default()
}
