//! The command line as a person or a program meets it.

mod answer;
mod decisions;
mod desk;
mod eval;
mod graph;
mod hostile;
mod house;
mod journey;
mod kill;
mod trouble;
