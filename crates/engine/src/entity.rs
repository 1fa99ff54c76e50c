//! From what someone types to an entity, and from there to all that is known of it.

mod account;
mod doubt;

use std::cmp::Reverse;

use docmill_analyze::name;
use docmill_model::{EntityId, MentionType};
use docmill_store::{EntityRow, Store};
use uuid::Uuid;

pub use account::{Account, Doubt, Extent, Fact, InDocument, account};
pub use doubt::{Part, Question, doubtful, question};

/// Entities read at a time: bounds memory, whatever the size of the store.
const PAGE: usize = 1000;
/// Hex digits that are taken for the beginning of an id. With fewer, many words would be one.
const LEAST_DIGITS: usize = 4;
/// Hex digits that are taken for an id before the names are looked through: a name that happens to be the beginning
/// of an id is one in billions.
const SURE_DIGITS: usize = 8;
const ALL_DIGITS: usize = 32;
/// Words of a name that are looked for one by one; nobody types more, and each is compared with each word of a form.
const MOST_WORDS: usize = 32;

/// How a word fits an entity, the best fit first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// It is the id or its beginning.
    Id,
    /// It is the name.
    Name,
    /// It is the name but for case, accents, points and quotes.
    Folded,
    /// It is another form of the name, folded too.
    Alias,
    /// All its words are words of the name or of one of its other forms. An address or a number is not known by a part.
    Words,
}

/// The entities that fit a word best; those that fit it less are not among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// `None` where nothing fits.
    pub fit: Option<Fit>,
    /// Those in most documents first, then by mentions, then by id; no more than were asked for.
    pub entities: Vec<EntityRow>,
    /// How many fit, shown or not.
    pub total: u64,
    /// Where nothing fits: those that have some of the words, most of them first; no more than were asked for.
    pub near: Vec<EntityRow>,
}

impl Found {
    fn nothing() -> Self {
        Self { fit: None, entities: Vec::new(), total: 0, near: Vec::new() }
    }

    /// The entity, if it is the only one that fits.
    pub fn only(&self) -> Option<&EntityRow> {
        self.entities.first().filter(|_| self.total == 1)
    }
}

/// Looks for the entities that a word names: by the id or its beginning, the name, the folded name, the aliases, the
/// words. Looks through all entities unless it is an id. The fold must be up to date.
pub async fn find(store: &dyn Store, word: &str, limit: usize) -> Result<Found, docmill_store::Error> {
    let digits = id_digits(word);
    let by_id = match &digits {
        Some(digits) => by_id(store, digits, limit).await?,
        None => Found::nothing(),
    };
    if digits.is_some_and(|d| d.len() == ALL_DIGITS || d.len() >= SURE_DIGITS && by_id.total > 0) {
        return Ok(by_id);
    }
    let by_name = by_name(store, word, limit).await?;
    // A whole name says more than the beginning of an id, and that more than a part of a name.
    let is_whole = matches!(by_name.fit, Some(Fit::Name | Fit::Folded | Fit::Alias));
    Ok(if is_whole || by_id.total == 0 { by_name } else { by_id })
}

/// The form that names a thing as the fold names it: the most frequent one, then the longest, then the least in bytes.
pub(crate) fn most_frequent<'a>(forms: impl IntoIterator<Item = (&'a str, u32)>) -> Option<&'a str> {
    let rank = |(form, count): &(&'a str, u32)| (*count, form.chars().count(), Reverse(*form));
    forms.into_iter().max_by_key(rank).map(|(form, _)| form)
}

/// The hex digits of a word that can be the beginning of an id, without dashes.
pub(crate) fn id_digits(word: &str) -> Option<String> {
    // No id is longer with its dashes; nobody writes more of them.
    if word.len() > 2 * ALL_DIGITS {
        return None;
    }
    let digits: String = word.chars().filter(|c| *c != '-').collect();
    let is_id = (LEAST_DIGITS..=ALL_DIGITS).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_hexdigit());
    is_id.then(|| digits.to_ascii_lowercase())
}

