//! Results inside the process.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use celeriac_wire::{Record, Value, result};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::backend::{ChordFailure, ChordState, Claim, Error, Part, ResultBackend, Watch};
use crate::chord;
use crate::context::TaskId;

/// How many records, groups and chords [`MemoryResults`] keeps of each: some hundred megabytes at most in ordinary use.
const MAX_RECORDS: usize = 100_000;
/// How far a watcher may fall behind before it looks at what is stored instead.
const BACKLOG: usize = 1_024;

/// A result backend in memory. Clones share their records; past a hundred thousand the oldest are dropped.
#[derive(Clone)]
pub struct MemoryResults {
    stored: Arc<Mutex<Stored>>,
    news: broadcast::Sender<Arc<Record>>,
}

#[derive(Default)]
struct Stored {
    records: Kept<TaskId, Arc<Record>>,
    groups: Kept<String, Value>,
    headers: Kept<String, Value>,
    chords: Kept<String, Chord>,
}

/// A map that forgets what came first.
struct Kept<K, V> {
    by_id: BTreeMap<K, V>,
    order: VecDeque<K>,
}

#[derive(Default)]
struct Chord {
    size: Option<usize>,
    /// Parts that were added after the header had been sent.
    more: usize,
    /// By place; what has none comes last.
    parts: BTreeMap<(i64, TaskId), Part>,
    begun: Option<String>,
}

impl<K, V> Default for Kept<K, V> {
    fn default() -> Self {
        Self { by_id: BTreeMap::new(), order: VecDeque::new() }
    }
}

impl<K: Ord + Clone, V> Kept<K, V> {
    fn put(&mut self, key: K, value: V) {
        if self.by_id.insert(key.clone(), value).is_none() {
            self.order.push_back(key);
        }
        while self.order.len() > MAX_RECORDS
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_id.remove(&oldest);
        }
    }

    fn drop(&mut self, key: &K) {
        if self.by_id.remove(key).is_some() {
            self.order.retain(|other| other != key);
        }
    }
}

impl Default for MemoryResults {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryResults {
    /// A backend that knows of nothing.
    pub fn new() -> Self {
        Self { stored: Arc::default(), news: broadcast::Sender::new(BACKLOG) }
    }

    fn lock(&self) -> MutexGuard<'_, Stored> {
        // Nothing panics while the lock is held.
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stored {
    fn chord(&mut self, group: &str) -> &mut Chord {
        if !self.chords.by_id.contains_key(group) {
            self.chords.put(group.to_owned(), Chord::default());
        }
        self.chords.by_id.entry(group.to_owned()).or_default()
    }

    fn complete(&self, group: &str) -> Result<Vec<Value>, ChordFailure> {
        if let Some(header) = self.headers.by_id.get(group) {
            let find = |id: &str| self.records.by_id.get(&TaskId::from(id)).map(|record| (**record).clone());
            return chord::join(header, &find).map_err(ChordFailure::from);
        }
        let parts = self.chords.by_id.get(group).into_iter().flat_map(|chord| chord.parts.values());
        parts.map(|part| chord::value(part.task_id.as_str(), &part.state, part.result.clone())).collect()
    }
}

#[async_trait]
impl ResultBackend for MemoryResults {
    async fn store(&self, records: &[Record]) -> Result<(), Error> {
        let mut stored = self.lock();
        for record in records {
            let id = TaskId::from(record.task_id.as_str());
            if stored.records.by_id.get(&id).is_some_and(|old| old.status == result::SUCCESS) {
                continue;
            }
            let record = Arc::new(record.clone());
            stored.records.put(id, Arc::clone(&record));
            // Nobody has to listen.
            let _ = self.news.send(record);
        }
        Ok(())
    }

    async fn get(&self, id: &TaskId) -> Result<Option<Record>, Error> {
        Ok(self.lock().records.by_id.get(id).map(|record| (**record).clone()))
    }

    async fn get_many(&self, ids: &[TaskId]) -> Result<Vec<Option<Record>>, Error> {
        let stored = self.lock();
        Ok(ids.iter().map(|id| stored.records.by_id.get(id).map(|record| (**record).clone())).collect())
    }

