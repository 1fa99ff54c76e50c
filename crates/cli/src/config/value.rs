//! Values as they are given, and the forms that are taken.

use std::time::Duration;

/// A value before it is understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    Word(String),
    Number(i64),
    /// A value of a type that no setting has.
    Other,
}

/// A whole number in a range. Words are taken too, as variables and flags have nothing else.
pub fn number(given: &Given, low: u64, high: u64) -> Option<u64> {
    let number = match given {
        Given::Number(number) => u64::try_from(*number).ok()?,
        Given::Word(word) => word.trim().parse().ok()?,
        Given::Other => return None,
    };
    (low..=high).contains(&number).then_some(number)
}

/// Bytes: a whole number with its unit.
pub fn bytes(given: &Given) -> Option<u64> {
    const UNITS: [(&str, u64); 9] = [
        ("B", 1),
        ("KB", 1000),
        ("KiB", 1 << 10),
        ("MB", 1_000_000),
        ("MiB", 1 << 20),
        ("GB", 1_000_000_000),
        ("GiB", 1 << 30),
        ("TB", 1_000_000_000_000),
        ("TiB", 1 << 40),
    ];
    let (number, unit) = split(given)?;
    let (_, factor) = UNITS.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(unit))?;
    number.checked_mul(factor)
}

/// A time: a whole number with its unit.
pub fn duration(given: &Given) -> Option<Duration> {
    let (number, unit) = split(given)?;
    let factor = match unit {
        "ms" => return Some(Duration::from_millis(number)),
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3600,
        _ => return None,
    };
    number.checked_mul(factor).map(Duration::from_secs)
}

/// The number and the unit of `512 MiB`.
fn split(given: &Given) -> Option<(u64, &str)> {
    let Given::Word(word) = given else { return None };
    let word = word.trim();
    let end = word.find(|c: char| !c.is_ascii_digit())?;
    Some((word[..end].parse().ok()?, word[end..].trim_start()))
}

/// The largest unit that a number of bytes is whole in.
pub fn show_bytes(bytes: u64) -> String {
    let units = [("TiB", 1u64 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    let whole = units.into_iter().find(|(_, factor)| bytes >= *factor && bytes.is_multiple_of(*factor));
    whole.map_or_else(|| format!("{bytes}B"), |(name, factor)| format!("{}{name}", bytes / factor))
}

/// To the second, or to the millisecond where there is a part of one.
pub fn show_duration(duration: Duration) -> String {
    match duration.subsec_millis() {
        0 => format!("{}s", duration.as_secs()),
        _ => format!("{}ms", duration.as_millis()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_need_a_unit() {
        let check =
            |word: &str, expected: Option<u64>| assert_eq!(bytes(&Given::Word(word.into())), expected, "{word}");
        check("512MiB", Some(512 << 20));
        check(" 4 gib ", Some(4 << 30));
        check("10kb", Some(10_000));
        check("512", None);
        check("MiB", None);
        check("-1MiB", None);
        check("1.5GiB", None);
        check("99999999TiB", None);
        check("1 MiB extra", None);
        check("", None);
        assert_eq!(bytes(&Given::Number(5)), None);
    }

    #[test]
    fn times_need_a_unit() {
        let check = |word: &str, expected: Option<Duration>| {
            assert_eq!(duration(&Given::Word(word.into())), expected, "{word}")
        };
        check("120s", Some(Duration::from_secs(120)));
        check("2 min", Some(Duration::from_secs(120)));
        check("1500ms", Some(Duration::from_millis(1500)));
        check("1h", Some(Duration::from_secs(3600)));
        check("120", None);
        check("1d", None);
        check("18446744073709551615h", None);
    }

    #[test]
    fn what_is_shown_can_be_given() {
        for number in [1, 1000, 1 << 10, 3 << 20, 512 << 20, 4 << 30, 1 << 40] {
            assert_eq!(bytes(&Given::Word(show_bytes(number))), Some(number));
        }
        for time in [1, 999, 1000, 1001, 120_000].map(Duration::from_millis) {
            assert_eq!(duration(&Given::Word(show_duration(time))), Some(time));
        }
    }
}
