#![cfg_attr(feature = "cli", doc = include_str!("../README.md"))]
#![cfg_attr(not(feature = "cli"), doc = "A Celery worker and client in Rust.")]
//!
//! # Inside
//!
//! Owns: what Celery's runtime means (acknowledgement, retries, ETA, expiry, states), on top of the formats of
//! `celeriac-wire`. Must not know: what the tasks are about.
//!
//! Delivery is at least once: a message is settled after everything that must outlive it has been handed on, so
//! a crash runs a task again and never drops it. Tasks have to leave the same behind when they run twice.
//!
//! Read `task.rs` first (what a task is), then `machine.rs` (what happens to its message, without input or output),
//! then `worker.rs` (which drives the machine with tokio).

#![warn(missing_docs)]

pub mod backend;
pub mod broker;
mod chord;
#[cfg(feature = "cli")]
pub mod cli;
pub mod client;
mod context;
pub mod control;
pub mod event;
mod finish;
pub mod log;
pub mod machine;
mod memory;
pub mod metrics;
pub mod node;
pub mod pool;
mod rate_limit;
#[cfg(feature = "redis")]
pub mod redis;
mod registry;
pub mod remote;
mod revoked;
mod sending;
pub mod settings;
pub mod statedb;
mod task;
mod transport;
pub mod worker;

#[cfg(feature = "redis")]
pub use self::redis::{RedisBroker, RedisResults};
pub use backend::{ChordFailure, ChordState, Claim, NoResults, Part, ResultBackend, Watch};
pub use broker::{
    Broadcast, Broker, Consumer, ConsumerOptions, Delivery, Epoch, ExchangeKind, Fanout, FanoutOptions, Outgoing,
    Queue, Settle, Subscription, Tag, Turn,
};
pub use celeriac_wire::canvas;
pub use celeriac_wire::result::Record;
pub use celeriac_wire::{Map, Value, value};
pub use client::App;
pub use context::{Context, Effect, Job, JobId, Request, TaskId};
pub use machine::Machine;
pub use memory::{MemoryBroker, MemoryResults};
pub use pool::{PoolKind, PoolOptions, is_child, serve_child};
pub use rate_limit::RateLimit;
pub use registry::{Failed, Registry};
pub use settings::Settings;
pub use task::{AsyncTask, AutoRetry, Failure, Outcome, Retry, Stop, Task, TaskOptions};
pub use transport::{BrokerOptions, QueueOrder, ResultOptions};
pub use worker::{Options, Worker};
