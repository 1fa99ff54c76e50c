//! Sums of money: code, symbol or word on either side of an amount, with the separators of four countries.
//!
//! Normal form: `EUR 1200.50`: code, space, minus sign if any, digits; no point for a whole amount, else at least
//! two digits behind it. A bare `$` is taken for the US dollar with a lower confidence. `pounds` alone is a weight
//! too often and is left out, and so are `kr` and `francs`, which do not tell the country.

use std::sync::LazyLock;

use docmill_model::{ByteSpan, MentionType};
use regex::Regex;

use super::Found;
use super::pattern::{Candidate, Family, Reading, Row, Scope, after, before, compile};

mod amount;
mod currency;

use amount::{Decimal, NUMBER, Style, from_words, is_number_word};
use currency::{Currency, NAME_PATTERN, SYMBOL_PATTERN, currency};

const EXTRACTOR: &str = "rule/money@1";

/// Scales with the power of ten they stand for; English, German, French.
const SCALES: &[(&str, usize)] = &[
    ("hundred", 2),
    ("thousand", 3),
    ("tausend", 3),
    ("tsd", 3),
    ("mille", 3),
    ("k", 3),
    ("million", 6),
    ("millionen", 6),
    ("mio", 6),
    ("mill", 6),
    ("mn", 6),
    ("mln", 6),
    ("m", 6),
    ("mm", 6),
    ("billion", 9),
    ("bn", 9),
    ("b", 9),
    ("milliarde", 9),
    ("milliarden", 9),
    ("milliard", 9),
    ("mrd", 9),
    ("md", 9),
    ("trillion", 12),
    ("tn", 12),
    ("billionen", 12),
];

/// A dash for cents, as German and Swiss papers write whole amounts: `300,—`, `1'250.-`.
const NO_CENTS: &str = "(?:[.,](?:--|[-–—]))?";

const SCALE_WORD: &str = concat!(
    r"(?i:(?:hundred|thousand|millionen|millions?|mln|mn|milliarden?|milliards?|billionen|billions?|bn|",
    r"trillions?|tn|tausend|mille)\b|(?:mio|mill|mrd|tsd)\b\.?)"
);

pub fn family() -> Family {
    Family::new(MentionType::Money, EXTRACTOR, Scope::Digits, rows())
}

fn rows() -> Vec<Row> {
    let fill = |source: &str| {
        source
            .replace("<front>", &format!(r"(?P<c>(?:{SYMBOL_PATTERN})|\b(?:[A-Z]{{3}}|S?Fr\.|Rs\.?))"))
            .replace("<back>", &format!(r"(?P<c>(?:{SYMBOL_PATTERN}|zł|Kč)|[A-Z]{{3}}\b|{NAME_PATTERN})"))
            .replace("<n>", &format!("(?P<n>{NUMBER})"))
            .replace("<n2>", &format!("(?P<n2>{NUMBER})"))
            .replace("<scale>", &format!(r"(?:~?-?(?P<s>{SCALE_WORD})|~?(?P<t>k|K|m|M|mm|MM|b|B|Md)\b)"))
            .replace("<sign>", "(?P<g>[-−])")
            .replace("<dash>", NO_CENTS)
    };
    vec![
        Row::one(fill(r"<sign>?<front>(?P<gap>~?)(?P<g2>[-−])?<n><dash><scale>?"), amount_behind),
        Row::one(fill(r"<sign>?\b<n><dash><scale>?(?:~|-)?(?:de~|d['’])?<back>"), amount_in_front),
        Row::many(fill(r"<front>~?<n>(?:~?[-–—]~?|~to~)(?:[$€£]|US\$)?<n2><scale>"), range),
    ]
}

fn amount_behind(c: &Candidate) -> Option<Reading> {
    let currency = currency(c.group("c"))?;
    // `k`, `m` and `b` behind a space begin a word of their own: `$5 m`.
    let mut span = unsigned(c);
    let mut scale = scale_of(c);
    let number_end = c.group_span("n")?.end;
    if !c.group("t").is_empty() && c.text[number_end..].starts_with(|c: char| c.is_whitespace()) {
        (scale, span.end) = ("", number_end);
    }
    let in_word = c.before(1).ends_with(['$', '_', '\\']);
    let is_code = c.group("c").chars().all(|c| c.is_ascii_uppercase());
    // `BSD-2` is a name, and `EUR/USD 1.08` a rate.
    let in_name = is_code && c.group("gap").is_empty() && !c.group("g2").is_empty();
    let in_rate = is_code && c.before(2).ends_with('/') && c.before(2).starts_with(|c: char| c.is_ascii_uppercase());
    if goes_on(&c.text[span.end..]) || in_word || in_name || in_rate || belongs_in_front(c.text, c.group_span("c")?) {
        return None;
    }
    reading(span, currency, c.group("n"), scale, is_negative(c))
}

