//! What Celery 5.7 makes of many shapes of canvas, compared message by message. `interop/record_canvas.py` makes the
//! golden; ids are compared by where they appear, not by their text.

use std::collections::HashMap;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use celeriac_wire::canvas::{
    self, Applied, Parent, Request, Retry, Sender, Signature, Step, Visitor, add_to_chord, chord_failed, on_failure,
    on_success, replace, retry,
};
use celeriac_wire::{Body, Headers, Map, Message, Outgoing, Properties, Value, envelope, json, time, value};

static GOLDEN: LazyLock<Value> = LazyLock::new(|| {
    let path = format!("{}/tests/golden/canvas.json", env!("CARGO_MANIFEST_DIR"));
    json::read(&std::fs::read(path).expect("the golden is there")).expect("a golden is json")
});

fn cases(part: &str) -> impl Iterator<Item = &'static Value> {
    GOLDEN[part].as_array().expect("the golden has cases").iter()
}

/// Does `test` with a sender like that of the recorder.
fn with_sender<T>(parent: Option<Parent<'_>>, test: impl FnOnce(&Sender<'_>) -> T) -> T {
    let count = AtomicUsize::new(0);
    let new_id = || format!("#9{:06}", count.fetch_add(1, Ordering::Relaxed));
    let defaults =
        |task: &str| (task != "other.task").then(|| Map::from_iter([("ignore_result".to_owned(), Value::from(false))]));
    let now = time::parse("2026-11-24T12:00:00+00:00").expect("a time");
    test(&Sender { parent, reply_to: "oid", now, defaults: &defaults, new_id: &new_id, ..Sender::new() })
}

/// Without members that say nothing, and with stamps in one order.
fn lean(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(lean).collect::<Vec<_>>().into(),
        Value::Object(map) => {
            let mut out = Map::new();
            for (name, value) in map {
                let mut value = lean(value);
                let empty = value.is_null() || value == value!([]) || value == value!({});
                if empty || (name == "immutable" && value == Value::Bool(false)) {
                    continue;
                }
                if let ("stamped_headers", Value::Array(names)) = (name.as_str(), &mut value) {
                    names.sort_by_key(json::write);
                }
                out.insert(name.clone(), value);
            }
            out.sort_keys();
            out.into()
        }
        other => other.clone(),
    }
}

fn is_id(text: &str) -> bool {
    text.strip_prefix('#').is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

fn ids(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if is_id(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| ids(item, found)),
        Value::Object(map) => map.values().for_each(|item| ids(item, found)),
        _ => {}
    }
}

/// The value with ids named by where they first appear; those in `given` keep their names.
fn named(value: &Value, given: &Value) -> Value {
    fn rename(value: &Value, names: &mut HashMap<String, String>) -> Value {
        match value {
            Value::String(text) if is_id(text) => {
                let next = format!("id {}", names.len());
                names.entry(text.clone()).or_insert(next).as_str().into()
            }
            Value::Array(items) => items.iter().map(|item| rename(item, names)).collect::<Vec<_>>().into(),
            Value::Object(map) => map.iter().map(|(k, v)| (k.clone(), rename(v, names))).collect::<Map>().into(),
            other => other.clone(),
        }
    }
    let mut kept = Vec::new();
    ids(&lean(given), &mut kept);
    rename(&lean(value), &mut kept.into_iter().map(|id| (id.clone(), id)).collect())
}

/// A message as it lies on the queue.
fn published(outgoing: &Outgoing) -> Value {
    let message = outgoing.sealed();
    let sent = json::read(envelope::encode(&message).as_bytes()).expect("an envelope is json");
    let object = |name: &str| sent[name].as_object().expect("an object").clone();
    let (mut headers, mut properties) = (object("headers"), object("properties"));
    for name in ["lang", "argsrepr", "kwargsrepr", "origin"] {
        headers.shift_remove(name);
    }
    for name in ["eta", "expires"] {
        let time = headers[name].as_str().map(|time| time.replace(".000000", ""));
        headers.insert(name.to_owned(), time.into());
    }
    let info = properties.shift_remove("delivery_info").unwrap_or_default();
    for name in ["origin", "delivery_mode", "delivery_tag", "body_encoding", "priority"] {
        properties.shift_remove(name);
    }
    value!({
        "headers": headers,
        "properties": properties,
        "priority": outgoing.priority,
        "exchange": info["exchange"].clone(),
        "routing_key": info["routing_key"].clone(),
        "body": json::read(&message.body).expect("a body is json"),
    })
}

