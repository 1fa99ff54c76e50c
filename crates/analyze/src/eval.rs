//! The ruler: how close what was found comes to what people marked. Values in, scores out.
//!
//! Readers of annotated text (`iob`, `conllu`, `csv`) give sentences and mentions with what was marked by hand;
//! the scorers (`name`, `calibration`, `cluster`, `pair`, `boundary`, `rank`) compare. Scores are integers, in
//! thousandths; the counts they come from stay beside them.

pub mod annotated;
pub mod boundary;
pub mod calibration;
pub mod cluster;
pub mod conllu;
pub mod csv;
pub mod figures;
pub mod iob;
pub mod name;
pub mod pair;
pub mod rank;

/// A line of a file that is not what its format says.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct Malformed {
    /// From 1.
    pub line: usize,
    pub what: String,
}

impl Malformed {
    /// `line` counts from 0, as `enumerate` does.
    fn at(line: usize, what: impl Into<String>) -> Self {
        Self { line: line + 1, what: what.into() }
    }
}
