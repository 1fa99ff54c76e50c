//! Points in time as Python writes them: `2026-11-24T10:15:00.250000+00:00`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, NaiveDateTime};

/// 9999-12-31T23:59:59.999999Z in microseconds since 1970.
const LAST: i64 = 253_402_300_799_999_999;

/// Reads an ISO 8601 time. One without an offset is taken as UTC; one before 1970 becomes 1970, which for an
/// `eta` or `expires` means the same: long ago.
pub fn parse(text: &str) -> Option<SystemTime> {
    let micros = match DateTime::parse_from_rfc3339(text) {
        Ok(time) => time.timestamp_micros(),
        Err(_) => text.parse::<NaiveDateTime>().ok()?.and_utc().timestamp_micros(),
    };
    Some(UNIX_EPOCH + Duration::from_micros(u64::try_from(micros).unwrap_or(0)))
}

/// Writes a time in UTC to the microsecond, the resolution of Python's `datetime`. A time before 1970 is written as
/// 1970, one past the year 9999 as the last one that Python can read.
pub fn format(time: SystemTime) -> String {
    let mut out = String::with_capacity(32);
    format_to(&mut out, time);
    out
}

/// Appends a time as [`format`] writes it. By hand: each result document has one, and each event may.
pub(crate) fn format_to(out: &mut String, time: SystemTime) {
    let micros = time.duration_since(UNIX_EPOCH).map_or(0, |d| d.as_micros());
    let micros = i64::try_from(micros).unwrap_or(LAST).min(LAST);
    let (seconds, micros) = (micros / 1_000_000, micros % 1_000_000);
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = date(days);
    let mut digits = |number: i64, count: u32, before: &str| {
        out.push_str(before);
        for place in (0..count).rev() {
            out.push(char::from(b'0' + (number / 10_i64.pow(place) % 10) as u8));
        }
    };
    digits(year, 4, "");
    digits(month, 2, "-");
    digits(day, 2, "-");
    digits(second / 3600, 2, "T");
    digits(second / 60 % 60, 2, ":");
    digits(second % 60, 2, ":");
    digits(micros, 6, ".");
    out.push_str("+00:00");
}

/// Year, month and day of a day counted from 1970. Years begin in March, so that the leap day is the last of its
/// year; 400 of them have 146,097 days (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, after) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (year + era * 400 + after, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_python_are_read_and_written_in_utc() {
        #[track_caller]
        fn check(text: &str, expected: Option<&str>) {
            assert_eq!(parse(text).map(format).as_deref(), expected, "{text}");
        }
        check("2026-11-24T10:15:00.250000+00:00", Some("2026-11-24T10:15:00.250000+00:00"));
        check("2026-11-24T10:15:00+02:00", Some("2026-11-24T08:15:00.000000+00:00"));
        check("2026-11-24T10:15:00Z", Some("2026-11-24T10:15:00.000000+00:00"));
        check("2026-11-24T10:15:00.5", Some("2026-11-24T10:15:00.500000+00:00"));
        check("1066-10-14T09:00:00+00:00", Some("1970-01-01T00:00:00.000000+00:00"));
        check("tomorrow", None);
        check("", None);
    }

    #[test]
    fn a_time_too_late_for_python_is_the_last_one_it_knows() {
        let late = UNIX_EPOCH + Duration::from_secs(1 << 50);
        assert_eq!(format(late), "9999-12-31T23:59:59.999999+00:00");
    }

    #[test]
    fn every_day_is_written_as_the_calendar_has_it() {
        for day in (0..2_932_897u64).step_by(13).chain([59, 60, 789, 11_016, 2_932_896]) {
            let time = UNIX_EPOCH + Duration::from_secs(day * 86_400 + 86_399);
            let expected = DateTime::from_timestamp((day * 86_400 + 86_399) as i64, 0).unwrap();
            assert_eq!(format(time), expected.format("%Y-%m-%dT%H:%M:%S.000000+00:00").to_string());
        }
    }
}
