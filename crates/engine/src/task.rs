//! The table of tasks: routing, the registry, the reference page and the tests are made from it.

use std::sync::Arc;

use celeriac::Registry;
use docmill_model::{DocumentId, Stage};

use crate::driver::{Driver, Outcome};
use crate::stage;

/// A task of the pipeline. Names, queues and retries are the original's.
#[derive(Clone, Copy, Debug)]
pub struct TaskSpec {
    /// On the wire.
    pub name: &'static str,
    pub queue: &'static str,
    pub stage: Stage,
    pub max_retries: u32,
    pub does: &'static str,
    register: fn(&mut Registry, Arc<Driver>),
}

/// All tasks, in the order of the flow.
pub const TASKS: &[TaskSpec] = &[
    TaskSpec {
        name: "scripts.celery_tasks.ocr_tasks.process_ocr",
        queue: "ocr",
        stage: Stage::ProcessOcr,
        max_retries: 3,
        does: "reads the document page by page behind the wall; attachments become documents of their own",
        register: |r, d| {
            r.async_task(stage::process_ocr::ProcessOcr(d));
        },
    },
    TaskSpec {
        name: "scripts.celery_tasks.text_tasks.create_document_node",
        queue: "text",
        stage: Stage::CreateDocumentNode,
        max_retries: 3,
        does: "cleans the text, tells its language and its category",
        register: |r, d| {
            r.async_task(stage::create_document_node::CreateDocumentNode(d));
        },
    },
    TaskSpec {
        name: "scripts.celery_tasks.text_tasks.process_chunking",
        queue: "text",
        stage: Stage::ProcessChunking,
        max_retries: 3,
        does: "cuts the cleaned text into chunks without gap or overlap",
        register: |r, d| {
            r.async_task(stage::process_chunking::ProcessChunking(d));
        },
    },
    TaskSpec {
        name: "scripts.celery_tasks.entity_tasks.extract_entities",
        queue: "entity",
        stage: Stage::ExtractEntities,
        max_retries: 3,
        does: "finds mentions in the cleaned text",
        register: |r, d| {
            r.async_task(stage::extract_entities::ExtractEntities(d));
        },
    },
    TaskSpec {
        name: "scripts.celery_tasks.entity_tasks.resolve_entities",
        queue: "entity",
        stage: Stage::ResolveEntities,
        max_retries: 3,
        does: "clusters the mentions of the document and marks their profiles for the fold",
        register: |r, d| {
            r.async_task(stage::resolve_entities::ResolveEntities(d));
        },
    },
    TaskSpec {
        name: "scripts.celery_tasks.graph_tasks.build_relationships",
        queue: "graph",
        stage: Stage::BuildRelationships,
        max_retries: 3,
        does: "relates the referents of the document, with evidence; marks the document complete",
        register: |r, d| {
            r.async_task(stage::build_relationships::BuildRelationships(d));
        },
    },
];

impl TaskSpec {
    /// The task that runs a stage.
    pub fn of(stage: Stage) -> &'static Self {
        TASKS.iter().find(|t| t.stage == stage).expect("a test holds that each stage has its task")
    }
}

/// All tasks, driven by one driver.
pub fn registry(driver: &Arc<Driver>) -> Registry {
    let mut registry = Registry::new();
    for task in TASKS {
        (task.register)(&mut registry, driver.clone());
    }
    registry
}

/// Runs the stage of a task by its wire name, without a worker around it: for a simulator that decides itself what
/// is delivered, and when. `None` for a name that is not in the table.
pub async fn handle(
    driver: &Arc<Driver>,
    task: &str,
    document: DocumentId,
    id: uuid::Uuid,
) -> Option<Result<Outcome, docmill_store::Error>> {
    let stage = TASKS.iter().find(|t| t.name == task)?.stage;
    Some(match stage {
        Stage::ProcessOcr => driver.handle(stage::process_ocr::Run, document, id).await,
        Stage::CreateDocumentNode => driver.handle(stage::create_document_node::Run, document, id).await,
        Stage::ProcessChunking => driver.handle(stage::process_chunking::Run, document, id).await,
        Stage::ExtractEntities => driver.handle(stage::extract_entities::Run, document, id).await,
        Stage::ResolveEntities => driver.handle(stage::resolve_entities::Run, document, id).await,
        Stage::BuildRelationships => driver.handle(stage::build_relationships::Run, document, id).await,
    })
}

/// The queues of all tasks, each once.
pub(crate) fn queues() -> Vec<String> {
    let mut queues: Vec<String> = TASKS.iter().map(|t| t.queue.to_owned()).collect();
    queues.sort();
    queues.dedup();
    queues
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stage_has_one_task_in_the_order_of_the_flow() {
        let stages: Vec<Stage> = TASKS.iter().map(|t| t.stage).collect();
        assert_eq!(stages, Stage::ALL);
        for task in TASKS {
            assert!(task.name.ends_with(task.stage.as_str()), "{}", task.name);
            assert!(task.name.starts_with(&format!("scripts.celery_tasks.{}_tasks.", task.queue)), "{}", task.name);
        }
    }
}
