//! Decimal numbers as people write them, in exact decimal arithmetic on their digits.

/// A number as it may be written, without sign: digits with separators of groups, or without.
pub const NUMBER: &str = concat!(
    r"(?:\d{1,3}(?:(?:[ \x{a0}\x{2009}\x{202f}]\d{3}){1,5}|(?:['’]\d{3}){1,5}|(?:,\d{2,3}){1,5}|(?:\.\d{3}){1,5})(?:[.,]\d{1,2})?\b",
    r"|\d{1,15}(?:[.,]\d{1,6})?)"
);

/// Digits before and behind the decimal point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decimal {
    whole: String,
    fraction: String,
}

/// How a separator that could be either is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// A full stop is a decimal point, as always behind `$`.
    pub point: bool,
    /// A word such as `million` follows, in front of which nobody writes groups: `1.234 Mio.`
    pub scaled: bool,
}

impl Decimal {
    /// Reads what [`NUMBER`] matches. One separator before exactly three digits separates groups, unless the
    /// style or a leading zero says otherwise; the last of two kinds is the decimal one.
    pub fn parse(written: &str, style: Style) -> Option<Self> {
        let plain: String = written.chars().filter(|c| c.is_ascii_digit() || matches!(c, '.' | ',')).collect();
        let count = |c| plain.matches(c).count();
        let (points, commas) = (count('.'), count(','));
        let decimal = match (points, commas) {
            (0, 0) => None,
            (1, 1..) if plain.rfind('.') > plain.rfind(',') => Some('.'),
            (1.., 1) if plain.rfind(',') > plain.rfind('.') => Some(','),
            (1, 0) | (0, 1) => {
                let separator = if points == 1 { '.' } else { ',' };
                let (whole, fraction) = plain.split_once(separator)?;
                let groups = fraction.len() == 3
                    && whole.len() <= 3
                    && !whole.starts_with('0')
                    && !style.scaled
                    && !(style.point && separator == '.');
                (!groups).then_some(separator)
            }
            (2.., 0) | (0, 2..) => None,
            _ => return None,
        };
        let (whole, fraction) = decimal.and_then(|d| plain.rsplit_once(d)).unwrap_or((&plain, ""));
        let mut groups = whole.split(['.', ',']).rev();
        let last = groups.next()?;
        // Three digits behind each separator; Indian groups have two in all but the last.
        let grouped = whole.contains(['.', ',']);
        if grouped && (last.len() != 3 || groups.any(|group| group.is_empty() || group.len() > 3)) {
            return None;
        }
        let whole: String = whole.chars().filter(char::is_ascii_digit).collect();
        // Fifteen digits hold the wealth of the world in cents; more are an account.
        (whole.len() <= 15).then(|| Self { whole, fraction: fraction.to_owned() })
    }

    pub fn from_integer(number: u64) -> Self {
        Self { whole: number.to_string(), fraction: String::new() }
    }

    /// Moves the decimal point to the right.
    pub fn times_power_of_ten(mut self, power: usize) -> Self {
        for _ in 0..power {
            let digit = if self.fraction.is_empty() { '0' } else { self.fraction.remove(0) };
            self.whole.push(digit);
        }
        self
    }

    /// Moves the decimal point two digits to the left.
    pub fn hundredths(mut self) -> Self {
        let whole = format!("{:0>3}", self.whole);
        let (whole, cents) = whole.split_at(whole.len() - 2);
        self.fraction.insert_str(0, cents);
        self.whole = whole.to_owned();
        self
    }
}

/// The canonical form: no leading zeros, no point for a whole amount, at least two digits behind a point.
impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let whole = self.whole.trim_start_matches('0');
        let fraction = self.fraction.trim_end_matches('0');
        f.write_str(if whole.is_empty() { "0" } else { whole })?;
        if fraction.is_empty() { Ok(()) } else { write!(f, ".{fraction:0<2}") }
    }
}

const UNITS: &[(&str, u64)] = &[
    ("zero", 0),
    ("a", 1),
    ("an", 1),
    ("one", 1),
    ("two", 2),
    ("three", 3),
    ("four", 4),
    ("five", 5),
    ("six", 6),
    ("seven", 7),
    ("eight", 8),
    ("nine", 9),
    ("ten", 10),
    ("eleven", 11),
    ("twelve", 12),
    ("thirteen", 13),
    ("fourteen", 14),
    ("fifteen", 15),
    ("sixteen", 16),
    ("seventeen", 17),
    ("eighteen", 18),
    ("nineteen", 19),
    ("twenty", 20),
    ("thirty", 30),
    ("forty", 40),
    ("fifty", 50),
    ("sixty", 60),
    ("seventy", 70),
    ("eighty", 80),
    ("ninety", 90),
];

