//! Quotes from documents on a screen and for programs.

use docmill_engine::quote::Quote;
use serde_json::{Value, json};

use crate::format::short;
use crate::screen::{DIM, MARK, Screen, line};

/// Two of the code points that are no characters (U+FDD0 to U+FDEF): no text has them for its own.
const OPEN: char = '\u{fdd2}';
const CLOSE: char = '\u{fdd3}';

/// `mail.eml  ¶ 2`, with the beginning of the document's id.
pub fn place(screen: &Screen, quote: &Quote) -> String {
    let id = screen.paint(DIM, &short(quote.document));
    format!("{}  {}  {id}", line(&quote.name), quote.place.label())
}

/// In one line, what is quoted painted or between two asterisks.
pub fn marked(screen: &Screen, quote: &Quote) -> String {
    // White space and control characters are changed before anything is painted.
    let whole = with_cuts(quote, line(&format!("{}{OPEN}{}{CLOSE}{}", quote.before, quote.text, quote.after)));
    match screen.has_colour() {
        true => whole.replace(OPEN, &format!("{MARK}")).replace(CLOSE, &format!("{MARK:#}")),
        false => whole.replace([OPEN, CLOSE], "**"),
    }
}

/// In one line, without a mark.
pub fn plain(quote: &Quote) -> String {
    with_cuts(quote, line(&format!("{}{}{}", quote.before, quote.text, quote.after)))
}

fn with_cuts(quote: &Quote, text: String) -> String {
    let [head, tail] = quote.cut;
    format!("{}{text}{}", if head { "… " } else { "" }, if tail { " …" } else { "" })
}

pub fn json(quote: &Quote) -> Value {
    json!({
        "document": quote.document, "name": quote.name, "page": quote.place.page, "place": quote.place.label(),
        "before": quote.before, "text": quote.text, "after": quote.after,
    })
}

#[cfg(test)]
mod tests {
    use docmill_engine::Place;
    use docmill_model::{Digest, DocumentId};

    use super::*;

    #[test]
    fn a_quote_is_one_line_that_cannot_command_a_terminal() {
        let quote = Quote {
            document: DocumentId::new("p", &Digest::of(b"x")),
            name: "a\u{1b}[2J.txt".into(),
            place: Place { page: 3, block: Some(0), paged: true },
            before: "the\n ".into(),
            text: "two\u{202e} words".into(),
            after: "\tend".into(),
            cut: [true, false],
        };
        let screen = Screen::plain();
        assert_eq!(marked(&screen, &quote), "… the **two\u{fffd} words** end");
        assert_eq!(plain(&quote), "… the two\u{fffd} words end");
        assert!(place(&screen, &quote).starts_with("a\u{fffd}[2J.txt  page 3  "));
        assert_eq!((&json(&quote)["place"], &json(&quote)["page"]), (&"page 3".into(), &3.into()));
    }
}
