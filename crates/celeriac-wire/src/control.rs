//! Remote control (kombu's pidbox): requests, replies, and the logical clock that both carry.
//!
//! A request goes to everybody on the fanout `celery.pidbox`; a node finds out by itself whether it is meant. The
//! reply goes to the queue of the asker through the direct exchange that the request names.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::value::{Map, Value, object};

/// Lamport's logical clock. Clones are the same clock: one process has one.
#[derive(Debug, Clone, Default)]
pub struct Clock(Arc<AtomicU64>);

/// Past this no peer's clock is followed: the clocks of some peers are doubles, which count no further.
const LAST: u64 = 1 << 53;

impl Clock {
    /// The time now, which is that of the last event.
    pub fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Counts an event of this process and gives its time.
    pub fn forward(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Counts the receipt of a message that was sent at `other`: the clock is past both afterwards.
    pub fn adjust(&self, other: u64) -> u64 {
        let other = if other < LAST { other } else { 0 };
        let before = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |own| Some(own.max(other) + 1));
        before.unwrap_or_else(|own| own).max(other) + 1
    }
}

/// What is wrong with a request. Nobody gets a reply: who asked is not known, or not whether this node was meant.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// It is a list, a text, a number.
    #[error("the control request is not an object")]
    Shape,
    /// A member is missing without which it means nothing: its name.
    #[error("the control request has no {0}")]
    Missing(&'static str),
    /// A member has another type than it should: its name.
    #[error("{0} of the control request has a wrong type")]
    Mistyped(&'static str),
    /// The pattern is longer than what is searched for is worth: its length.
    #[error("the control request has a pattern of {0} characters")]
    LongPattern(usize),
    /// The pattern cannot be compiled.
    #[error("the control request's pattern is no regular expression")]
    Pattern(#[source] Box<regex::Error>),
    /// Neither `glob` nor `pcre`.
    #[error("no matcher is called {0:?}")]
    Matcher(String),
}

/// Who wants to hear the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyTo {
    /// A direct exchange, `reply.celery.pidbox`.
    pub exchange: String,
    /// The asker's id, part of the name of its queue.
    pub routing_key: String,
}

/// How nodes are picked by name where they are not listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// What names are held against.
    pub pattern: String,
    /// `glob` or `pcre`.
    pub matcher: String,
}

/// A request to some nodes or to all.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The command.
    pub method: String,
    /// An object, if the asker has made no mistake.
    pub arguments: Value,
    /// Names of nodes; empty is everybody, or those of `pattern`.
    pub destination: Vec<String>,
    /// The nodes whose names match, where none is listed.
    pub pattern: Option<Pattern>,
    /// Comes back in the header of the reply.
    pub ticket: Option<String>,
    /// Nobody, if the asker wants no answer.
    pub reply_to: Option<ReplyTo>,
}

impl Request {
    /// A request to everybody that asks for no reply.
    pub fn new(method: &str, arguments: Map) -> Self {
        Self {
            method: method.to_owned(),
            arguments: Value::Object(arguments),
            destination: Vec::new(),
            pattern: None,
            ticket: None,
            reply_to: None,
        }
    }

