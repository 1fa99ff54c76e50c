//! Who speaks for whom: `counsel for X`, `X's lawyer`, `represented by X`.

use docmill_model::MentionType::{Org, Person};

use super::office::is_supposed;
use super::passage::At;
use super::pattern::Hit;

const COUNSEL: &[&str] = &[
    "counsel",
    "attorney",
    "attorneys",
    "lawyer",
    "lawyers",
    "solicitor",
    "solicitors",
    "barrister",
    "barristers",
    "advocate",
];

/// What counsel is called besides.
const KIND: &[&str] = &[
    "lead",
    "chief",
    "defense",
    "defence",
    "co",
    "general",
    "special",
    "local",
    "outside",
    "senior",
    "legal",
    "trial",
    "criminal",
    "court-appointed",
    "appointed",
    "appellate",
    "former",
    "assistant",
    "associate",
    "current",
    "new",
    "longtime",
];

/// The part that a party plays in its case.
const PARTY: &[&str] = &[
    "plaintiff",
    "plaintiffs",
    "defendant",
    "defendants",
    "appellant",
    "appellants",
    "appellee",
    "appellees",
    "petitioner",
    "petitioners",
    "respondent",
    "respondents",
    "claimant",
    "claimants",
    "debtor",
    "debtors",
    "intervenor",
    "accused",
    "suspect",
    "client",
];

/// Whose counsel someone is said to be: `X, counsel for Y`, `Y's lawyer X`.
pub(super) fn counsel_for(at: At<'_, '_>) -> Option<Hit> {
    aside(at).or_else(|| possessive(at))
}

/// `X, counsel for Y`, `X, attorneys for Plaintiff Y`, `X is counsel for Y`.
fn aside(at: At<'_, '_>) -> Option<Hit> {
    let (counsel, next) = at.name(&[Person, Org])?;
    let aside = next.mark(&[',', '(', '–', '—']);
    let at = match aside {
        Some(at) => at.maybe(|at| at.word(&["who"])?.word(&["is", "was"])),
        None if is_supposed(at) => return None,
        None => {
            next.maybe(|at| at.word(&["who"])).word(&["is", "was", "as", "acts", "acted"])?.maybe(|at| at.word(&["as"]))
        }
    };
    let at = lawyer(at.article())?.word(&["for", "of", "to", "representing"])?;
    let (client, at) = client(at)?;
    at.possessive().is_none().then(|| Hit::new(counsel, client))
}

/// `Y's lawyer X`, `Y's lawyer, X,`.
fn possessive(at: At<'_, '_>) -> Option<Hit> {
    let (client, at) = at.name(&[Person, Org])?;
    let at = lawyer(at.possessive()?)?;
    let comma = at.mark(&[',']);
    let (counsel, at) = comma.unwrap_or(at).name(&[Person])?;
    (comma.is_none() || at.is_closed()).then(|| Hit::new(counsel, client))
}

/// `X represents Y`, `X, representing Y`, `X argued the cause for Y`.
pub(super) fn represents(at: At<'_, '_>) -> Option<Hit> {
    let (counsel, next) = at.name(&[Person, Org])?;
    if is_supposed(at) {
        return None;
    }
    let at = next.maybe(|at| at.mark(&[',']));
    let at = at.maybe(|at| at.word(&["who"]));
    let at = at.maybe(|at| at.word(&["is", "was", "has", "had", "also"]));
    let at = match at.word(&["represents", "represented", "representing", "defends", "defended"]) {
        Some(at) => at,
        None => argued(at)?,
    };
    let (client, at) = client(at)?;
    at.possessive().is_none().then(|| Hit::new(counsel, client))
}

/// `argued the cause for`, `filed a brief for`, as in the reports of courts.
fn argued<'s, 'a>(at: At<'s, 'a>) -> Option<At<'s, 'a>> {
    let at = at.maybe(|at| at.word(&["and"])?.name(&[Person]).map(|(_, at)| at));
    let filed = |at: At<'s, 'a>| at.word(&["filed"])?.maybe(|at| at.word(&["a", "the"])).word(&["brief", "briefs"]);
    let at = match at.word(&["argued", "appeared"]) {
        Some(at) => at.maybe(|at| at.words(&["the", "cause"])).maybe(|at| filed(at.word(&["and"])?)),
        None => filed(at)?,
    };
    at.word(&["for"]).or_else(|| at.words(&["on", "behalf", "of"]))
}

/// `Y, represented by X`, `Y by its attorneys, X`.
pub(super) fn represented_by(at: At<'_, '_>) -> Option<Hit> {
    let (client, next) = at.name(&[Person, Org])?;
    if is_supposed(at) {
        return None;
    }
    let at = next.maybe(|at| at.mark(&[',', '(']));
    let at = at.maybe(|at| at.word(&["who"]));
    let at = at.maybe(|at| at.word(&["is", "was", "were", "are"]));
    let at = match at.words(&["represented", "by"]) {
        Some(at) => at.maybe(|at| lawyer(at.article())),
        None => lawyer(
            at.maybe(|at| at.words(&["by", "and", "through"])).maybe(|at| at.word(&["by", "through"])).article(),
        )?,
    };
    let at = at.maybe(|at| at.mark(&[',', ':']));
    let (counsel, at) = at.name(&[Person, Org])?;
    at.possessive().is_none().then(|| Hit::new(counsel, client))
}

fn lawyer<'s, 'a>(at: At<'s, 'a>) -> Option<At<'s, 'a>> {
    let at = at.up_to(3, |at| at.word(KIND).map(|at| at.maybe(|at| at.mark(&['-']))));
    let at = at.word(COUNSEL)?;
    Some(at.maybe(|at| at.words(&["at", "law"])).maybe(|at| at.word(&["of"])?.word(&["record"])))
}

fn client<'s, 'a>(at: At<'s, 'a>) -> Option<(usize, At<'s, 'a>)> {
    let at = at.article();
    let at = at.up_to(3, |at| at.word(PARTY).map(|at| at.maybe(|at| at.mark(&[',', '-', '/']))));
    at.name(&[Person, Org])
}
