//! Canvas that nobody meant: what is refused, and what is bounded.

use celeriac_wire::canvas::{
    self, Error, Parent, Request, Sender, Signature, Step, add_to_chord, builtin, chain, chord, chord_failed, group,
    on_failure, on_success, replace,
};
use celeriac_wire::serializer::{self, Accept};
use celeriac_wire::{Body, Headers, Map, Message, Properties, Value, json, value};
use proptest::prelude::*;

fn apply(sig: &Signature) -> Result<canvas::Applied, Error> {
    canvas::apply(sig, Vec::new(), Map::new(), Map::new(), &Sender::new())
}

fn add(n: i64) -> Signature {
    Signature::new("add").args([n])
}

fn delivered(embed: Value) -> (Message, Body) {
    let member = |name: &str| embed.get(name).cloned().unwrap_or_default();
    let embed = celeriac_wire::body::Embed {
        callbacks: member("callbacks"),
        errbacks: member("errbacks"),
        chain: member("chain"),
        chord: member("chord"),
    };
    let body = Body { embed, ..Body::default() };
    let message = Message {
        headers: Headers::new("add", "a"),
        properties: Properties::default(),
        content_type: "application/json".to_owned(),
        content_encoding: "utf-8".to_owned(),
        body: body.encode(),
    };
    (message, body)
}

#[test]
fn what_is_no_signature_is_refused() {
    #[track_caller]
    fn check(value: &Value, expected: &str) {
        let error = Signature::from_value(value).expect_err("it is refused");
        assert_eq!(error.to_string(), expected);
    }
    check(&value!(null), "a signature is not an object with the name of a task");
    check(&value!([]), "a signature is not an object with the name of a task");
    check(&value!({"task": 1}), "a signature is not an object with the name of a task");
    check(&value!({"task": "t", "args": {}}), "member args of the signature of t is not a list");
    check(&value!({"task": "t", "options": 1}), "member options of the signature of t is not an object");
    check(&value!({"task": "t", "subtask_type": "tree"}), "a signature of the unknown type tree");
    check(
        &value!({"task": "t", "subtask_type": "chain", "kwargs": {"tasks": 3}}),
        "member kwargs.tasks of the signature of t is not a list of signatures",
    );
}

#[test]
fn a_wrong_option_is_named_and_nothing_is_planned() {
    #[track_caller]
    fn check(option: &str, wrong: Value, expected: &str) {
        let error = apply(&add(1).set(option, wrong)).expect_err("it is refused");
        assert_eq!(error.to_string(), expected);
    }
    check("countdown", value!("soon"), "option countdown of add is not a number of seconds");
    check("time_limit", value!(-1), "option time_limit of add is not a number of seconds");
    check("time_limit", value!(f64::NAN), "option time_limit of add is not a number of seconds");
    check("expires", value!([]), "option expires of add is not a time or seconds");
    check("retries", value!(-1), "option retries of add is not a count");
    check("queue", value!(7), "option queue of add is not a string");
    check("serializer", value!("pickle"), "option serializer of add is not one that is built in");
    check("compression", value!("lzw"), "option compression of add is not one that is built in");
    check("root_id", value!({}), "option root_id of add is not a string");
}

#[test]
fn a_body_is_written_and_compressed_as_the_options_say() {
    let plan = apply(&add(1).set("serializer", "msgpack").set("compression", "gzip")).expect("a plan is made");
    let [Step::Publish(outgoing)] = &plan.steps[..] else { panic!("one message") };
    assert_eq!(outgoing.message.content_type, "application/x-msgpack");
    assert_eq!(outgoing.message.headers.extra["compression"], value!("application/x-gzip"));
    let accept = Accept::new(["msgpack"]).expect("a serializer is known");
    let body = serializer::body(&outgoing.message, &accept, 1024).expect("a body is read");
    assert_eq!(body.args, [value!(1)]);
}

#[test]
fn what_a_task_sends_knows_where_it_comes_from() {
    let parent = Parent { id: "parent", root_id: Some("root"), priority: Some(6) };
    let sender = Sender { parent: Some(parent), ..Sender::new() };
    let sent = |sig: &Signature| {
        let plan = canvas::apply(sig, Vec::new(), Map::new(), Map::new(), &sender).expect("a plan is made");
        let [Step::Publish(outgoing)] = &plan.steps[..] else { panic!("one message") };
        let headers = &outgoing.message.headers;
        assert_eq!((headers.root_id.as_deref(), headers.parent_id.as_deref()), (Some("root"), Some("parent")));
        assert_eq!(plan.children, [value!([[headers.id.as_str(), null], null])]);
        outgoing.priority
    };
    assert_eq!(sent(&add(1)), 6);
    assert_eq!(sent(&add(1).set("priority", value!(null))), 6);
    assert_eq!(sent(&add(1).priority(2)), 2);
}

