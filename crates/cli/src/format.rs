//! Numbers, sizes, times and commands as people read them.

use std::borrow::Cow;
use std::fmt::Display;
use std::time::Duration;

use unicode_width::UnicodeWidthChar as _;

/// The beginning of an id, long enough to be unique in most workspaces.
pub fn short(id: impl Display) -> String {
    id.to_string().chars().take(8).collect()
}

/// `1 document`, `3 documents`.
pub fn count(number: u64, one: &str) -> String {
    let many = match one.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None => format!("{one}s"),
    };
    format!("{} {}", grouped(number), if number == 1 { one } else { &many })
}

/// With a comma between thousands.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Bytes with one digit behind the point, in steps of 1,024.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut unit = 0;
    let mut step = 1u64;
    while unit + 1 < UNITS.len() && bytes / step >= 1024 {
        step *= 1024;
        unit += 1;
    }
    let name = UNITS[unit];
    let (whole, rest) = (bytes / step, bytes % step);
    if step == 1 || rest == 0 {
        format!("{whole} {name}")
    } else {
        format!("{whole}.{} {name}", rest / (step / 1024) * 10 / 1024)
    }
}

/// To the second, or to the millisecond below one.
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0) => format!("{} ms", duration.as_millis()),
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}

/// Milliseconds since 1970 as a date and time in UTC.
pub fn utc(ms: i64) -> String {
    const DAY: i64 = 86_400;
    let seconds = ms.div_euclid(1000);
    let (day, second) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
    let (year, month, date) = civil(day);
    format!("{year:04}-{month:02}-{date:02} {:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
}

/// Year, month and day of a day counted from 1970-01-01, by counting years and months.
fn civil(day: i64) -> (i64, i64, i64) {
    // Days of 400 years, after which the calendar repeats.
    const CYCLE: i64 = 146_097;
    let is_leap = |y: i64| y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
    let mut year = 1970 + day.div_euclid(CYCLE) * 400;
    let mut rest = day.rem_euclid(CYCLE);
    loop {
        let length = if is_leap(year) { 366 } else { 365 };
        if rest < length {
            break;
        }
        rest -= length;
        year += 1;
    }
    let february = if is_leap(year) { 29 } else { 28 };
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if rest < length {
            break;
        }
        rest -= length;
        month += 1;
    }
    (year, month, rest + 1)
}

/// A word as a shell takes it.
pub fn quoted(word: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':' | '@' | '%' | '+' | ',');
    if !word.is_empty() && !word.starts_with('-') && word.chars().all(plain) {
        Cow::Borrowed(word)
    } else {
        Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")))
    }
}

/// What fits into `width` columns of a terminal, with an ellipsis at the end if something was cut. A character counts
/// as one column at least, so that no text of characters without a width is endless.
pub fn shortened(text: &str, width: usize) -> String {
    let columns = |c: char| c.width().unwrap_or(1).max(1);
    // Where to cut, if anything is to be cut: room is left for the ellipsis.
    let (mut used, mut cut) = (0usize, 0);
    for (at, c) in text.char_indices() {
        if used < width {
            cut = at;
        }
        used += columns(c);
        if used > width {
            return format!("{}…", &text[..cut]);
        }
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_people_read_them() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(count(1, "entity"), "1 entity");
        assert_eq!(count(2, "entity"), "2 entities");
        assert_eq!(count(1000, "document"), "1,000 documents");
    }

    #[test]
    fn sizes_keep_one_digit() {
        let check = |bytes, expected: &str| assert_eq!(size(bytes), expected);
        check(0, "0 B");
        check(1023, "1023 B");
        check(1024, "1 KiB");
        check(1536, "1.5 KiB");
        check(512 << 20, "512 MiB");
        check((4 << 30) + 1, "4.0 GiB");
        check(u64::MAX, "16777215.9 TiB");
    }

    #[test]
    fn days_become_dates() {
        let check = |ms, expected: &str| assert_eq!(utc(ms), expected);
        check(0, "1970-01-01 00:00:00");
        check(-1000, "1969-12-31 23:59:59");
        check(951_782_400_000, "2000-02-29 00:00:00");
        check(1_709_251_199_000, "2024-02-29 23:59:59");
        check(4_102_444_800_000, "2100-01-01 00:00:00");
        assert_eq!(civil(i64::MAX / 86_400_000).1, 8);
    }

    #[test]
    fn words_survive_a_shell() {
        let check = |word: &str, expected: &str| assert_eq!(quoted(word), expected);
        check("a/b.pdf", "a/b.pdf");
        check("a b", "'a b'");
        check("it's", r"'it'\''s'");
        check("-x", "'-x'");
        check("", "''");
    }

    #[test]
    fn times_and_cuts() {
        assert_eq!(duration(Duration::from_millis(12)), "12 ms");
        assert_eq!(duration(Duration::from_secs(61)), "1 min 1 s");
        assert_eq!(duration(Duration::from_secs(7300)), "2 h 1 min");
        assert_eq!(shortened("größer", 4), "grö…");
        assert_eq!(shortened("groß", 4), "groß");
        assert_eq!(shortened("漢字漢字", 8), "漢字漢字");
        assert_eq!(shortened("漢字漢字", 7), "漢字漢…");
        assert_eq!(shortened("漢字漢字", 6), "漢字…");
        assert_eq!(shortened(&"\u{200b}".repeat(9), 3), "\u{200b}\u{200b}…");
    }
}