fn amount_in_front(c: &Candidate) -> Option<Reading> {
    let currency = currency(c.group("c"))?;
    let before = c.before(2);
    let is_tail = before.ends_with(['.', ',', '\'', '’', '/', ':']) && before.starts_with(|c: char| c.is_ascii_digit());
    let word = c.group("c").len() > 3 && c.group("c").starts_with(|c: char| c.is_alphabetic());
    let space = c.group_span("n").is_some_and(|n| c.text[n.end..].starts_with(|c: char| c.is_whitespace()));
    // `mc^2$$` is mathematics.
    let formula = before.ends_with(['^', '_', '{']) || c.after(1) == "$";
    if is_tail
        || formula
        || !c.group("t").is_empty() && space && word
        || !word && scale_of(c).is_empty() && !belongs_in_front(c.text, c.group_span("c")?)
    {
        return None;
    }
    reading(unsigned(c), currency, c.group("n"), scale_of(c), is_negative(c))
}

/// Whether a currency belongs to the amount in front of it, which has to be decided where another number stands
/// behind it: by the side without a gap, then by the number that looks like money, then by the one that is no year.
fn belongs_in_front(text: &str, currency: ByteSpan) -> bool {
    static FRONT: LazyLock<Regex> = LazyLock::new(|| compile(&format!(r"(?P<n>{NUMBER}){NO_CENTS}(?P<gap>~)?$")));
    static BACK: LazyLock<Regex> = LazyLock::new(|| compile(&format!(r"^(?P<gap>~)?[-−]?(?P<n>{NUMBER})")));
    let front = FRONT.captures(before(text, currency.start, 24));
    let back = BACK.captures(after(text, currency.end, 24));
    let (Some(front), Some(back)) = (&front, &back) else { return front.is_some() };
    let gaps = (front.name("gap").is_some(), back.name("gap").is_some());
    if gaps.0 != gaps.1 {
        return gaps.1;
    }
    let is_money = |number: &str| number.contains(['.', ',', '\'', '’', ' ', '\u{a0}', '\u{202f}']);
    let is_year = |number: &str| number.len() == 4 && (number.starts_with("19") || number.starts_with("20"));
    match (is_money(&front["n"]), is_money(&back["n"])) {
        (true, false) => true,
        (false, true) => false,
        _ => is_year(&back["n"]) || !is_year(&front["n"]),
    }
}

/// `$5-10 million`: both amounts share currency and scale, and each is a mention.
fn range(c: &Candidate) -> Vec<Reading> {
    let read = || {
        let currency = currency(c.group("c"))?;
        let (first, second) = (c.group_span("n")?, c.group_span("n2")?);
        let scale = scale_of(c);
        let low = reading(ByteSpan::new(c.span().start, first.end), currency, c.group("n"), scale, false)?;
        // Surer than the reading of the first amount alone, which does not see the scale.
        let low = Reading { confidence: low.confidence + 10, ..low };
        let high = reading(ByteSpan::new(second.start, c.span().end), currency, c.group("n2"), scale, false)?;
        Some(vec![low, high])
    };
    read().unwrap_or_default()
}

fn reading(span: ByteSpan, currency: Currency, number: &str, scale: &str, negative: bool) -> Option<Reading> {
    let style = Style { point: currency.english, scaled: !scale.is_empty() };
    if currency.doubtful && scale.is_empty() && !number.contains(['.', ',', '\'', '’']) {
        return None;
    }
    let mut amount = Decimal::parse(number, style)?;
    if !scale.is_empty() {
        amount = amount.times_power_of_ten(power(scale)?);
    }
    if currency.hundredth {
        amount = amount.hundredths();
    }
    let sign = if negative { "-" } else { "" };
    Some(Reading::new(span, format!("{} {sign}{amount}", currency.code), currency.confidence))
}

fn scale_of<'t>(c: &Candidate<'t>) -> &'t str {
    if c.group("s").is_empty() { c.group("t") } else { c.group("s") }
}

fn power(scale: &str) -> Option<usize> {
    let word = scale.trim_end_matches('.').to_lowercase();
    let word = word.strip_suffix("ns").map(|stem| format!("{stem}n")).unwrap_or(word);
    let word = word.strip_suffix("ds").map(|stem| format!("{stem}d")).unwrap_or(word);
    SCALES.iter().find(|(name, _)| *name == word).map(|&(_, power)| power)
}

