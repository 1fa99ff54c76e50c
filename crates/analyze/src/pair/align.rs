//! Which words of one name stand for which of another.

use super::prepared::{MOST_WORDS, Prepared};
use super::spelling::distance;
use super::token::{Cause, Kind, LONGEST, Token, alike};

/// A word of one name that stands for a word of the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Match {
    pub a: u8,
    pub b: u8,
    /// In thousandths.
    pub score: u16,
    pub cause: Cause,
}

/// The words of two names, matched greedily: the most alike first.
#[derive(Debug)]
pub(super) struct Alignment {
    matches: [Match; MOST_WORDS],
    count: usize,
    /// Bits of the words that are matched.
    used: [u16; 2],
    /// Weight of words that are one word in the other name.
    joined: u32,
    pub joins: u32,
    /// Weight of words that are the initials of several: `JC` and `Jean-Claude`.
    initials: u32,
}

const NONE: Match = Match { a: 0, b: 0, score: 0, cause: Cause::Equal };

/// Aligns the words of two names.
pub(super) fn align(a: &Prepared, b: &Prepared, person: bool) -> Alignment {
    let mut candidates = [NONE; MOST_WORDS * MOST_WORDS];
    let mut count = 0;
    for (i, x) in a.words.iter().enumerate() {
        for (j, y) in b.words.iter().enumerate() {
            if let Some((score, cause)) = alike(x, y, person) {
                candidates[count] = Match { a: i as u8, b: j as u8, score, cause };
                count += 1;
            }
        }
    }
    let candidates = &mut candidates[..count];
    // Of equally good ones those that keep the order of the words.
    candidates.sort_unstable_by_key(|m| (u16::MAX - m.score, m.a.abs_diff(m.b), m.a, m.b));
    let mut out = Alignment { matches: [NONE; MOST_WORDS], count: 0, used: [0; 2], joined: 0, joins: 0, initials: 0 };
    for m in candidates {
        if out.used[0] >> m.a & 1 == 0 && out.used[1] >> m.b & 1 == 0 {
            out.used[0] |= 1 << m.a;
            out.used[1] |= 1 << m.b;
            out.matches[out.count] = *m;
            out.count += 1;
        }
    }
    out.join(&a.words, &b.words, 0);
    out.join(&b.words, &a.words, 1);
    if person {
        out.initials(&a.words, &b.words, 0);
        out.initials(&b.words, &a.words, 1);
    }
    out
}

impl Alignment {
    pub(super) fn matches(&self) -> &[Match] {
        &self.matches[..self.count]
    }

    /// Matches two words beside each other with one: `van der Bilt` and `Vanderbilt`.
    fn join(&mut self, parts: &[Token], wholes: &[Token], side: usize) {
        for at in 1..parts.len() {
            if self.used[side] >> (at - 1) & 3 != 0 {
                continue;
            }
            let mut letters = [0; 2 * LONGEST];
            let (head, tail) = (parts[at - 1].letters(), parts[at].letters());
            let length = head.len() + tail.len();
            letters[..head.len()].copy_from_slice(head);
            letters[head.len()..length].copy_from_slice(tail);
            let whole = (0..wholes.len()).find(|&j| {
                let other = wholes[j].letters();
                let most = u8::from(other.len() > 5);
                self.used[1 - side] >> j & 1 == 0
                    && length <= LONGEST
                    && length.abs_diff(other.len()) <= usize::from(most)
                    && distance(&letters[..length], other, most).is_some()
            });
            if let Some(j) = whole {
                self.used[side] |= 3 << (at - 1);
                self.used[1 - side] |= 1 << j;
                self.joined += 2 * wholes[j].weight;
                self.joins += 1;
            }
        }
    }

    /// Matches words beside each other with one of their first letters.
    fn initials(&mut self, parts: &[Token], wholes: &[Token], side: usize) {
        for (j, whole) in wholes.iter().enumerate() {
            let letters = whole.letters();
            let n = letters.len();
            if !(2..=3).contains(&n) || self.used[1 - side] >> j & 1 != 0 || whole.kind != Kind::Word {
                continue;
            }
            let place = (0..(parts.len() + 1).saturating_sub(n)).find(|&at| {
                let free = self.used[side] >> at & ((1 << n) - 1) == 0;
                free && parts[at..at + n].iter().map(Token::first).eq(letters.iter().copied())
            });
            if let Some(at) = place {
                self.used[side] |= ((1 << n) - 1) << at;
                self.used[1 - side] |= 1 << j;
                self.initials += 2 * whole.weight;
            }
        }
    }

    pub(super) fn has_initials(&self) -> bool {
        self.initials > 0
    }

    /// The words of a side that stand for none of the other.
    pub(super) fn left<'a>(&self, words: &'a [Token], side: usize) -> impl Iterator<Item = &'a Token> {
        let used = self.used[side];
        words.iter().enumerate().filter(move |(at, _)| used >> at & 1 == 0).map(|(_, word)| word)
    }

    /// Whether words that say who it is are left on a side.
    pub(super) fn leaves(&self, words: &[Token], side: usize) -> bool {
        self.left(words, side).any(|word| word.kind != Kind::Particle)
    }

    /// The share of both names that is matched, weighed by the words, in thousandths. Words that are left weigh
    /// `left` hundredths of what they would weigh matched.
    pub(super) fn score(&self, a: &Prepared, b: &Prepared, left: u32) -> u16 {
        let mut got = u64::from(self.joined) * 950 + u64::from(self.initials) * 860;
        let mut all = u64::from(self.joined + self.initials);
        for m in self.matches() {
            let weight = u64::from(a.words[m.a as usize].weight + b.words[m.b as usize].weight);
            got += weight * u64::from(m.score);
            all += weight;
        }
        let rest: u32 = self.left(&a.words, 0).chain(self.left(&b.words, 1)).map(|w| w.weight).sum();
        all += u64::from(rest * left / 100);
        got.checked_div(all).unwrap_or(0) as u16
    }

    /// Whether the matched words stand in another order.
    pub(super) fn is_reordered(&self) -> bool {
        let mut order = [u8::MAX; MOST_WORDS];
        for m in self.matches() {
            order[m.a as usize] = m.b;
        }
        let mut last = None;
        order.into_iter().filter(|b| *b != u8::MAX).any(|b| last.replace(b).is_some_and(|before| before > b))
    }
}
