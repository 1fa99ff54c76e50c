//! Children that misbehave, and jobs that do not notice.

use super::*;

fn kill(pid: u32, signal: i32) {
    let status = std::process::Command::new("kill").arg(format!("-{signal}")).arg(pid.to_string()).status();
    assert!(status.unwrap().success());
}

fn is_gone(pid: u32) -> bool {
    !std::path::Path::new(&format!("/proc/{pid}")).exists()
}

fn died(how: &str, id: JobId) -> End {
    End::Lost(Loss::Died(format!("Worker exited prematurely: {how} Job: {}.", id.0)))
}

#[tokio::test]
async fn a_job_runs_in_another_process_and_its_reply_comes_back() {
    let mut scene = Scene::new(&options(1));
    let pid = scene.reply("pid", 0).await;
    assert_ne!(pid, value!(std::process::id()));
    assert_eq!(scene.reply("pid", 0).await, pid);
    assert_eq!(scene.pool.info().processes.iter().map(|pid| value!(*pid)).collect::<Vec<_>>(), [pid]);
    assert_eq!(scene.reply("environment", 0).await, value!(false), "what a task starts is no child");
    assert_eq!(scene.reply("stdin", 0).await, value!(""));
    let wait = scene.send(Message::new("wait", "id", vec![value!(5)], Map::new()), NO_LIMITS);
    assert_eq!(scene.until(wait).await, End::Finished(Ok(value!(true))));
}

#[tokio::test]
async fn thousands_of_jobs_end_once_each() {
    let mut scene = Scene::new(&options(2));
    let ids: Vec<JobId> = (0..5000).map(|number| scene.submit("echo", number)).collect();
    scene.all().await;
    for (number, id) in ids.into_iter().enumerate() {
        assert_eq!(scene.ends[&id], End::Finished(Ok(value!(number as u64))));
    }
}

#[tokio::test]
async fn effects_come_in_order_and_before_the_end() {
    let mut scene = Scene::new(&options(1));
    let id = scene.submit("effects", 300);
    scene.until(id).await;
    let done = scene.effects.iter().map(|(_, effect)| match effect {
        Effect::State { meta, .. } => meta.as_i64().unwrap(),
        other => panic!("{other:?}"),
    });
    assert_eq!(done.collect::<Vec<_>>(), (0..300).collect::<Vec<_>>());
}

#[tokio::test]
async fn each_way_to_die_is_told_and_the_next_job_does_not_notice() {
    let mut scene = Scene::new(&options(1));
    for (verb, number, how) in [
        ("exit", 3, "exitcode 3"),
        ("exit", 0, "exitcode 0"),
        ("abort", 0, "signal 6 (SIGABRT)"),
        ("overflow", 100_000_000, "signal 6 (SIGABRT)"),
        ("allocate", 1 << 46, "signal 6 (SIGABRT)"),
        ("garbage", 100, "signal 9 (SIGKILL)"),
    ] {
        let id = scene.submit(verb, number);
        assert_eq!(scene.until(id).await, died(how, id), "{verb}");
        assert_eq!(scene.reply("echo", 7).await, value!(7), "after {verb}");
    }
    let id = scene.submit("sleep", 60_000);
    let pid = scene.begun(id).await;
    kill(pid, 9);
    assert_eq!(scene.until(id).await, died("signal 9 (SIGKILL)", id));
}

#[tokio::test]
async fn what_a_dead_child_had_not_begun_runs_elsewhere() {
    let mut scene = Scene::new(&options(1));
    scene.reply("echo", 0).await;
    let first = scene.submit("sleep", 60_000);
    let others: Vec<JobId> = (0..5).map(|number| scene.submit("echo", number)).collect();
    let pid = scene.begun(first).await;
    kill(pid, 9);
    scene.all().await;
    assert_eq!(scene.ends[&first], died("signal 9 (SIGKILL)", first));
    for (number, id) in others.into_iter().enumerate() {
        assert_eq!(scene.ends[&id], End::Finished(Ok(value!(number as u64))));
        assert_ne!(scene.pids[&id], pid);
    }
}

#[tokio::test]
async fn a_long_job_does_not_hold_up_those_behind_it() {
    let mut scene = Scene::new(&options(2));
    let long = scene.submit("sleep", 60_000);
    let quick: Vec<JobId> = (0..50).map(|number| scene.submit("echo", number)).collect();
    for id in quick {
        assert!(matches!(scene.until(id).await, End::Finished(Ok(_))));
    }
    assert!(scene.open.contains_key(&long));
}