/// The span of a match without a dash in front of it that is no minus sign.
fn unsigned(c: &Candidate) -> ByteSpan {
    let span = c.span();
    ByteSpan::new(if is_negative(c) { span.start } else { span.start + c.group("g").len() }, span.end)
}

/// A minus sign counts where no number or word stands in front of it, which would make it a dash.
fn is_negative(c: &Candidate) -> bool {
    let dash_in_front = c.before(4).ends_with(|c: char| c.is_alphanumeric() || matches!(c, '$' | '€' | '£' | '.'));
    !c.group("g2").is_empty() || !c.group("g").is_empty() && !dash_in_front
}

/// Whether the digits go on behind a match (`$1.2.3`, `$250, 000` where spaces were lost or won): then it is no amount.
fn goes_on(rest: &str) -> bool {
    static SPACED: LazyLock<Regex> =
        LazyLock::new(|| compile(r"^[.,]~(?:000\b|\d{3}[.,]~?\d{2,3}\b|\d{1,2}~(?:m|b|tr)illion\b)"));
    let spaced = SPACED.is_match(&rest[..rest.floor_char_boundary(16.min(rest.len()))]);
    let mut rest = rest.chars();
    match rest.next() {
        _ if spaced => true,
        Some(c) if c.is_ascii_digit() => true,
        Some('.' | ',' | '\'' | '’' | '/') => rest.next().is_some_and(|c| c.is_ascii_digit()),
        _ => false,
    }
}

/// Sums in English number words (`fifty thousand dollars`), which have no digit.
pub fn find_words(text: &str, found: &mut Vec<Found>) {
    static CURRENCY: LazyLock<Regex> = LazyLock::new(|| {
        compile(
            r"(?i)\b(?:(?:u\.s\.|us|united~states|canadian|australian)~)?(?:dollars|euros?|cents)\b|\bpounds~sterling\b",
        )
    });
    for matched in CURRENCY.find_iter(text) {
        let Some(currency) = currency(matched.as_str()) else { continue };
        let mut words = Vec::new();
        // The longest number below a trillion has 25 words.
        for (at, word) in words_backwards(text, matched.start()).take(25) {
            let lower = word.to_ascii_lowercase();
            if !lower.split('-').all(is_number_word) {
                break;
            }
            words.push((at, lower));
        }
        // An `and` in front joins the sum to something else.
        while words.pop_if(|(_, word)| word == "and").is_some() {}
        words.reverse();
        let Some(&(start, _)) = words.first() else { continue };
        let Some(number) = from_words(words.iter().flat_map(|(_, word)| word.split('-'))) else { continue };
        let mut amount = Decimal::from_integer(number);
        if currency.hundredth {
            amount = amount.hundredths();
        }
        let normal = format!("{} {amount}", currency.code);
        let span = ByteSpan::new(start, matched.end());
        let reading = Reading::new(span, normal, currency.confidence.min(850));
        found.push(Found::new(text, MentionType::Money, EXTRACTOR, reading));
    }
}

/// The words in front of a position with their starts, nearest first, back to a blank line or a tab.
fn words_backwards(text: &str, at: usize) -> impl Iterator<Item = (usize, &str)> {
    let mut end = at;
    std::iter::from_fn(move || {
        let head = &text[..end];
        let trimmed = head.trim_end_matches(|c| super::pattern::is_blank(c) || c == '\n');
        if trimmed.is_empty() || trimmed.len() == end || head[trimmed.len()..].contains("\n\n") {
            return None;
        }
        // No number word is longer than `seventy-three`.
        let low = trimmed.ceil_char_boundary(trimmed.len().saturating_sub(24));
        let gap = trimmed[low..].rfind(char::is_whitespace).map(|gap| trimmed.ceil_char_boundary(low + gap + 1));
        let start = gap.or((low == 0).then_some(0))?;
        end = start;
        Some((start, &trimmed[start..]))
    })
}

#[cfg(test)]
mod tests {
    use super::super::table;
    use docmill_model::MentionType::Money;

