//! What follows tasks, over memory: callbacks, chains, chords, errbacks, replacements, and what is left of them when
//! something fails.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use celeriac::{
    AsyncTask, Broker, Context, Failure, Map, MemoryBroker, MemoryResults, Options, Outcome, Registry, ResultBackend,
    TaskId, Value, Worker, value,
};
use celeriac_wire::canvas::{self, Sender, Signature, Step};
use tokio::sync::oneshot;

const LIMIT: Duration = Duration::from_secs(30);

/// A task that waits without end.
struct Hang;

impl AsyncTask for Hang {
    const NAME: &'static str = "hang";
    const PARAMETERS: &'static [&'static str] = &[];
    type Args = ();
    type Reply = ();

    async fn run(&self, _: Context, (): ()) -> Outcome<()> {
        std::future::pending().await
    }
}

#[derive(Clone, Default)]
struct Scene {
    broker: MemoryBroker,
    results: MemoryResults,
    told: Arc<Mutex<Vec<String>>>,
}

impl Scene {
    fn registry(&self) -> Registry {
        let mut registry = Registry::new();
        let told = Arc::clone(&self.told);
        registry
            .function("add", &["x", "y"], |_, (x, y): (i64, i64)| Ok(x + y))
            .function("sum", &["numbers"], |_, (numbers,): (Vec<i64>,)| Ok(numbers.iter().sum::<i64>()))
            .function("fail", &["*args"], |_, _: (Vec<Value>,)| -> Outcome<()> {
                Err(Failure::builtin("ValueError", "no good").into())
            })
            .function("become", &["x", "y"], |cx: &Context, (x, y): (i64, i64)| -> Outcome<()> {
                Err(cx.replace(add(x, y) | add_to(10)))
            })
            .function("grow", &["x"], |cx: &Context, (x,): (i64,)| {
                cx.add_to_chord(add(x, 100))?;
                Ok(x)
            })
            .function("tell", &["id"], {
                let told = Arc::clone(&told);
                move |_, (id,): (String,)| {
                    told.lock().unwrap().push(id);
                    Ok(())
                }
            })
            .async_task(Hang)
            .errback("answer", &["label"], move |failed, (label,): (String,)| {
                let exc_type = &failed.failure.exc_type;
                told.lock().unwrap().push(format!("{label} {} {exc_type}", failed.request.id()));
                Ok(())
            });
        registry
    }

    /// Sends a canvas as a client does and gives the id of its result.
    async fn send(&self, signature: &Signature) -> String {
        let applied = canvas::apply(signature, Vec::new(), Map::new(), Map::new(), &Sender::new()).unwrap();
        let id = applied.id().unwrap().to_owned();
        for step in applied.steps {
            match step {
                Step::Publish(outgoing) => self.broker.publish(&[*outgoing]).await.unwrap(),
                Step::ChordSize { group, size } => self.results.chord_size(&group, size).await.unwrap(),
                Step::SaveGroup { group, result } => self.results.save_group(&group, &result).await.unwrap(),
                Step::ChordExtend { group, tasks } => self.results.chord_extend(&group, tasks).await.unwrap(),
            }
        }
        id
    }

    /// The state and result in which a task ends.
    async fn end(&self, id: &str) -> (String, Value) {
        let id = TaskId::from(id);
        let record = tokio::time::timeout(LIMIT, self.results.wait(&id)).await.expect("the task ends").unwrap();
        (record.status, record.result)
    }

