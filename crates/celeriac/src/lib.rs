//! A Celery worker and client in Rust: tasks, brokers, result backends, pools.