    #[test]
    fn sums_are_read_on_either_side_of_the_currency() {
        table::check(
            Money,
            &[
                ("EUR 1.200,50", &[("EUR 1.200,50", "EUR 1200.50")]),
                ("costs €1,234.56.", &[("€1,234.56", "EUR 1234.56")]),
                ("1.234,56 €", &[("1.234,56 €", "EUR 1234.56")]),
                ("CHF 1'234.50", &[("CHF 1'234.50", "CHF 1234.50")]),
                ("1 234,56 €", &[("1 234,56 €", "EUR 1234.56")]),
                ("1\u{202f}234\u{a0}€", &[("1 234 €", "EUR 1234")]),
                ("$50,000", &[("$50,000", "USD 50000")]),
                ("US$ 12", &[("US$ 12", "USD 12")]),
                ("US $ 8.00 or U.S. $9", &[("US $ 8.00", "USD 8"), ("U.S. $9", "USD 9")]),
                ("300,— €, EUR 1.250,-", &[("300,— €", "EUR 300"), ("EUR 1.250,-", "EUR 1250")]),
                ("CHF 1'250.-- or 3.000.- Euro", &[("CHF 1'250.--", "CHF 1250"), ("3.000.- Euro", "EUR 3000")]),
                ("$3.459 a gallon", &[("$3.459", "USD 3.459")]),
                ("Fr. 50 and Fr. Müller", &[("Fr. 50", "CHF 50")]),
                ("£5m", &[("£5m", "GBP 5000000")]),
                ("$2.5 billion.", &[("$2.5 billion", "USD 2500000000")]),
                ("EUR 5 Mio. netto", &[("EUR 5 Mio.", "EUR 5000000")]),
                ("$2.5bn", &[("$2.5bn", "USD 2500000000")]),
                ("12,5 Mio. EUR", &[("12,5 Mio. EUR", "EUR 12500000")]),
                ("1,234 Mrd. Euro", &[("1,234 Mrd. Euro", "EUR 1234000000")]),
                ("3 millions d'euros", &[("3 millions d'euros", "EUR 3000000")]),
                ("2 milliards d’euros", &[("2 milliards d’euros", "EUR 2000000000")]),
                ("10 k€", &[("10 k€", "EUR 10000")]),
                ("5 million dollars", &[("5 million dollars", "USD 5000000")]),
                ("200 Swiss francs", &[("200 Swiss francs", "CHF 200")]),
                ("50 cents", &[("50 cents", "USD 0.50")]),
                ("-$500", &[("-$500", "USD -500")]),
                ("EUR -500.00", &[("EUR -500.00", "EUR -500")]),
                ("$100-$200", &[("$100", "USD 100"), ("$200", "USD 200")]),
                ("$5-10 million", &[("$5", "USD 5000000"), ("10 million", "USD 10000000")]),
                ("5 $10", &[("$10", "USD 10")]),
                ("$5 men", &[("$5", "USD 5")]),
                ("TRY 1,500.00", &[("TRY 1,500.00", "TRY 1500")]),
                ("5 EUR 2019", &[("5 EUR", "EUR 5")]),
                ("in 2024 EUR 61,350.00", &[("EUR 61,350.00", "EUR 61350")]),
                ("in 2024 EUR 500", &[("EUR 500", "EUR 500")]),
                ("12,50 EUR 3 Stück", &[("12,50 EUR", "EUR 12.50")]),
            ],
        );
    }

    #[test]
    fn number_words_are_read_in_english() {
        table::check(
            Money,
            &[
                ("pay fifty thousand dollars.", &[("fifty thousand dollars", "USD 50000")]),
                ("Two Hundred and Fifty U.S. Dollars", &[("Two Hundred and Fifty U.S. Dollars", "USD 250")]),
                ("twenty-five euros", &[("twenty-five euros", "EUR 25")]),
                ("and one\nmillion dollars", &[("one million dollars", "USD 1000000")]),
                ("and\none\ndollars later", &[("one dollars", "USD 1")]),
                ("fifty cents", &[("fifty cents", "USD 0.50")]),
                ("ten pounds sterling", &[("ten pounds sterling", "GBP 10")]),
            ],
        );
        table::check_none(
            Money,
            &["thousand dollars", "the dollars", "five six dollars", "dollars", "million dollars", "one\n\ndollars"],
        );
    }

    #[test]
    fn what_only_looks_like_money_is_left_out() {
        table::check_none(
            Money,
            &[
                "200 pounds",
                "ALL 50 states",
                "TOP 10",
                "XYZ 100",
                "$",
                "$x",
                "$1.2.3",
                "Fr. Müller",
                "12 km",
                "EUR",
                "USDA 500",
                "100 EURO2",
                "CVE 2024",
                "BSD-2-Clause, MAD-5.5",
                "EUR/USD 1.0812",
                "5 francs",
                "$$E=mc^2$$",
                "$1,23,45.6.7",
                "$250, 000.",
                "$5, 000, 000. 00",
                "$20. 6 billion",
            ],
        );
    }
}
