//! Tasks that fail.

use std::time::Duration;

use celeriac::{Failure, Outcome, Registry, TaskOptions};
use celeriac_wire::{Value, value};

use super::named;

pub fn register(registry: &mut Registry) {
    let limits = TaskOptions {
        soft_limit: Some(Duration::from_secs(2)),
        hard_limit: Some(Duration::from_secs(1)),
        ..TaskOptions::default()
    };
    registry
        .function(named!("raise_error"), &["*args"], |_, _: (Value,)| -> Outcome<()> {
            Err(Failure::builtin("ValueError", "deliberate error").into())
        })
        .function(named!("fail"), &["*args"], |_, (args,): (Vec<Value>,)| -> Outcome<()> {
            let mut all = vec![value!("Task expected to fail")];
            all.extend(args);
            Err(expected(all).into())
        })
        .function(named!("fail_unpickleable"), &["foo", "bar"], |_, (value, _): (Value, Value)| -> Outcome<()> {
            Err(unpickleable(value).into())
        })
        .function_with(named!("soft_time_limit_must_exceed_time_limit"), &[], limits, |_, (): ()| Ok(()));
}

/// The exception that the suite's own tests raise.
pub(super) fn expected(args: Vec<Value>) -> Failure {
    Failure::in_module("t.integration.tasks", "ExpectedException", "").with_args(args)
}

/// An exception that a client cannot make from its arguments.
pub(super) fn unpickleable(value: Value) -> Failure {
    Failure::in_module("t.integration.tasks", "UnpickleableException", "").with_args(vec![value])
}
