//! Companies by their legal form.

use docmill_model::MentionType;

use super::Marked;
use crate::names::lists::{OPENERS, ROLES, STRONG_FORMS, WEAK_FORMS, holds};
use crate::names::{LEGAL_FORM, Span};

/// Thousandths of confidence in a name with a legal form that nothing else is written like.
const CONFIDENCE: u16 = 850;

/// Words of a company's name that are looked for before its legal form.
const LONGEST_RUN: usize = 7;

impl Marked<'_, '_> {
    /// An organisation grows over the legal form behind it, and what no name covers becomes one by its form.
    pub(super) fn companies(&mut self) {
        for form in 1..self.sentence.len() {
            let strong = holds(STRONG_FORMS, self.text(form));
            if !strong && !holds(WEAK_FORMS, self.text(form)) || !self.is_capitalised(form) {
                continue;
            }
            let inside = self.covering(form).cloned();
            let name_end = if self.text(form - 1) == "," { form - 1 } else { form };
            let before = inside.or_else(|| self.covering(name_end.checked_sub(1)?).cloned());
            if let Some(name) = before {
                if strong && name.confidence < CONFIDENCE {
                    let (kind, confidence, extractor) = (MentionType::Org, CONFIDENCE, LEGAL_FORM);
                    self.put(Span { end: name.end.max(form + 1), kind, confidence, extractor, ..name });
                } else if strong || name.kind == MentionType::Org {
                    self.put(Span { end: name.end.max(form + 1), kind: MentionType::Org, ..name });
                }
            } else if strong {
                let start = self.start_of_run(name_end);
                if (start..name_end).any(|word| !holds(ROLES, self.text(word))) {
                    let (kind, end) = (MentionType::Org, form + 1);
                    self.put(Span { start, end, kind, likelihood: 0, confidence: CONFIDENCE, extractor: LEGAL_FORM });
                }
            }
        }
    }

    /// Where the run of capitalised words begins that ends before the word `end`.
    fn start_of_run(&self, end: usize) -> usize {
        let mut start = end;
        while start > 0 && end - start < LONGEST_RUN {
            let word = start - 1;
            let joins = self.is_connector(word) && start < end && word > 0 && self.is_capitalised(word - 1);
            let part = self.is_capitalised(word) && !holds(OPENERS, self.text(word)) || joins;
            if !part || self.covering(word).is_some() {
                break;
            }
            start = word;
        }
        // Not with a small word first, where the run was too long.
        while start < end && self.is_connector(start) {
            start += 1;
        }
        start
    }
}
