//! Python's `+`, `*` and `sum` over values, with Python's complaints.

use celeriac::{Failure, Outcome};
use celeriac_wire::Value;

/// `x + y`
pub fn add(x: &Value, y: &Value) -> Outcome<Value> {
    match (x, y) {
        (Value::String(x), Value::String(y)) => Ok(format!("{x}{y}").into()),
        (Value::Array(x), Value::Array(y)) => Ok([x.as_slice(), y].concat().into()),
        _ => number(x, y, "+", i128::checked_add, |x, y| x + y),
    }
}

/// `x * y`, for numbers.
pub fn multiply(x: &Value, y: &Value) -> Outcome<Value> {
    number(x, y, "*", i128::checked_mul, |x, y| x * y)
}

/// `sum(numbers)`
pub fn sum(numbers: &Value) -> Outcome<Value> {
    let Value::Array(numbers) = numbers else {
        return Err(Failure::builtin("TypeError", format!("'{}' object is not iterable", name(numbers))).into());
    };
    numbers.iter().try_fold(Value::Int(0), |total, number| add(&total, number))
}

/// Whether Python takes a value for true.
pub fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(b) => *b,
        Value::Int(n) => *n != 0,
        Value::BigInt(_) => true,
        Value::Float(x) => *x != 0.0,
        Value::String(s) => !s.is_empty(),
        Value::Bytes(bytes) => !bytes.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => !map.is_empty(),
    }
}

fn number(
    x: &Value,
    y: &Value,
    sign: &str,
    integers: fn(i128, i128) -> Option<i128>,
    floats: fn(f64, f64) -> f64,
) -> Outcome<Value> {
    if let (Some(x), Some(y)) = (integer(x), integer(y)) {
        let result = integers(x, y).ok_or_else(|| Failure::builtin("OverflowError", "beyond 128 bits"))?;
        return Ok(result.into());
    }
    match (float(x), float(y)) {
        (Some(x), Some(y)) => Ok(floats(x, y).into()),
        _ => {
            let text = format!("unsupported operand type(s) for {sign}: '{}' and '{}'", name(x), name(y));
            Err(Failure::builtin("TypeError", text).into())
        }
    }
}

fn integer(value: &Value) -> Option<i128> {
    match value {
        Value::Bool(b) => Some(i128::from(*b)),
        Value::Int(n) => Some(i128::from(*n)),
        Value::BigInt(digits) => digits.parse().ok(),
        _ => None,
    }
}

fn float(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_bool().map(f64::from))
}

fn name(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::BigInt(_) => "int",
        Value::Float(_) => "float",
        Value::String(_) => "str",
        Value::Bytes(_) => "bytes",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}

#[cfg(test)]
mod tests {
    use celeriac_wire::value;

    use super::*;

    #[test]
    fn values_are_added_as_python_adds_them() {
        #[track_caller]
        fn check(x: Value, y: Value, expected: Value) {
            assert_eq!(add(&x, &y).unwrap(), expected);
        }
        check(value!(2), value!(3), value!(5));
        check(value!(2), value!(0.5), value!(2.5));
        check(value!(true), value!(1), value!(2));
        check(value!("a"), value!("b"), value!("ab"));
        check(value!([1]), value!([2]), value!([1, 2]));
        check(value!(i64::MAX), value!(1), Value::BigInt("9223372036854775808".into()));
    }

    #[test]
    fn what_has_no_sum_is_refused_as_python_does() {
        let error = add(&value!(1), &value!("a")).unwrap_err();
        assert_eq!(error, Failure::builtin("TypeError", "unsupported operand type(s) for +: 'int' and 'str'").into());
        let error = sum(&value!(1)).unwrap_err();
        assert_eq!(error, Failure::builtin("TypeError", "'int' object is not iterable").into());
    }
}
