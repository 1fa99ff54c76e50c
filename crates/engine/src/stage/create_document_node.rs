//! Cleans the text, tells its language and its category.

use docmill_analyze as analyze;
use docmill_model::{Block, DocumentId, MediaType, Stage};
use docmill_store::{Node, Output};
use serde_json::json;

use crate::driver::Driver;
use crate::stage::{Ended, Finished, Progress, StageRun, task};

task!(
    CreateDocumentNode,
    &[
        "document_uuid",
        "source_doc_sql_id",
        "project_sql_id",
        "file_name",
        "detected_file_type",
        "raw_text",
        "ocr_meta_json"
    ]
);

pub(crate) struct Run;

pub(crate) struct Input {
    document: DocumentId,
    media_type: MediaType,
    raw: String,
    blocks: Vec<Block>,
}

impl StageRun for Run {
    const STAGE: Stage = Stage::CreateDocumentNode;
    type Input = Input;

    async fn load(&self, driver: &Driver, document: DocumentId) -> Result<Input, docmill_store::Error> {
        let store = &driver.parts().store;
        let media_type = store.media_type(document).await?;
        let (raw, _, blocks) = store.raw(document).await?;
        Ok(Input { document, media_type, raw, blocks })
    }

    fn run(&self, _: &Driver, _: &Progress, input: Input) -> Result<Result<Finished, Ended>, docmill_store::Error> {
        let cleaned = analyze::clean::clean(&input.raw);
        let blocks = analyze::clean::map_blocks(&input.blocks, &cleaned.map, &cleaned.text);
        let language = analyze::language::language(cleaned.text.as_str());
        let category = analyze::category::category(cleaned.text.as_str(), input.media_type);
        let reply = json!({
            "status": "success", "neo4j_doc_uuid": input.document.to_string(), "category": category.as_str(),
        });
        let node = Node { text: cleaned.text, map: cleaned.map, blocks, language, category };
        Ok(Ok(Finished { output: Output::Node(node), warnings: Vec::new(), reply }))
    }
}
