//! What real Celery wrote is read, and written back the same. `interop/record.py` makes the goldens.

mod canvas;
mod canvas_input;
mod roundtrip;

use std::time::Duration;

use celeriac_wire::serializer::{self, Accept};
use celeriac_wire::{Body, Map, Record, TimeLimits, Value, envelope, json, repr, time, value};

/// The cases of a golden file.
fn cases(file: &str) -> Vec<Value> {
    let path = format!("{}/tests/golden/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read(path).expect("the golden is there");
    let golden: Value = json::read(&text).expect("a golden is json");
    let cases = golden["cases"].as_array().expect("a golden has cases");
    assert!(!cases.is_empty());
    cases.to_vec()
}

fn raw(case: &Value) -> &[u8] {
    case["raw"].as_str().expect("a case has its text").as_bytes()
}

fn message(name: &str) -> celeriac_wire::Message {
    let case = cases("messages.json").into_iter().find(|case| case["name"] == name).expect("the case is there");
    envelope::decode(raw(&case)).expect("a golden is read")
}

#[test]
fn every_message_of_celery_is_read_and_written_back() {
    let versions = ["messages.json", "5.6/messages.json", "5.5/messages.json"].map(cases);
    for case in versions.iter().flatten().filter(|case| case["name"] != "protocol_1") {
        let message = envelope::decode(raw(case)).expect("a golden is read");
        let written = envelope::encode(&message);
        assert_eq!(json::read(written.as_bytes()), json::read(raw(case)), "{}", case["name"]);
    }
}

#[test]
fn every_body_of_celery_is_read_and_written_back() {
    for case in cases("messages.json") {
        let message = envelope::decode(raw(&case)).expect("a golden is read");
        let built_in = match case["name"].as_str() {
            Some("bzip2") => cfg!(feature = "bzip2"),
            Some("xz") => cfg!(feature = "xz"),
            _ => true,
        };
        match serializer::body(&message, &Accept::default(), 10_000) {
            Ok(body) => assert_eq!(Body::decode(&body.encode()), Ok(body), "{}", case["name"]),
            Err(error) => assert!(!built_in, "{}: {error}", case["name"]),
        }
    }
}

#[test]
fn a_body_gives_the_arguments_that_python_sent() {
    #[track_caller]
    fn check(name: &str, args: Value, kwargs: Value) {
        let body = Body::decode(&message(name).body).expect("a golden body is read");
        assert_eq!((value!(body.args), value!(body.kwargs)), (args, kwargs), "{name}");
    }
    check("delay", value!([2, 3]), value!({}));
    check("keywords", value!([]), value!({"x": 2, "y": {"deep": ["é", null, true, 1.5]}}));
    check("not_finite", value!([f64::NAN, [f64::INFINITY, f64::NEG_INFINITY]]), value!({}));
    check(
        "bigint",
        value!([Value::BigInt("1180591620717411303424".into()), Value::BigInt("-1180591620717411303424".into())]),
        value!({}),
    );
    check("surrogate", value!(["\u{fffd}"]), value!({}));
    let typed = value!([{"__type__": "bytes", "__value__": "ab"}, {"__type__": "base64", "__value__": "/w=="}]);
    check("bytes", typed, value!({}));
}

#[test]
fn headers_and_properties_are_found_where_celery_puts_them() {
    let eta = message("eta_with_an_offset").headers.eta;
    assert_eq!(eta.as_deref().and_then(time::parse), time::parse("2026-11-24T08:00:00Z"));
    assert!(message("expires").headers.expires.as_deref().and_then(time::parse).is_some());
    assert_eq!(message("priority").properties.priority, 5);
    assert_eq!(message("queue").properties.delivery_info.routing_key, "ocr");
    let limits = TimeLimits { hard: Some(Duration::from_secs(60)), soft: Some(Duration::from_millis(30_500)) };
    assert_eq!(message("time_limits").headers.timelimit, limits);
    assert_eq!(message("ignore_result").headers.ignore_result, Some(true));
    assert_eq!(message("headers_and_properties").headers.extra.get("mine"), Some(&value!([1])));
    assert_eq!(message("headers_and_properties").properties.extra.get("app_id"), Some(&value!("1234")));
    let links = Body::decode(&message("link").body).expect("a golden body is read").embed;
    assert_eq!(
        (&links.callbacks[0]["task"], &links.errbacks[0]["task"]),
        (&value!("tasks.done"), &value!("tasks.bad"))
    );
    let chain = Body::decode(&message("chain").body).expect("a golden body is read").embed.chain;
    assert_eq!(chain[0]["args"], value!([3]));
}

#[test]
fn a_message_of_ours_has_the_headers_and_properties_of_celery() {
    #[track_caller]
    fn keys(object: &Value) -> Vec<&String> {
        let mut keys: Vec<_> = object.as_object().expect("an object").keys().collect();
        keys.sort();
        keys
    }
    let theirs = json::read(raw(&cases("messages.json")[0])).expect("a golden is json");
    let mut message = celeriac_wire::Message::new("tasks.add", "a", vec![value!(2), value!(3)], Map::new());
    message.properties.reply_to = Some("me".into());
    let ours = json::read(envelope::encode(&message).as_bytes()).expect("ours is json");
    assert_eq!(keys(&ours), keys(&theirs));
    for part in ["headers", "properties"] {
        assert_eq!(keys(&ours[part]), keys(&theirs[part]), "{part}");
    }
    assert_eq!(ours["headers"]["argsrepr"], theirs["headers"]["argsrepr"]);
    assert_eq!(ours["headers"]["kwargsrepr"], theirs["headers"]["kwargsrepr"]);
}

#[test]
fn every_result_of_celery_is_read_and_written_back() {
    for case in ["results.json", "5.6/results.json", "5.5/results.json"].into_iter().flat_map(cases) {
        let record = Record::decode(raw(&case)).expect("a golden is read");
        let mut expected = json::read(raw(&case)).expect("a golden is json");
        // No children are an empty list and null alike.
        if expected["children"].is_null() {
            expected["children"] = value!([]);
        }
        assert_eq!(json::read(&record.encode()), Ok(expected), "{}", case["name"]);
        let final_state = matches!(record.status.as_str(), "SUCCESS" | "FAILURE" | "REVOKED");
        assert_eq!((record.is_final(), record.date_done.is_some()), (final_state, final_state), "{}", case["name"]);
    }
}

#[test]
fn the_exception_of_a_result_is_read_and_written_back() {
    for case in cases("results.json") {
        let record = Record::decode(raw(&case)).expect("a golden is read");
        let raises = matches!(record.status.as_str(), "FAILURE" | "RETRY" | "REVOKED");
        assert_eq!(record.exception().map(|e| e.to_json()), raises.then_some(record.result), "{}", case["name"]);
    }
}

fn unhex(hex: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal digits");
    (0..hex.len()).step_by(2).map(digit).collect()
}

#[test]
fn a_message_of_protocol_1_is_read_as_if_it_were_of_protocol_2() {
    for version in ["messages.json", "5.6/messages.json", "5.5/messages.json"] {
        let case = cases(version).into_iter().find(|case| case["name"] == "protocol_1").expect("the case is there");
        let message = envelope::decode(raw(&case)).expect("a golden is read");
        assert_eq!(message.headers.task, "tasks.add");
        assert_eq!(Some(&message.headers.id), message.properties.correlation_id.as_ref());
        assert_eq!(message.headers.argsrepr.as_deref(), Some("(2, 3)"));
        let body = Body::decode(&message.body).expect("a golden body is read");
        assert_eq!((body.args, Value::from(body.kwargs)), (vec![value!(2), value!(3)], value!({"z": 1})));
        assert_eq!(body.embed.callbacks[0]["task"], "tasks.done");
        let again = envelope::decode(envelope::encode(&message).as_bytes());
        assert_eq!(again.as_ref(), Ok(&message));
    }
}

#[test]
fn reprs_are_those_of_celery() {
    for case in cases("reprs.json") {
        let value = &case["value"];
        let ours = match (case["kind"].as_str(), value) {
            (Some("tuple"), Value::Array(items)) => repr::tuple(items),
            (Some("dict"), Value::Object(map)) => repr::dict(map),
            (Some("python"), value) => repr::python(value),
            (Some("bytes"), Value::String(hex)) => {
                let bytes = Value::Bytes(unhex(hex));
                assert_eq!(repr::python(&bytes), case["python"].as_str().expect("a case has its repr"));
                repr::value(&value!([bytes, 1]))
            }
            _ => repr::value(value),
        };
        assert_eq!(ours, case["repr"].as_str().expect("a case has its repr"), "{value}");
    }
}

mod hostile {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Cuts and overwrites a real message anywhere: it is read or refused, and what is read can be written.
        #[test]
        fn a_damaged_message_never_panics(which in 0usize..15, at in 0usize..2000, byte: u8, cut: bool) {
            let cases = cases("messages.json");
            let mut bytes = raw(&cases[which % cases.len()]).to_vec();
            let at = at % bytes.len();
            if cut { bytes.truncate(at) } else { bytes[at] = byte }
            if let Ok(message) = envelope::decode(&bytes) {
                let written = envelope::encode(&message);
                prop_assert_eq!(envelope::decode(written.as_bytes()), Ok(message));
            }
            let _ = (Record::decode(&bytes), Body::decode(&bytes), envelope::redelivered(&bytes));
        }

        #[test]
        fn a_repr_stays_within_its_length(text in ".{0,3000}", depth in 0usize..6, times in 0usize..50) {
            let mut value = value!([text.as_str()]);
            for _ in 0..depth {
                value = value!(vec![value; times]);
                if times > 3 { break }
            }
            // The limit, what ends a cut string or list, escapes of apostrophes, and closing brackets.
            let longest = 1024 + 64 + text.matches('\'').count();
            prop_assert!(repr::value(&value).chars().count() <= longest);
        }
    }
}
