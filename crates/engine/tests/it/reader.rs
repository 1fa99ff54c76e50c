//! Runs whose reader cannot do its work.

use std::fs::File;
use std::sync::Arc;

use docmill_engine::{Broken, Error, Part, Read, Reader, RunOptions, RunReport, Silent, Workspace, run};
use docmill_extract::{Flow, Options};
use docmill_model::State;
use warden::Death;

use crate::pile::{LETTER, Pile, STUCK, export, intake, run_all};

/// Ends each reading in the same way.
struct Ending(Death);

impl Reader for Ending {
    fn read(
        &self,
        _: &File,
        _: &Options,
        _: &mut dyn FnMut(u32),
        _: &mut dyn FnMut(Part<'_>) -> Flow,
    ) -> Result<Read, Broken> {
        Err(Broken::Death { death: self.0.clone(), stderr: String::new() })
    }
}

async fn run_with(workspace: &Workspace, pile: &Pile, death: Death) -> Result<RunReport, Error> {
    let options = RunOptions { intake: Some(intake(&pile.documents())), workers: 2 };
    let run = run(workspace, options, Arc::new(Ending(death)), Arc::new(Silent), std::future::pending());
    tokio::time::timeout(STUCK, run).await.expect("the run comes to an end")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_without_room_for_a_process_stops_the_run_and_blames_no_document() {
    let pile = Pile::new(&[("a.txt", LETTER), ("b.txt", "Another letter of 7 May 2023.")]);
    let workspace = pile.workspace();
    // More often than deaths are forgiven.
    for _ in 0..4 {
        let ended = run_with(&workspace, &pile, Death::Spawn("no room".into())).await;
        assert!(matches!(ended, Err(Error::NoProcess(why)) if why.contains("no room")));
    }
    run_all(&workspace, &pile.documents()).await;
    let undisturbed = pile.another_workspace();
    run_all(&undisturbed, &pile.documents()).await;
    assert_eq!(export(&workspace).await, export(&undisturbed).await);
}

/// More than are sent to the broker at a time, and all of them have to wait for all others.
#[tokio::test(flavor = "multi_thread")]
async fn hundreds_of_documents_that_kill_their_child_come_to_an_end() {
    let pile = Pile::new(&[]);
    (0..300).for_each(|number| pile.put(&format!("{number}.txt"), format!("Letter {number}").as_bytes()));
    let workspace = pile.workspace();
    run_with(&workspace, &pile, Death::Signal(6)).await.unwrap();
    let overview = workspace.store().overview().await.unwrap();
    assert_eq!(overview.documents.get(&State::Failed), Some(&300));
}
