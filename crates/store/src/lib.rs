//! One Store trait over SQLite: documents, stage runs, outbox, facts and search.
