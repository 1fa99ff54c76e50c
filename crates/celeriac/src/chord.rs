//! What the body of a chord is called with.

use celeriac_wire::result::{FAILURE, REVOKED};
use celeriac_wire::{Record, Value, repr, result::Exception};

use crate::backend::ChordFailure;

/// The value of one part of a header, or the failure that it makes of the chord.
pub(crate) fn value(task_id: &str, state: &str, result: Value) -> Result<Value, ChordFailure> {
    match state {
        FAILURE | REVOKED => Err(ChordFailure {
            message: format!("Dependency {task_id} raised {}", raised(&result)),
            cause: Exception::from_json(&result),
        }),
        _ => Ok(result),
    }
}

/// The ids of all tasks in a result tuple, `[[id, parent], null]` or `[[id, parent], [children…]]`.
///
/// # Errors
///
/// A text for the `ChordError`, when it is no result tuple.
#[cfg(feature = "redis")]
pub(crate) fn tasks(tuple: &Value) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    let mut ahead = vec![tuple];
    while let Some(node) = ahead.pop() {
        match parts(node)? {
            (id, None) => found.push(id.to_owned()),
            (_, Some(children)) => ahead.extend(children),
        }
    }
    Ok(found)
}

/// The results of a header whose parts are groups themselves, in its shape.
///
/// # Errors
///
/// The text of the `ChordError`.
pub(crate) fn join(tuple: &Value, find: &dyn Fn(&str) -> Option<Record>) -> Result<Vec<Value>, String> {
    let (id, children) = parts(tuple)?;
    let Some(children) = children else { return Err(format!("Join error: {id} is not a group")) };
    let value = |child: &Value| match parts(child)? {
        (_, Some(_)) => join(child, find).map(Value::Array),
        (id, None) => match find(id) {
            Some(record) if [FAILURE, REVOKED].contains(&record.status.as_str()) => {
                Err(format!("Join error: {}", raised(&record.result)))
            }
            Some(record) => Ok(record.result),
            None => Err("Join error: TimeoutError('The operation timed out.')".to_owned()),
        },
    };
    children.iter().map(value).collect()
}

/// A node's id, and its children if it is a group.
fn parts(node: &Value) -> Result<(&str, Option<&[Value]>), String> {
    let wrong = || "Join error: ValueError('the saved group is no result tuple')".to_owned();
    let [id, children] = node.as_array().ok_or_else(wrong)? else { return Err(wrong()) };
    let id = id.as_array().map_or(Some(id), |pair| pair.first()).and_then(Value::as_str).ok_or_else(wrong)?;
    match children {
        Value::Null => Ok((id, None)),
        Value::Array(children) => Ok((id, Some(children))),
        _ => Err(wrong()),
    }
}

/// The document of an exception as Python shows the exception.
fn raised(result: &Value) -> String {
    let Some(exc_type) = result.get("exc_type").and_then(Value::as_str) else { return String::from("Exception()") };
    let args = match result.get("exc_message") {
        Some(Value::Array(args)) => args.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    let args: Vec<String> = args.iter().map(repr::value).collect();
    format!("{exc_type}({})", args.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use celeriac_wire::value::object;

    fn leaf(id: &str) -> Value {
        Value::Array(vec![Value::Array(vec![id.into(), Value::Null]), Value::Null])
    }

    fn group(id: &str, children: Vec<Value>) -> Value {
        Value::Array(vec![Value::Array(vec![id.into(), Value::Null]), Value::Array(children)])
    }

    #[test]
    fn the_shape_of_a_header_is_that_of_its_results() {
        let header = group("g", vec![leaf("a"), group("h", vec![leaf("b"), leaf("c")]), group("i", vec![])]);
        let find = |id: &str| Some(Record::new(id, "SUCCESS", id.into()));
        let nested = Value::Array(vec!["b".into(), "c".into()]);
        assert_eq!(join(&header, &find), Ok(vec!["a".into(), nested, Value::Array(vec![])]));
    }

    #[test]
    fn a_header_that_is_none_is_said() {
        for junk in [Value::Null, "x".into(), Value::Array(vec![]), Value::Array(vec![Value::Null, Value::Null])] {
            assert!(join(&junk, &|_| None).is_err_and(|text| text.starts_with("Join error: ")), "{junk:?}");
        }
    }

    #[test]
    fn a_part_that_failed_is_named_with_what_it_raised() {
        let failure =
            object([("exc_type", Value::from("ValueError")), ("exc_message", Value::Array(vec!["no".into()]))]);
        let cause = Exception::from_json(&failure);
        let message = "Dependency t raised ValueError('no')".to_owned();
        assert_eq!(value("t", "FAILURE", failure), Err(ChordFailure { message, cause }));
        assert_eq!(value("t", "SUCCESS", 5.into()), Ok(5.into()));
    }
}