#[test]
fn a_route_is_taken_where_the_call_names_none() {
    let route = |task: &str| Map::from_iter([("queue".to_owned(), Value::from(format!("for {task}")))]);
    let sender = Sender { route: &route, ..Sender::new() };
    let queue = |sig: &Signature| {
        let plan = canvas::apply(sig, Vec::new(), Map::new(), Map::new(), &sender).expect("a plan is made");
        let [Step::Publish(outgoing)] = &plan.steps[..] else { panic!("one message") };
        outgoing.queue.clone()
    };
    assert_eq!(queue(&add(1)), "for add");
    assert_eq!(queue(&add(1).queue("q")), "q");
    // A task that runs another one goes where that one would.
    assert_eq!(queue(&add(1).set("route_name", "other")), "for other");
}

#[test]
fn times_out_of_range_are_taken_as_the_nearest_ones() {
    for seconds in [1e300, -1e300, f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
        for option in ["countdown", "expires"] {
            let plan = apply(&add(1).set(option, seconds)).expect("a plan is made");
            let [Step::Publish(outgoing)] = &plan.steps[..] else { panic!("one message") };
            outgoing.sealed();
        }
    }
}

#[test]
fn a_chord_without_a_body_and_an_empty_chain_are_no_work() {
    let bare = value!({"task": "celery.chord", "subtask_type": "chord", "kwargs": {"header": []}});
    let bare = Signature::from_value(&bare).expect("a chord is read");
    assert_eq!(apply(&bare), Err(Error::NoBody));
    let plan = apply(&chain([])).expect("a plan is made");
    assert_eq!((plan.steps.len(), plan.result), (0, None));
}

#[test]
fn a_group_takes_no_callback_of_a_call() {
    let link = Map::from_iter([("link".to_owned(), value!([]))]);
    let refused = canvas::apply(&group([add(1)]), Vec::new(), Map::new(), link, &Sender::new());
    assert_eq!(refused, Err(Error::LinkedGroup));
}

#[test]
fn a_chord_whose_body_comes_before_itself_is_refused() {
    let body = chain([add(1).set("task_id", "same"), add(2).set("task_id", "same")]);
    assert_eq!(apply(&chord([add(3)], group([add(4)]) | body)), Err(Error::Recursive));
}

#[test]
fn signatures_too_deep_within_each_other_are_refused() {
    let mut deep = value!({"task": "t"});
    for _ in 0..200 {
        deep = value!({"task": "celery.group", "subtask_type": "group", "kwargs": {"tasks": [deep]}});
    }
    assert_eq!(Signature::from_value(&deep), Err(Error::Nesting));

    // Each group becomes the header of a chord that has the rest for a body.
    let steps: Vec<Value> = (0..500).map(|n| group([add(n), add(n)]).to_value()).collect();
    let wide = value!({"task": "celery.chain", "subtask_type": "chain", "kwargs": {"tasks": steps}});
    assert_eq!(apply(&Signature::from_value(&wide).expect("a chain is read")), Err(Error::Nesting));
}

#[test]
fn the_deepest_canvas_that_is_sent_can_be_read_again() {
    let steps: Vec<Value> = (0..100).map(|n| group([add(n), add(n)]).to_value()).collect();
    let wide = value!({"task": "celery.chain", "subtask_type": "chain", "kwargs": {"tasks": steps}});
    let plan = apply(&Signature::from_value(&wide).expect("a chain is read")).expect("a plan is made");
    for step in &plan.steps {
        if let Step::Publish(outgoing) = step {
            Body::decode(&outgoing.message.body).expect("the body is read");
        }
    }
}

#[test]
fn a_chain_of_ten_thousand_tasks_is_one_message() {
    let plan = apply(&chain((0..10_000).map(add))).expect("a plan is made");
    let [Step::Publish(outgoing)] = &plan.steps[..] else { panic!("one message") };
    let body = Body::decode(&outgoing.message.body).expect("a body is read");
    assert_eq!(body.embed.chain.as_array().map(<[Value]>::len), Some(9_999));
    assert!(json::write(&plan.tuple()).len() < 40_000, "the line of parents is cut");
}

#[test]
fn a_callback_that_is_no_signature_fails_the_task_and_not_the_worker() {
    for embed in [value!({"callbacks": [1]}), value!({"chain": ["x"]}), value!({"callbacks": "x"})] {
        let (message, body) = delivered(embed);
        let request = Request { message: &message, body: &body };
        assert_eq!(on_success(request, &value!(1), &Sender::new()), Err(Error::NotASignature));
    }
}