const SCALES: &[(&str, u64)] = &[("thousand", 1_000), ("million", 1_000_000), ("billion", 1_000_000_000)];

/// Whether a lower-case word can stand in an English number.
pub fn is_number_word(word: &str) -> bool {
    word == "hundred" || word == "and" || UNITS.iter().chain(SCALES).any(|(name, _)| *name == word)
}

/// Reads lower-case English number words (`two`, `hundred`, `and`, `fifty`, `thousand`); `None` when their order
/// makes no number.
pub fn from_words<'w>(words: impl Iterator<Item = &'w str>) -> Option<u64> {
    let (mut total, mut group, mut last_scale) = (0u64, None::<u64>, u64::MAX);
    for word in words {
        if let Some(&(_, unit)) = UNITS.iter().find(|(name, _)| *name == word) {
            let fits = match group {
                None => true,
                Some(so_far) => {
                    let rest = so_far % 100;
                    rest == 0 && so_far > 0 || rest >= 20 && rest % 10 == 0 && (1..10).contains(&unit)
                }
            };
            if !fits {
                return None;
            }
            group = Some(group.unwrap_or(0) + unit);
        } else if word == "hundred" {
            group = Some(group.filter(|unit| (1..100).contains(unit))? * 100);
        } else if let Some(&(_, scale)) = SCALES.iter().find(|(name, _)| *name == word) {
            if scale >= last_scale {
                return None;
            }
            total += group.take()? * scale;
            last_scale = scale;
        } else if word != "and" {
            return None;
        }
    }
    if group.is_none() && last_scale == u64::MAX { None } else { Some(total + group.unwrap_or(0)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_are_read_by_their_shape() {
        let plain = Style::default();
        let point = Style { point: true, ..plain };
        let scaled = Style { scaled: true, ..plain };
        for (written, style, expected) in [
            ("1,234.56", plain, "1234.56"),
            ("1.234,56", plain, "1234.56"),
            ("1'234.56", plain, "1234.56"),
            ("1’234’567", plain, "1234567"),
            ("1 234,56", plain, "1234.56"),
            ("1\u{202f}234\u{a0}567,5", plain, "1234567.50"),
            ("1,00,000", plain, "100000"),
            ("1.234.567", plain, "1234567"),
            ("1.234", plain, "1234"),
            ("1,234", plain, "1234"),
            ("1.234", point, "1.234"),
            ("1.234", scaled, "1.234"),
            ("0.125", plain, "0.125"),
            ("1200.5", plain, "1200.50"),
            ("1200.00", plain, "1200"),
            ("007", plain, "7"),
            ("0", plain, "0"),
        ] {
            assert_eq!(Decimal::parse(written, style).map(|d| d.to_string()).as_deref(), Some(expected), "{written}");
        }
        for written in ["1,2,3.4.5", "1,23,45", "1.2.3", "1234567890123456", "12,34.567,8"] {
            assert_eq!(Decimal::parse(written, plain), None, "{written}");
        }
    }

    #[test]
    fn moving_the_point_is_exact() {
        let parse = |s| Decimal::parse(s, Style { scaled: true, point: true }).unwrap();
        assert_eq!(parse("1.25").times_power_of_ten(6).to_string(), "1250000");
        assert_eq!(parse("0.1").times_power_of_ten(3).to_string(), "100");
        assert_eq!(parse("1.2345").times_power_of_ten(3).to_string(), "1234.50");
        assert_eq!(parse("5").hundredths().to_string(), "0.05");
        assert_eq!(parse("250").hundredths().to_string(), "2.50");
    }

    #[test]
    fn number_words_are_added_up() {
        for (words, expected) in [
            ("fifty thousand", Some(50_000)),
            ("two hundred and fifty", Some(250)),
            ("one million two hundred thousand", Some(1_200_000)),
            ("twenty five", Some(25)),
            ("a hundred", Some(100)),
            ("zero", Some(0)),
            ("hundred", None),
            ("thousand", None),
            ("five six", None),
            ("five twenty", None),
            ("one thousand two million", None),
            ("hundred hundred", None),
            ("", None),
            ("and", None),
        ] {
            assert_eq!(from_words(words.split_whitespace()), expected, "{words}");
        }
    }
}