async fn by_id(store: &dyn Store, digits: &str, limit: usize) -> Result<Found, docmill_store::Error> {
    if let Ok(id) = Uuid::try_parse(digits)
        && let Some(row) = store.entity_row(EntityId(id)).await?
    {
        return Ok(Found { fit: Some(Fit::Id), entities: vec![row], total: 1, near: Vec::new() });
    }
    let Ok(least) = u128::from_str_radix(&format!("{digits:0<ALL_DIGITS$}"), 16) else { return Ok(Found::nothing()) };
    let mut found = Best::new(limit);
    let mut after = least.checked_sub(1).map(|before| EntityId(Uuid::from_u128(before)));
    loop {
        let rows = store.entity_rows(after, PAGE).await?;
        let Some(last) = rows.last() else { break };
        after = Some(last.entity.id);
        let full = rows.len();
        let begins = |row: &EntityRow| row.entity.id.0.simple().to_string().starts_with(digits);
        let fitting: Vec<EntityRow> = rows.into_iter().take_while(begins).collect();
        let ended = fitting.len() < full;
        fitting.into_iter().for_each(|row| found.offer(Fit::Id, row));
        if ended {
            break;
        }
    }
    Ok(found.done())
}

async fn by_name(store: &dyn Store, word: &str, limit: usize) -> Result<Found, docmill_store::Error> {
    let wanted = Wanted::new(word);
    if wanted.folded.is_empty() {
        return Ok(Found::nothing());
    }
    let mut found = Best::new(limit);
    let mut after = None;
    loop {
        let rows = store.entity_rows(after, PAGE).await?;
        let Some(last) = rows.last() else { return Ok(found.done()) };
        after = Some(last.entity.id);
        for row in rows {
            match wanted.fit(row.entity.kind, &row.entity.name, &row.entity.aliases) {
                Some(fit) => found.offer(fit, row),
                None if found.is_empty() => found.offer_near(wanted.shared(row.entity.kind, &row.entity.name), row),
                None => {}
            }
        }
    }
}

/// A name that is looked for.
pub(crate) struct Wanted<'a> {
    word: &'a str,
    folded: String,
    words: Vec<String>,
}

impl<'a> Wanted<'a> {
    pub(crate) fn new(word: &'a str) -> Self {
        let folded = name::fold(word);
        Self { word, words: words(&folded).map(str::to_owned).collect(), folded }
    }

    pub(crate) fn fit(&self, kind: MentionType, name: &str, aliases: &[String]) -> Option<Fit> {
        if name == self.word {
            return Some(Fit::Name);
        }
        let forms: Vec<String> =
            std::iter::once(name).chain(aliases.iter().map(String::as_str)).map(name::fold).collect();
        let at = forms.iter().position(|form| *form == self.folded);
        match at {
            Some(0) => Some(Fit::Folded),
            Some(_) => Some(Fit::Alias),
            None => (has_words(kind) && forms.iter().any(|form| self.words_are_in(form))).then_some(Fit::Words),
        }
    }

    /// How many of its words a name has.
    pub(crate) fn shared(&self, kind: MentionType, name: &str) -> usize {
        if !has_words(kind) || self.words.len() > MOST_WORDS {
            return 0;
        }
        let form = name::fold(name);
        self.words.iter().filter(|wanted| words(&form).any(|word| word == **wanted)).count()
    }

    fn words_are_in(&self, form: &str) -> bool {
        (1..=MOST_WORDS).contains(&self.words.len())
            && self.words.iter().all(|wanted| words(form).any(|word| word == wanted))
    }
}

fn has_words(kind: MentionType) -> bool {
    use MentionType::{Case, Law, Location, Org, Other, Person};
    matches!(kind, Person | Org | Location | Law | Case | Other)
}

