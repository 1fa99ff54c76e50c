//! Cleaning, languages, categories, chunks, mentions, referents, relations and the fold. Synchronous and pure.
