//! The case that a document belongs to. `MR. GRÜNWALD` in the record of a hearing is the Grünwald of that case, and
//! another document of the case may have his name in full.

use std::collections::BTreeMap;

use docmill_model::{Identifier, Mention, MentionType, Referent};

use crate::name::{self, Given};
use crate::recognise;

/// Letters that a surname has at least: less are initials.
const SHORTEST: usize = 2;

/// The docket number of a document that speaks of one alone. Where it speaks of several, nothing says whose case the
/// persons in it belong to.
pub(super) fn docket(mentions: &[&Mention]) -> Option<Identifier> {
    let is_docket = |m: &&&Mention| m.kind == MentionType::Case && recognise::is_docket(&m.normal);
    let mut numbers = mentions.iter().filter(is_docket).map(|m| m.normal.as_str());
    let first = numbers.next()?;
    let only = numbers.all(|number| number == first);
    only.then(|| Identifier { scheme: Identifier::DOCKET.to_owned(), value: first.to_owned() })
}

/// Gives the persons of a document its docket number: those with a full name, and those with a surname alone, which
/// are then known in the whole case. A given name, an office and a surname that two persons of the document share stay
/// known in the document alone.
pub(super) fn mark(referents: &mut [Referent], docket: &Identifier) {
    let mut bearers: BTreeMap<String, u32> = BTreeMap::new();
    for person in referents.iter().filter(|r| r.kind == MentionType::Person) {
        *bearers.entry(person.normal.clone()).or_default() += 1;
    }
    for person in referents.iter_mut().filter(|r| r.kind == MentionType::Person) {
        let words: Vec<&str> = person.normal.split(' ').collect();
        let belongs = match words[..] {
            [word] => is_surname(word) && bearers.get(word) == Some(&1),
            _ => person.discriminator.is_empty() && !words.iter().any(|word| name::is_conjunction(word)),
        };
        if belongs {
            person.discriminator.clear();
            person.identifiers.push(docket.clone());
            person.identifiers.sort_unstable();
        }
    }
}

fn is_surname(word: &str) -> bool {
    word.chars().count() >= SHORTEST && !name::is_title(word) && Given::of(word).is_none()
}