/// Messages in their order, and the rest sorted: Celery says how large a chord is before its last message, we before
/// the first.
fn said(log: Vec<Value>, more: Value, given: &Value) -> Value {
    let (messages, rest): (Vec<_>, Vec<_>) = log.into_iter().partition(|entry| entry.get("publish").is_some());
    let named = named(&value!({"a messages": messages, "b rest": rest, "c more": more}), given);
    let mut named = named.as_object().expect("an object").clone();
    if let Some(Value::Array(rest)) = named.get_mut("b rest") {
        rest.sort_by_key(json::write);
    }
    named.into()
}

fn logged(steps: &[Step]) -> Vec<Value> {
    let entry = |step: &Step| match step {
        Step::Publish(outgoing) => value!({"publish": published(outgoing)}),
        Step::ChordSize { group, size } => value!({"size": [group.as_str(), *size]}),
        Step::SaveGroup { group, result } => value!({"save": [group.as_str(), result.clone()]}),
        Step::ChordExtend { group, .. } => value!({"extend": group.as_str()}),
    };
    steps.iter().map(entry).collect()
}

fn log_of(case: &Value) -> Vec<Value> {
    case.get("log").and_then(Value::as_array).unwrap_or_default().to_vec()
}

/// Tells all differences of a run at once.
#[derive(Default)]
struct Differences(Vec<String>);

impl Differences {
    fn compare(&mut self, name: &str, ours: &Value, celerys: &Value) {
        if ours != celerys {
            self.0.push(format!("{name}\n   ours {}\n celery {}", json::write(ours), json::write(celerys)));
        }
    }

    #[track_caller]
    fn none(self, cases: usize) {
        let shown = self.0.iter().take(5).cloned().collect::<Vec<_>>().join("\n\n");
        assert!(self.0.is_empty(), "{} of {cases} cases differ\n\n{shown}", self.0.len());
        assert!(cases > 10, "the golden has its cases");
    }
}

#[test]
fn each_shape_is_published_as_celery_publishes_it() {
    let mut differences = Differences::default();
    for case in cases("applied") {
        let name = case["name"].as_str().expect("a name");
        let sig = Signature::from_value(&case["signature"]).expect("a signature is read");
        let args = case.get("args").and_then(Value::as_array).unwrap_or_default().to_vec();
        let options = case.get("options").and_then(Value::as_object).cloned().unwrap_or_default();
        let ours = with_sender(None, |sender| canvas::apply(&sig, args, Map::new(), options, sender));
        let ours = match ours {
            Ok(plan) => said(logged(&plan.steps), plan.tuple(), &case["signature"]),
            Err(error) => Value::from(error.to_string()),
        };
        let more = case.get("result").cloned().unwrap_or_default();
        differences.compare(name, &ours, &said(log_of(case), more, &case["signature"]));
    }
    differences.none(cases("applied").count());
}

#[test]
fn a_signature_is_written_back_as_celery_writes_it_back() {
    let mut differences = Differences::default();
    for case in cases("applied") {
        let sig = Signature::from_value(&case["signature"]).expect("a signature is read");
        let again = case.get("again").unwrap_or(&case["signature"]);
        differences.compare(&case["name"].to_string(), &lean(&sig.to_value()), &lean(again));
    }
    differences.none(cases("applied").count());
}

/// The visitor of the recorder.
struct Stamps;

