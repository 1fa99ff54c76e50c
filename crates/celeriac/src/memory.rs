//! A broker and a result backend inside the process.

mod broker;
mod fanout;
mod results;

pub use broker::MemoryBroker;
pub use results::MemoryResults;
