//! What changed between two exports of facts, found by walking through both side by side: their lines are sorted.
//!
//! No more than a line of each is held at a time, beside the few that are told.

mod line;
mod telling;
mod walk;

pub use line::Error;
pub use telling::Change;
pub use walk::{Report, compare};
