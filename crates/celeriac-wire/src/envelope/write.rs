//! The text of a message, written straight away, in Celery's order of members.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::json::{write_integer, write_string, write_to};
use crate::message::{Headers, Message, Properties, seconds_to};
use crate::{Map, Value};

/// What the names and marks of an envelope take, with room for its ids.
const FRAME: usize = 1280;

pub(super) fn message(message: &Message) -> String {
    let mut out = String::with_capacity(FRAME + message.body.len() / 3 * 4);
    out.push_str("{\"body\": \"");
    STANDARD.encode_string(&message.body, &mut out);
    out.push_str("\", \"content-encoding\": ");
    write_string(&mut out, &message.content_encoding);
    out.push_str(", \"content-type\": ");
    write_string(&mut out, &message.content_type);
    out.push_str(", \"headers\": {");
    headers(&mut out, &message.headers);
    out.push_str("}, \"properties\": {");
    properties(&mut out, &message.properties);
    out.push_str("}}");
    out
}

/// Appends a string, or null.
fn text(out: &mut String, value: Option<&str>) {
    match value {
        Some(text) => write_string(out, text),
        None => out.push_str("null"),
    }
}

fn integer(out: &mut String, value: Option<i64>) {
    match value {
        Some(n) => write_integer(out, n),
        None => out.push_str("null"),
    }
}

fn extra(out: &mut String, members: &Map) {
    for (key, member) in members {
        out.push_str(", ");
        write_string(out, key);
        out.push_str(": ");
        write_to(out, member);
    }
}

fn headers(out: &mut String, h: &Headers) {
    out.push_str("\"lang\": ");
    write_string(out, &h.lang);
    out.push_str(", \"task\": ");
    write_string(out, &h.task);
    out.push_str(", \"id\": ");
    write_string(out, &h.id);
    for (name, value) in [
        (", \"shadow\": ", &h.shadow),
        (", \"eta\": ", &h.eta),
        (", \"expires\": ", &h.expires),
        (", \"group\": ", &h.group),
    ] {
        out.push_str(name);
        text(out, value.as_deref());
    }
    out.push_str(", \"group_index\": ");
    integer(out, h.group_index);
    out.push_str(", \"retries\": ");
    write_integer(out, h.retries.into());
    out.push_str(", \"timelimit\": [");
    write_to(out, &seconds_to(h.timelimit.hard));
    out.push_str(", ");
    write_to(out, &seconds_to(h.timelimit.soft));
    out.push(']');
    for (name, value) in [
        (", \"root_id\": ", &h.root_id),
        (", \"parent_id\": ", &h.parent_id),
        (", \"argsrepr\": ", &h.argsrepr),
        (", \"kwargsrepr\": ", &h.kwargsrepr),
        (", \"origin\": ", &h.origin),
    ] {
        out.push_str(name);
        text(out, value.as_deref());
    }
    out.push_str(", \"ignore_result\": ");
    write_to(out, &Value::from(h.ignore_result));
    out.push_str(", \"replaced_task_nesting\": ");
    write_integer(out, h.replaced_task_nesting.into());
    out.push_str(", \"stamped_headers\": ");
    write_to(out, &h.stamped_headers);
    out.push_str(", \"stamps\": ");
    write_to(out, &h.stamps);
    extra(out, &h.extra);
}

fn properties(out: &mut String, p: &Properties) {
    out.push_str("\"correlation_id\": ");
    text(out, p.correlation_id.as_deref());
    if let Some(reply_to) = &p.reply_to {
        out.push_str(", \"reply_to\": ");
        write_string(out, reply_to);
    }
    out.push_str(", \"delivery_mode\": ");
    write_integer(out, p.delivery_mode.into());
    out.push_str(", \"delivery_info\": {\"exchange\": ");
    write_string(out, &p.delivery_info.exchange);
    out.push_str(", \"routing_key\": ");
    write_string(out, &p.delivery_info.routing_key);
    if p.delivery_info.redelivered {
        out.push_str(", \"redelivered\": true");
    }
    out.push_str("}, \"priority\": ");
    write_integer(out, p.priority.into());
    out.push_str(", \"body_encoding\": \"base64\", \"delivery_tag\": ");
    write_string(out, &p.delivery_tag);
    extra(out, &p.extra);
}
