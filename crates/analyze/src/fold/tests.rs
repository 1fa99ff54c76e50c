//! Components folded.
