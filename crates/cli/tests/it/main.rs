//! The command line as a person or a program meets it.

mod answer;
mod desk;
mod hostile;
mod house;
mod journey;
mod kill;
mod trouble;