fn words(folded: &str) -> impl Iterator<Item = &str> {
    folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// The best of what was offered, and of those the ones in most documents.
struct Best {
    limit: usize,
    found: Found,
    /// With the number of words that are shared.
    near: Vec<(usize, EntityRow)>,
}

impl Best {
    fn new(limit: usize) -> Self {
        Self { limit, found: Found::nothing(), near: Vec::new() }
    }

    fn is_empty(&self) -> bool {
        self.found.fit.is_none()
    }

    fn offer(&mut self, fit: Fit, row: EntityRow) {
        if self.found.fit.is_some_and(|best| best < fit) {
            return;
        }
        if self.found.fit != Some(fit) {
            self.found = Found { fit: Some(fit), ..Found::nothing() };
        }
        self.found.total += 1;
        self.found.entities.push(row);
        // Sorted when twice as many are held: the cost of each offer stays that of a few comparisons.
        if self.found.entities.len() > 2 * self.limit {
            self.cut();
        }
    }

    fn offer_near(&mut self, shared: usize, row: EntityRow) {
        if shared > 0 {
            self.near.push((shared, row));
            if self.near.len() > 2 * self.limit {
                self.cut();
            }
        }
    }

    fn cut(&mut self) {
        let rank = |row: &EntityRow| {
            let e = &row.entity;
            (Reverse((e.documents, e.mentions)), e.id)
        };
        self.found.entities.sort_by_key(rank);
        self.found.entities.truncate(self.limit);
        self.near.sort_by_key(|(shared, row)| (Reverse(*shared), rank(row)));
        self.near.truncate(self.limit);
    }

    fn done(mut self) -> Found {
        self.cut();
        if self.is_empty() {
            self.found.near = self.near.into_iter().map(|(_, row)| row).collect();
        }
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_fits_by_itself_then_folded_then_by_its_other_forms_then_by_its_words() {
        let check = |word: &str, expected| {
            let aliases = ["J. Morgenroth".to_owned(), "Herr Morgenroth".to_owned()];
            let found = Wanted::new(word).fit(MentionType::Person, "Jörg Morgenroth", &aliases);
            assert_eq!(found, expected, "{word}");
        };
        check("Jörg Morgenroth", Some(Fit::Name));
        check("jorg  MORGENROTH", Some(Fit::Folded));
        check("J Morgenroth", Some(Fit::Alias));
        check("morgenroth", Some(Fit::Words));
        check("Morgenroth Herr", Some(Fit::Words));
        check("Jörg Herr", None);
        check("Morgen", None);
        check("", None);
        check("-", None);
        let part = Wanted::new("anna");
        assert_eq!(part.fit(MentionType::Other, "anna@example.org", &[]), Some(Fit::Words));
        assert_eq!(part.fit(MentionType::Email, "anna@example.org", &[]), None);
    }

    #[test]
    fn a_thing_is_named_by_its_most_frequent_form_then_the_longest_in_characters_then_the_least() {
        let check = |forms: &[(&str, u32)], expected| assert_eq!(most_frequent(forms.iter().copied()), expected);
        check(&[], None);
        check(&[("Anna Schmidt", 1), ("Anna", 2)], Some("Anna"));
        check(&[("Jörg", 1), ("Jorg W", 1)], Some("Jorg W"));
        check(&[("Öäü", 1), ("Anna", 1)], Some("Anna"));
        check(&[("Anne", 1), ("Anna", 1)], Some("Anna"));
    }

    #[test]
    fn four_hex_digits_begin_an_id_and_more_than_thirty_two_do_not() {
        let check = |word: &str, expected: Option<&str>| assert_eq!(id_digits(word).as_deref(), expected, "{word}");
        check("CAFE", Some("cafe"));
        check("e651aa27-05bc-595b-ab50-6487ae7d7268", Some("e651aa2705bc595bab506487ae7d7268"));
        check("abc", None);
        check("Anna", None);
        check("", None);
        check(&"a".repeat(33), None);
        check(&"-".repeat(1 << 20), None);
    }
}
