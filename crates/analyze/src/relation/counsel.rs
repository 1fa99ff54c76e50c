//! Who speaks for whom: `counsel for X`, `X's lawyer`, `represented by X`.

use docmill_model::MentionType::{Location, Org, Person};

use super::office::is_supposed;
use super::passage::{At, Item};
use super::pattern::Hit;

#[rustfmt::skip]
const COUNSEL: &[&str] = &[
    "counsel", "attorney", "attorneys", "lawyer", "lawyers", "solicitor", "solicitors", "barrister", "barristers",
    "advocate",
];

/// What counsel is called besides.
#[rustfmt::skip]
const KIND: &[&str] = &[
    "lead", "chief", "defense", "defence", "co", "general", "special", "local", "outside", "senior", "legal", "trial",
    "criminal", "court-appointed", "appointed", "appellate", "former", "assistant", "associate", "current", "new",
    "longtime",
];

/// The part that a party plays in its case.
#[rustfmt::skip]
const PARTY: &[&str] = &[
    "plaintiff", "plaintiffs", "defendant", "defendants", "appellant", "appellants", "appellee", "appellees",
    "petitioner", "petitioners", "respondent", "respondents", "claimant", "claimants", "debtor", "debtors",
    "intervenor", "accused", "suspect", "client", "amicus", "amici", "curiae",
];

/// Who speaks for whom: `X, counsel for Y`, `Y's lawyer X`, `X represents Y`, `Y, represented by X`, `X, Firm LLP,
/// Boston, for Y`.
pub(super) fn counsel(at: At<'_, '_>) -> Option<Hit> {
    aside(at)
        .or_else(|| possessive(at))
        .or_else(|| represents(at))
        .or_else(|| represented_by(at))
        .or_else(|| listed(at))
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
fn represents(at: At<'_, '_>) -> Option<Hit> {
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
fn represented_by(at: At<'_, '_>) -> Option<Hit> {
    let (client, next) = at.name(&[Person, Org])?;
    if is_supposed(at) {
        return None;
    }
    // `Acme Ltd ("Acme"), by its attorneys, X`.
    let word =
        |at: At<'_, '_>| at.any_word().map(|(_, at)| at.at).or_else(|| at.name(&[Person, Org]).map(|(_, at)| at.at));
    let next = next.maybe(|at| {
        let quoted = at.mark(&['('])?.quote();
        At { at: word(quoted)?, ..quoted }.quote().mark(&[')'])
    });
    let at = next.maybe(|at| at.mark(&[',', '(']));
    let at = at.maybe(|at| at.word(&["who"]));
    let at = at.maybe(|at| at.word(&["is", "was", "were", "are"]));
    let at = match at.words(&["represented", "by"]) {
        Some(at) => at.maybe(|at| lawyer(at.article())),
        // `by its attorneys`, `by and through counsel`.
        None => lawyer(at.word(&["by", "through"])?.maybe(|at| at.words(&["and", "through"])).article())?,
    };
    let at = at.maybe(|at| at.mark(&[',', ':']));
    let (counsel, at) = at.name(&[Person, Org])?;
    at.possessive().is_none().then(|| Hit::new(counsel, client))
}

/// Items of a list of counsel at most between a member and the client.
const LIST: usize = 48;

/// `A, B, Firm LLP, Boston, for Y`, as in the reports of courts: each person and firm of a list in which a firm of
/// lawyers stands.
fn listed(start: At<'_, '_>) -> Option<Hit> {
    let (counsel, mut at) = start.name(&[Person, Org])?;
    // A partner's name in that of a firm is no member: `Gibson, Dunn & Crutcher LLP`.
    let member = &start.named.get(counsel)?.mention;
    let stands_alone = matches!(at.item(), Some(Item::Mark(',' | '(') | Item::Word("and" | "of")));
    if member.kind == Person && !(stands_alone && member.name.contains(' ')) {
        return None;
    }
    let is_firm = |number: usize| {
        let name = start.named.get(number).map_or("", |n| n.mention.name.as_str());
        let last = name.rsplit([' ', ',']).next().unwrap_or_default().replace('.', "");
        ["LLP", "PLLC", "PC", "LLC", "PLC"].contains(&last.as_str())
    };
    let mut firm = is_firm(counsel);
    for _ in 0..LIST {
        if let Some(next) = at.mark(&[',']).and_then(|at| at.word(&["for"])) {
            let (client, behind) = client(next)?;
            return (firm && client != counsel && behind.is_closed()).then(|| Hit::new(counsel, client));
        }
        match at.item()? {
            Item::Name(number) => {
                let name = at.named.get(number)?;
                firm |= is_firm(number);
                if name.is_term || !matches!(name.mention.kind, Person | Org | Location) {
                    return None;
                }
            }
            Item::Mark(',' | '.' | '&' | '(' | ')') => {}
            // `(argued)`, `Counsel of Record`, `DC`: words in capitals, and few others.
            Item::Word(word)
                if word.starts_with(char::is_uppercase)
                    || ["and", "argued", "of", "on", "the", "brief"].contains(&word) => {}
            _ => return None,
        }
        at = at.step();
    }
    None
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
