//! The engine against a real store: runs, kills at every edge, what a document leaves behind.

mod boxes;
mod decisions;
mod fold;
mod graph;
mod graph_truth;
mod pile;
mod reader;
mod runs;
mod samples;
mod schema;
mod simulator;
mod wire;
