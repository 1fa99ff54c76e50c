//! What every result backend that keeps something promises.

use celeriac::{MemoryResults, Record, ResultBackend, TaskId};
use celeriac::{Value, value};
use celeriac_wire::result::{FAILURE, STARTED, SUCCESS};

pub async fn conforms(results: &dyn ResultBackend) {
    let stored = async |id: &str| results.get(&TaskId::from(id)).await.unwrap().map(|r| (r.status, r.result));
    let record = |id: &str, status: &str, result: Value| Record::new(id, status, result);
    assert_eq!(stored("a").await, None);

    results.store(&[]).await.unwrap();
    results.store(&[record("a", STARTED, value!(1)), record("b", SUCCESS, value!(2))]).await.unwrap();
    assert_eq!(stored("a").await, Some((STARTED.into(), value!(1))));
    assert_eq!(stored("b").await, Some((SUCCESS.into(), value!(2))));

    // A success stays, whether it was stored before or in the same breath; a failure does not.
    results.store(&[record("b", FAILURE, value!(3)), record("a", FAILURE, value!(4))]).await.unwrap();
    assert_eq!(stored("b").await, Some((SUCCESS.into(), value!(2))));
    results.store(&[record("a", SUCCESS, value!(5)), record("a", STARTED, value!(6))]).await.unwrap();
    assert_eq!(stored("a").await, Some((SUCCESS.into(), value!(5))));

    results.forget(&TaskId::from("a")).await.unwrap();
    results.forget(&TaskId::from("a")).await.unwrap();
    assert_eq!(stored("a").await, None);
    assert!(stored("b").await.is_some());
}

#[tokio::test]
async fn the_backend_in_memory_keeps_the_promises() {
    conforms(&MemoryResults::new()).await;
}