fn stamp(name: &str, value: impl Into<Value>) -> Map {
    Map::from_iter([(name.to_owned(), value.into()), ("stamped_headers".to_owned(), value!([name]))])
}

impl Visitor for Stamps {
    fn on_signature(&mut self, sig: &Signature, _: &Map) -> Map {
        stamp("seen", sig.task.as_str())
    }

    fn on_group_start(&mut self, _: &Signature, _: &Map) -> Map {
        stamp("in_group", true)
    }

    fn on_callback(&mut self, _: &Signature, _: &Map) -> Map {
        stamp("as", "callback")
    }

    fn on_errback(&mut self, _: &Signature, _: &Map) -> Map {
        stamp("as", "errback")
    }
}

#[test]
fn stamps_lie_where_celery_puts_them() {
    let mut differences = Differences::default();
    for case in cases("stamped") {
        let append = case.get("append").and_then(Value::as_bool).unwrap_or(false);
        let name = format!("{} {append}", case["name"]);
        let bare = || Signature::from_value(&case["bare"]).expect("a signature is read");
        let batch = |value: &str| Map::from_iter([("batch".to_owned(), value.into())]);
        let stamped = bare().stamped(None, append, batch("x"));
        differences.compare(&format!("{name}, stamped"), &lean(&stamped.to_value()), &lean(&case["stamped"]));
        let twice = stamped.stamped(None, append, batch("w"));
        if let Some(celerys) = case.get("twice") {
            differences.compare(&format!("{name}, twice"), &lean(&twice.to_value()), &lean(celerys));
        }
        let visited = bare().stamped(Some(&mut Stamps), append, Map::new());
        differences.compare(&format!("{name}, visited"), &lean(&visited.to_value()), &lean(&case["visited"]));
    }
    differences.none(cases("stamped").count());
}

#[test]
fn signatures_are_joined_as_celery_joins_them() {
    let mut differences = Differences::default();
    for (number, case) in cases("composed").enumerate() {
        let read = |side: &str| Signature::from_value(&case[side]).expect("a signature is read");
        let whole = read("left") | read("right");
        differences.compare(&number.to_string(), &lean(&whole.to_value()), &lean(&case["whole"]));
    }
    differences.none(cases("composed").count());
}

fn delivered(case: &Value) -> (Message, Body) {
    let message = &case["message"];
    let object = |value: Option<&Value>| value.and_then(Value::as_object).cloned().unwrap_or_default();
    let parts = message["body"].as_array().expect("a body has parts");
    let embed = &parts[2];
    let member = |name: &str| embed.get(name).cloned().unwrap_or_default();
    let body = Body {
        args: parts[0].as_array().expect("args").to_vec(),
        kwargs: object(Some(&parts[1])),
        embed: celeriac_wire::body::Embed {
            callbacks: member("callbacks"),
            errbacks: member("errbacks"),
            chain: member("chain"),
            chord: member("chord"),
        },
    };
    let mut properties = object(message.get("properties"));
    properties.insert("priority".to_owned(), message["priority"].clone());
    let info = value!({"exchange": message["exchange"].clone(), "routing_key": message["routing_key"].clone()});
    properties.insert("delivery_info".to_owned(), info);
    let message = Message {
        headers: Headers::from_json(object(message.get("headers"))).expect("headers are read"),
        properties: Properties::from_json(properties).expect("properties are read"),
        content_type: "application/json".to_owned(),
        content_encoding: "utf-8".to_owned(),
        body: body.encode(),
    };
    (message, body)
}

