//! Finds mentions in the cleaned text.

use docmill_analyze as analyze;
use docmill_model::{Block, Chunk, DocumentId, Language, MediaType, Stage, Text};
use docmill_store::Output;
use serde_json::json;

use crate::driver::Driver;
use crate::names;
use crate::stage::{Ended, Finished, Progress, StageRun, task};

task!(ExtractEntities, &["document_uuid", "source_doc_sql_id", "neo4j_doc_sql_id", "neo4j_doc_uuid", "chunk_data"]);

pub(crate) struct Run;

pub(crate) struct Input {
    document: DocumentId,
    media_type: MediaType,
    language: Option<Language>,
    text: String,
    blocks: Vec<Block>,
    chunks: Vec<Chunk>,
}

impl StageRun for Run {
    const STAGE: Stage = Stage::ExtractEntities;
    type Input = Input;

    async fn load(&self, driver: &Driver, document: DocumentId) -> Result<Input, docmill_store::Error> {
        let store = &driver.parts().store;
        Ok(Input {
            document,
            media_type: store.media_type(document).await?,
            language: store.document(document).await?.language,
            text: store.clean(document).await?.0,
            blocks: super::clean_blocks(store.as_ref(), document).await?,
            chunks: store.chunks(document).await?,
        })
    }

    fn run(&self, _: &Driver, _: &Progress, input: Input) -> Result<Result<Finished, Ended>, docmill_store::Error> {
        let text = Text::new(input.text);
        let model = match names::model() {
            Ok(model) => model,
            Err(failure) => return Ok(Err(Ended::Failed(failure))),
        };
        let found = analyze::mention::mentions(
            input.document,
            input.media_type,
            &text,
            &input.blocks,
            &input.chunks,
            input.language.as_ref(),
            Some(model),
        );
        let analyze::mention::Mentions { mentions, warnings } = match found {
            Ok(found) => found,
            Err(error) => return Ok(Err(Ended::Failed(names::failure(&error)))),
        };
        let reply = json!({
            "status": "success", "processed_chunks": input.chunks.len(), "mention_count": mentions.len(),
        });
        Ok(Ok(Finished { output: Output::Mentions(mentions), warnings, reply }))
    }
}
