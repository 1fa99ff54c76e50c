//! Clusters the mentions of a document. The store marks their profiles for the fold.

use docmill_analyze as analyze;
use docmill_model::{DocumentId, Mention, Stage, Text};
use docmill_store::Output;
use serde_json::json;

use crate::driver::Driver;
use crate::stage::{Ended, Finished, Progress, StageRun, task};

task!(
    ResolveEntities,
    &[
        "document_uuid",
        "source_doc_sql_id",
        "neo4j_doc_sql_id",
        "neo4j_doc_uuid",
        "entity_mentions",
        "full_document_text"
    ]
);

pub(crate) struct Run;

pub(crate) struct Input {
    document: DocumentId,
    text: String,
    mentions: Vec<Mention>,
}

impl StageRun for Run {
    const STAGE: Stage = Stage::ResolveEntities;
    type Input = Input;

    async fn load(&self, driver: &Driver, document: DocumentId) -> Result<Input, docmill_store::Error> {
        let store = &driver.parts().store;
        Ok(Input { document, text: store.clean(document).await?.0, mentions: store.mentions(document).await? })
    }

    fn run(&self, _: &Driver, _: &Progress, input: Input) -> Result<Result<Finished, Ended>, docmill_store::Error> {
        let referents = analyze::referent::referents(input.document, &Text::new(input.text), &input.mentions);
        let reply = json!({
            "status": "success", "canonical_count": referents.len(), "resolved_mentions": input.mentions.len(),
        });
        Ok(Ok(Finished { output: Output::Referents(referents), warnings: Vec::new(), reply }))
    }
}
