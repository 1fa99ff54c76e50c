//! Who holds which company, and where an organisation lies.

use docmill_model::MentionType::{Location, Org};

use super::office::is_supposed;
use super::passage::{At, Item};
use super::pattern::Hit;
use super::place::is_region;
use crate::name;

const PART: &[&str] = &["subsidiary", "division", "unit", "arm", "affiliate"];

/// What a subsidiary is called besides.
#[rustfmt::skip]
const KIND: &[&str] = &[
    "wholly", "owned", "wholly-owned", "majority-owned", "majority", "indirect", "direct", "operating", "principal",
    "former", "fully", "consolidated", "independent", "new", "main", "foreign", "american", "german", "u.s",
];

/// Who holds a company: `X, a subsidiary of Y`, `X, owned by Y`, `Y's subsidiary X`.
pub(super) fn subsidiary_of(at: At<'_, '_>) -> Option<Hit> {
    held_by(at).or_else(|| possessive(at))
}

/// `X, a wholly owned subsidiary of Y`, `X is a subsidiary of Y`, `X, owned by Y`.
fn held_by(at: At<'_, '_>) -> Option<Hit> {
    let (held, next) = at.name(&[Org])?;
    let aside = next.mark(&[',', '(']);
    if aside.is_none() && is_supposed(at) {
        return None;
    }
    let at = aside.unwrap_or(next).maybe(|at| at.word(&["which", "that"]));
    let at =
        at.maybe(|at| at.word(&["is", "was", "became"])).maybe(|at| at.word(&["now", "then", "formerly", "currently"]));
    if at.at == next.at {
        return None;
    }
    let at = match at.up_to(2, |at| at.word(&["wholly", "majority", "partly"])).word(&["owned", "wholly-owned"]) {
        Some(at) if at.word(&["by"]).is_some() => at.word(&["by"])?,
        _ => part(at.article())?.word(&["of"])?,
    };
    let (holder, at) = at.article().up_to(2, plain).name(&[Org])?;
    at.possessive().is_none().then(|| Hit::new(held, holder))
}

/// `Y's subsidiary X`, `Y subsidiary X`.
fn possessive(at: At<'_, '_>) -> Option<Hit> {
    let (holder, at) = at.name(&[Org])?;
    let at = part(at.maybe(At::possessive))?;
    let comma = at.mark(&[',']);
    let (held, at) = comma.unwrap_or(at).name(&[Org])?;
    (comma.is_none() || at.is_closed()).then(|| Hit::new(held, holder))
}

/// Where an organisation is said to be: `X, based in Y`, `Y-based X`, `X Ltd of Y`, `X University in Y`, `X, 12 High
/// Street, Y`.
pub(super) fn seat(at: At<'_, '_>) -> Option<Hit> {
    based_in(at).or_else(|| place_based(at)).or_else(|| beside(at)).or_else(|| address(at))
}

/// `X, based in Y`, `X is located in Y`.
fn based_in(at: At<'_, '_>) -> Option<Hit> {
    let (organisation, next) = at.name(&[Org])?;
    if is_supposed(at) {
        return None;
    }
    let at = next.maybe(|at| at.mark(&[',', '('])).maybe(|at| at.word(&["which"]));
    let at = at.maybe(|at| at.word(&["is", "was", "are"])).maybe(|at| at.word(&["currently", "now"]));
    let at = at.word(&["based", "headquartered", "located", "situated"])?.word(&["in", "at", "near", "outside"])?;
    let (place, _) = at.article().maybe(|at| at.word(&["downtown", "central", "nearby"])).name(&[Location])?;
    Some(Hit::new(organisation, place))
}

/// `Y-based X`.
fn place_based(at: At<'_, '_>) -> Option<Hit> {
    let (place, at) = at.name(&[Location])?;
    let at = at.mark(&['-', '–', '\u{2010}', '\u{2011}'])?.word(&["based", "headquartered"])?;
    let (organisation, _) = at.up_to(3, plain).name(&[Org])?;
    Some(Hit::new(organisation, place))
}

/// `X Ltd of Y`, `X University in Y`, `X Inc., Y`. What has no seat (an army, a party) may be in many places.
fn beside(at: At<'_, '_>) -> Option<Hit> {
    let (organisation, at) = has_seat(at)?;
    let comma = at.mark(&[',']);
    let at = comma.unwrap_or(at);
    let (place, at) = at.word(&["in", "of"]).or_else(|| comma.map(|_| at))?.name(&[Location])?;
    // A street and its number come before the town.
    (at.possessive().is_none() && !is_house_number(at) && !is_street(at, place)).then(|| Hit::new(organisation, place))
}

/// An organisation with a legal form, or whose name says that it is one house.
fn has_seat<'s, 'a>(at: At<'s, 'a>) -> Option<(usize, At<'s, 'a>)> {
    let (organisation, next) = at.name(&[Org])?;
    let name = &at.named.get(organisation)?.mention.name;
    let has_form = || name::organisation(name).is_some_and(|name| name.form.is_some());
    (is_house(name) || has_form()).then_some((organisation, next))
}

fn is_house_number(at: At<'_, '_>) -> bool {
    at.any_word().is_some_and(|(word, _)| word.len() <= 4 && word.starts_with(|c: char| c.is_ascii_digit()))
}

