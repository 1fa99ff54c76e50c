//! Cuts the cleaned text into chunks, and keeps what each is compared by.

use docmill_analyze as analyze;
use docmill_model::{Block, Chunk, DocumentId, Span, Stage, Text};
use docmill_store::{Chunked, Output, Passage};
use serde_json::json;

use crate::driver::Driver;
use crate::stage::{Ended, Finished, Progress, StageRun, task};

task!(
    ProcessChunking,
    &[
        "document_uuid",
        "neo4j_doc_sql_id",
        "neo4j_doc_uuid",
        "cleaned_text",
        "ocr_meta_json",
        "doc_category",
        "source_doc_sql_id"
    ]
);

pub(crate) struct Run;

pub(crate) struct Input {
    document: DocumentId,
    text: String,
    blocks: Vec<Block>,
    /// Numbers of the pages and what of the cleaned text is on them.
    pages: Vec<(u32, Span)>,
}

impl StageRun for Run {
    const STAGE: Stage = Stage::ProcessChunking;
    type Input = Input;

    async fn load(&self, driver: &Driver, document: DocumentId) -> Result<Input, docmill_store::Error> {
        let store = &driver.parts().store;
        let (text, map) = store.clean(document).await?;
        let blocks = super::clean_blocks(store.as_ref(), document).await?;
        let pages = store.page_spans(document).await?;
        let pages = pages.into_iter().map(|(number, raw)| (number, map.to_clean(raw))).collect();
        Ok(Input { document, text, blocks, pages })
    }

    fn run(
        &self,
        driver: &Driver,
        _: &Progress,
        input: Input,
    ) -> Result<Result<Finished, Ended>, docmill_store::Error> {
        let text = Text::new(input.text);
        let chunks = analyze::chunk::chunk(input.document, &text, &input.blocks, &input.pages);
        let listed: Vec<_> =
            chunks.iter().map(|c| json!({ "chunk_uuid": c.id.to_string(), "chunk_index": c.index })).collect();
        let reply = json!({
            "status": "success", "chunk_count": chunks.len(), "chunks": listed, "has_structured_data": false,
        });
        let passage = |chunk: Chunk| {
            let slice = text.slice(chunk.span);
            let embedding = driver.parts().encoder.vector(slice)?;
            Ok(Passage { chunk, sketch: Some(analyze::sketch::sketch(slice)), embedding })
        };
        let passages = match chunks.into_iter().map(passage).collect::<Result<_, _>>() {
            Ok(passages) => passages,
            Err(failure) => return Ok(Err(Ended::Failed(failure))),
        };
        let chunked = Chunked { title: analyze::title::title(&text, &input.blocks), passages };
        Ok(Ok(Finished { output: Output::Chunks(chunked), warnings: Vec::new(), reply }))
    }
}
