//! The usual message in one pass, without a tree of values in between.
//!
//! A worker reads each message once and has a few microseconds for it. Whatever is not as Celery writes it is left to
//! the tolerant reader of the parent module, which also knows the name of what is wrong.

use std::borrow::Cow;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::Value;
use crate::json::{self, Reader};
use crate::message::{Headers, Message, Properties, TimeLimits};

/// Not a message as Celery writes it.
pub(super) struct Unusual;

impl From<json::Error> for Unusual {
    fn from(_: json::Error) -> Self {
        Self
    }
}

pub(super) fn message(raw: &[u8]) -> Result<Message, Unusual> {
    let mut reader = Reader::new(raw)?;
    let mut body = Cow::Borrowed("");
    let mut encoding = None;
    let (mut content_type, mut content_encoding) = (String::new(), String::new());
    let (mut headers, mut properties) = (None, None);
    reader.members(0, |r, key, depth| {
        match &*key {
            "body" => body = r.text()?,
            "content-type" => content_type = r.text()?.into_owned(),
            "content-encoding" => content_encoding = r.text()?.into_owned(),
            "headers" => headers = Some(self::headers(r, depth)?),
            "properties" => properties = Some(self::properties(r, depth, &mut encoding)?),
            _ => drop(r.value(depth)?),
        }
        Ok::<(), Unusual>(())
    })?;
    reader.end()?;
    let body = match encoding.as_deref() {
        Some("base64") => STANDARD.decode(body.as_bytes()).map_err(|_| Unusual)?,
        None | Some("utf-8") => body.into_owned().into_bytes(),
        Some(_) => return Err(Unusual),
    };
    let headers = headers.filter(|headers| !headers.task.is_empty() && !headers.id.is_empty()).ok_or(Unusual)?;
    Ok(Message { headers, properties: properties.ok_or(Unusual)?, content_type, content_encoding, body })
}

fn optional<'a>(r: &mut Reader<'a>) -> Result<Option<Cow<'a, str>>, Unusual> {
    if r.null() { Ok(None) } else { Ok(Some(r.text()?)) }
}

fn owned(r: &mut Reader<'_>) -> Result<Option<String>, Unusual> {
    Ok(optional(r)?.map(Cow::into_owned))
}

fn integer(r: &mut Reader<'_>, depth: usize) -> Result<Option<i64>, Unusual> {
    match r.value(depth)? {
        Value::Null => Ok(None),
        Value::Int(n) => Ok(Some(n)),
        _ => Err(Unusual),
    }
}

fn count(r: &mut Reader<'_>, depth: usize) -> Result<u32, Unusual> {
    integer(r, depth)?.map_or(Ok(0), |n| u32::try_from(n).map_err(|_| Unusual))
}

fn boolean(r: &mut Reader<'_>, depth: usize) -> Result<Option<bool>, Unusual> {
    match r.value(depth)? {
        Value::Null => Ok(None),
        Value::Bool(b) => Ok(Some(b)),
        _ => Err(Unusual),
    }
}

fn limits(r: &mut Reader<'_>, depth: usize) -> Result<TimeLimits, Unusual> {
    if r.null() {
        return Ok(TimeLimits::default());
    }
    let mut pair = [None; 2];
    let mut at = 0;
    r.items(depth, |r, depth| {
        let place = pair.get_mut(at).ok_or(Unusual)?;
        *place = match r.value(depth)? {
            Value::Null => None,
            limit => {
                let seconds = limit.as_f64().ok_or(Unusual)?;
                Some(Duration::try_from_secs_f64(seconds).map_err(|_| Unusual)?)
            }
        };
        at += 1;
        Ok::<(), Unusual>(())
    })?;
    let [hard, soft] = pair;
    if at == 2 { Ok(TimeLimits { hard, soft }) } else { Err(Unusual) }
}

