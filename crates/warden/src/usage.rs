//! What this boot, this process and its children have used.

use std::io;
use std::mem::MaybeUninit;
use std::time::Duration;

/// Processor time, user and system together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Of this process, all threads.
    pub own: Duration,
    /// Of the children that have been reaped; one that still runs is not in it.
    pub children: Duration,
}

/// Processor time used so far.
pub fn usage() -> Usage {
    Usage { own: cpu(libc::RUSAGE_SELF), children: cpu(libc::RUSAGE_CHILDREN) }
}

/// The most bytes of memory that this process has ever held at a time.
pub fn peak_memory() -> u64 {
    u64::try_from(resources(libc::RUSAGE_SELF).ru_maxrss).unwrap_or(0).saturating_mul(1024)
}

fn resources(who: libc::c_int) -> libc::rusage {
    let mut used = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the pointer is to a writable `rusage`. All zeroes are a valid `rusage`, so the value is initialised
    // even where the call fails, which it cannot for the two `who` that are asked for here.
    unsafe {
        libc::getrusage(who, used.as_mut_ptr());
        used.assume_init()
    }
}

fn cpu(who: libc::c_int) -> Duration {
    let used = resources(who);
    let duration = |time: libc::timeval| {
        Duration::from_secs(u64::try_from(time.tv_sec).unwrap_or(0))
            + Duration::from_micros(u64::try_from(time.tv_usec).unwrap_or(0))
    };
    duration(used.ru_utime) + duration(used.ru_stime)
}

/// Bytes of memory that the process holds, pages shared with others counted in proportion.
///
/// # Errors
/// `NotFound` when there is no such process, `ESRCH` for one that has ended and was not reaped, `PermissionDenied` for
/// one of another user, `InvalidData` where the kernel does not say.
pub fn pss(pid: u32) -> io::Result<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    parse_pss(&text).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "no proportional set size"))
}

fn parse_pss(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    line.trim().strip_suffix("kB")?.trim_end().parse::<u64>().ok()?.checked_mul(1024)
}

/// Names the time since the machine last started, so that what was true before a restart can be told from now.
///
/// # Errors
/// Those of reading `/proc`.
pub fn boot_id() -> io::Result<String> {
    Ok(std::fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pss_is_read_from_the_roll_up() {
        let check = |text, expected| assert_eq!(parse_pss(text), expected, "{text:?}");
        check("55d0-7ffe ---p 00 00:00 0 [rollup]\nRss:  9 kB\nPss:    1324 kB\nPss_Dirty: 3 kB\n", Some(1324 * 1024));
        check("Pss_Dirty: 3 kB\n", None);
        check("Pss: 3 MB\n", None);
        check("Pss: 99999999999999999999 kB\n", None);
        check("", None);
    }

    #[test]
    fn this_process_has_used_memory_and_time() {
        let before = usage();
        // Bounded by what it waits for: the clock of the process moves while it spins.
        while usage().own == before.own {}
        assert!(usage().own > before.own);
        assert!(pss(std::process::id()).unwrap() > 0);
        assert_eq!(pss(u32::MAX).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_boot_has_one_name() {
        assert_eq!(boot_id().unwrap().len(), 36);
        assert_eq!(boot_id().unwrap(), boot_id().unwrap());
    }
}