    async fn told(&self, count: usize) -> Vec<String> {
        let wait = async {
            loop {
                let told = self.told.lock().unwrap().clone();
                if told.len() >= count {
                    return told;
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(LIMIT, wait).await.expect("it is told")
    }
}

/// Runs a worker beside `during`, then to its warm end.
async fn beside(during: impl AsyncFnOnce(&Scene)) {
    let scene = Scene::default();
    let options = Options { concurrency: 2, ..Options::default() };
    let (broker, results) = (Arc::new(scene.broker.clone()), Arc::new(scene.results.clone()));
    let worker = Worker::new(options, scene.registry(), broker, results);
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(worker.run(async { drop(stopped.await) }));
    during(&scene).await;
    drop(stop);
    running.await.unwrap().unwrap();
}

fn add(x: i64, y: i64) -> Signature {
    Signature::new("add").args([x, y])
}

fn add_to(y: i64) -> Signature {
    Signature::new("add").args([y])
}

fn sum() -> Signature {
    Signature::new("sum")
}

#[tokio::test]
async fn a_chain_hands_on_what_comes_out() {
    beside(async |scene| {
        let id = scene.send(&(add(1, 2) | add_to(3) | add_to(4))).await;
        assert_eq!(scene.end(&id).await, ("SUCCESS".into(), value!(10)));
    })
    .await;
}

#[tokio::test]
async fn the_body_of_a_chord_gets_the_results_in_order() {
    beside(async |scene| {
        let header = (0..20).map(|n| add(n, n));
        let id = scene.send(&canvas::chord(header, sum())).await;
        assert_eq!(scene.end(&id).await, ("SUCCESS".into(), value!(380)));
    })
    .await;
}

#[tokio::test]
async fn a_part_that_is_added_to_a_chord_is_waited_for() {
    beside(async |scene| {
        let grow = Signature::new("grow").args([1]);
        let id = scene.send(&canvas::chord([grow, add(1, 1)], sum())).await;
        assert_eq!(scene.end(&id).await, ("SUCCESS".into(), value!(1 + 2 + 101)));
    })
    .await;
}

#[tokio::test]
async fn a_replaced_task_has_the_result_of_what_took_its_place() {
    beside(async |scene| {
        let id = scene.send(&(Signature::new("become").args([1, 2]) | add_to(100))).await;
        assert_eq!(scene.end(&id).await, ("SUCCESS".into(), value!(113)));
    })
    .await;
}

#[tokio::test]
async fn a_failure_fails_the_rest_of_the_chain() {
    beside(async |scene| {
        let id = scene.send(&(Signature::new("fail") | add_to(3) | add_to(4))).await;
        let (status, result) = scene.end(&id).await;
        assert_eq!((status.as_str(), &result["exc_type"]), ("FAILURE", &value!("ValueError")));
    })
    .await;
}

#[tokio::test]
async fn errbacks_of_both_kinds_are_called() {
    beside(async |scene| {
        let failing = Signature::new("fail")
            .link_error(&Signature::new("tell"))
            .link_error(&Signature::new("answer").args(["sorry"]));
        let id = scene.send(&failing).await;
        let mut told = scene.told(2).await;
        told.sort();
        let mut expected = [id.clone(), format!("sorry {id} ValueError")];
        expected.sort();
        assert_eq!(told, expected);
    })
    .await;
}

#[tokio::test]
async fn errbacks_are_called_after_a_hard_limit() {
    beside(async |scene| {
        let errback = Signature::new("answer").args(["late"]);
        let id = scene.send(&Signature::new("hang").set("time_limit", 0.02).link_error(&errback)).await;
        assert_eq!(scene.told(1).await, [format!("late {id} TimeLimitExceeded")]);
        assert_eq!(scene.end(&id).await.0, "FAILURE");
    })
    .await;
}

#[tokio::test]
async fn a_part_that_fails_fails_the_body_and_calls_its_errback() {
    beside(async |scene| {
        let body = sum().link_error(&Signature::new("answer").args(["body"]));
        let id = scene.send(&canvas::chord([add(1, 1), Signature::new("fail")], body)).await;
        let (status, result) = scene.end(&id).await;
        assert_eq!((status.as_str(), &result["exc_type"]), ("FAILURE", &value!("ChordError")));
        assert_eq!(scene.told(1).await, [format!("body {id} ChordError")]);
    })
    .await;
}

#[tokio::test]
async fn a_callback_that_makes_no_sense_fails_the_task() {
    beside(async |scene| {
        let mut message = celeriac_wire::Message::new("add", "a", vec![value!(1), value!(2)], Map::new());
        message.body = br#"[[1, 2], {}, {"callbacks": ["junk"]}]"#.to_vec();
        scene.broker.publish(&[celeriac_wire::Outgoing::of(message)]).await.unwrap();
        let (status, result) = scene.end("a").await;
        assert_eq!((status.as_str(), &result["exc_type"]), ("FAILURE", &value!("ImproperlyConfigured")));
    })
    .await;
}

#[tokio::test]
async fn celerys_own_tasks_run_other_ones() {
    beside(async |scene| {
        let mapped = canvas::map(&sum(), [value!([1, 2]), value!([3])]);
        let id = scene.send(&mapped).await;
        assert_eq!(scene.end(&id).await, ("SUCCESS".into(), value!([3, 3])));
        let spread = canvas::starmap(&Signature::new("add"), [vec![value!(1), value!(2)], vec![value!(3), value!(4)]]);
        let id = scene.send(&spread).await;
        assert_eq!(scene.end(&id).await, ("SUCCESS".into(), value!([3, 7])));
    })
    .await;
}

#[tokio::test]
async fn a_body_that_cannot_be_read_or_unfolds_without_end_fails_its_task_alone() {
    beside(async |scene| {
        for (id, body, compression) in [
            ("a", b"[[1, 2".to_vec(), None),
            ("b", vec![0; 9], Some("application/x-gzip")),
            ("c", b"[[1, 2], {}, {}]".to_vec(), Some("application/x-unheard-of")),
            ("d", b"7".to_vec(), None),
        ] {
            let mut message = celeriac_wire::Message::new("add", id, Vec::new(), Map::new());
            message.body = body;
            if let Some(name) = compression {
                message.headers.extra.insert("compression".into(), name.into());
            }
            scene.broker.publish(&[celeriac_wire::Outgoing::of(message)]).await.unwrap();
            let (status, result) = scene.end(id).await;
            assert_eq!((status.as_str(), &result["exc_type"]), ("FAILURE", &value!("DecodeError")), "{id}");
        }
        let id = scene.send(&add(1, 2)).await;
        assert_eq!(scene.end(&id).await, ("SUCCESS".into(), value!(3)));
    })
    .await;
}
