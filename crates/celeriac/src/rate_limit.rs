//! Rate limits: how many tasks of a name begin in a while.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

/// Tasks in a second. Written as Celery does: `10/m`, `0.5/s`, `100/h`, or a number, which is per second.
#[derive(Clone, Debug, PartialEq)]
pub struct RateLimit {
    per_second: f64,
    text: String,
}

/// A text that is no rate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a rate of tasks: {0:?}")]
pub struct Malformed(pub String);

impl RateLimit {
    /// Reads a rate; zero is none at all.
    ///
    /// # Errors
    ///
    /// A text that is no number, or a negative or endless one, or one with another unit than `s`, `m` or `h`.
    pub fn parse(text: &str) -> Result<Option<Self>, Malformed> {
        let malformed = || Malformed(text.to_owned());
        let (count, unit) = text.split_once('/').unwrap_or((text, "s"));
        let count: f64 = count.trim().parse().map_err(|_| malformed())?;
        let seconds = match unit.trim() {
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return Err(malformed()),
        };
        if !count.is_finite() || count < 0.0 {
            return Err(malformed());
        }
        let per_second = count / seconds;
        Ok((per_second > 0.0).then(|| Self { per_second, text: text.to_owned() }))
    }

    /// So many tasks a second.
    pub fn per_second(count: u32) -> Option<Self> {
        Self::parse(&format!("{count}/s")).ok().flatten()
    }

    /// So many tasks a minute.
    pub fn per_minute(count: u32) -> Option<Self> {
        Self::parse(&format!("{count}/m")).ok().flatten()
    }
}

impl FromStr for RateLimit {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        Self::parse(text)?.ok_or_else(|| Malformed(text.to_owned()))
    }
}

impl fmt::Display for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Kombu's token bucket with a capacity of one: a task may begin when the last began long enough ago.
#[derive(Clone, Debug)]
pub(crate) struct Bucket {
    limit: RateLimit,
    /// When the next may begin; `None` is at once.
    next: Option<SystemTime>,
}

impl Bucket {
    pub(crate) fn new(limit: RateLimit) -> Self {
        Self { limit, next: None }
    }

    pub(crate) fn limit(&self) -> &RateLimit {
        &self.limit
    }

    fn pause(&self) -> Duration {
        Duration::try_from_secs_f64(1.0 / self.limit.per_second).unwrap_or(Duration::MAX)
    }

    /// Takes the token if there is one, and says when there is one otherwise. A clock that was set back does not make
    /// anyone wait for longer than one pause.
    pub(crate) fn take(&mut self, now: SystemTime) -> Result<(), SystemTime> {
        let pause = self.pause();
        let end = now.checked_add(pause);
        match self.next {
            Some(next) if next > now && end.is_none_or(|end| next <= end) => Err(next),
            _ => {
                self.next = Some(end.unwrap_or(now + Duration::from_secs(3600)));
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn rates_are_read_as_celery_writes_them() {
        #[track_caller]
        fn check(text: &str, expected: Result<Option<f64>, ()>) {
            assert_eq!(RateLimit::parse(text).map(|r| r.map(|r| r.per_second)).map_err(|_| ()), expected, "{text}");
        }
        check("10/m", Ok(Some(10.0 / 60.0)));
        check("5", Ok(Some(5.0)));
        check("0.5/s", Ok(Some(0.5)));
        check("100/h", Ok(Some(100.0 / 3600.0)));
        check("0", Ok(None));
        check("", Err(()));
        check("-1", Err(()));
        check("10/d", Err(()));
        check("inf", Err(()));
        check("NaN/m", Err(()));
    }

    #[test]
    fn a_bucket_gives_one_token_per_pause_and_survives_a_clock_set_back() {
        let at = |seconds: f64| UNIX_EPOCH + Duration::from_secs_f64(seconds);
        let mut bucket = Bucket::new("2/s".parse().unwrap());
        assert_eq!(bucket.take(at(100.0)), Ok(()));
        assert_eq!(bucket.take(at(100.25)), Err(at(100.5)));
        assert_eq!(bucket.take(at(100.5)), Ok(()));
        assert_eq!(bucket.take(at(10.0)), Ok(()));
    }
}
