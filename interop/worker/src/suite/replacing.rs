//! Tasks that put others in their place, or beside them.

use std::sync::Arc;

use celeriac::{Context, Failure, Outcome, Registry};
use celeriac_wire::Value;
use celeriac_wire::canvas::{Signature, chain, chord, group};
use serde::Deserialize;

use super::noting::push;
use super::{named, task};
use crate::store::Store;

/// What the tasks of this file end with: they have no reply of their own.
type Replaced = Outcome<Value>;

pub fn register(registry: &mut Registry, store: &Arc<Store>) {
    let sum = |x: &Value, y: &Value| task("add").arg(x.clone()).arg(y.clone());
    registry
        .function(named!("chain_add"), &["x", "y"], move |cx, (x, y): (Value, Value)| {
            cx.apply(chain([sum(&x, &x), task("add").arg(y)]))?;
            Ok(())
        })
        .function(named!("chord_add"), &["x", "y"], move |cx, (x, y): (Value, Value)| {
            cx.apply(chord([sum(&x, &x)], task("add").arg(y)))?;
            Ok(())
        })
        .function(named!("build_chain_inside_task"), &[], |cx, (): ()| {
            let add = |y: i64| task("add").arg(y);
            Ok(cx.apply(task("add").arg(1).arg(1) | add(2) | group([add(3), add(4)]) | add(5))?)
        })
        .function(named!("add_replaced"), &["x", "y"], move |cx, (x, y): (Value, Value)| -> Replaced {
            Err(cx.replace(sum(&x, &y)))
        })
        .function(named!("add_replaced_with_chain"), &["x", "y"], move |cx, (x, y): (Value, Value)| -> Replaced {
            Err(cx.replace(chain([sum(&x, &y), task("identity")])))
        })
        .function(named!("record_replaced_task_nesting"), &["replacements", "nesting="], nesting)
        .function(named!("replace_with_chain"), &["*args", "link_msg="], |cx, args: Linked| -> Replaced {
            let steps = chain([task("identity").args(args.args), task("identity")]);
            Err(cx.replace(steps.link(&echo(args.link_msg))))
        })
        .function(named!("replace_with_chain_which_raises"), &["*args", "link_msg="], |cx, args: Linked| -> Replaced {
            let steps = chain([task("identity").args(args.args), task("raise_error")]);
            Err(cx.replace(steps.link_error(&echo(args.link_msg))))
        })
        .function(named!("replace_with_empty_chain"), &["*_"], |cx, _: Value| -> Replaced {
            Err(cx.replace(chain([])))
        })
        .function(named!("replace_with_chain_which_contains_a_group"), &[], |cx, (): ()| -> Replaced {
            let add = || task("add").arg(1);
            Err(cx.replace(chain([task("add").arg(1).arg(2), group([add(), add()])])))
        })
        .function(named!("add_to_all"), &["nums", "val"], move |cx, (nums, val): (Vec<Value>, Value)| -> Replaced {
            Err(cx.replace(group(nums.iter().map(|n| sum(n, &val)))))
        })
        .function(named!("add_to_all_to_chord"), &["nums", "val"], move |cx, (nums, val): (Vec<Value>, Value)| {
            for n in &nums {
                cx.add_to_chord(sum(n, &val))?;
            }
            Ok(0)
        })
        .function(named!("add_chord_to_chord"), &["nums", "val"], move |cx, (nums, val): (Vec<Value>, Value)| {
            cx.add_to_chord(group(nums.iter().map(|n| sum(n, &val))) | task("tsum"))?;
            Ok(0)
        })
        .function(named!("fail_replaced"), &["*args"], |cx, (args,): (Vec<Value>,)| -> Replaced {
            Err(cx.replace(task("fail").args(args).immutable()))
        })
        .function(named!("replace_with_stamped_task"), &["replace_with="], stamped);
    let at = Arc::clone(store);
    registry.function(named!("second_order_replace1"), &["state="], move |cx, (state,): (Option<bool>,)| {
        if state.unwrap_or_default() {
            return push(&at, "redis-echo", "Out A");
        }
        push(&at, "redis-echo", "In A")?;
        let again = task("second_order_replace1").kwarg("state", true).immutable();
        Err(cx.replace(chain([task("second_order_replace2"), again])))
    });
    let at = Arc::clone(store);
    registry.function(named!("second_order_replace2"), &["state="], move |cx, (state,): (Option<bool>,)| {
        if state.unwrap_or_default() {
            return push(&at, "redis-echo", "Out B");
        }
        push(&at, "redis-echo", "In B")?;
        let again = task("second_order_replace2").kwarg("state", true).immutable();
        Err(cx.replace(chain([task("redis_echo").arg("In/Out C"), again])))
    });
}

/// What some tasks take: anything by position, and what their link is to write.
#[derive(Deserialize)]
struct Linked {
    args: Vec<Value>,
    #[serde(default)]
    link_msg: Option<Value>,
}

/// Writes its own text, or what it is given.
fn echo(text: Option<Value>) -> Signature {
    match text {
        Some(text) => task("redis_echo").arg(text).immutable(),
        None => task("redis_echo"),
    }
}

/// Replaces itself so often, and tells how deep each replacement was.
fn nesting(cx: &Context, (replacements, nesting): (i64, Option<Vec<Value>>)) -> Replaced {
    let mut nesting = nesting.unwrap_or_default();
    nesting.push(cx.request().headers().replaced_task_nesting.into());
    if replacements == 0 {
        return Ok(nesting.into());
    }
    let next = task("record_replaced_task_nesting").arg(replacements - 1).arg(nesting);
    let reply_to = cx.request().message.properties.reply_to.as_deref();
    Err(cx.replace(next.set("reply_to", reply_to.map(str::to_owned))))
}

/// Replaces itself by a signature that it stamps.
fn stamped(cx: &Context, (signature,): (Value,)) -> Replaced {
    let replacement = match &signature {
        Value::Null => task("replaced_with_me"),
        given => Signature::from_value(given).map_err(|error| Failure::builtin("ValueError", error.to_string()))?,
    };
    Err(cx.replace(replacement.stamp("StampOnReplace", "This is the replaced task")))
}
