//! Bindings: where kombu looks for the queues of an exchange.

use std::time::Duration;

use super::key::{Keys, SEPARATOR, member, pattern, routed};
use super::resp::{Pipe, Reply};
use super::script::{BIND, SWEEP};
use crate::broker::{ExchangeKind, Queue, Subscription};

/// The shortest life of a binding with a deadline: kombu's, so that a peer that is busy for long keeps its replies.
const SHORTEST: Duration = Duration::from_secs(3600);
/// How often bindings with a deadline are renewed: a third of their shortest life, as kombu does.
pub(super) const REFRESH: Duration = Duration::from_secs(1200);
/// Tables that one sweep looks at.
const SWEPT: usize = 100;

/// Writes the binding of a queue, for Python peers that publish to its exchange or give back its messages.
pub(super) fn declare(pipe: &mut Pipe, keys: &Keys, queue: &Queue) {
    let Queue { name, exchange, kind, routing_key, expires } = queue;
    if exchange.is_empty() {
        return;
    }
    let regex = match kind {
        ExchangeKind::Direct => String::new(),
        ExchangeKind::Topic => pattern(routing_key),
    };
    let member = member(routing_key, &regex, name);
    if let Some(expires) = expires {
        refresh(pipe, keys, exchange, &member, *expires);
    } else {
        drop(pipe.cmd("MULTI"));
        drop(pipe.cmd("SADD").arg(keys.bindings(exchange)).arg(&member));
        drop(pipe.cmd("SADD").arg(keys.permanent(exchange)).arg(&member));
        drop(pipe.cmd("EXEC"));
    }
}

/// Writes the binding of a listener, and forgets those of listeners that have gone.
pub(super) fn declare_listener(pipe: &mut Pipe, keys: &Keys, to: &Subscription) {
    refresh(pipe, keys, &to.exchange, &member(&to.routing_key, "", &to.queue), to.expires);
}

fn refresh(pipe: &mut Pipe, keys: &Keys, exchange: &str, member: &str, expires: Duration) {
    let life = expires.saturating_mul(2).max(SHORTEST);
    let command = pipe.cmd("EVALSHA").arg(&BIND.sha).num(2).arg(keys.bindings(exchange)).arg(keys.deadlines());
    drop(command.arg(member).arg(exchange).num(life.as_millis()));
}

/// Takes the binding of a listener away.
pub(super) fn remove_listener(pipe: &mut Pipe, keys: &Keys, to: &Subscription) {
    drop(pipe.cmd("SREM").arg(keys.bindings(&to.exchange)).arg(member(&to.routing_key, "", &to.queue)));
    drop(pipe.cmd("DEL").args(keys.lists(&to.queue)));
}

/// Forgets tables that nobody has renewed.
pub(super) fn sweep(pipe: &mut Pipe, keys: &Keys) {
    let command = pipe.cmd("EVALSHA").arg(&SWEEP.sha).num(1).arg(keys.deadlines());
    drop(command.arg(keys.bindings("")).arg(keys.permanent("")).num(SWEPT));
}

/// Asks for the bindings of an exchange.
pub(super) fn look_up(pipe: &mut Pipe, keys: &Keys, exchange: &str) {
    drop(pipe.cmd("SMEMBERS").arg(keys.bindings(exchange)));
}

/// The queues that the answer to [`look_up`] gives for a routing key.
pub(super) fn queues(answer: &Reply, routing_key: &str) -> Vec<String> {
    let Reply::List(members) = answer else { return Vec::new() };
    routed(members.iter().filter_map(Reply::text).filter(|member| member.contains(SEPARATOR)), routing_key)
}
