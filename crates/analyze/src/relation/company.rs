//! Who holds which company, and where an organisation lies.

use docmill_model::MentionType::{Location, Org};

use super::office::is_supposed;
use super::passage::{At, Item};
use super::pattern::Hit;
use crate::name;

const PART: &[&str] = &["subsidiary", "division", "unit", "arm", "affiliate"];

/// What a subsidiary is called besides.
const KIND: &[&str] = &[
    "wholly", "owned", "wholly-owned", "majority-owned", "majority", "indirect", "direct", "operating", "principal", "former", "fully",
    "consolidated", "independent", "new", "main", "foreign", "american", "german", "u.s",
];

/// `X, a wholly owned subsidiary of Y`, `X is a subsidiary of Y`, `X, owned by Y`.
pub(super) fn subsidiary_of(at: At<'_, '_>) -> Option<Hit> {
    let (held, next) = at.name(&[Org])?;
    let aside = next.mark(&[',', '(']);
    if aside.is_none() && is_supposed(at) {
        return None;
    }
    let at = aside.unwrap_or(next).maybe(|at| at.word(&["which", "that"]));
    let at = at.maybe(|at| at.word(&["is", "was", "became"])).maybe(|at| at.word(&["now", "then", "formerly", "currently"]));
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
pub(super) fn possessive_subsidiary(at: At<'_, '_>) -> Option<Hit> {
    let (holder, at) = at.name(&[Org])?;
    let at = part(at.maybe(At::possessive))?;
    let comma = at.mark(&[',']);
    let (held, at) = comma.unwrap_or(at).name(&[Org])?;
    (comma.is_none() || at.is_closed()).then(|| Hit::new(held, holder))
}

/// `X, based in Y`, `X is located in Y`, `X has its seat in Y`.
pub(super) fn based_in(at: At<'_, '_>) -> Option<Hit> {
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
pub(super) fn place_based(at: At<'_, '_>) -> Option<Hit> {
    let (place, at) = at.name(&[Location])?;
    let at = at.mark(&['-', '–', '\u{2010}', '\u{2011}'])?.word(&["based", "headquartered"])?;
    let (organisation, _) = at.up_to(3, plain).name(&[Org])?;
    Some(Hit::new(organisation, place))
}

/// `X Ltd of Y`.
pub(super) fn organisation_of_place(at: At<'_, '_>) -> Option<Hit> {
    let (organisation, at) = at.name(&[Org])?;
    has_form(at, organisation)?;
    let (place, at) = at.maybe(|at| at.mark(&[','])).word(&["of"])?.name(&[Location])?;
    at.possessive().is_none().then(|| Hit::new(organisation, place))
}

/// `X in Y`.
pub(super) fn organisation_in_place(at: At<'_, '_>) -> Option<Hit> {
    let (organisation, at) = at.name(&[Org])?;
    let (place, at) = at.word(&["in"])?.name(&[Location])?;
    at.possessive().is_none().then(|| Hit::new(organisation, place))
}

/// `X, Y`, where X has a legal form.
pub(super) fn organisation_comma_place(at: At<'_, '_>) -> Option<Hit> {
    let (organisation, at) = at.name(&[Org])?;
    has_form(at, organisation)?;
    let (place, at) = at.mark(&[','])?.name(&[Location])?;
    at.is_closed().then(|| Hit::new(organisation, place))
}

/// `X, 12 High Street, Y`, `X, Sophienufer 14, 10115 Y`: a line of a postal address lies between.
pub(super) fn address(at: At<'_, '_>) -> Option<Hit> {
    let (organisation, at) = at.name(&[Org])?;
    let mut at = at.mark(&[','])?;
    let mut digits = false;
    for _ in 0..12 {
        match at.item()? {
            Item::Name(number) if at.named.get(number)?.mention.kind == Location => {
                // A street that is named after a place, or is taken for one, is not where the address ends.
                let next = at.step();
                if digits && next.is_closed() {
                    return Some(Hit::new(organisation, number));
                }
                at = next;
            }
            Item::Word(word) => {
                digits |= word.bytes().any(|b| b.is_ascii_digit());
                let is_name = word.chars().next().is_some_and(|c| c.is_uppercase() || c.is_numeric());
                if !is_name {
                    return None;
                }
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
    let (city, next) = at.name(&[Location])?;
    let (state, behind) = next.mark(&[','])?.name(&[Location])?;
    let is_state = |number: usize| at.named.get(number).is_some_and(|n| super::place::is_region(&n.mention.name));
    // In `Paris, France, Spain and Italy` too, but not in `Ohio, Maine`.
    let enumerates = behind.mark(&[',']).and_then(|at| at.name(&[Location])).is_some_and(|(next, _)| is_state(next))
        || behind.maybe(|at| at.mark(&[','])).word(&["and", "or"]).and_then(|at| at.name(&[Location])).is_some_and(|(next, _)| is_state(next));
    (is_state(state) && !is_state(city) && !enumerates).then(|| Hit::new(city, state))
}

fn part<'s, 'a>(at: At<'s, 'a>) -> Option<At<'s, 'a>> {
    at.up_to(4, |at| at.word(KIND).map(|at| at.maybe(|at| at.mark(&['-', '.'])))).word(PART)
}

/// A word in lower case that joins nothing.
fn plain<'s, 'a>(at: At<'s, 'a>) -> Option<At<'s, 'a>> {
    let (word, next) = at.any_word()?;
    let joins = ["and", "or", "but", "in", "of", "for", "with", "to", "at", "by", "on", "who", "which", "that"].contains(&word);
    (word.starts_with(char::is_lowercase) && !joins).then_some(next)
}

fn has_form(at: At<'_, '_>, organisation: usize) -> Option<()> {
    name::organisation(&at.named.get(organisation)?.mention.name)?.form.map(drop)
}
