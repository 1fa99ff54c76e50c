//! The client: sends tasks to whatever worker listens, Rust or Python, and asks for their results.
//!
//! Owns: how a call is made, waited for and undone. Must not know: how a worker runs it.
//!
//! Read `app.rs` first, then `call.rs` (one task), `plan.rs` (on its way) and `async_result.rs` (what comes back); `control.rs` and
//! `events.rs` speak with workers as a whole.

mod app;
mod async_result;
mod call;
mod control;
mod error;
mod events;
mod group_result;
mod inspect;
mod plan;
mod route;

pub use app::{App, PublishRetry};
pub use async_result::AsyncResult;
pub use call::Call;
pub use control::{Ask, Control, Pong, Refusal, Replies};
pub use error::{Error, TaskError};
pub use events::Events;
pub use group_result::{GroupResult, ResultTree};
pub use inspect::{Clock, DeliveryInfo, Inspect, PoolInfo, QueueInfo, Scheduled, Stats, TaskInfo};
pub use route::Routes;
