//! Profiles made ready to be compared with many others: transliterated, parted into words, each word with what is asked
//! of it again and again.

use any_ascii::any_ascii;
use docmill_model::{Identifier, MentionType, ProfileKey};

use super::token::{Kind, Token, hash};
use crate::name::{self, LegalForm};

/// Words of a name that are compared; a name of more is compared as a whole.
pub(super) const MOST_WORDS: usize = 12;

/// A profile, made ready for comparison with many others.
#[derive(Clone, Debug)]
pub struct Prepared {
    pub(super) kind: MentionType,
    pub(super) normal: Box<str>,
    /// Those that identify whoever has them.
    pub(super) identifiers: Box<[Identifier]>,
    /// The docket number of the case in which a person is named.
    pub(super) docket: Option<Box<str>>,
    /// In the order of the name, generation and legal form taken off.
    pub(super) words: Box<[Token]>,
    /// Whether there were more words than are compared.
    pub(super) long: bool,
    /// `jr`, `ii`.
    pub(super) generation: Option<Box<str>>,
    pub(super) form: Option<LegalForm>,
    /// The letters without what parts them.
    pub(super) joined: Box<str>,
    /// Of the words in the order of the alphabet.
    pub(super) sorted: u64,
    /// The numbers in the name, in the order of the alphabet.
    pub(super) numbers: u64,
    /// The first letters of the words that are no particles.
    pub(super) initials: Box<str>,
}

impl Prepared {
    pub fn new(key: &ProfileKey) -> Self {
        let person = key.kind == MentionType::Person;
        let (rest, last) = key.normal.rsplit_once(' ').map_or(("", key.normal.as_str()), |(rest, last)| (rest, last));
        let generation =
            (person && !rest.is_empty() && name::GENERATIONS.binary_search(&last).is_ok()).then(|| last.into());
        let form = (key.kind == MentionType::Org && !rest.is_empty()).then(|| name::canonical(last)).flatten();
        let shown = if generation.is_some() || form.is_some() { rest } else { &key.normal };
        let mut words = Vec::new();
        let mut joined = String::new();
        let mut long = false;
        'words: for word in shown.split_whitespace() {
            let foreign = !word.is_ascii();
            let latin = if foreign { any_ascii(word).to_ascii_lowercase() } else { word.to_owned() };
            let latin: String = latin.chars().filter(|c| !matches!(c, '\'' | '`' | '.')).collect();
            for part in latin.split(|c: char| !c.is_ascii_alphanumeric()).filter(|p| !p.is_empty()) {
                if words.len() == MOST_WORDS {
                    long = true;
                    break 'words;
                }
                words.push(Token::new(part, person, foreign));
                joined.push_str(part);
            }
        }
        let mut order: Vec<&Token> = words.iter().filter(|w| w.kind != Kind::Particle).collect();
        let initials = order.iter().map(|w| char::from(w.first())).collect::<String>().into();
        order.sort();
        let number = |w: &&Token| w.kind == Kind::Number;
        let docket = key.identifiers.iter().find(|i| !i.is_own());
        Self {
            kind: key.kind,
            normal: key.normal.as_str().into(),
            identifiers: key.identifiers.iter().filter(|i| i.is_own()).cloned().collect(),
            docket: docket.map(|i| i.value.as_str().into()),
            long,
            generation,
            form,
            joined: joined.into(),
            sorted: together(order.iter().copied()),
            numbers: together(order.iter().copied().filter(number)),
            initials,
            words: words.into(),
        }
    }

    pub(super) fn is_foreign(&self) -> bool {
        self.words.iter().any(|w| w.foreign)
    }
}

fn together<'a>(words: impl Iterator<Item = &'a Token>) -> u64 {
    let mut bytes = Vec::new();
    for word in words {
        bytes.extend_from_slice(word.letters());
        bytes.push(b' ');
    }
    hash(&bytes)
}
