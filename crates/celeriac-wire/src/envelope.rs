//! The envelope that kombu puts around a message on transports without headers of their own: Redis, in the main.
//!
//! One JSON object `{"body", "content-encoding", "content-type", "headers", "properties"}`. The body is base64,
//! which the property `body_encoding` says; without it the body is the text itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::field::{Fields, Mistyped};
use crate::message::{Headers, Message, Properties};
use crate::{Map, Value, json, value};

mod legacy;
mod read;
mod write;

/// Why what lay in a queue is no task message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is no JSON, or nests too deep.
    #[error("the envelope is not json")]
    Json(#[source] json::Error),
    /// It is JSON and no object.
    #[error("the envelope is not an object")]
    Shape,
    /// A member has another type than the protocol gives it, or the task or its id is missing.
    #[error("the envelope is not a task message")]
    Field(#[from] Mistyped),
    /// The body says that it is base64 and is not.
    #[error("the body is not base64")]
    Base64(#[source] base64::DecodeError),
    /// The body says that it has an encoding that kombu does not know.
    #[error("the body is encoded as {0:?}")]
    BodyEncoding(String),
}

/// Reads an envelope. The body is decoded from base64 and no further; that of a message of protocol 1, or of the
/// mixture of both protocols, is made one of protocol 2.
pub fn decode(raw: &[u8]) -> Result<Message, Error> {
    match read::message(raw) {
        Ok(message) if !legacy::suspect(&message.content_type, &message.body) => Ok(message),
        _ => tolerant(raw),
    }
}

fn tolerant(raw: &[u8]) -> Result<Message, Error> {
    let mut f = Fields(object(raw)?);
    let mut properties = Fields(f.object("properties")?);
    let text = f.text("body")?.unwrap_or_default();
    let body = match properties.text("body_encoding")?.as_deref() {
        Some("base64") => STANDARD.decode(text).map_err(Error::Base64)?,
        None | Some("utf-8") => text.into_bytes(),
        Some(other) => return Err(Error::BodyEncoding(other.to_owned())),
    };
    let content_type = f.text("content-type")?.unwrap_or_default();
    let content_encoding = f.text("content-encoding")?.unwrap_or_default();
    let (headers, body) = legacy::upgrade(f.object("headers")?, &content_type, body);
    let headers = Headers::from_json(headers)?;
    Ok(Message { headers, properties: Properties::from_json(properties.0)?, content_type, content_encoding, body })
}

/// Writes an envelope with the body in base64.
pub fn encode(message: &Message) -> String {
    write::message(message)
}

/// The delivery tag of an envelope, read without minding the rest, so that even a message that is not a task can
/// be settled. `None` if there is none.
pub fn delivery_tag(raw: &[u8]) -> Option<String> {
    let mut properties = Fields(Fields(object(raw).ok()?).object("properties").ok()?);
    properties.text("delivery_tag").ok().flatten()
}

/// Marks an envelope as delivered before, in the header and in the delivery info, as kombu does when it restores
/// one. What is not understood is kept; what is no envelope stays as it is.
pub fn redelivered(raw: &[u8]) -> Vec<u8> {
    let Ok(mut envelope) = object(raw) else { return raw.to_vec() };
    if let Some(Value::Object(headers)) = envelope.get_mut("headers") {
        headers.insert("redelivered".to_owned(), value!(true));
    }
    let info = envelope.get_mut("properties").and_then(Value::as_object_mut).and_then(|p| p.get_mut("delivery_info"));
    if let Some(Value::Object(info)) = info {
        info.insert("redelivered".to_owned(), value!(true));
    }
    json::write(&Value::Object(envelope)).into_bytes()
}

fn object(raw: &[u8]) -> Result<Map, Error> {
    match json::read(raw).map_err(Error::Json)? {
        Value::Object(map) => Ok(map),
        _ => Err(Error::Shape),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let kwargs = value!({"name": "é😀"}).as_object().cloned().unwrap_or_default();
        let mut message = Message::new("tasks.add", "a1", vec![value!(2), value!([3])], kwargs);
        message.headers.timelimit.soft = Some(std::time::Duration::from_millis(1500));
        message.headers.extra.insert("mine".into(), value!({"deep": [1]}));
        message.properties.extra.insert("app_id".into(), value!("1234"));
        message.properties.delivery_tag = "tag".into();
        let raw = encode(&message);
        assert_eq!(decode(raw.as_bytes()), Ok(message.clone()));
        message.headers.extra.insert("redelivered".into(), value!(true));
        message.properties.delivery_info.redelivered = true;
        assert_eq!(decode(&redelivered(raw.as_bytes())), Ok(message));
    }

    #[test]
    fn a_body_without_encoding_is_the_text_itself() {
        for encoding in ["", r#", "body_encoding": "utf-8""#, r#", "body_encoding": null"#] {
            let raw = format!(
                r#"{{"body": "[[], {{}}, {{}}]", "headers": {{"task": "t", "id": "i"}}, "properties": {{"priority": 3{encoding}}}}}"#
            );
            assert_eq!(decode(raw.as_bytes()).map(|m| m.body), Ok(b"[[], {}, {}]".to_vec()), "{encoding}");
        }
    }

    #[test]
    fn a_broken_envelope_is_an_error_with_its_reason() {
        #[track_caller]
        fn check(raw: &str, expected: &str) {
            let error = decode(raw.as_bytes()).err().map(|e| match &e {
                Error::Field(field) => field.to_string(),
                other => other.to_string(),
            });
            assert_eq!(error.as_deref(), Some(expected), "{raw}");
        }
        check("", "the envelope is not json");
        check("[]", "the envelope is not an object");
        check("{}", "field task is not the name of a task");
        check(r#"{"headers": {"task": "t"}}"#, "field id is not the id of a task");
        check(r#"{"headers": {"task": 3}}"#, "field task is not a string");
        check(r#"{"headers": []}"#, "field headers is not an object");
        check(r#"{"headers": {"task": "t", "id": "i", "retries": -1}}"#, "field retries is not a count");
        check(
            r#"{"headers": {"task": "t", "id": "i", "timelimit": [-1, null]}}"#,
            "field timelimit is not a pair of seconds",
        );
        check(r#"{"body": "*", "properties": {"body_encoding": "base64"}}"#, "the body is not base64");
        check(r#"{"properties": {"body_encoding": "hex"}}"#, "the body is encoded as \"hex\"");
    }

    #[test]
    fn the_tag_of_a_message_that_is_no_task_is_found() {
        assert_eq!(delivery_tag(br#"{"headers": 1, "properties": {"delivery_tag": "x"}}"#).as_deref(), Some("x"));
        assert_eq!(delivery_tag(b"{}"), None);
        assert_eq!(delivery_tag(b"junk"), None);
    }
}
