//! The engine against a real store: runs, kills at every edge, what a document leaves behind.

mod pile;
mod runs;
mod simulator;
mod wire;
mod samples;