#[tokio::test]
async fn failures_panics_and_replies_that_cannot_travel_are_outcomes() {
    let mut scene = Scene::new(&options(1));
    let mut failure = async |verb: &str, number| {
        let id = scene.submit(verb, number);
        match scene.until(id).await {
            End::Finished(Err(celeriac::Stop::Failure(failure))) => failure,
            other => panic!("{verb}: {other:?}"),
        }
    };
    assert_eq!(failure("fail", 0).await.exc_message, [value!("as told")]);
    let panic = failure("panic", 0).await;
    assert_eq!((panic.exc_type.as_str(), &panic.exc_message[..]), ("RuntimeError", &[value!("panicked: as told")][..]));
    let traceback = panic.traceback().unwrap();
    assert!(traceback.contains("tests/child/main.rs\", line ") && traceback.starts_with("Traceback"), "{traceback}");
    assert_eq!(failure("deep", 1000).await.exc_type, "EncodeError");
    let unknown = scene.send(Message::new("nowhere", "id", Vec::new(), Map::new()), NO_LIMITS);
    assert!(matches!(scene.until(unknown).await, End::Finished(Err(_))));
    assert_eq!(scene.reply("long", 5 << 20).await.as_str().unwrap().len(), 5 << 20);
    let body = vec![value!("echo"), value!(1), value!("x".repeat(8 << 20))];
    let large = scene.send(Message::new("do", "id", body, Map::new()), NO_LIMITS);
    assert!(matches!(scene.until(large).await, End::Finished(Err(_))), "too many arguments, after eight megabytes");
}

#[tokio::test]
async fn limits_are_kept_on_a_task_that_asks_and_on_one_that_does_not() {
    let mut scene = Scene::new(&options(1));
    let limit = Duration::from_millis(50);
    let short = Some(limit);
    let soft = scene.submit_within("ask", 0, TimeLimits { soft: short, hard: None });
    match scene.until(soft).await {
        End::Finished(Err(celeriac::Stop::Failure(failure))) => assert_eq!(failure.exc_type, "SoftTimeLimitExceeded"),
        other => panic!("{other:?}"),
    }
    let hard = scene.submit_within("sleep", 60_000, TimeLimits { soft: None, hard: short });
    let pid = scene.begun(hard).await;
    assert_eq!(scene.until(hard).await, End::Lost(Loss::HardLimit(limit)));
    assert_eq!(scene.reply("echo", 1).await, value!(1));
    assert!(is_gone(pid));
    assert_eq!(scene.soft, [soft]);
}

#[tokio::test]
async fn a_child_that_is_stuck_is_killed_at_the_hard_limit() {
    let mut scene = Scene::new(&options(1));
    let limit = Duration::from_millis(50);
    let stuck = scene.submit_within("sleep", 60_000, TimeLimits { soft: None, hard: Some(limit) });
    let pid = scene.begun(stuck).await;
    kill(pid, 19);
    assert_eq!(scene.until(stuck).await, End::Lost(Loss::HardLimit(limit)));
    assert_eq!(scene.reply("echo", 1).await, value!(1), "another child has taken its place");
    scene.pool.close().await;
    assert!(is_gone(pid));
}

#[tokio::test]
async fn one_job_is_ended_and_the_others_are_not() {
    let mut scene = Scene::new(&options(1));
    let [first, second, third] = [60_000, 61_000, 0].map(|number| scene.submit("sleep", number));
    scene.begun(first).await;
    scene.pool.terminate(second, 15);
    assert_eq!(scene.until(second).await, End::Returned);
    scene.pool.terminate(first, 9);
    assert_eq!(scene.until(first).await, End::Lost(Loss::Terminated(9)));
    assert_eq!(scene.until(third).await, End::Finished(Ok(value!(0))));
    scene.pool.terminate(third, 9);
    scene.pool.terminate(JobId(99), 9);
    let asked = scene.submit("nap", 60_000);
    scene.begun(asked).await;
    scene.pool.terminate(asked, 10);
    match scene.until(asked).await {
        End::Finished(Err(celeriac::Stop::Failure(failure))) => assert_eq!(failure.exc_type, "SoftTimeLimitExceeded"),
        other => panic!("{other:?}"),
    }
    let spared = scene.submit("sleep", 30);
    scene.begun(spared).await;
    scene.pool.terminate(spared, 10);
    assert_eq!(scene.until(spared).await, End::Finished(Ok(value!(30))), "a signal that does not end it");
}

#[tokio::test]
async fn what_has_not_begun_can_be_called_back() {
    let mut scene = Scene::new(&options(1));
    let long = scene.submit("sleep", 60_000);
    let others: Vec<JobId> = (0..20).map(|number| scene.submit("echo", number)).collect();
    scene.begun(long).await;
    scene.pool.recall();
    for id in others {
        assert_eq!(scene.until(id).await, End::Returned);
    }
    assert!(scene.open.contains_key(&long));
    scene.pool.close().await;
    assert_eq!(scene.until(long).await, End::Lost(Loss::Terminated(15)));
    assert!(is_gone(scene.pids[&long]));
    let late = scene.submit("echo", 0);
    assert_eq!(scene.until(late).await, End::Returned);
}

