//! Values go through each form and come back the same; types of tasks go through values.

use std::collections::BTreeMap;

use celeriac_wire::serializer::Serializer;
use celeriac_wire::value::{from_value, to_value};
use celeriac_wire::{Body, Map, Value, json, value};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

/// Every kind of value, `Bytes` aside: JSON has another form for them.
fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        "-?[1-9][0-9]{39,60}".prop_map(|digits| Value::BigInt(digits.into())),
        any::<f64>().prop_map(Value::from),
        Just(Value::Float(f64::NAN)),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 30, 5, |inner| {
        let members = proptest::collection::vec((any::<String>(), inner.clone()), 0..5);
        prop_oneof![
            proptest::collection::vec(inner, 0..5).prop_map(Value::from),
            members.prop_map(|members| Value::Object(members.into_iter().collect::<Map>())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_value_survives_json_serde_and_postcard(value in values()) {
        let text = json::write(&value);
        prop_assert!(text.is_ascii());
        let read = json::read(text.as_bytes()).unwrap();
        // The order of keys is kept too.
        prop_assert_eq!(json::write(&read), text);
        prop_assert_eq!(&read, &value);
        prop_assert_eq!(to_value(&value), Ok(value.clone()));
        let packed = postcard::to_stdvec(&value).unwrap();
        prop_assert_eq!(postcard::from_bytes::<Value>(&packed), Ok(value.clone()));
        prop_assert_eq!(from_value::<Value>(value.clone()), Ok(value));
    }

    #[test]
    fn a_body_survives_json_and_msgpack(args in proptest::collection::vec(values(), 0..4), kwargs in values()) {
        let kwargs = Map::from_iter([("k".to_owned(), kwargs)]);
        let body = Body { args, kwargs, ..Body::default() };
        prop_assert_eq!(Body::decode(&body.encode()), Ok(body.clone()));
        // msgpack has no integers beyond 64 bits.
        if let Ok(packed) = Serializer::Msgpack.encode(&body.to_value()) {
            let value = Serializer::Msgpack.decode(&packed, packed.len()).unwrap();
            prop_assert_eq!(Body::from_value(value), Ok(body));
        }
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Args {
    count: u128,
    ratio: f64,
    name: Option<String>,
    shape: Vec<Shape>,
    by_number: BTreeMap<i32, bool>,
    rest: Value,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Shape {
    Point,
    Circle(f32),
    Line(u8, i8),
    Box { width: u16 },
}

#[test]
fn a_type_of_a_task_goes_through_a_value() {
    let args = Args {
        count: u128::MAX,
        ratio: f64::INFINITY,
        name: None,
        shape: vec![Shape::Point, Shape::Circle(0.5), Shape::Line(1, -1), Shape::Box { width: 3 }],
        by_number: BTreeMap::from([(-1, true)]),
        rest: value!({"z": [null], "a": Value::BigInt("1".repeat(50).into())}),
    };
    let value = to_value(&args).unwrap();
    let text = concat!(
        r#"{"count": 340282366920938463463374607431768211455, "ratio": Infinity, "name": null, "#,
        r#""shape": ["Point", {"Circle": 0.5}, {"Line": [1, -1]}, {"Box": {"width": 3}}], "by_number": {"-1": true}, "#,
        r#""rest": {"z": [null], "a": 11111111111111111111111111111111111111111111111111}}"#,
    );
    assert_eq!(json::write(&value), text);
    assert_eq!(from_value::<Args>(json::read(text.as_bytes()).unwrap()).unwrap(), args);
}

#[test]
fn what_does_not_fit_a_type_is_an_error_that_says_so() {
    #[track_caller]
    fn check<T: serde::de::DeserializeOwned>(value: Value, expected: &str) {
        assert_eq!(from_value::<T>(value).err().map(|e| e.to_string()).as_deref(), Some(expected));
    }
    check::<u8>(value!(300), "invalid value: integer `300`, expected u8");
    check::<i64>(value!("x"), "invalid type: string \"x\", expected i64");
    check::<Vec<i64>>(value!({}), "invalid type: map, expected a sequence");
    check::<Shape>(value!([]), "invalid type: sequence, expected a variant: a string, or an object of one key");
    check::<Shape>(value!("Circle"), "invalid type: unit variant, expected a variant with a value");
    assert!(from_value::<i64>(Value::BigInt("1".repeat(50).into())).is_err());
    assert_eq!(from_value::<f64>(value!(2)), Ok(2.0));
    assert_eq!(from_value::<Vec<u8>>(Value::Bytes(vec![1])), Ok(vec![1]));
}
