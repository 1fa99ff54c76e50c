//! The allocator that turns a failed allocation of a child into a death by memory.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::death::EXHAUSTED;

/// Set once, before a child reads its first job.
static IN_CHILD: AtomicBool = AtomicBool::new(false);

/// Makes failed allocations of this process fatal.
pub(crate) fn enter_child() {
    IN_CHILD.store(true, Ordering::Relaxed);
}

/// The system's allocator; in a child an allocation that fails ends the process at once with a reserved exit
/// code, which the parent reports as [`Death::Memory`](crate::Death::Memory).
///
/// The program installs it:
///
/// ```
/// #[global_allocator]
/// static ALLOC: warden::Alloc = warden::Alloc;
/// ```
///
/// In a child `try_reserve` therefore does not return an error for memory that is not there. In the parent
/// nothing changes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Alloc;

/// Passes `block` on, unless it is null in a child.
#[inline]
fn checked(block: *mut u8) -> *mut u8 {
    if block.is_null() && IN_CHILD.load(Ordering::Relaxed) {
        // SAFETY: `_exit` has no preconditions; unlike `exit` it runs no handler that would allocate.
        unsafe { libc::_exit(EXHAUSTED) }
    }
    block
}

// SAFETY: every method passes its arguments to `System` and returns what `System` returned, or does not return;
// so `System`'s own fulfilment of the trait's contract carries over.
unsafe impl GlobalAlloc for Alloc {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises about `layout` are those that `System` asks for.
        checked(unsafe { System.alloc(layout) })
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as in `alloc`.
        checked(unsafe { System.alloc_zeroed(layout) })
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: `block` came from `System` by way of this allocator; the rest is promised by the caller.
        checked(unsafe { System.realloc(block, layout, size) })
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as in `realloc`.
        unsafe { System.dealloc(block, layout) }
    }
}
