//! Standard output and standard error: for people or for programs, with colours or without.

use std::borrow::Cow;
use std::io::{self, IsTerminal as _, Write as _};

use anstyle::{AnsiColor, Style};
use serde_json::Value;

use crate::failure::Error;

pub const BOLD: Style = Style::new().bold();
pub const DIM: Style = Style::new().dimmed();
pub const GOOD: Style = AnsiColor::Green.on_default();
pub const WARN: Style = AnsiColor::Yellow.on_default();
pub const BAD: Style = AnsiColor::Red.on_default();
pub const MARK: Style = AnsiColor::Cyan.on_default().bold();

/// Where results go, and in which form.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    pub json: bool,
    colour: bool,
}

impl Screen {
    /// Colours are for a terminal, and not under `NO_COLOR` (no-color.org) or on one that is `dumb`.
    pub fn new(json: bool) -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self { json, colour: !json && io::stdout().is_terminal() && !set("NO_COLOR") && !dumb }
    }

    #[cfg(test)]
    pub fn plain() -> Self {
        Self { json: false, colour: false }
    }

    pub fn has_colour(&self) -> bool {
        self.colour
    }

    pub fn paint(&self, style: Style, text: &str) -> String {
        if self.colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    /// Writes text to standard output. What comes from documents has to go through [`visible`] or [`line`] before.
    pub fn print(&self, text: &str) -> Result<(), Error> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Error::Output)
    }

    /// Writes a value over several lines, so that it cannot command a terminal either.
    pub fn print_json(&self, value: &Value) -> Result<(), Error> {
        self.print(&format!("{}\n", escaped(&format!("{value:#}"))))
    }

    /// Says something that is not the result.
    pub fn say(&self, text: &str) {
        let _ = writeln!(io::stderr(), "{}", visible(text));
    }
}

/// Control characters other than line feed and tab, and characters that turn the direction of writing.
fn is_harmful(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Text that cannot command a terminal: what could stands as U+FFFD.
pub fn visible(text: &str) -> Cow<'_, str> {
    if text.contains(is_harmful) { Cow::Owned(text.replace(is_harmful, "\u{fffd}")) } else { Cow::Borrowed(text) }
}

/// JSON of the same meaning that cannot command a terminal: what could, and JSON allows in its strings as it is,
/// stands as `\uXXXX`.
pub fn escaped(json: &str) -> Cow<'_, str> {
    if !json.contains(is_harmful) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match is_harmful(c) {
            // All of them lie in the plane that has four digits.
            true => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            false => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// [`visible`], in one line.
pub fn line(text: &str) -> String {
    visible(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_command_the_terminal() {
        let check = |text: &str, expected: &str| assert_eq!(visible(text), expected);
        check("plain\n\ttext", "plain\n\ttext");
        check("\x1b[2Jgone", "\u{fffd}[2Jgone");
        check("a\u{202e}fdp.exe", "a\u{fffd}fdp.exe");
        check("\r\u{9b}", "\u{fffd}\u{fffd}");
        assert_eq!(line("two\n  lines\x07"), "two lines\u{fffd}");
    }

    #[test]
    fn json_cannot_command_the_terminal_and_means_the_same() {
        let value = serde_json::json!({ "\u{9b}2J": "a\u{202e}\u{7f}\x1b\n\t\\é" });
        let text = format!("{value:#}");
        assert!(!escaped(&text).contains(is_harmful), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&escaped(&text)).unwrap(), value);
        assert_eq!(escaped("{\n  \"é\": 1\n}"), "{\n  \"é\": 1\n}");
    }
}
