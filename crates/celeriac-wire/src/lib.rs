#![doc = include_str!("../README.md")]
//!
//! # Inside
//!
//! Owns: what each byte on the wire means. Must not know: sockets, Redis, tokio, threads, the time of day.
//! Everything is a function from bytes to values or back.
//!
//! Invariants: whatever Python can send is either read or refused with an error, never with a panic; what is not
//! understood (foreign headers, properties) is kept and written back; a message body passes through untouched.
//!
//! Read `value.rs` and `message.rs` first, then `envelope.rs` (how a message lies in Redis) and `result.rs`.

#![warn(missing_docs)]

pub mod body;
pub mod canvas;
pub mod compression;
pub mod control;
pub mod envelope;
pub mod event;
mod field;
pub mod json;
pub mod message;
pub mod outgoing;
pub mod repr;
pub mod result;
pub mod serializer;
pub mod time;
pub mod typed;
pub mod value;

pub use body::Body;
pub use message::{DeliveryInfo, Headers, Message, Properties, TimeLimits};
pub use outgoing::Outgoing;
pub use result::{Exception, Record};
pub use value::{Map, Value};
