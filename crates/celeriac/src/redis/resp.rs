//! Redis' protocol, third version: commands to bytes, bytes to replies.

use bytes::{Bytes, BytesMut};

/// Replies nest a few levels deep; what goes deeper is not of Redis.
const MAX_DEPTH: usize = 16;
/// Twice what a string in Redis may hold.
const MAX_REPLY: usize = 1 << 30;

/// Commands that leave together.
#[derive(Clone, Debug, Default)]
pub(super) struct Pipe {
    bytes: Vec<u8>,
    /// Where each command ends.
    ends: Vec<usize>,
}

/// One command of a [`Pipe`] in the making; it is finished when this is dropped.
pub(super) struct Command<'a> {
    pipe: &'a mut Pipe,
    args: Vec<u8>,
    count: usize,
}

impl Pipe {
    pub(super) fn cmd(&mut self, name: &str) -> Command<'_> {
        let command = Command { pipe: self, args: Vec::new(), count: 0 };
        command.arg(name)
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Appends the command of another pipe, or all of them.
    pub(super) fn append(&mut self, other: &Pipe) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&other.bytes);
        self.ends.extend(other.ends.iter().map(|end| start + end));
    }

    /// A pipe of one command of this one.
    pub(super) fn only(&self, index: usize) -> Pipe {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        let bytes = self.bytes[start..self.ends[index]].to_vec();
        Pipe { ends: vec![bytes.len()], bytes }
    }
}

impl Command<'_> {
    pub(super) fn arg(mut self, arg: impl AsRef<[u8]>) -> Self {
        let arg = arg.as_ref();
        self.args.push(b'$');
        self.args.extend_from_slice(arg.len().to_string().as_bytes());
        self.args.extend_from_slice(b"\r\n");
        self.args.extend_from_slice(arg);
        self.args.extend_from_slice(b"\r\n");
        self.count += 1;
        self
    }

    pub(super) fn num(self, arg: impl std::fmt::Display) -> Self {
        self.arg(arg.to_string())
    }

    pub(super) fn args<T: AsRef<[u8]>>(self, args: impl IntoIterator<Item = T>) -> Self {
        args.into_iter().fold(self, Self::arg)
    }
}

