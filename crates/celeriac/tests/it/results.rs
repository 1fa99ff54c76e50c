//! What every result backend that keeps something promises.

use celeriac::{ChordState, Claim, MemoryResults, Part, Record, ResultBackend, TaskId, Value, value};
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

    let ids = ["b", "none", "b"].map(TaskId::from);
    let many: Vec<_> = results.get_many(&ids).await.unwrap().into_iter().map(|r| r.map(|r| r.status)).collect();
    assert_eq!(many, [Some(SUCCESS.to_owned()), None, Some(SUCCESS.to_owned())]);
    who_waits_is_told(results).await;
    groups_are_kept(results).await;
    the_last_part_of_a_chord_gets_all(results).await;
    a_part_that_failed_fails_the_chord(results).await;
    a_header_of_groups_keeps_its_shape(results).await;
}

async fn who_waits_is_told(results: &dyn ResultBackend) {
    let record = |id: &str, status: &str| Record::new(id, status, value!(id));
    // It was there before.
    assert_eq!(results.wait(&TaskId::from("b")).await.unwrap().status, SUCCESS);
    // Two wait for one, and one for two.
    let ids = ["w1", "w2"].map(TaskId::from);
    let mut watch = results.watch(&ids).await.unwrap();
    let stored = async {
        results.store(&[record("w1", STARTED)]).await.unwrap();
        results.store(&[record("w1", FAILURE), record("elsewhere", SUCCESS), record("w2", SUCCESS)]).await.unwrap();
    };
    let (first, second, ()) = tokio::join!(results.wait(&ids[0]), results.wait(&ids[0]), stored);
    assert_eq!((first.unwrap().status.as_str(), second.unwrap().status.as_str()), (FAILURE, FAILURE));
    let mut ended = std::collections::BTreeSet::new();
    while ended.len() < 2 {
        let record = watch.next().await.unwrap();
        if record.status != STARTED {
            ended.insert(record.task_id);
        }
    }
    assert_eq!(ended.into_iter().collect::<Vec<_>>(), ["w1", "w2"]);
    // A wait that is given up leaves nothing that disturbs the next.
    let none = TaskId::from("never");
    assert!(tokio::time::timeout(std::time::Duration::from_millis(10), results.wait(&none)).await.is_err());
    let (waited, ()) = tokio::join!(results.wait(&none), async {
        results.store(&[record("never", SUCCESS)]).await.unwrap();
    });
    assert_eq!(waited.unwrap().result, value!("never"));
}

async fn groups_are_kept(results: &dyn ResultBackend) {
    let tuple = value!([["g", null], [[["a", null], null]]]);
    assert_eq!(results.group("g").await.unwrap(), None);
    results.save_group("g", &tuple).await.unwrap();
    assert_eq!(results.group("g").await.unwrap(), Some(tuple));
    results.forget_group("g").await.unwrap();
    assert_eq!(results.group("g").await.unwrap(), None);
}

fn part(group: &str, index: i64, state: &str, result: Value) -> Part {
    let task_id = TaskId::from(format!("{group}-{index}"));
    Part { group: group.to_owned(), group_index: Some(index), task_id, state: state.to_owned(), result }
}

async fn the_last_part_of_a_chord_gets_all(results: &dyn ResultBackend) {
    let count = async |index: i64| results.chord_part(&part("c", index, SUCCESS, value!(index * 10))).await.unwrap();
    // Parts may come before their number is known, and twice.
    assert_eq!(count(1).await, ChordState::Pending);
    assert_eq!(count(1).await, ChordState::Pending);
    results.chord_size("c", 2).await.unwrap();
    results.chord_extend("c", 1).await.unwrap();
    assert_eq!(count(2).await, ChordState::Pending);
    let ChordState::Complete { results: all, claim } = count(0).await else { panic!("it is complete") };
    assert_eq!(all, [value!(0), value!(10), value!(20)]);
    assert!(!matches!(count(0).await, ChordState::Complete { .. }));
    let minute = std::time::Duration::from_secs(60);
    let stranger = Claim { token: "another".into(), ..claim.clone() };
    assert!(results.chord_renew(&claim, minute).await.unwrap());
    assert!(!results.chord_renew(&stranger, minute).await.unwrap());
    results.chord_done(&stranger).await.unwrap();
    results.chord_done(&claim).await.unwrap();
    assert_eq!(count(2).await, ChordState::Taken);
    // The same header is sent once more.
    results.chord_size("c", 1).await.unwrap();
    assert!(matches!(count(7).await, ChordState::Complete { .. }));
}

async fn a_part_that_failed_fails_the_chord(results: &dyn ResultBackend) {
    results.chord_size("f", 2).await.unwrap();
    let failure = value!({"exc_type": "ValueError", "exc_message": ["no"], "exc_module": "builtins"});
    assert_eq!(results.chord_part(&part("f", 1, FAILURE, failure)).await.unwrap(), ChordState::Pending);
    let state = results.chord_part(&part("f", 0, SUCCESS, value!(1))).await.unwrap();
    let ChordState::Failed { failure, claim } = state else { panic!("it has failed") };
    assert_eq!(failure.message, "Dependency f-1 raised ValueError('no')");
    assert_eq!(failure.cause.map(|cause| cause.exc_type), Some("ValueError".to_owned()));
    results.chord_failed(&claim).await.unwrap();
    let late = results.chord_part(&part("f", 0, SUCCESS, value!(1))).await.unwrap();
    assert!(matches!(late, ChordState::Pending | ChordState::Taken));
}

async fn a_header_of_groups_keeps_its_shape(results: &dyn ResultBackend) {
    let header = value!([["h", null], [[["h-0", null], null], [["inner", null], [[["h-1", null], null]]]]]);
    results.chord_header("h", &header).await.unwrap();
    results.chord_size("h", 2).await.unwrap();
    for index in [1, 0] {
        results.store(&[Record::new(&format!("h-{index}"), SUCCESS, value!(index))]).await.unwrap();
        let state = results.chord_part(&part("h", index, SUCCESS, value!(index))).await.unwrap();
        match (index, state) {
            (1, ChordState::Pending) => {}
            (0, ChordState::Complete { results: all, claim }) => {
                assert_eq!(all, [value!(0), value!([1])]);
                results.chord_done(&claim).await.unwrap();
            }
            (_, other) => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn the_backend_in_memory_keeps_the_promises() {
    conforms(&MemoryResults::new()).await;
}
