//! The pipeline: stages, the driver that runs them, and what a face asks for.
//!
//! Owns: one file for each stage (`stage/`), the one way in which a stage runs (`driver.rs`), the wall around
//! parsers (`wall.rs`), taking files in (`intake.rs`), runs (`run.rs`), the fold's job (`fold.rs`), what people decide
//! (`decide.rs`), what is told of entities and relations, search, export, the graph for other programs. Must not know:
//! SQL, Celery's formats, terminals.
//!
//! Invariants: nobody but the driver claims or commits; a stage's `run` is pure; what was committed and not
//! published is published by the feeder; only a child's death counts against its document; entities come from the
//! fold alone.
//!
//! Read `task.rs` first (the table of tasks), then `driver.rs`, then `stage/process_ocr.rs` and `run.rs`; for entities
//! `fold.rs`, then `entity.rs`.

mod blob;
pub mod decide;
mod disposition;
mod driver;
mod encoder;
pub mod entity;
mod event;
mod export;
mod feeder;
mod fingerprint;
mod fold;
pub mod graph;
mod intake;
mod names;
mod prune;
pub mod quote;
pub mod relations;
mod run;
pub mod search;
mod single;
mod stage;
mod task;
mod wall;
mod workspace;

pub use blob::Blobs;
pub use driver::{Driver, Edge, Fatal, Hook, Outcome, Parts};
pub use encoder::{Encoder, Error as EncoderError};
pub use event::{Event, Observer, Silent};
pub use export::{Error as ExportError, Place, export, place_of};
pub use feeder::Feeder;
pub use fold::{FoldReport, fold_all};
pub use intake::{Intake, IntakeReport};
pub use prune::{Pruned, forget, prune};
pub use run::{RunOptions, RunReport, run};
pub use single::{Reading, read_file};
pub use task::{TASKS, TaskSpec, handle, registry};
pub use wall::{Broken, Direct, Limits, Part, Read, Reader, Walled, serve_child};
pub use workspace::{Error, Workspace};