    /// Reads the body of a message on `celery.pidbox`.
    ///
    /// # Errors
    ///
    /// When it cannot be told what is asked, of whom, or by whom.
    pub fn from_value(body: Value) -> Result<Self, Error> {
        let Value::Object(mut map) = body else { return Err(Error::Shape) };
        let mut take = |name: &str| map.swap_remove(name).filter(|value| !is_empty(value));
        let method = match take("method") {
            Some(Value::String(method)) => method,
            Some(_) => return Err(Error::Mistyped("method")),
            None => return Err(Error::Missing("method")),
        };
        let destination = match take("destination") {
            None => Vec::new(),
            Some(Value::String(node)) => vec![node],
            // What is no name is nobody's.
            Some(Value::Array(nodes)) => {
                nodes.into_iter().map(|node| node.as_str().unwrap_or_default().to_owned()).collect()
            }
            Some(_) => return Err(Error::Mistyped("destination")),
        };
        let mut word = |name| match take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Error::Mistyped(name)),
        };
        let pattern = word("pattern")?.zip(word("matcher")?).map(|(pattern, matcher)| Pattern { pattern, matcher });
        let ticket = word("ticket")?;
        let reply_to = match take("reply_to") {
            None => None,
            Some(value) => {
                let part = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
                let (exchange, routing_key) =
                    part("exchange").zip(part("routing_key")).ok_or(Error::Mistyped("reply_to"))?;
                Some(ReplyTo { exchange, routing_key })
            }
        };
        let arguments = take("arguments").unwrap_or_else(|| Value::Object(Map::new()));
        Ok(Self { method, arguments, destination, pattern, ticket, reply_to })
    }

    /// The body of a message on `celery.pidbox`.
    pub fn to_value(&self) -> Value {
        let destination = if self.destination.is_empty() {
            Value::Null
        } else {
            Value::Array(self.destination.iter().map(Value::from).collect())
        };
        let pattern = self.pattern.as_ref();
        let body = object([
            ("method", Value::from(&self.method)),
            ("arguments", self.arguments.clone()),
            ("destination", destination),
            ("pattern", pattern.map(|p| p.pattern.as_str()).into()),
            ("matcher", pattern.map(|p| p.matcher.as_str()).into()),
        ]);
        let Value::Object(mut body) = body else { return body };
        if let Some(reply_to) = &self.reply_to {
            body.insert("ticket".to_owned(), self.ticket.as_deref().into());
            let address = [("exchange", &reply_to.exchange), ("routing_key", &reply_to.routing_key)];
            body.insert("reply_to".to_owned(), object(address.map(|(name, value)| (name, Value::from(value)))));
        }
        Value::Object(body)
    }

    /// Whether a node is meant.
    ///
    /// # Errors
    ///
    /// A pattern that cannot be used.
    pub fn is_for(&self, node: &str) -> Result<bool, Error> {
        if !self.destination.is_empty() {
            return Ok(self.destination.iter().any(|name| name == node));
        }
        let Some(Pattern { pattern, matcher }) = &self.pattern else { return Ok(true) };
        let length = pattern.chars().count();
        if length > MAX_PATTERN {
            return Err(Error::LongPattern(length));
        }
        match matcher.as_str() {
            "glob" => Ok(glob(pattern, node)),
            "pcre" => {
                let anchored = format!("^(?:{pattern})");
                let mut builder = regex::RegexBuilder::new(&anchored);
                let regex = builder.size_limit(MAX_REGEX_BYTES).dfa_size_limit(MAX_REGEX_BYTES).build();
                Ok(regex.map_err(|e| Error::Pattern(Box::new(e)))?.is_match(node))
            }
            other => Err(Error::Matcher(other.to_owned())),
        }
    }
}

/// Names of nodes have some dozen characters; a longer pattern is a mistake or an attack.
const MAX_PATTERN: usize = 1000;
/// Memory of a compiled pattern: a name with a few alternatives takes some kilobytes.
const MAX_REGEX_BYTES: usize = 1 << 20;

/// Python's idea of false, for what a request may leave out.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) | Value::Int(0) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

/// A shell pattern over the whole of `text`: `*`, `?`, `[abc]`, `[a-z]`, `[!abc]`. Takes at most the product of
/// the two lengths.
fn glob(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    let mut star = None;
    loop {
        if pattern.get(p) == Some(&'*') {
            star = Some((p + 1, t));
            p += 1;
            continue;
        }
        if t == text.len() && p == pattern.len() {
            return true;
        }
        let step = text.get(t).and_then(|c| one(&pattern[p..], *c));
        match (step, star) {
            (Some(length), _) => {
                p += length;
                t += 1;
            }
            (None, Some((after, taken))) if taken < text.len() => {
                star = Some((after, taken + 1));
                p = after;
                t = taken + 1;
            }
            (None, _) => return false,
        }
    }
}

