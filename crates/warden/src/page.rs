//! Memory that a parent and its child share: who has which job.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};

use memmap2::{MmapOptions, MmapRaw};
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, fcntl_get_seals, fstat, ftruncate, memfd_create};

/// Words of a page of 4 KiB, the least that can be mapped.
const WORDS: u64 = 512;
const BYTES: u64 = WORDS * 8;

/// The lower two bits of a word; the others are the number of the job.
const HANDED: u64 = 1;
const BEGUN: u64 = 2;
const RECALLED: u64 = 3;

/// A word for each job that is in the hands of a child. Parent and child agree through it, without a message, on
/// whether a job has begun: exactly one of [`Claims::begin`] and [`Claims::recall`] succeeds.
///
/// Jobs are numbered from 1 on, each once, and at most [`Claims::JOBS`] in a row are watched at a time: the word of
/// an older one is used again. What a broken child writes there makes the answers wrong and does nothing else.
#[derive(Debug)]
pub struct Claims {
    map: MmapRaw,
}

impl Claims {
    /// How many jobs have a word of their own at a time.
    pub const JOBS: u64 = WORDS;

    /// A page, and the descriptor by which the child gets it.
    pub(crate) fn new() -> io::Result<(Self, OwnedFd)> {
        let file = memfd_create("claims", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        ftruncate(&file, BYTES)?;
        // Nobody can shorten it under the other.
        fcntl_add_seals(&file, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
        Ok((Self::map(&file)?, file))
    }

    /// The page of a descriptor that the parent sent.
    pub(crate) fn of(file: &OwnedFd) -> io::Result<Self> {
        let sealed = fcntl_get_seals(file)?.contains(SealFlags::SHRINK);
        if !sealed || u64::try_from(fstat(file)?.st_size) != Ok(BYTES) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a page of claims"));
        }
        Self::map(file)
    }

    fn map(file: &OwnedFd) -> io::Result<Self> {
        let map = MmapOptions::new().len(BYTES as usize).map_raw(&file.as_fd())?;
        Ok(Self { map })
    }

    fn word(&self, job: u64) -> &AtomicU64 {
        let words = self.map.as_mut_ptr().cast::<AtomicU64>();
        // SAFETY: the mapping has `WORDS` aligned words, lives as long as `self`, cannot be shortened (it is sealed),
        // and is only ever touched as atomic words, in this process and in the other.
        unsafe { &*words.add((job % WORDS) as usize) }
    }

    fn change(&self, job: u64, to: u64) -> bool {
        let (from, to) = (job << 2 | HANDED, job << 2 | to);
        self.word(job).compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// The parent is about to hand a job to the child.
    pub fn hand(&self, job: u64) {
        self.word(job).store(job << 2 | HANDED, Ordering::Release);
    }

    /// The child begins a job, unless it was called back.
    pub fn begin(&self, job: u64) -> bool {
        self.change(job, BEGUN)
    }

    /// The parent calls a job back, unless it has begun.
    pub fn recall(&self, job: u64) -> bool {
        self.change(job, RECALLED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_begun_or_called_back_and_never_both() {
        let (claims, file) = Claims::new().unwrap();
        let child = Claims::of(&file).unwrap();
        for job in [1, 2, Claims::JOBS + 1] {
            assert!(!child.begin(job) && !claims.recall(job), "not handed yet");
            claims.hand(job);
            if job == 2 {
                assert!(child.begin(job) && !claims.recall(job) && !child.begin(job));
            } else {
                assert!(claims.recall(job) && !child.begin(job) && !claims.recall(job));
            }
        }
        assert!(!child.begin(1), "its word belongs to a later job");
    }

    #[test]
    fn two_who_want_one_job_agree() {
        let (claims, file) = Claims::new().unwrap();
        let child = Claims::of(&file).unwrap();
        let (mut begun, mut recalled) = (Vec::new(), Vec::new());
        (1..=Claims::JOBS).for_each(|job| claims.hand(job));
        std::thread::scope(|scope| {
            let child = scope.spawn(|| (1..=Claims::JOBS).filter(|job| child.begin(*job)).collect());
            recalled = (1..=Claims::JOBS).rev().filter(|job| claims.recall(*job)).collect();
            begun = child.join().unwrap();
        });
        let mut all = [begun, recalled].concat();
        all.sort_unstable();
        assert_eq!(all, (1..=Claims::JOBS).collect::<Vec<_>>());
    }

    #[test]
    fn what_is_no_page_is_refused() {
        let file = tempfile::tempfile().unwrap();
        file.set_len(BYTES).unwrap();
        assert!(Claims::of(&file.into()).is_err());
    }
}
