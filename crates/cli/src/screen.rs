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

    pub fn print(&self, text: &str) -> Result<(), Error> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Error::Output)
    }

    pub fn print_json(&self, value: &Value) -> Result<(), Error> {
        self.print(&format!("{value:#}\n"))
    }

    /// Says something that is not the result.
    pub fn say(&self, text: &str) {
        let _ = writeln!(io::stderr(), "{}", visible(text));
    }
}

/// Text that cannot command a terminal: control characters other than line feed and tab, and characters that turn
/// the direction of writing, stand as U+FFFD.
pub fn visible(text: &str) -> Cow<'_, str> {
    let harmful = |c: char| {
        (c.is_control() && c != '\n' && c != '\t')
            || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if text.contains(harmful) { Cow::Owned(text.replace(harmful, "\u{fffd}")) } else { Cow::Borrowed(text) }
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
}