/// How many characters of the pattern stand for this one character; `None` if it does not match.
fn one(pattern: &[char], c: char) -> Option<usize> {
    match *pattern.first()? {
        '?' => Some(1),
        '[' => {
            let negated = pattern.get(1) == Some(&'!');
            let start = if negated { 2 } else { 1 };
            // A bracket that stands first is meant itself.
            let close = pattern.iter().skip(start + 1).position(|c| *c == ']').map(|at| at + start + 1);
            let Some(close) = close else { return (c == '[').then_some(1) };
            let set = &pattern[start..close];
            let mut found = false;
            let mut i = 0;
            while i < set.len() {
                if i + 2 < set.len() && set[i + 1] == '-' {
                    found |= (set[i]..=set[i + 2]).contains(&c);
                    i += 3;
                } else {
                    found |= set[i] == c;
                    i += 1;
                }
            }
            (found != negated).then_some(close + 1)
        }
        literal => (literal == c).then_some(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_is_past_what_it_has_heard_of() {
        let clock = Clock::default();
        assert_eq!(clock.forward(), 1);
        assert_eq!(clock.adjust(10), 11);
        assert_eq!(clock.adjust(3), 12);
        assert_eq!(clock.clone().forward(), 13);
        assert_eq!(clock.adjust(u64::MAX), 14);
        assert_eq!(clock.value(), 14);
    }

    fn picked(pattern: &str, matcher: &str, node: &str) -> Result<bool, Error> {
        let pattern = Pattern { pattern: pattern.to_owned(), matcher: matcher.to_owned() };
        Request { pattern: Some(pattern), ..Request::new("ping", Map::new()) }.is_for(node)
    }

    #[test]
    fn nodes_are_picked_by_shell_patterns() {
        #[track_caller]
        fn check(pattern: &str, node: &str, expected: bool) {
            assert_eq!(picked(pattern, "glob", node), Ok(expected), "{pattern} {node}");
        }
        check("*", "w1@host", true);
        check("w?@*", "w1@host", true);
        check("w1@host", "w1@host", true);
        check("w1", "w1@host", false);
        check("*@host", "w1@host2", false);
        check("*o*t", "w1@host", true);
        check("w[12]@host", "w2@host", true);
        check("w[!12]@host", "w2@host", false);
        check("w[0-9]@host", "w7@host", true);
        check("w[]]@*", "w]@h", true);
        check("[", "[", true);
        check("", "", true);
        check("?", "", false);
        check("***", "", true);
        check(&"*a".repeat(400), &"a".repeat(399), false);
    }

    #[test]
    fn nodes_are_picked_by_regular_expressions_from_the_start() {
        assert_eq!(picked("w[0-9]+@", "pcre", "w12@host"), Ok(true));
        assert_eq!(picked("host|w1", "pcre", "w1@host"), Ok(true));
        assert_eq!(picked("host", "pcre", "w1@host"), Ok(false));
        assert!(matches!(picked("(", "pcre", "w1"), Err(Error::Pattern(_))));
        assert!(matches!(picked("(a{1000}){1000}", "pcre", "w1"), Err(Error::Pattern(_))));
        assert_eq!(picked(&"x".repeat(1001), "glob", "w1"), Err(Error::LongPattern(1001)));
        assert_eq!(picked("w1", "soundex", "w1"), Err(Error::Matcher("soundex".to_owned())));
    }

    #[test]
    fn a_request_reaches_the_nodes_that_it_names() {
        let request = Request { destination: vec!["a@h".to_owned()], ..Request::new("ping", Map::new()) };
        assert_eq!(request.is_for("a@h"), Ok(true));
        assert_eq!(request.is_for("b@h"), Ok(false));
        assert_eq!(Request::new("ping", Map::new()).is_for("b@h"), Ok(true));
    }

    #[test]
    fn what_is_asked_is_understood() {
        let mut request = Request::new("revoke", Map::from([("task_id".to_owned(), Value::from("x"))]));
        assert_eq!(Request::from_value(request.to_value()), Ok(request.clone()));
        request.destination = vec!["w1@host".to_owned()];
        request.ticket = Some("t".to_owned());
        request.reply_to = Some(ReplyTo { exchange: "reply.celery.pidbox".to_owned(), routing_key: "oid".to_owned() });
        request.pattern = Some(Pattern { pattern: "w*".to_owned(), matcher: "glob".to_owned() });
        assert_eq!(Request::from_value(request.to_value()), Ok(request));
    }

    #[test]
    fn a_request_of_wrong_types_is_an_error() {
        #[track_caller]
        fn check(name: &str, value: Value, expected: Error) {
            let Value::Object(mut body) = Request::new("ping", Map::new()).to_value() else { panic!("an object") };
            body.insert(name.to_owned(), value);
            assert_eq!(Request::from_value(Value::Object(body)), Err(expected));
        }
        check("method", Value::Null, Error::Missing("method"));
        check("method", Value::Int(1), Error::Mistyped("method"));
        check("destination", Value::Int(1), Error::Mistyped("destination"));
        check("ticket", Value::Int(1), Error::Mistyped("ticket"));
        check("pattern", Value::Int(1), Error::Mistyped("pattern"));
        check("reply_to", Value::from("me"), Error::Mistyped("reply_to"));
        check("reply_to", object([("exchange", Value::from("e"))]), Error::Mistyped("reply_to"));
        assert_eq!(Request::from_value(Value::Array(Vec::new())), Err(Error::Shape));
    }
}
