//! Who serves which organisation: `X, director of Y`, `Y's director X`, `Director X of Y`.

use docmill_model::MentionType::{Location, Org, Person};

use super::passage::{At, Item};
use super::pattern::Hit;
use super::role::{Role, role, role_or_desk, to_organisation};

/// An office and whose it is: `X, director of Y`, `X is the director of Y`, `the director of Y, X`, `Director X of Y`,
/// `X, director, Y`, `For Y: X, director`.
pub(super) fn role_of(at: At<'_, '_>) -> Option<Hit> {
    aside(at)
        .or_else(|| stated(at))
        .or_else(|| listed(at))
        .or_else(|| named_for(at))
        .or_else(|| before(at))
        .or_else(|| title(at))
}

/// An organisation and its officer: `Y director X`, `Y's director, X,`.
pub(super) fn organisation_role(at: At<'_, '_>) -> Option<Hit> {
    let (organisation, next) = at.name(&[Org, Location])?;
    let (role, at) = role(next.maybe(At::possessive))?;
    allowed(&role, next, organisation)?;
    let comma = at.mark(&[',']);
    let (person, at) = comma.unwrap_or(at).name(&[Person])?;
    // In `Y's director, X said` X may be another one; between two commas he is not.
    (comma.is_none() || at.is_closed()).then(|| told(person, organisation, role))
}

/// `X, the managing director of Y` and `X (director of Y)`; `X and Z, directors of Y` says it of both.
fn aside(at: At<'_, '_>) -> Option<Hit> {
    let (person, next) = at.name(&[Person])?;
    // In `A, B, the director of Y, and C` the aside may be another member of the list.
    let is_listed = at.back(1) == Some(Item::Mark(','))
        && matches!(at.back(2), Some(Item::Name(n)) if at.named[n].mention.kind == Person);
    let at = next.maybe(|at| at.word(&["and"])?.name(&[Person]).map(|(_, at)| at));
    // `X, 45, director of Y`.
    let at = at.maybe(|at| at.mark(&[','])?.any_word().filter(|(w, _)| is_age(w)).map(|(_, at)| at));
    let at = at.mark(&[',', '(', '–', '—', '-'])?;
    let at = at.maybe(|at| at.word(&["who"])?.word(&["is", "was", "became", "remains"]));
    let at = at.maybe(|at| at.word(&["now", "currently", "then", "formerly", "previously", "once"]));
    if is_listed && at.word(&["the"]).is_some() {
        return None;
    }
    let (role, at) = role(at.article())?;
    let organisation = served(&role, to_organisation(at)?)?;
    Some(told(person, organisation, role))
}

/// `X is the director of Y`, `X was appointed director of Y`.
fn stated(at: At<'_, '_>) -> Option<Hit> {
    let (person, next) = at.name(&[Person])?;
    if is_supposed(at) {
        return None;
    }
    let at = next.maybe(|at| at.mark(&[',']));
    let at = at.maybe(|at| at.word(&["who"]));
    let at = at.maybe(|at| at.word(&["has", "had", "currently", "also", "now", "later", "then"]));
    let at = at.word(&["is", "was", "been", "became", "remains", "serves", "served", "works", "worked", "acts"])?;
    let at = at.maybe(|at| at.word(&["currently", "also", "now", "then", "once"]));
    let at = at.maybe(|at| at.word(&["appointed", "named", "elected", "hired", "promoted", "made"]));
    let at = at.maybe(|at| at.word(&["as", "to"]));
    let (role, at) = role(at.article())?;
    let organisation = served(&role, to_organisation(at)?)?;
    Some(told(person, organisation, role))
}

/// `X, director, Y`, as in lists of those who are present.
fn listed(at: At<'_, '_>) -> Option<Hit> {
    let (person, at) = at.name(&[Person])?;
    let (role, at) = role(at.mark(&[','])?.article())?;
    let (organisation, at) = at.mark(&[','])?.article().name(&[Org])?;
    at.is_closed().then(|| told(person, organisation, role))
}

/// `the director of Y, X,`.
fn before(at: At<'_, '_>) -> Option<Hit> {
    if continues(at) {
        return None;
    }
    let (role, next) = role(at)?;
    let there = to_organisation(next)?;
    let organisation = served(&role, there)?;
    let at = there.step();
    let comma = at.mark(&[',']);
    let (person, at) = comma.unwrap_or(at).name(&[Person])?;
    // With a comma both ways, or `director of Y, X` could begin another clause.
    if comma.is_some() && !at.is_closed() || at.possessive().is_some() {
        return None;
    }
    Some(told(person, organisation, role))
}