#[test]
fn an_errback_that_cannot_be_read_does_not_keep_back_the_others() {
    let (message, body) = delivered(value!({"errbacks": [1, {"task": "told"}], "chain": [2, {"task": "t"}]}));
    let plan = on_failure(Request { message: &message, body: &body }, &|_| false, &Sender::new());
    assert_eq!(plan.errors, [Error::NotASignature, Error::NotASignature]);
    assert!(matches!(&plan.steps[..], [Step::Publish(told)] if told.message.headers.task == "told"));
}

#[test]
fn an_errback_of_three_arguments_runs_here() {
    let (message, body) = delivered(value!({"errbacks": [{"task": "here"}, {"task": "there"}]}));
    let request = Request { message: &message, body: &body };
    let plan = on_failure(request, &|errback| errback.task == "here", &Sender::new());
    assert_eq!(plan.inline.iter().map(|i| i.errback.task.as_str()).collect::<Vec<_>>(), ["here"]);
    assert_eq!(plan.steps.len(), 1);
}

#[test]
fn a_task_is_replaced_and_extends_its_chord_only_where_it_can() {
    let (message, body) = delivered(value!({}));
    let request = Request { message: &message, body: &body };
    let part = add(1).set("chord", value!({"task": "t"}));
    assert_eq!(replace(request, part, &Sender::new()), Err(Error::ReplacedByPart));
    assert_eq!(replace(request, chain([]), &Sender::new()), Err(Error::EmptyChain));
    assert_eq!(add_to_chord(request, add(1), &Sender::new()), Err(Error::NotInChord));
}

#[test]
fn accumulate_gives_the_argument_that_the_index_names() {
    #[track_caller]
    fn check(index: Value, expected: Option<Value>) {
        let kwargs = Map::from_iter([("index".to_owned(), index)]);
        assert_eq!(builtin::accumulate(vec![value!(1), value!(2)], &kwargs), expected);
    }
    check(value!(0), Some(value!(1)));
    check(value!(-1), Some(value!(2)));
    check(value!(null), Some(value!([1, 2])));
    check(value!(2), None);
    check(value!(-3), None);
    check(value!(i64::MIN), None);
    check(value!("x"), None);
}

#[test]
fn chunks_are_a_group_of_starmaps() {
    let task = add(0).to_value();
    let plan = builtin::chunks(&task, &value!([[1], [2], [3]]), &value!(2), &Sender::new()).expect("a plan is made");
    assert_eq!(plan.steps.len(), 2);
    assert!(builtin::chunks(&task, &value!([[1]]), &value!(0), &Sender::new()).is_err());
    assert!(builtin::chunks(&task, &value!([1]), &value!(1), &Sender::new()).is_err());
}

/// Anything that a message could hold where a signature is expected, mostly with the right names.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(vec!["t", "chain", "group", "chord", "", "#1"]).prop_map(Value::from),
    ];
    let names = vec![
        "task",
        "args",
        "kwargs",
        "options",
        "subtask_type",
        "immutable",
        "tasks",
        "header",
        "body",
        "link",
        "link_error",
        "chain",
        "chord",
        "task_id",
        "group_id",
        "group_index",
        "root_id",
        "countdown",
        "expires",
        "stamped_headers",
        "priority",
        "headers",
    ];
    leaf.prop_recursive(6, 60, 6, move |inner| {
        let tasks = prop::collection::vec(inner.clone(), 0..4);
        let kind = prop::sample::select(vec!["chain", "group", "chord"]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((prop::sample::select(names.clone()), inner.clone()), 0..6)
                .prop_map(|members| Value::from(members.into_iter().map(|(k, v)| (k.to_owned(), v)).collect::<Map>())),
            (prop::sample::select(names.clone()), inner.clone())
                .prop_map(|(name, value)| value!({"task": "t", "options": {name: value}})),
            (kind, tasks, inner).prop_map(|(kind, tasks, body)| value!({
                "task": "celery.any", "subtask_type": kind,
                "kwargs": {"tasks": tasks.clone(), "header": tasks, "body": body},
            })),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn whatever_stands_where_a_signature_should_is_planned_or_refused(
        callback in anything(), errback in anything(), next in anything(), body in anything(),
    ) {
        let (message, decoded) = delivered(value!({
            "callbacks": [callback.clone()], "errbacks": errback, "chain": [next], "chord": body.clone(),
        }));
        let request = Request { message: &message, body: &decoded };
        let sender = Sender::new();
        let _ = on_success(request, &value!(1), &sender);
        on_failure(request, &|_| false, &sender);
        let _ = chord_failed(&body, &|_| false, &sender);
        if let Ok(sig) = Signature::from_value(&callback) {
            prop_assert_eq!(Signature::from_value(&sig.to_value()), Ok(sig.clone()));
            let _ = replace(request, sig.clone(), &sender);
            let _ = add_to_chord(request, sig.clone(), &sender);
            let _ = apply(&(sig.clone() | sig));
        }
    }
}
