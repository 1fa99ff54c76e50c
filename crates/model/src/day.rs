//! The days that the normal form of a date stands for.

use std::ops::RangeInclusive;

/// A day as a number whose digits are year, month and day: 20240303. Compares as time does.
pub type Day = u32;

/// The readings of a normal form, each with its first and its last day: `2024-03-03`, `2024-03` (to 20240331, whatever
/// its length), `2024-Q1`, `2024`, `A/B` for a range of days, `A|B` for two readings of one date. Anything else has
/// none.
pub fn readings(normal: &str) -> impl Iterator<Item = RangeInclusive<Day>> + '_ {
    normal.split('|').filter_map(|reading| match reading.split_once('/') {
        Some((first, last)) => Some(*days(first)?.start()..=*days(last)?.end()),
        None => days(reading),
    })
}

/// One date that a person writes: a year, a year with its month or quarter, or a day.
pub fn days(date: &str) -> Option<RangeInclusive<Day>> {
    let mut parts = date.split('-');
    let year = number(parts.next()?, 4)? * 10_000;
    let month = match parts.next() {
        None => return Some(year + 101..=year + 1231),
        Some(quarter) if quarter.starts_with('Q') => {
            let last = 3 * number(&quarter[1..], 1).filter(|q| (1..=4).contains(q))?;
            return parts.next().is_none().then(|| year + (last - 2) * 100 + 1..=year + last * 100 + 31);
        }
        Some(month) => year + 100 * number(month, 2).filter(|m| (1..=12).contains(m))?,
    };
    let day = match parts.next() {
        None => return Some(month + 1..=month + 31),
        Some(day) => month + number(day, 2).filter(|d| (1..=31).contains(d))?,
    };
    parts.next().is_none().then_some(day..=day)
}

/// So many digits and nothing else.
fn number(digits: &str, count: usize) -> Option<u32> {
    (digits.len() == count && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_normal_form_has_a_first_and_a_last_day() {
        let check = |normal: &str, expected: &[(Day, Day)]| {
            let found: Vec<(Day, Day)> = readings(normal).map(RangeInclusive::into_inner).collect();
            assert_eq!(found, expected, "{normal}");
        };
        check("2024-03-04", &[(20240304, 20240304)]);
        check("2024-02", &[(20240201, 20240231)]);
        check("2024-Q3", &[(20240701, 20240931)]);
        check("2024", &[(20240101, 20241231)]);
        check("2024-03-04/2024-04-02", &[(20240304, 20240402)]);
        check("2024-03-04|2024-04-03", &[(20240304, 20240304), (20240403, 20240403)]);
        for other in [
            "",
            "24",
            "2024-13",
            "2024-00-01",
            "2024-01-32",
            "2024-Q5",
            "2024-Q",
            "2024-01-01-01",
            "x|y",
            "2024/",
            "+024",
            "2024-1",
            "2024-Qé",
        ] {
            check(other, &[]);
        }
    }
}
