//! Children of this binary behind limits: exec, socketpair, death.
//!
//! Owns: starting copies of the running program as children with limits on memory, time and output, passing
//! them jobs and descriptors, and turning each way in which a child can end into a value ([`Death`]). All unsafe
//! code of the workspace lives here. Must not know: tasks, documents, tokio. Linux 5.4 or newer with `/proc`.
//!
//! The parent holds a [`Warden`] and makes blocking [`Warden::call`]s; the program's `main` asks
//! [`child::is_child`] before anything else and hands over to [`child::serve`].
//!
//! Invariants:
//! * A child holds the descriptors 0 to 3 (null, null, its stderr, its socket) and during a job the job's input;
//!   no lock and no connection of the parent.
//! * No child outlives the parent: it is killed by the kernel when the parent dies, whatever kills the parent.
//! * A child that breaks a limit or the protocol is killed and never reused; every child is reaped.
//! * What a child claims is never believed: no memory is taken for bytes that have not arrived.
//!
//! Read `warden.rs` first, then `call.rs`, `process.rs` and `child.rs`.

#![allow(unsafe_code)]

mod alloc;
mod call;
pub mod child;
mod death;
mod frame;
mod line;
mod lock;
mod map;
mod page;
mod process;
mod spawner;
mod usage;
mod warden;

pub use alloc::Alloc;
pub use call::{Call, Limits};
pub use death::Death;
pub use line::{Line, LineOptions, Lines, most_lines};
pub use lock::{Lock, lock_file};
pub use map::{Mapped, map};
pub use page::Claims;
pub use usage::{Usage, boot_id, peak_memory, pss, usage};
pub use warden::{Options, Warden};