fn headers(r: &mut Reader<'_>, depth: usize) -> Result<Headers, Unusual> {
    let mut h = Headers { lang: String::new(), stamps: Value::Null, ..Headers::new("", "") };
    r.members(depth, |r, key, depth| {
        match &*key {
            "lang" => h.lang = owned(r)?.unwrap_or_default(),
            "task" => h.task = r.text()?.into_owned(),
            "id" => h.id = r.text()?.into_owned(),
            "shadow" => h.shadow = owned(r)?,
            "eta" => h.eta = owned(r)?,
            "expires" => h.expires = owned(r)?,
            "group" => h.group = owned(r)?,
            "group_index" => h.group_index = integer(r, depth)?,
            "retries" => h.retries = count(r, depth)?,
            "timelimit" => h.timelimit = limits(r, depth)?,
            "root_id" => h.root_id = owned(r)?,
            "parent_id" => h.parent_id = owned(r)?,
            "argsrepr" => h.argsrepr = owned(r)?,
            "kwargsrepr" => h.kwargsrepr = owned(r)?,
            "origin" => h.origin = owned(r)?,
            "ignore_result" => h.ignore_result = boolean(r, depth)?,
            "replaced_task_nesting" => h.replaced_task_nesting = count(r, depth)?,
            "stamped_headers" => h.stamped_headers = r.value(depth)?,
            "stamps" => h.stamps = r.value(depth)?,
            _ => drop(h.extra.insert(key.into_owned(), r.value(depth)?)),
        }
        Ok::<(), Unusual>(())
    })?;
    Ok(h)
}

fn properties<'a>(
    r: &mut Reader<'a>,
    depth: usize,
    encoding: &mut Option<Cow<'a, str>>,
) -> Result<Properties, Unusual> {
    let mut p = Properties::default();
    let small = |n: Option<i64>, absent| n.map_or(Ok(absent), |n| u8::try_from(n).map_err(|_| Unusual));
    r.members(depth, |r, key, depth| {
        match &*key {
            "correlation_id" => p.correlation_id = owned(r)?,
            "reply_to" => p.reply_to = owned(r)?,
            "delivery_mode" => p.delivery_mode = small(integer(r, depth)?, 2)?,
            "delivery_info" => {
                let info = &mut p.delivery_info;
                r.members(depth, |r, key, depth| {
                    match &*key {
                        "exchange" => info.exchange = owned(r)?.unwrap_or_default(),
                        "routing_key" => info.routing_key = owned(r)?.unwrap_or_default(),
                        "redelivered" => info.redelivered = boolean(r, depth)?.unwrap_or(false),
                        _ => drop(r.value(depth)?),
                    }
                    Ok::<(), Unusual>(())
                })?;
            }
            "priority" => p.priority = small(integer(r, depth)?, 0)?,
            "body_encoding" => *encoding = optional(r)?,
            "delivery_tag" => p.delivery_tag = owned(r)?.unwrap_or_default(),
            _ => drop(p.extra.insert(key.into_owned(), r.value(depth)?)),
        }
        Ok::<(), Unusual>(())
    })?;
    Ok(p)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_as_celery_writes_it_is_left_to_the_tolerant_reader() {
        #[track_caller]
        fn check(headers: &str, properties: &str, usual: bool) {
            let raw = format!(r#"{{"body": "W10=", "headers": {headers}, "properties": {properties}}}"#);
            assert_eq!(message(raw.as_bytes()).is_ok(), usual, "{raw}");
        }
        let task = r#"{"task": "t", "id": "i"}"#;
        check(task, "{}", true);
        check(task, r#"{"body_encoding": "base64", "priority": 3, "mine": [1]}"#, true);
        check(task, r#"{"priority": 300}"#, false);
        check(task, r#"{"body_encoding": "hex"}"#, false);
        check(task, "null", false);
        check(r#"{"id": "i"}"#, "{}", false);
        check(r#"{"task": "t"}"#, "{}", false);
        for broken in [r#""retries": -1"#, r#""timelimit": [1]"#, r#""timelimit": [1, 2, 3]"#, r#""eta": 5"#] {
            check(&format!(r#"{{"task": "t", "id": "i", {broken}}}"#), "{}", false);
        }
    }
}
