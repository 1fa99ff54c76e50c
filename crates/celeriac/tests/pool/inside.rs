//! The pools inside the process of the worker.

use celeriac::{AsyncTask, Context, Failure, Task};

use super::*;

#[derive(serde::Deserialize)]
struct Args {
    verb: String,
    number: u64,
}

struct Do;

impl Task for Do {
    const NAME: &'static str = "do";
    const PARAMETERS: &'static [&'static str] = &["verb", "number"];
    type Args = Args;
    type Reply = u64;

    fn run(&self, cx: &Context, Args { verb, number }: Args) -> Outcome<u64> {
        match verb.as_str() {
            "sleep" => std::thread::sleep(Duration::from_millis(number)),
            "panic" => panic!("as told"),
            "fail" => return Err(Failure::builtin("ValueError", "as told").into()),
            "ask" => loop {
                cx.check()?;
                std::thread::sleep(Duration::from_millis(1));
            },
            _ => cx.emit(Effect::State { status: "PROGRESS".to_owned(), meta: Value::Null }),
        }
        Ok(number)
    }
}

struct Wait;

impl AsyncTask for Wait {
    const NAME: &'static str = "wait";
    const PARAMETERS: &'static [&'static str] = &["verb", "number"];
    type Args = Args;
    type Reply = u64;

    async fn run(&self, _: Context, Args { verb, number }: Args) -> Outcome<u64> {
        tokio::time::sleep(Duration::from_millis(number)).await;
        if verb == "panic" { panic!("as told") } else { Ok(number) }
    }
}

const KINDS: [PoolKind; 3] = [PoolKind::Async, PoolKind::Threads, PoolKind::Solo];

fn scene(kind: PoolKind, size: usize) -> Scene {
    let mut registry = Registry::new();
    registry.task(Do).async_task(Wait);
    Scene::with(&PoolOptions::new(kind, size), registry)
}

fn wait(scene: &mut Scene, verb: &str, number: u64, limits: TimeLimits) -> JobId {
    scene.send(Message::new("wait", "id", vec![value!(verb), value!(number)], Map::new()), limits)
}

#[tokio::test]
async fn jobs_of_both_kinds_end_once_each_in_every_pool() {
    for kind in KINDS {
        let mut scene = scene(kind, 3);
        for number in 0..500 {
            match number % 5 {
                0 => wait(&mut scene, "", 0, NO_LIMITS),
                1 => scene.submit("fail", number),
                2 => wait(&mut scene, "panic", 0, NO_LIMITS),
                3 => scene.submit("panic", number),
                _ => scene.submit("echo", number),
            };
        }
        let unknown = scene.send(Message::new("nowhere", "id", Vec::new(), Map::new()), NO_LIMITS);
        scene.all().await;
        assert!(matches!(scene.ends[&unknown], End::Finished(Err(_))));
        let good = scene.ends.values().filter(|end| matches!(end, End::Finished(Ok(_)))).count();
        assert_eq!((good, scene.ends.len(), scene.effects.len()), (200, 501, 100), "{kind}");
        assert_eq!(scene.pool.info().busy, 0);
    }
}

#[tokio::test]
async fn limits_are_kept_where_they_can_be() {
    for kind in KINDS {
        let mut scene = scene(kind, 1);
        let limit = Duration::from_millis(20);
        let hard = wait(&mut scene, "", 60_000, TimeLimits { soft: None, hard: Some(limit) });
        assert_eq!(scene.until(hard).await, End::Lost(Loss::HardLimit(limit)), "{kind}");
        let soft = scene.submit_within("ask", 0, TimeLimits { soft: None, hard: Some(limit) });
        assert!(matches!(scene.until(soft).await, End::Finished(Err(_))), "{kind}");
    }
}

#[tokio::test]
async fn what_has_not_begun_is_called_back_and_what_waits_can_be_ended() {
    for kind in KINDS {
        let mut scene = scene(kind, 1);
        let first = scene.submit("sleep", 200);
        let [second, third] = [0, 0].map(|_| wait(&mut scene, "", 60_000, NO_LIMITS));
        scene.begun(first).await;
        scene.pool.terminate(third, 15);
        assert_eq!(scene.until(third).await, End::Returned, "{kind}");
        scene.pool.recall();
        assert_eq!(scene.until(second).await, End::Returned, "{kind}");
        assert_eq!(scene.until(first).await, End::Finished(Ok(value!(200))), "{kind}");
        let fourth = wait(&mut scene, "", 60_000, NO_LIMITS);
        scene.begun(fourth).await;
        scene.pool.terminate(fourth, 15);
        scene.pool.close().await;
        assert_eq!(scene.until(fourth).await, End::Lost(Loss::Terminated(15)), "{kind}");
    }
}

#[tokio::test]
async fn a_thousand_waiting_tasks_wait_together() {
    let mut scene = scene(PoolKind::Async, 1000);
    let begun = std::time::Instant::now();
    for _ in 0..1000 {
        wait(&mut scene, "", 100, NO_LIMITS);
    }
    scene.all().await;
    // One after the other they would take a hundred seconds.
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn pools_grow_and_shrink_but_the_solo_pool() {
    for kind in KINDS {
        let mut scene = scene(kind, 2);
        for size in [8, 1, 3] {
            for number in 0..100 {
                scene.submit("echo", number);
            }
            let set = scene.pool.resize(size);
            assert_eq!(set, if kind == PoolKind::Solo { 1 } else { size });
            scene.all().await;
        }
        assert_eq!(scene.pool.capacity(), scene.pool.info().size);
    }
}

#[test]
fn pools_have_celerys_names() {
    for (name, kind) in [
        ("prefork", PoolKind::Prefork),
        ("processes", PoolKind::Prefork),
        ("threads", PoolKind::Threads),
        ("solo", PoolKind::Solo),
        ("gevent", PoolKind::Async),
        ("eventlet", PoolKind::Async),
        ("async", PoolKind::Async),
    ] {
        assert_eq!(name.parse(), Ok(kind));
    }
    assert!("".parse::<PoolKind>().is_err());
}
