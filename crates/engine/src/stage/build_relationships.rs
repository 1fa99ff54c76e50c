//! Relates the referents of a document, with evidence.

use docmill_analyze as analyze;
use docmill_model::{Block, DocumentId, Mention, Referent, Stage, Text};
use docmill_store::Output;
use serde_json::json;

use crate::driver::Driver;
use crate::stage::{Ended, Finished, Progress, StageRun, clean_blocks, task};

task!(
    BuildRelationships,
    &[
        "document_uuid",
        "source_doc_sql_id",
        "doc_data",
        "project_uuid",
        "chunks",
        "entity_mentions",
        "canonical_entities"
    ]
);

pub(crate) struct Run;

pub(crate) struct Input {
    document: DocumentId,
    text: String,
    blocks: Vec<Block>,
    mentions: Vec<Mention>,
    referents: Vec<Referent>,
}

impl StageRun for Run {
    const STAGE: Stage = Stage::BuildRelationships;
    type Input = Input;

    async fn load(&self, driver: &Driver, document: DocumentId) -> Result<Input, docmill_store::Error> {
        let store = &driver.parts().store;
        Ok(Input {
            document,
            text: store.clean(document).await?.0,
            blocks: clean_blocks(store.as_ref(), document).await?,
            mentions: store.mentions(document).await?,
            referents: store.referents(document).await?,
        })
    }

    fn run(&self, _: &Driver, _: &Progress, input: Input) -> Result<Result<Finished, Ended>, docmill_store::Error> {
        let text = Text::new(input.text);
        let relations = analyze::relation::relations(&text, &input.blocks, &input.mentions, &input.referents);
        let reply = json!({
            "status": "success", "document_uuid": input.document.to_string(),
            "neo4j_doc_uuid": input.document.to_string(), "relationship_count": relations.len(),
            "canonical_entities": input.referents.len(),
        });
        Ok(Ok(Finished { output: Output::Relations(relations), warnings: Vec::new(), reply }))
    }
}
