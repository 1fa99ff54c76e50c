//! Places: the same words, or a word written in another way.

use super::align::align;
use super::person::reasons;
use super::prepared::Prepared;
use super::token::Cause;
use super::{ASK, Likeness, reason, same_name};

pub(super) fn likeness(a: &Prepared, b: &Prepared) -> Likeness {
    if a.normal == b.normal {
        return same_name();
    }
    let other = |score| Likeness { score, reasons: Vec::new(), veto: Some(reason::OTHER_NAME) };
    if a.long || b.long || a.numbers != b.numbers {
        return other(0);
    }
    let script = a.is_foreign() != b.is_foreign();
    if a.joined == b.joined {
        let reasons = vec![if script { reason::TRANSLITERATION } else { reason::JOINED_WORDS }];
        return Likeness { score: 980, reasons, veto: None };
    }
    let alignment = align(a, b, false);
    // What is left out of a place's name makes it another place: `York`, `New York`.
    if alignment.leaves(&a.words, 0) || alignment.leaves(&b.words, 1) || alignment.matches().is_empty() {
        return other(0);
    }
    let mut score = alignment.score(a, b, 100);
    let written_alike = |cause| matches!(cause, Cause::Equal | Cause::Transliterated | Cause::Scan);
    if !alignment.matches().iter().all(|m| written_alike(m.cause)) || alignment.is_reordered() {
        score = score.min(ASK);
    }
    Likeness { score, reasons: reasons(&alignment, script), veto: None }
}