impl Drop for Command<'_> {
    fn drop(&mut self) {
        self.pipe.bytes.push(b'*');
        self.pipe.bytes.extend_from_slice(self.count.to_string().as_bytes());
        self.pipe.bytes.extend_from_slice(b"\r\n");
        self.pipe.bytes.append(&mut self.args);
        self.pipe.ends.push(self.pipe.bytes.len());
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Reply {
    Nil,
    Int(i64),
    Double(f64),
    Text(Bytes),
    /// A list, or a map as its keys and values in turn.
    List(Vec<Reply>),
    /// What the server says without being asked.
    Push(Vec<Reply>),
    Error(String),
}

impl Reply {
    pub(super) fn int(&self) -> Option<i64> {
        match self {
            Self::Int(n) => Some(*n),
            Self::Text(text) => std::str::from_utf8(text).ok()?.parse().ok(),
            _ => None,
        }
    }

    pub(super) fn bytes(self) -> Option<Bytes> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(super) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { std::str::from_utf8(text).ok() } else { None }
    }

    pub(super) fn list(self) -> Option<Vec<Reply>> {
        if let Self::List(list) | Self::Push(list) = self { Some(list) } else { None }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Malformed {
    Kind(u8),
    Number,
    Depth,
    Size,
}

/// Takes the next reply out of what was read; `None` while its end has not come.
pub(super) fn take(read: &mut BytesMut) -> Result<Option<Reply>, Malformed> {
    let Some(end) = skip(read, 0, 0)? else { return Ok(None) };
    let frame = read.split_to(end).freeze();
    let mut at = 0;
    parse(&frame, &mut at).map(Some)
}

/// The text of the line at `at` without its end, and where the next one begins.
fn line(bytes: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let rest = bytes.get(at..)?;
    let length = memchr::memchr(b'\r', rest)?;
    if length + 1 >= rest.len() {
        return None;
    }
    Some((&rest[..length], at + length + 2))
}

fn number(text: &[u8]) -> Result<i64, Malformed> {
    std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).ok_or(Malformed::Number)
}

/// A length or a count; `None` for the nil of the second version of the protocol.
fn size(text: &[u8]) -> Result<Option<usize>, Malformed> {
    match number(text)? {
        -1 => Ok(None),
        n => usize::try_from(n).ok().filter(|n| *n <= MAX_REPLY).map(Some).ok_or(Malformed::Size),
    }
}

/// Where the reply at `at` ends, if its end is there.
fn skip(bytes: &[u8], at: usize, depth: usize) -> Result<Option<usize>, Malformed> {
    if depth > MAX_DEPTH {
        return Err(Malformed::Depth);
    }
    let Some(&kind) = bytes.get(at) else { return Ok(None) };
    let Some((text, mut next)) = line(bytes, at + 1) else {
        return if bytes.len() - at > MAX_REPLY { Err(Malformed::Size) } else { Ok(None) };
    };
    match kind {
        b'+' | b'-' | b':' | b',' | b'#' | b'_' | b'(' => Ok(Some(next)),
        b'$' | b'=' | b'!' => {
            let Some(length) = size(text)? else { return Ok(Some(next)) };
            next += length + 2;
            Ok((next <= bytes.len()).then_some(next))
        }
        b'*' | b'~' | b'>' | b'%' => {
            let count = size(text)?.unwrap_or(0) * if kind == b'%' { 2 } else { 1 };
            for _ in 0..count {
                match skip(bytes, next, depth + 1)? {
                    Some(end) => next = end,
                    None => return Ok(None),
                }
            }
            Ok(Some(next))
        }
        other => Err(Malformed::Kind(other)),
    }
}

/// Reads the reply at `at`, which [`skip`] has seen to be whole.
fn parse(frame: &Bytes, at: &mut usize) -> Result<Reply, Malformed> {
    let kind = *frame.get(*at).ok_or(Malformed::Size)?;
    let (text, next) = line(frame, *at + 1).ok_or(Malformed::Size)?;
    let start = *at + 1;
    let simple = || frame.slice(start..start + text.len());
    *at = next;
    let string = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(match kind {
        b'+' | b'(' => Reply::Text(simple()),
        b'-' => Reply::Error(string(text)),
        b':' => Reply::Int(number(text)?),
        b',' => Reply::Double(string(text).parse().map_err(|_| Malformed::Number)?),
        b'#' => Reply::Int(i64::from(text == b"t")),
        b'_' => Reply::Nil,
        b'$' | b'=' | b'!' => {
            let Some(length) = size(text)? else { return Ok(Reply::Nil) };
            *at = next + length + 2;
            let text = frame.slice(next..next + length);
            if kind == b'!' { Reply::Error(string(&text)) } else { Reply::Text(text) }
        }
        _ => {
            let Some(count) = size(text)? else { return Ok(Reply::Nil) };
            let count = count * if kind == b'%' { 2 } else { 1 };
            let items = (0..count).map(|_| parse(frame, at)).collect::<Result<Vec<_>, _>>()?;
            if kind == b'>' { Reply::Push(items) } else { Reply::List(items) }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &'static str) -> Reply {
        Reply::Text(Bytes::from_static(text.as_bytes()))
    }

    #[test]
    fn a_reply_is_read_however_it_is_cut() {
        let raw = b"*4\r\n$3\r\na\r\n\r\n:-5\r\n_\r\n%1\r\n+k\r\n,1.5\r\n>2\r\n$-1\r\n#t\r\n-ERR no\r\n!5\r\nERR x\r\n";
        for cut in 1..raw.len() {
            let mut read = BytesMut::new();
            let mut replies = Vec::new();
            for part in raw.chunks(cut) {
                read.extend_from_slice(part);
                while let Some(reply) = take(&mut read).unwrap() {
                    replies.push(reply);
                }
            }
            let map = Reply::List(vec![text("k"), Reply::Double(1.5)]);
            assert_eq!(replies[0], Reply::List(vec![text("a\r\n"), Reply::Int(-5), Reply::Nil, map]), "{cut}");
            assert_eq!(replies[1], Reply::Push(vec![Reply::Nil, Reply::Int(1)]));
            assert_eq!(replies[2..], [Reply::Error("ERR no".into()), Reply::Error("ERR x".into())]);
            assert!(read.is_empty());
        }
    }

    #[test]
    fn what_is_not_of_redis_is_an_error() {
        let check = |raw: &[u8], expected| assert_eq!(take(&mut BytesMut::from(raw)), Err(expected));
        check(b"HTTP/1.1 400\r\n", Malformed::Kind(b'H'));
        check(b"$x\r\n", Malformed::Number);
        check(b"$-2\r\n", Malformed::Size);
        check(b"*9999999999\r\n", Malformed::Size);
        check("*1\r\n".repeat(20).as_bytes(), Malformed::Depth);
        assert_eq!(take(&mut BytesMut::from(&b"*1000000000\r\n:1\r\n"[..])), Ok(None));
    }

    #[test]
    fn commands_can_be_told_apart_again() {
        let mut pipe = Pipe::default();
        drop(pipe.cmd("GET").arg("a"));
        drop(pipe.cmd("SET").arg("b").num(1));
        assert_eq!(pipe.only(0).bytes(), b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n");
        assert_eq!(pipe.only(1).bytes(), b"*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$1\r\n1\r\n");
        assert_eq!(pipe.len(), 2);
    }
}
