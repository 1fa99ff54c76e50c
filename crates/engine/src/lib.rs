//! The stages, the driver, leases, outbox, reconciler, and what a face asks for.