/// `Director X of Y`.
fn title(at: At<'_, '_>) -> Option<Hit> {
    if continues(at) {
        return None;
    }
    let (role, at) = role(at)?;
    let (person, at) = at.name(&[Person])?;
    let at = at.maybe(|at| at.mark(&[',']));
    let at = at.word(&["of", "at", "from"])?.article();
    let organisation = served(&role, at)?;
    Some(told(person, organisation, role))
}

/// `X works for Y`, `X is employed by Y`.
pub(super) fn works_for(at: At<'_, '_>) -> Option<Hit> {
    let (person, next) = at.name(&[Person])?;
    if is_supposed(at) {
        return None;
    }
    let at = next.maybe(|at| at.mark(&[','])).maybe(|at| at.word(&["who"]));
    let at = at.maybe(|at| at.word(&["is", "was", "has", "had", "currently", "also", "now", "still"]));
    let at = at.maybe(|at| at.word(&["been", "currently", "also", "now", "still"]));
    let at = at.word(&["works", "worked", "working", "employed"])?.word(&["for", "by", "at"])?;
    let (organisation, at) = at.article().name(&[Org])?;
    at.possessive().is_none().then(|| Hit::new(person, organisation))
}

/// `X of Y`.
pub(super) fn person_of(at: At<'_, '_>) -> Option<Hit> {
    let (person, at) = at.name(&[Person])?;
    let (organisation, at) = at.word(&["of"])?.article().name(&[Org])?;
    at.possessive().is_none().then(|| Hit::new(person, organisation))
}

/// `For Y: X, director, ...; and Z, registrar`: those who act for a party, each with an office.
fn named_for(at: At<'_, '_>) -> Option<Hit> {
    let (person, next) = at.name(&[Person])?;
    let begins = At { at: 0, ..at }.word(&["for"])?.article();
    let (organisation, list) = begins.name(&[Org])?;
    let list = list.mark(&[':'])?;
    let is_entry = list.at == at.at || matches!(at.back(1), Some(Item::Mark(';') | Item::Word("and")));
    let (role, _) = role_or_desk(next.mark(&[',', '('])?)?;
    (is_entry && list.at <= at.at).then(|| told(person, organisation, role))
}

fn told(person: usize, organisation: usize, role: Role) -> Hit {
    Hit::new(person, organisation).with("role", role.text)
}

/// The organisation here, or the place if the role is one that a place has. Not one that something else is said of:
/// in `director of Y's school` he serves the school.
fn served(role: &Role, at: At<'_, '_>) -> Option<usize> {
    let (organisation, next) = at.name(&[Org, Location])?;
    allowed(role, next, organisation)?;
    next.possessive().is_none().then_some(organisation)
}

fn allowed(role: &Role, at: At<'_, '_>, organisation: usize) -> Option<()> {
    (at.named.get(organisation)?.mention.kind == Org || role.is_public).then_some(())
}

/// Whether the word before belongs to the role: it is then read from there.
fn continues(at: At<'_, '_>) -> bool {
    let before = at.at.checked_sub(1).map(|before| At { at: before, ..at });
    before.is_some_and(|before| role(before).is_some_and(|(_, end)| end.at > at.at))
}

fn is_age(word: &str) -> bool {
    word.len() <= 2 && word.bytes().all(|b| b.is_ascii_digit())
}

/// Items before a verb's subject that are looked at for words that make it a condition.
const REACH: usize = 6;

/// Whether what is said from here on is only supposed: `if X is ...`, `whether X ...`, `is X ...`.
pub(super) fn is_supposed(at: At<'_, '_>) -> bool {
    for by in 1..=REACH {
        match at.back(by) {
            None | Some(Item::Mark('.' | ';' | ':')) => return false,
            Some(Item::Word(word)) => {
                let supposes = [
                    "if",
                    "whether",
                    "unless",
                    "suppose",
                    "supposing",
                    "assuming",
                    "neither",
                    "nor",
                    "not",
                    "deny",
                    "denies",
                    "denied",
                    "false",
                    "falsely",
                ];
                if supposes.iter().any(|s| s.eq_ignore_ascii_case(word)) {
                    return true;
                }
            }
            Some(_) => {}
        }
    }
    false
}
