//! Other names of the same thing.

use docmill_model::MentionType::{Location, Org, Person};

use super::passage::At;
use super::pattern::Hit;

/// `X, also known as Y`, `X d/b/a Y`, `X (formerly Y)`.
pub(super) fn known_as(at: At<'_, '_>) -> Option<Hit> {
    let (one, at) = at.name(&[Person, Org, Location])?;
    let at = at.maybe(|at| at.mark(&[',', '(']));
    let at = at.maybe(|at| at.word(&["who", "which"])).maybe(|at| at.word(&["is", "was"]));
    let adverb = |at: At<'_, '_>| at.word(&["also", "formerly", "better", "otherwise", "commonly", "previously", "now", "originally"]).map(|at| at.at);
    let at = match at.word(&["a/k/a", "aka", "a.k.a", "d/b/a", "dba", "d.b.a", "f/k/a", "fka", "f.k.a", "n/k/a", "alias"]) {
        Some(at) => at.maybe(|at| at.mark(&['.'])),
        None => {
            let at = At { at: adverb(at).unwrap_or(at.at), ..at };
            match at.words(&["known", "as"]).or_else(|| at.words(&["doing", "business", "as"])).or_else(|| at.words(&["trading", "as"])) {
                Some(at) => at,
                None => at.words(&["called"]).filter(|_| at.back(1) == Some(super::passage::Item::Word("also")))?,
            }
        }
    };
    let at = at.quote().article().quote();
    let (other, _) = at.name(&[Person, Org, Location])?;
    same_kind(at, one, other)
}

/// `Federal Trade Commission (FTC)`, `(the "FTC")`: the initials of the name before.
pub(super) fn acronym(at: At<'_, '_>) -> Option<Hit> {
    let (one, at) = at.name(&[Org, Location])?;
    let at = at.mark(&['(', '['])?.quote().article().quote();
    let (other, at) = at.name(&[Org, Location])?;
    at.quote().mark(&[')', ']'])?;
    let (long, short) = (&at.named.get(one)?.mention.name, &at.named.get(other)?.mention.name);
    let initials = |all: bool| -> String {
        let words = long.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty());
        let kept = words.filter(|w| all || w.starts_with(char::is_uppercase));
        kept.filter_map(|w| w.chars().next()).flat_map(char::to_uppercase).collect()
    };
    let short: String = short.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect();
    (short.chars().count() >= 2 && (initials(false).starts_with(&short) || initials(true).starts_with(&short)))
        .then(|| Hit::new(one, other))
}

fn same_kind(at: At<'_, '_>, one: usize, other: usize) -> Option<Hit> {
    let kind = |n: usize| at.named.get(n).map(|n| n.mention.kind);
    (kind(one) == kind(other)).then(|| Hit::new(one, other))
}
