//! The pool of children and who gets one.

use std::ffi::OsString;
use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::call::{Call, Limits};
use crate::death::Death;
use crate::process::Process;
use crate::spawner::{Recipe, Spawner};

/// How a [`Warden`] starts and keeps children.
#[derive(Clone, Debug)]
pub struct Options {
    /// The program that children run. By default this very binary, also after its file was replaced.
    pub program: PathBuf,
    /// Its arguments, without the name. They show in `ps`, so they hold no secrets.
    pub args: Vec<OsString>,
    /// Its environment. Nothing is inherited.
    pub env: Vec<(OsString, OsString)>,
    /// Most children at once, at least 1; further calls wait for one.
    pub size: usize,
    /// Jobs after which a child is replaced, at least 1, as memory fragments and libraries leak.
    pub jobs_per_child: u32,
    /// Most children kept for the next call; 0 gives each call a child of its own.
    pub idle: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            program: PathBuf::from("/proc/self/exe"),
            args: Vec::new(),
            env: Vec::new(),
            size: 1,
            // Celery's worker_max_tasks_per_child of the system that Docmill replaces.
            jobs_per_child: 50,
            idle: usize::MAX,
        }
    }
}

/// Runs jobs in children. Children start when calls need them and die with the warden.
#[derive(Debug)]
pub struct Warden {
    pool: Arc<Pool>,
}

impl Warden {
    pub fn new(options: Options) -> Self {
        let Options { program, args, env, size, jobs_per_child, idle } = options;
        Self {
            pool: Arc::new(Pool {
                recipe: Recipe { program, args, env },
                size: size.max(1),
                jobs_per_child: jobs_per_child.max(1),
                idle,
                state: Mutex::default(),
                freed: Condvar::new(),
            }),
        }
    }

    /// Gives a job to a child and returns where its frames arrive. Blocks while [`Options::size`] children are
    /// busy, and then until the child has taken the job. `input` is duplicated into the child and may be closed
    /// afterwards; both share its file position.
    ///
    /// The job may have run in part when the call fails. What is done twice is the caller's to decide.
    ///
    /// # Errors
    /// [`Death::Spawn`] when there is no child to be had, and [`Death::Protocol`] for a job past `u32::MAX` bytes.
    /// A child that dies over the job says so in [`Call::next`](Iterator::next).
    pub fn call(&self, job: &[u8], input: Option<BorrowedFd<'_>>, limits: &Limits) -> Result<Call, Death> {
        if u32::try_from(job.len()).is_err() {
            return Err(Death::Protocol(format!("a job of {} bytes is longer than a frame", job.len())));
        }
        loop {
            let (slot, kept) = Pool::claim(&self.pool, limits.memory);
            let fresh = kept.is_none();
            let mut process = match kept {
                Some(process) => process,
                None => self.pool.spawner()?.start(limits.memory)?,
            };
            let deadline = Instant::now().checked_add(limits.wall);
            match process.send(job, input, deadline) {
                // It died between two jobs, and this one did not arrive whole.
                Err(Death::Exit(_) | Death::Signal(_) | Death::Memory | Death::Cpu) if !fresh => {}
                sent => return Ok(Call::new(process, slot, limits, sent.err())),
            }
        }
    }
}

impl Drop for Warden {
    /// Ends the idle children. Calls in flight go on; their children end with them.
    fn drop(&mut self) {
        let mut state = self.pool.state();
        state.closed = true;
        let idle = std::mem::take(&mut state.idle);
        drop(state);
        drop(idle);
    }
}

#[derive(Debug)]
pub(crate) struct Pool {
    recipe: Recipe,
    size: usize,
    jobs_per_child: u32,
    idle: usize,
    state: Mutex<State>,
    /// A slot was given back.
    freed: Condvar,
}

/// `busy + idle.len()` is at most the pool's size, but for the moment in which a child changes sides.
#[derive(Debug, Default)]
struct State {
    busy: usize,
    idle: Vec<Process>,
    spawner: Option<Spawner>,
    closed: bool,
}

impl Pool {
    /// No code that can panic leaves the state half changed, so a poisoned lock is as good as another.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the right to have a child, and takes an idle one that fits.
    fn claim(pool: &Arc<Self>, memory: u64) -> (Slot, Option<Process>) {
        let mut state = pool.state();
        while state.busy >= pool.size {
            state = pool.freed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.busy += 1;
        let slot = Slot { pool: Arc::clone(pool) };
        loop {
            let fitting = state.idle.iter().rposition(|process| process.memory == memory);
            let Some(mut process) = fitting.map(|index| state.idle.remove(index)) else { break };
            if process.is_idle() {
                return (slot, Some(process));
            }
            drop(state);
            drop(process);
            state = pool.state();
        }
        // A new child takes the place of one with other limits.
        let surplus = (state.busy + state.idle.len()).saturating_sub(pool.size).min(state.idle.len());
        let replaced: Vec<_> = state.idle.drain(..surplus).collect();
        drop(state);
        drop(replaced);
        (slot, None)
    }

    fn spawner(&self) -> Result<Spawner, Death> {
        let mut state = self.state();
        if let Some(spawner) = &state.spawner {
            return Ok(spawner.clone());
        }
        let spawner = Spawner::new(self.recipe.clone()).map_err(|error| Death::Spawn(error.to_string()))?;
        Ok(state.spawner.insert(spawner).clone())
    }
}

/// The right to have one child; given back on drop, after the child.
#[derive(Debug)]
pub(crate) struct Slot {
    pool: Arc<Pool>,
}

impl Slot {
    /// Keeps a child that has ended its job for the next one, where that is wanted.
    pub fn keep(self, process: Process) {
        let mut state = self.pool.state();
        if state.closed || process.jobs >= self.pool.jobs_per_child || state.idle.len() >= self.pool.idle {
            drop(state);
            drop(process);
        } else {
            state.idle.push(process);
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.pool.state().busy -= 1;
        self.pool.freed.notify_one();
    }
}
