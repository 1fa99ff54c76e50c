//! Points in time as Python writes them: `2026-11-24T10:15:00.250000+00:00`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, NaiveDateTime, SecondsFormat, Utc};

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
    let micros = time.duration_since(UNIX_EPOCH).map_or(0, |d| d.as_micros());
    let micros = i64::try_from(micros).unwrap_or(LAST).min(LAST);
    DateTime::<Utc>::from_timestamp_micros(micros).unwrap_or_default().to_rfc3339_opts(SecondsFormat::Micros, false)
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
}
