//! Development only: real services, bounded waits, oracles.
