//! What is revoked: ids for a while, and stamps.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, SystemTime};

use celeriac_wire::{Headers, Value};

/// Ids kept at most, and for how long: Celery's `CELERY_WORKER_REVOKES_MAX` and `CELERY_WORKER_REVOKE_EXPIRES`.
const MAX_IDS: usize = 50_000;
const EXPIRES: Duration = Duration::from_secs(10_800);

/// A set that forgets what is old or too much, the oldest first.
#[derive(Clone, Debug)]
pub(crate) struct Revoked {
    /// The place of each id in `order`.
    places: HashMap<String, u64>,
    /// Ids and when they were added, the oldest first.
    order: BTreeMap<u64, (SystemTime, String)>,
    last: u64,
    stamps: BTreeMap<String, Vec<Value>>,
    max: usize,
    expires: Duration,
}

impl Default for Revoked {
    fn default() -> Self {
        let number = |name| std::env::var(name).ok().and_then(|text: String| text.parse::<f64>().ok());
        let max = number("CELERY_WORKER_REVOKES_MAX").map_or(MAX_IDS, |n| n as usize);
        let expires = number("CELERY_WORKER_REVOKE_EXPIRES").and_then(|n| Duration::try_from_secs_f64(n).ok());
        Self::new(max, expires.unwrap_or(EXPIRES))
    }
}

impl Revoked {
    pub(crate) fn new(max: usize, expires: Duration) -> Self {
        Self { places: HashMap::new(), order: BTreeMap::new(), last: 0, stamps: BTreeMap::new(), max, expires }
    }

    pub(crate) fn insert(&mut self, id: &str, now: SystemTime) {
        self.last += 1;
        if let Some(earlier) = self.places.insert(id.to_owned(), self.last) {
            self.order.remove(&earlier);
        }
        self.order.insert(self.last, (now, id.to_owned()));
        self.purge(now);
    }

    /// Drops what is past its time or too much.
    pub(crate) fn purge(&mut self, now: SystemTime) {
        while let Some(first) = self.order.first_entry() {
            let old = now.duration_since(first.get().0).is_ok_and(|age| age > self.expires);
            if !old && self.places.len() <= self.max {
                break;
            }
            self.places.remove(&first.remove().1);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.places.is_empty() && self.stamps.is_empty()
    }

    /// Each stamped header with the values by which tasks are revoked.
    pub(crate) fn stamps(&self) -> impl Iterator<Item = (&str, &[Value])> {
        self.stamps.iter().map(|(header, values)| (header.as_str(), values.as_slice()))
    }

    pub(crate) fn contains(&self, id: &str) -> bool {
        !self.places.is_empty() && self.places.contains_key(id)
    }

    /// The ids, the oldest first.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        self.order.values().map(|(_, id)| id.as_str())
    }

    /// Revokes what carries one of these values under a stamped header.
    pub(crate) fn insert_stamps(&mut self, header: &str, values: &[Value]) {
        let known = self.stamps.entry(header.to_owned()).or_default();
        for value in values {
            if !known.contains(value) {
                known.push(value.clone());
            }
        }
        let surplus = known.len().saturating_sub(self.max);
        known.drain(..surplus);
    }

    /// The header and the value by which a message is revoked.
    pub(crate) fn stamp(&self, headers: &Headers) -> Option<(String, Value)> {
        if self.stamps.is_empty() {
            return None;
        }
        stamps_of(headers).find(|(header, value)| self.stamps.get(header).is_some_and(|known| known.contains(value)))
    }
}

/// The stamps of a message: each header with each of its values.
pub(crate) fn stamps_of(headers: &Headers) -> impl Iterator<Item = (String, Value)> + '_ {
    let names = headers.stamped_headers.as_array().unwrap_or_default();
    names.iter().filter_map(Value::as_str).flat_map(|name| {
        let values: Vec<Value> = match headers.stamps.get(name) {
            Some(Value::Array(values)) => values.clone(),
            Some(Value::Null) | None => Vec::new(),
            Some(value) => vec![value.clone()],
        };
        values.into_iter().map(move |value| (name.to_owned(), value))
    })
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn the_oldest_ids_are_forgotten_when_there_are_too_many() {
        let mut revoked = Revoked::new(2, Duration::from_secs(10));
        for (second, id) in ["a", "b", "a", "c"].into_iter().enumerate() {
            revoked.insert(id, at(second as u64));
        }
        assert_eq!(revoked.ids().collect::<Vec<_>>(), ["a", "c"]);
        assert!(revoked.contains("a") && !revoked.contains("b"));
    }

    #[test]
    fn ids_are_forgotten_after_a_while() {
        let mut revoked = Revoked::new(9, Duration::from_secs(10));
        revoked.insert("a", at(0));
        revoked.insert("b", at(5));
        revoked.purge(at(11));
        assert_eq!(revoked.ids().collect::<Vec<_>>(), ["b"]);
    }

    #[test]
    fn adding_one_id_for_ever_takes_no_memory() {
        let mut revoked = Revoked::new(2, Duration::from_secs(10));
        for _ in 0..1000 {
            revoked.insert("a", at(0));
        }
        assert!(revoked.order.len() == 1 && revoked.contains("a"));
    }
}
