//! What a stage is, and what it may do while it runs.

pub(crate) mod build_relationships;
pub(crate) mod create_document_node;
pub(crate) mod extract_entities;
pub(crate) mod process_chunking;
pub(crate) mod process_ocr;
pub(crate) mod resolve_entities;

use std::future::Future;

use docmill_model::{DocumentId, Page, Stage, Warning};
use docmill_store::{Failure, Lease, Output, Versions};
use serde::Deserialize;
use serde_json::Value;

use crate::driver::Driver;
use crate::encoder::Encoder;

/// One stage: `load` reads what it needs, `run` makes its output of that and nothing else.
///
/// Delivery is at least once: a run that is thrown away must leave nothing but saved pages.
pub trait StageRun: Send + Sync + 'static {
    const STAGE: Stage;
    type Input: Send;

    fn load(
        &self,
        driver: &Driver,
        document: DocumentId,
    ) -> impl Future<Output = Result<Self::Input, docmill_store::Error>> + Send;

    /// Pure but for `process_ocr`, which saves pages through `progress`. Runs on a thread that may block.
    /// The outer error is the store's, the inner one the document's.
    fn run(
        &self,
        driver: &Driver,
        progress: &Progress,
        input: Self::Input,
    ) -> Result<Result<Finished, Ended>, docmill_store::Error>;
}

/// What a stage gives.
pub struct Finished {
    pub output: Output,
    pub warnings: Vec<Warning>,
    pub reply: Value,
}

/// Why a stage gives nothing.
#[derive(Debug)]
pub enum Ended {
    Skipped(Failure),
    Failed(Failure),
    /// A child died. `advanced`: this attempt saved a page that no attempt had before.
    Died {
        failure: Failure,
        advanced: bool,
    },
    /// No child could be started. The run cannot go on, and nothing is said about the document.
    Unstarted(Failure),
}

/// The running stage's way to save pages.
pub struct Progress {
    pub(crate) lease: Lease,
    pub(crate) saved_pages: u32,
    pub(crate) runtime: tokio::runtime::Handle,
}

impl Progress {
    pub(crate) fn save(&self, driver: &Driver, pages: Vec<Page>) -> Result<(), docmill_store::Error> {
        self.runtime.block_on(driver.parts().store.checkpoint(self.lease, pages))
    }
}

/// The arguments of a stage's task: the original's names. Only the document is needed; the others are accepted
/// because producers of the original send them, and its values are in the store.
#[derive(Debug, Deserialize)]
pub(crate) struct Args {
    pub document_uuid: String,
}

/// Code, settings and weights of each stage: another version is another input, so what it made is made again on request.
pub(crate) fn versions(encoder: &Encoder) -> Versions {
    use docmill_analyze::version as analyze;
    Stage::ALL
        .into_iter()
        .map(|stage| {
            let version = match stage {
                Stage::ProcessOcr => docmill_extract::VERSION.to_owned(),
                Stage::CreateDocumentNode => analyze::TEXT.to_owned(),
                Stage::ProcessChunking => format!("{}+{}", analyze::CHUNK, encoder.version()),
                Stage::ExtractEntities => format!("{}+{}", analyze::MENTION, docmill_infer::NameModel::DIGEST),
                Stage::ResolveEntities => analyze::REFERENT.to_owned(),
                Stage::BuildRelationships => analyze::RELATION.to_owned(),
            };
            (stage, version)
        })
        .collect()
}

/// Writes the Celery face of a stage: its task.
macro_rules! task {
    ($name:ident, $parameters:expr) => {
        /// The stage's task.
        pub(crate) struct $name(pub(crate) std::sync::Arc<crate::driver::Driver>);

        impl celeriac::AsyncTask for $name {
            const NAME: &'static str = crate::task::TASKS[<Run as crate::stage::StageRun>::STAGE as usize].name;
            const PARAMETERS: &'static [&'static str] = $parameters;
            type Args = crate::stage::Args;
            type Reply = serde_json::Value;

            fn options(&self) -> celeriac::TaskOptions {
                let spec = crate::task::TaskSpec::of(<Run as crate::stage::StageRun>::STAGE);
                celeriac::TaskOptions {
                    queue: spec.queue,
                    max_retries: Some(spec.max_retries),
                    acks_late: Some(true),
                    track_started: Some(true),
                    ..Default::default()
                }
            }

            async fn run(&self, cx: celeriac::Context, args: Self::Args) -> celeriac::Outcome<Self::Reply> {
                self.0.run_task(Run, &cx, &args.document_uuid).await
            }
        }
    };
}
pub(crate) use task;

/// The blocks of the cleaned text, as the pure functions take them.
async fn clean_blocks(
    store: &dyn docmill_store::Store,
    document: DocumentId,
) -> Result<Vec<docmill_model::Block>, docmill_store::Error> {
    let rows = store.blocks(document).await?;
    Ok(rows.into_iter().map(|b| docmill_model::Block { kind: b.kind, span: b.span, path: b.path }).collect())
}