#[tokio::test]
async fn children_are_replaced_after_their_jobs() {
    let mut scene = Scene::new(&PoolOptions { max_tasks_per_child: Some(3), ..options(2) });
    let ids: Vec<JobId> = (0..60).map(|number| scene.submit("echo", number)).collect();
    scene.all().await;
    let mut jobs: BTreeMap<u32, usize> = BTreeMap::new();
    ids.iter().for_each(|id| *jobs.entry(scene.pids[id]).or_default() += 1);
    assert!(jobs.values().all(|jobs| *jobs <= 3), "{jobs:?}");
    assert!(scene.ends.values().all(|end| matches!(end, End::Finished(Ok(_)))));
}

#[tokio::test]
async fn a_child_that_has_grown_is_replaced_and_what_it_had_is_run() {
    let mut scene = Scene::new(&PoolOptions { max_memory_per_child: Some(100 << 20), ..options(1) });
    let small = scene.reply("pid", 0).await;
    assert_eq!(scene.reply("pid", 0).await, small);
    let large = scene.submit("allocate", 200 << 20);
    let behind: Vec<JobId> = (0..5).map(|_| scene.submit("pid", 0)).collect();
    scene.all().await;
    assert_eq!(value!(scene.pids[&large]), small);
    for id in behind {
        assert_ne!(scene.ends[&id], End::Finished(Ok(small.clone())));
    }
}

#[tokio::test]
async fn a_pool_grows_and_shrinks_under_load_and_is_restarted() {
    let mut scene = Scene::new(&options(1));
    for (round, size) in [4, 1, 3, 2, usize::MAX, 1].into_iter().enumerate() {
        let size = if size == usize::MAX { 5 } else { size };
        for number in 0..200 {
            scene.submit("echo", number);
        }
        assert_eq!(scene.pool.resize(size), size);
        if round % 2 == 1 {
            scene.pool.restart();
        }
        scene.all().await;
    }
    assert!(scene.ends.values().all(|end| matches!(end, End::Finished(Ok(_)))));
    assert!(scene.pool.resize(1_000_000_000) <= 1024);
    scene.pool.resize(1);
    scene.pool.close().await;
    assert!(scene.pool.info().processes.is_empty());
}

#[tokio::test]
async fn many_children_start_and_each_runs_a_job() {
    let mut scene = Scene::new(&options(60));
    let jobs: Vec<JobId> = (0..60).map(|_| scene.submit("sleep", 60_000)).collect();
    for id in &jobs {
        scene.begun(*id).await;
    }
    let pids: std::collections::BTreeSet<u32> = scene.pids.values().copied().collect();
    assert_eq!(pids.len(), 60, "one job behind another would not begin");
    scene.pool.close().await;
    for id in jobs {
        assert_eq!(scene.until(id).await, End::Lost(Loss::Terminated(15)));
    }
}

#[tokio::test]
async fn a_program_that_is_no_child_gives_jobs_back_and_does_not_spin() {
    for argument in ["stillborn", "deaf"] {
        let mut options = options(2);
        options.start_patience = Duration::from_millis(200);
        options.child.as_mut().unwrap().args = vec![argument.into()];
        let mut scene = Scene::new(&options);
        let id = scene.submit("echo", 0);
        assert_eq!(scene.until(id).await, End::Returned);
        assert_eq!(scene.pool.capacity(), 0);
        let other = scene.submit("echo", 0);
        assert_eq!(scene.until(other).await, End::Returned);
        scene.pool.close().await;
    }
    let mut options = options(1);
    options.child.as_mut().unwrap().program = "/no/such/program".into();
    let mut scene = Scene::new(&options);
    let id = scene.submit("echo", 0);
    assert_eq!(scene.until(id).await, End::Returned);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn children_that_are_killed_at_random_lose_only_what_they_run() {
    let mut scene = Scene::new(&options(3));
    let ids: Vec<JobId> = (0..3000).map(|number| scene.submit("echo", number)).collect();
    let mut kills = 0;
    while !scene.open.is_empty() {
        scene.next().await;
        if scene.ends.len() % 100 == 99
            && let Some(pid) = scene.pool.info().processes.get(kills % 3)
        {
            // It may have ended in the meantime.
            let _ = std::process::Command::new("kill")
                .arg("-9")
                .arg(pid.to_string())
                .stderr(std::process::Stdio::null())
                .status();
            kills += 1;
        }
    }
    let count = |wanted: fn(&End) -> bool| ids.iter().filter(|id| wanted(&scene.ends[id])).count();
    let lost = count(|end| matches!(end, End::Lost(Loss::Died(_))));
    assert_eq!(lost + count(|end| matches!(end, End::Finished(Ok(_)))), ids.len());
    assert!(lost <= 2 * kills, "{lost} lost by {kills} kills");
}

#[tokio::test]
async fn children_go_with_a_pool_that_is_dropped() {
    let mut scene = Scene::new(&options(2));
    let id = scene.submit("sleep", 60_000);
    let pid = scene.begun(id).await;
    drop(scene.pool);
    tokio::time::timeout(PATIENCE, async {
        while !is_gone(pid) {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
}
