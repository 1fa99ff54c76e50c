//! The fold over synthetic projects whose truth is known: in memory and in a real store, step by step and from
//! scratch.

mod bad;
mod decided;
mod memory;
mod shuffle;
mod stored;
mod synthetic;
