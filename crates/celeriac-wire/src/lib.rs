//! Celery and kombu wire formats: messages, results, reprs. Sans-IO.
