//! Our worker and unmodified Python Celery on one real Redis.

mod peer;
mod tasks;
mod wire;
