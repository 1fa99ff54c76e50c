//! Other names of the same thing.

use docmill_model::MentionType::{Location, Org, Person};

use super::passage::At;
use super::pattern::Hit;

/// `X, also known as Y`, `X d/b/a Y`, `X (now known as Y)`.
pub(super) fn known_as(at: At<'_, '_>) -> Option<Hit> {
    let (one, at) = at.name(&[Person, Org, Location])?;
    let bracket = at.mark(&['(', '[']);
    let at = bracket.or_else(|| at.mark(&[','])).unwrap_or(at);
    let at = at.maybe(|at| at.word(&["who", "which"])).maybe(|at| at.word(&["is", "was"]));
    let short = &["a/k/a", "aka", "a.k.a", "d/b/a", "dba", "d.b.a", "f/k/a", "fka", "f.k.a", "n/k/a"];
    let at = match at.word(short) {
        Some(at) => at.maybe(|at| at.mark(&['.'])),
        // Without such a word it may be a part of the one that is known by that name: `a faction of X known as Y`.
        None => {
            let adverb = &["also", "formerly", "better", "otherwise", "commonly", "previously", "now", "originally"];
            let at = at.word(adverb)?;
            at.words(&["known", "as"])
                .or_else(|| at.word(&["called"]))
                .or_else(|| at.words(&["doing", "business", "as"]))?
        }
    };
    let (other, _) = at.quote().article().quote().name(&[Person, Org, Location])?;
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
