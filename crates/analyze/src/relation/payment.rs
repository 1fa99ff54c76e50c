//! Who paid whom, how much and when.

use docmill_model::MentionType::{Date, Money, Org, Person};

use super::office::is_supposed;
use super::passage::{At, Item};
use super::pattern::Hit;

#[rustfmt::skip]
const PAID: &[&str] = &[
    "paid", "pays", "transferred", "wired", "remitted", "sent", "gave", "donated", "repaid", "reimbursed", "awarded",
    "refunded",
];

/// Who paid whom: `X paid Y EUR 5`, `EUR 5 was paid by X to Y`, `X's payment of EUR 5 to Y`, `Y received EUR 5 from X`.
pub(super) fn payment(at: At<'_, '_>) -> Option<Hit> {
    paid_to(at).or_else(|| paid_by(at)).or_else(|| payment_from(at)).or_else(|| received_from(at))
}

/// `X paid Y EUR 5`, `X paid EUR 5 to Y on 3 May 2024`.
fn paid_to(at: At<'_, '_>) -> Option<Hit> {
    let (payer, next) = at.name(&[Person, Org])?;
    if is_supposed(at) {
        return None;
    }
    let at =
        next.maybe(|at| at.word(&["has", "had", "have"])).maybe(|at| at.word(&["already", "also", "then", "later"]));
    let at = at.word(PAID)?;
    if let Some((payee, at)) = at.article().name(&[Person, Org]) {
        let (amount, at) = sum(at)?;
        return Some(told(payer, payee, amount, at));
    }
    let (amount, at) = sum(at)?;
    let (payee, at) = to_payee(at, &["to"])?;
    Some(told(payer, payee, amount, at))
}

/// `EUR 5 was paid by X to Y`.
fn paid_by(at: At<'_, '_>) -> Option<Hit> {
    let (amount, at) = at.name(&[Money])?;
    let at = at.maybe(|at| at.word(&["was", "were", "has", "had"])).maybe(|at| at.word(&["been"]));
    let at = at.word(PAID)?;
    match at.word(&["by"]) {
        Some(at) => {
            let (payer, at) = at.article().name(&[Person, Org])?;
            let (payee, at) = at.word(&["to"])?.article().name(&[Person, Org])?;
            Some(told(payer, payee, amount, at))
        }
        None => {
            let (payee, at) = at.word(&["to"])?.article().name(&[Person, Org])?;
            let (payer, at) = at.word(&["by"])?.article().name(&[Person, Org])?;
            Some(told(payer, payee, amount, at))
        }
    }
}

/// `payment of EUR 5 from X to Y`, `X's payment of EUR 5 to Y`.
fn payment_from(at: At<'_, '_>) -> Option<Hit> {
    let words = &[
        "payment",
        "payments",
        "transfer",
        "transfers",
        "donation",
        "donations",
        "contribution",
        "remittance",
        "grant",
        "loan",
    ];
    if let Some((payer, at)) = at.name(&[Person, Org]) {
        let at = at.possessive()?.up_to(2, plain).word(words)?;
        let (amount, at) = at.word(&["of"])?.name(&[Money])?;
        let (payee, at) = to_payee(at, &["to"])?;
        return Some(told(payer, payee, amount, at));
    }
    let at = at.word(words)?;
    let (amount, at) = at.word(&["of"])?.name(&[Money])?;
    let (payer, at) = at.word(&["from", "by"])?.article().name(&[Person, Org])?;
    let (payee, at) = to_payee(at, &["to"])?;
    Some(told(payer, payee, amount, at))
}

/// `Y received EUR 5 from X`.
fn received_from(at: At<'_, '_>) -> Option<Hit> {
    let (payee, next) = at.name(&[Person, Org])?;
    if is_supposed(at) {
        return None;
    }
    let at =
        next.maybe(|at| at.word(&["has", "had", "have"])).maybe(|at| at.word(&["already", "also", "then", "later"]));
    let (amount, at) = sum(at.word(&["received", "receives", "got", "collected"])?)?;
    let (payer, at) = to_payee(at, &["from"])?;
    Some(told(payer, payee, amount, at))
}

fn plain<'s, 'a>(at: At<'s, 'a>) -> Option<At<'s, 'a>> {
    at.any_word().filter(|(word, _)| word.starts_with(char::is_lowercase)).map(|(_, at)| at)
}

/// The amount here, perhaps behind words such as `a total of` or `more than`.
fn sum<'s, 'a>(at: At<'s, 'a>) -> Option<(usize, At<'s, 'a>)> {
    let at = at.up_to(4, |at| {
        at.word(&[
            "a",
            "the",
            "total",
            "sum",
            "of",
            "about",
            "approximately",
            "more",
            "than",
            "over",
            "nearly",
            "almost",
            "some",
            "another",
            "further",
            "around",
            "least",
            "at",
        ])
    });
    at.name(&[Money])
}

/// Items between an amount and the word before who gets it.
const REACH: usize = 8;

/// Goes on to the payee, past a date and plain words, but not into another clause.
fn to_payee<'s, 'a>(mut at: At<'s, 'a>, before: &[&str]) -> Option<(usize, At<'s, 'a>)> {
    for _ in 0..REACH {
        if let Some(next) = at.word(before) {
            let next = next.article();
            return next.name(&[Person, Org]);
        }
        at = match at.item()? {
            Item::Word(word)
                if !["and", "but", "or", "which", "that", "who", "because", "when", "while"].contains(&word) =>
            {
                at.step()
            }
            Item::Name(_) => at.name(&[Date])?.1,
            Item::Mark('(' | ')') => at.step(),
            _ => return None,
        };
    }
    None
}

/// With the amount, and the date if one is named in the same clause.
fn told(payer: usize, payee: usize, amount: usize, at: At<'_, '_>) -> Hit {
    let normal = |number: usize| at.named.get(number).map_or("", |n| n.mention.normal.as_str());
    let hit = Hit::new(payer, payee).with("amount", normal(amount));
    // Between amount and payee, or behind them in the same clause.
    let start = at.at.saturating_sub(2 * REACH);
    let here = at.at - start;
    let around = at.items.iter().skip(start).take(here + REACH).enumerate();
    let clause = around
        .take_while(|(by, item)| *by < here || !matches!(item, Item::Mark(';' | '.') | Item::Word("and" | "but")));
    let dates = clause.filter_map(|(by, item)| match item {
        Item::Name(number) if at.named.get(*number).is_some_and(|n| n.mention.kind == Date) => {
            Some((by.abs_diff(here), *number))
        }
        _ => None,
    });
    match dates.filter(|(_, date)| *date > payer.min(payee).min(amount)).min() {
        Some((_, date)) => hit.with("date", normal(date)),
        None => hit,
    }
}
