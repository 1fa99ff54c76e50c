//! The runtime from outside: brokers and backends against one suite, the worker, and with feature `redis` our worker
//! beside unmodified Python Celery on one real server.

#[cfg(feature = "redis")]
mod bad_input;
mod broker;
mod canvas;
#[cfg(feature = "redis")]
mod client;
mod client_memory;
mod control;
mod neighbour;
#[cfg(feature = "redis")]
mod outage;
#[cfg(feature = "redis")]
mod peer;
#[cfg(feature = "redis")]
mod redis;
mod reference;
mod remote;
mod results;
#[cfg(feature = "redis")]
mod tasks;
#[cfg(feature = "redis")]
mod wire;
mod worker;