fn is_street(at: At<'_, '_>, place: usize) -> bool {
    at.named.get(place).is_some_and(|n| n.mention.name.contains(|c: char| c.is_ascii_digit()))
}

/// Words in the names of organisations that are one house. Sorted.
#[rustfmt::skip]
const HOUSES: &[&str] = &[
    "academy", "bank", "bureau", "cathedral", "center", "centre", "church", "clinic", "college", "court", "gallery",
    "hospital", "hotel", "institute", "laboratory", "library", "museum", "observatory", "office", "restaurant",
    "school", "seminary", "station", "theater", "theatre", "university",
];

fn is_house(name: &str) -> bool {
    name.split(|c: char| !c.is_alphabetic()).any(|word| HOUSES.binary_search(&word.to_lowercase().as_str()).is_ok())
}

/// Items of a postal address at most between an organisation and its town.
const ADDRESS: usize = 12;

/// `X, 12 High Street, Y`, `X, Sophienufer 14, 10115 Y`: a line of a postal address lies between.
fn address(at: At<'_, '_>) -> Option<Hit> {
    let (organisation, at) = at.name(&[Org])?;
    let mut at = at.mark(&[','])?;
    let mut has_number = false;
    for _ in 0..ADDRESS {
        match at.item()? {
            Item::Name(place) if at.named.get(place)?.mention.kind == Location => {
                let next = at.step();
                if is_street(at, place) {
                    has_number = true;
                } else if has_number && next.is_closed() {
                    return Some(Hit::new(organisation, place));
                } else if !is_house_number(next) {
                    return None;
                }
                at = next;
            }
            // The words of a street are in upper case, but for `de la` and `of`.
            Item::Word(word) if word.starts_with(|c: char| !c.is_lowercase()) || word.len() <= 3 => {
                has_number |= word.bytes().any(|b| b.is_ascii_digit());
                at = at.step();
            }
            Item::Mark(',' | '.' | '#' | '-') => at = at.step(),
            _ => return None,
        }
    }
    None
}

/// `Portland, Maine`: a place in a state or country, by the list of these.
pub(super) fn city_in(at: At<'_, '_>) -> Option<Hit> {
    let is_state = |number: usize| at.named.get(number).is_some_and(|n| is_region(&n.mention.name));
    let (city, next) = at.name(&[Location])?;
    let (state, behind) = place(next.mark(&[','])?)?;
    if is_state(city) || !is_state(state) {
        return None;
    }
    // `Toronto, Omaha, New York, Houston` and `London, New York and Paris` are lists of cities.
    let is_city = |n: usize| at.named[n].mention.kind == Location && !is_street(at, n);
    let follows = at.back(1) == Some(Item::Mark(',')) && matches!(at.back(2), Some(Item::Name(n)) if is_city(n));
    let more = behind.maybe(|at| at.mark(&[','])).maybe(|at| at.word(&["and", "or"]));
    let goes_on = more.at > behind.at
        && place(more).is_some_and(|(_, at)| {
            at.mark(&[',']).and_then(|at| at.name(&[Location])).is_none_or(|(state, _)| !is_state(state))
        });
    // In `in Gaza, Israel continues` the state begins what follows.
    let ends = behind.is_closed()
        || behind.item().is_some_and(|item| match item {
            Item::Word(word) => word.starts_with(|c: char| c.is_ascii_digit()) || BEHIND.binary_search(&word).is_ok(),
            _ => true,
        });
    (!follows && !goes_on && ends).then(|| Hit::new(city, state))
}

fn place<'s, 'a>(at: At<'s, 'a>) -> Option<(usize, At<'s, 'a>)> {
    at.name(&[Location])
}

/// The state or country of the town that a pattern gave to an organisation: it lies there too.
pub(super) fn region_of(at: At<'_, '_>, hit: &Hit) -> Option<Hit> {
    let ahead = at.items.get(at.at..)?.iter().take(2 * ADDRESS);
    let by = ahead.enumerate().find(|(_, item)| **item == Item::Name(hit.to)).map(|(by, _)| by)?;
    let region = city_in(At { at: at.at + by, ..at })?;
    (region.from == hit.to).then(|| Hit::new(hit.from, region.to))
}

/// Words behind a place that do not make it the subject of what follows. Sorted.
#[rustfmt::skip]
const BEHIND: &[&str] = &[
    "after", "and", "as", "at", "before", "by", "during", "for", "from", "in", "on", "or", "since", "that", "to",
    "until", "when", "where", "which", "while", "who", "with",
];

fn part<'s, 'a>(at: At<'s, 'a>) -> Option<At<'s, 'a>> {
    at.up_to(4, |at| at.word(KIND).map(|at| at.maybe(|at| at.mark(&['-', '.'])))).word(PART)
}

/// A word in lower case that joins nothing.
fn plain<'s, 'a>(at: At<'s, 'a>) -> Option<At<'s, 'a>> {
    let (word, next) = at.any_word()?;
    let joins =
        ["and", "or", "but", "in", "of", "for", "with", "to", "at", "by", "on", "who", "which", "that"].contains(&word);
    (word.starts_with(char::is_lowercase) && !joins).then_some(next)
}
