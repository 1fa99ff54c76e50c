//! JSON, by its grammar (RFC 8259): one value, or one for each line.

/// Whether the text is an object or array of JSON, as far as it goes.
pub(super) fn is_json(text: &str) -> bool {
    let text = text.trim();
    if !text.starts_with(['{', '[']) {
        return false;
    }
    let mut scan = Scan { bytes: text.as_bytes(), at: 0, open: Vec::new(), keys: 0 };
    match scan.values() {
        Some(()) => scan.open.is_empty(),
        // What is right up to the end and has a key is JSON of which the end was cut off.
        None => scan.at >= scan.bytes.len() && scan.keys > 0,
    }
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The brackets that are open: whether each is an object. No deeper than there are bytes.
    open: Vec<bool>,
    keys: u32,
}

impl Scan<'_> {
    /// Reads values up to the end; `None` where the grammar is broken.
    fn values(&mut self) -> Option<()> {
        loop {
            self.white();
            match self.peek() {
                None => return Some(()),
                Some(b'{') => {
                    self.at += 1;
                    self.open.push(true);
                    self.white();
                    if self.peek()? != b'}' {
                        self.key()?;
                        continue;
                    }
                }
                Some(b'[') => {
                    self.at += 1;
                    self.open.push(false);
                    self.white();
                    if self.peek()? != b']' {
                        continue;
                    }
                }
                Some(b'"') => self.string()?,
                Some(_) => self.word()?,
            }
            self.close()?;
        }
    }

    /// Behind a value: the brackets that end here, and the comma before the next value.
    fn close(&mut self) -> Option<()> {
        while let Some(&object) = self.open.last() {
            self.white();
            match (self.peek()?, object) {
                (b'}', true) | (b']', false) => {
                    self.at += 1;
                    self.open.pop();
                }
                (b',', _) => {
                    self.at += 1;
                    self.white();
                    return if object { self.key() } else { Some(()) };
                }
                _ => return None,
            }
        }
        Some(())
    }

    fn key(&mut self) -> Option<()> {
        self.string()?;
        self.white();
        if self.peek()? != b':' {
            return None;
        }
        self.at += 1;
        self.keys = self.keys.saturating_add(1);
        Some(())
    }

    fn string(&mut self) -> Option<()> {
        if self.peek()? != b'"' {
            return None;
        }
        self.at += 1;
        loop {
            match self.peek()? {
                b'"' => break,
                b'\n' => return None,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        Some(())
    }

    /// A number, `true`, `false` or `null`.
    fn word(&mut self) -> Option<()> {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || b"+-.".contains(b)).count();
        let word = &rest[..length];
        self.at += length;
        let number = word.first().is_some_and(|b| b.is_ascii_digit() || *b == b'-');
        (number || [&b"true"[..], b"false", b"null"].contains(&word)).then_some(())
    }

    fn white(&mut self) {
        self.at += self.bytes[self.at.min(self.bytes.len())..].iter().take_while(|b| b" \t\r\n".contains(b)).count();
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }
}