#[test]
fn what_follows_a_task_is_what_follows_it_in_celery() {
    let mut differences = Differences::default();
    for case in cases("worker") {
        let what = case["what"].as_str().expect("what was done");
        let name = format!("{what}: {}", case["name"]);
        let (message, body) = delivered(case);
        let request = Request { message: &message, body: &body };
        let id = message.headers.id.as_str();
        let parent = Parent { id, root_id: message.headers.root_id.as_deref(), priority: None };
        let given = case.get("given");
        let signature = || Signature::from_value(given.expect("a signature")).expect("a signature is read");
        let own_part = |state: &str| {
            let headers = &message.headers;
            let part = value!({"part": [id, headers.group.clone(), headers.group_index, state]});
            (!body.embed.chord.is_null()).then_some(part)
        };
        let ours = with_sender(Some(parent), |sender| {
            let plan = |plan: Result<Applied, canvas::Error>| plan.expect("a plan is made");
            match what {
                "success" => {
                    let plan = plan(on_success(request, &value!(3), sender));
                    let mut log = logged(&plan.steps);
                    log.push(value!({"store": [id, "SUCCESS", plan.children]}));
                    log.extend(own_part("SUCCESS"));
                    log
                }
                "failure" => {
                    let plan = on_failure(request, &|_| false, sender);
                    assert_eq!(plan.errors, [], "{name}");
                    let mut log = vec![value!({"store": [id, "FAILURE", []]})];
                    log.extend(own_part("FAILURE"));
                    for failed in &plan.failed {
                        log.push(value!({"store": [failed.id.as_str(), "FAILURE", []]}));
                        if !failed.chord.is_null() {
                            let place = [failed.group.clone().into(), Value::from(failed.group_index)];
                            let [group, index] = place;
                            log.push(value!({"part": [failed.id.as_str(), group, index, "FAILURE"]}));
                        }
                    }
                    log.extend(logged(&plan.steps));
                    log
                }
                "replace" => logged(&plan(replace(request, signature(), sender)).steps),
                "add_to_chord" => {
                    let plan = plan(add_to_chord(request, signature(), sender));
                    let mut log = logged(&plan.steps);
                    log.push(value!({"store": [id, "SUCCESS", plan.children]}));
                    log.extend(own_part("SUCCESS"));
                    log
                }
                "retry" => {
                    let mut options = given.and_then(Value::as_object).cloned().unwrap_or_default();
                    let args = options.shift_remove("args").and_then(|v| v.as_array().map(<[Value]>::to_vec));
                    let kwargs = options.shift_remove("kwargs").and_then(|v| v.as_object().cloned());
                    let plan = plan(retry(request, Retry { args, kwargs, options }, sender));
                    let mut log = logged(&plan.steps);
                    log.push(value!({"store": [id, "RETRY", plan.children]}));
                    log
                }
                other => panic!("an unknown case {other}"),
            }
        });
        let known = value!([case["message"].clone(), given.cloned()]);
        differences.compare(&name, &said(ours, Value::Null, &known), &said(log_of(case), Value::Null, &known));
    }
    differences.none(cases("worker").count());
}

#[test]
fn the_body_of_a_chord_that_failed_fails_as_in_celery() {
    let mut differences = Differences::default();
    for case in cases("chord_failed") {
        let body = &case["body"];
        let ours = with_sender(None, |sender| {
            let plan = chord_failed(body, &|_| false, sender).expect("a body is read");
            assert_eq!(plan.errors, [], "{}", case["name"]);
            let stored = |failed: &canvas::Failed| {
                let error = (!failed.original).then_some(true);
                value!({"store": [failed.id.as_str(), "FAILURE", []], "chord_error": error})
            };
            let mut log: Vec<Value> = plan.failed.iter().map(stored).collect();
            if !plan.revoked.is_empty() {
                log.push(value!({"revoke": plan.revoked.clone()}));
            }
            // A chain behind the body may hold parts of a chord around.
            for failed in plan.failed.iter().filter(|failed| !failed.chord.is_null()) {
                let group = failed.group.clone();
                log.push(value!({"part": [failed.id.as_str(), group, failed.group_index, "FAILURE"]}));
            }
            log.extend(logged(&plan.steps));
            log
        });
        differences.compare(
            &case["name"].to_string(),
            &said(ours, Value::Null, body),
            &said(log_of(case), Value::Null, body),
        );
    }
    differences.none(cases("chord_failed").count());
}
