//! Names whose words tell what they are, whatever the model took them for.

use docmill_model::MentionType;

use super::Marked;
use crate::names::lists::{FIRMS, ORGANISATIONS, ROLES, holds};
use crate::names::{ORGANISATION_WORD, STREET, Span};

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

    /// What stands before a house number and the postal code of a town is a street (`Sophienufer 14, 10115 Berlin`).
    pub(super) fn streets(&mut self) {
        let digits = |word: usize, lengths: std::ops::RangeInclusive<usize>| {
            let text = self.text(word);
            lengths.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
        };
        let streets: Vec<usize> = self
            .names
            .values()
            .filter(|name| digits(name.end, 1..=4) && self.text(name.end + 1) == "," && digits(name.end + 2, 4..=5))
            .map(|name| name.start)
            .collect();
        for start in streets {
            if let Some(name) = self.names.get_mut(&start).filter(|name| name.kind != MentionType::Location) {
                (name.kind, name.confidence, name.extractor) = (MentionType::Location, CONFIDENCE, STREET);
            }
        }
    }
}
