//! Names that are known by their words or by their place, whatever the model took them for.

use std::ops::RangeInclusive;

use docmill_model::MentionType;

use super::Marked;
use crate::names::lists::{FIRMS, ORGANISATIONS, ROLES, holds};
use crate::names::{ADDRESS, ORGANISATION_WORD, Span};

/// Thousandths of confidence in a kind that a word tells.
const CONFIDENCE: u16 = 700;

/// Words that the name of an organisation goes on with behind `of`.
const LONGEST_REST: usize = 4;

impl Marked<'_, '_> {
    /// What has the word for an organisation as its head (`Harrow Point Museum of Navigation`) is one, and reaches to
    /// the end of what it is of.
    pub(super) fn organisations(&mut self) {
        let candidates: Vec<Span> =
            self.names.values().filter(|name| name.kind != MentionType::Other).cloned().collect();
        for mut name in candidates {
            let is_head = |word: usize| {
                word > name.start
                    && holds(ORGANISATIONS, self.text(word))
                    && (word + 1 == name.end || matches!(self.text(word + 1).to_lowercase().as_str(), "of" | "for"))
            };
            let capitals = (name.start..name.end).all(|word| self.is_capitalised(word) || self.is_connector(word));
            let is_firm = name.start + 1 < name.end
                && holds(FIRMS, self.text(name.start))
                && !holds(ROLES, self.text(name.start + 1));
            let head = (name.start..name.end).find(|&word| is_head(word)).or_else(|| is_firm.then_some(name.start));
            let Some(head) = head.filter(|_| capitals) else { continue };
            if name.end <= head + 2 && self.text(head + 1).eq_ignore_ascii_case("of") {
                let mut end = head + 2;
                while end < head + 2 + LONGEST_REST && self.is_capitalised(end) {
                    end += 1;
                }
                name.end = if end > head + 2 { end } else { head + 1 };
            }
            if name.kind != MentionType::Org || name.confidence < CONFIDENCE {
                name = Span { kind: MentionType::Org, confidence: CONFIDENCE, extractor: ORGANISATION_WORD, ..name };
            }
            self.names.remove(&name.start);
            self.put(name);
        }
    }

    /// What stands before a house number, a comma and a postal code is a street, and what follows is its town
    /// (`Sophienufer 14, 10115 Berlin`).
    pub(super) fn addresses(&mut self) {
        let digits = |word: usize, lengths: RangeInclusive<usize>| {
            let text = self.text(word);
            lengths.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
        };
        let is_address = |&number: &usize| {
            digits(number, 1..=4)
                && self.text(number + 1) == ","
                && digits(number + 2, 4..=5)
                && self.is_capitalised(number - 1)
                && self.is_capitalised(number + 3)
        };
        let numbers: Vec<usize> = (1..self.sentence.len()).filter(is_address).collect();
        for number in numbers {
            let street = self.covering(number - 1).cloned();
            let town = number + 3;
            let town = self.covering(town).cloned().unwrap_or(Span {
                start: town,
                end: town + 1,
                kind: MentionType::Location,
                likelihood: 0,
                confidence: 0,
                extractor: ADDRESS,
            });
            for name in street.into_iter().chain([town]) {
                if name.kind != MentionType::Location || name.confidence < CONFIDENCE {
                    let (kind, extractor) = (MentionType::Location, ADDRESS);
                    self.put(Span { kind, extractor, confidence: CONFIDENCE, ..name });
                }
            }
        }
    }
}
