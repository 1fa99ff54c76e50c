//! Decided.