    async fn forget(&self, id: &TaskId) -> Result<(), Error> {
        self.lock().records.drop(id);
        Ok(())
    }

    async fn watch(&self, ids: &[TaskId]) -> Result<Box<dyn Watch>, Error> {
        // Subscribed before looking: what is stored in between comes twice, not never.
        let news = self.news.subscribe();
        let ids: BTreeSet<TaskId> = ids.iter().cloned().collect();
        Ok(Box::new(MemoryWatch { looked: VecDeque::from_iter(ids.clone()), ids, results: self.clone(), news }))
    }

    async fn save_group(&self, group: &str, result: &Value) -> Result<(), Error> {
        self.lock().groups.put(group.to_owned(), result.clone());
        Ok(())
    }

    async fn group(&self, group: &str) -> Result<Option<Value>, Error> {
        Ok(self.lock().groups.by_id.get(group).cloned())
    }

    async fn forget_group(&self, group: &str) -> Result<(), Error> {
        self.lock().groups.drop(&group.to_owned());
        Ok(())
    }

    async fn chord_size(&self, group: &str, size: usize) -> Result<(), Error> {
        let mut stored = self.lock();
        let chord = stored.chord(group);
        chord.size = Some(size);
        chord.begun = None;
        Ok(())
    }

    async fn chord_extend(&self, group: &str, parts: usize) -> Result<(), Error> {
        self.lock().chord(group).more += parts;
        Ok(())
    }

    async fn chord_header(&self, group: &str, result: &Value) -> Result<(), Error> {
        self.lock().headers.put(group.to_owned(), result.clone());
        Ok(())
    }

    async fn chord_part(&self, part: &Part) -> Result<ChordState, Error> {
        let mut stored = self.lock();
        let chord = stored.chord(&part.group);
        if chord.begun.is_some() {
            return Ok(ChordState::Taken);
        }
        let place = (part.group_index.unwrap_or(i64::MAX), part.task_id.clone());
        chord.parts.entry(place).or_insert_with(|| part.clone());
        if chord.size.is_none_or(|size| chord.parts.len() != size + chord.more) {
            return Ok(ChordState::Pending);
        }
        let claim = Claim { group: part.group.clone(), token: uuid::Uuid::new_v4().to_string() };
        chord.begun = Some(claim.token.clone());
        Ok(match stored.complete(&part.group) {
            Ok(results) => ChordState::Complete { results, claim },
            Err(failure) => ChordState::Failed { failure, claim },
        })
    }

    /// A claim here ends with the process, and with that the chord.
    async fn chord_renew(&self, claim: &Claim, _: Duration) -> Result<bool, Error> {
        Ok(self.lock().chord(&claim.group).begun.as_ref() == Some(&claim.token))
    }

    async fn chord_done(&self, claim: &Claim) -> Result<(), Error> {
        let mut stored = self.lock();
        let chord = stored.chord(&claim.group);
        if chord.begun.as_ref() == Some(&claim.token) {
            *chord = Chord { begun: chord.begun.take(), ..Chord::default() };
            stored.headers.drop(&claim.group);
        }
        Ok(())
    }

    async fn chord_failed(&self, claim: &Claim) -> Result<(), Error> {
        self.lock().chord(&claim.group).size = None;
        Ok(())
    }
}

struct MemoryWatch {
    results: MemoryResults,
    ids: BTreeSet<TaskId>,
    /// Tasks whose record was not looked at yet.
    looked: VecDeque<TaskId>,
    news: broadcast::Receiver<Arc<Record>>,
}

#[async_trait]
impl Watch for MemoryWatch {
    async fn next(&mut self) -> Result<Record, Error> {
        loop {
            while let Some(id) = self.looked.pop_front() {
                if let Some(record) = self.results.get(&id).await? {
                    return Ok(record);
                }
            }
            match self.news.recv().await {
                Ok(record) if self.ids.contains(&TaskId::from(record.task_id.as_str())) => return Ok((*record).clone()),
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => self.looked = self.ids.iter().cloned().collect(),
                // The sender lives in `results`.
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}
