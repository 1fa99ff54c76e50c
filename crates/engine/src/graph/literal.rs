//! Text inside of other languages.

/// Characters that a terminal obeys, and those that turn the direction of writing.
pub(super) fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Character data of XML 1.0, without the quotes. What XML cannot hold stands as U+FFFD; harmful characters that it
/// can hold, and line ends, which a reader would change, as references.
pub(super) fn xml(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            // A raw one is read as a line feed.
            '\r' => out.push_str("&#13;"),
            // Neither these nor the last two of the plane are characters of XML, not even as references.
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ if is_harmful(c) => out.push_str(&format!("&#{};", u32::from(c))),
            _ => out.push(c),
        }
    }
}

/// A string of Cypher in double quotes.
///
/// Neo4j puts characters in the place of `\uXXXX` before it looks for the end of a string, whatever stands before the
/// backslash in some versions. So no backslash of the text may come to stand before a `u` of the text: there the
/// string is parted in two that are added, `"\\" + "u0022"`.
pub(super) fn cypher(text: &str, out: &mut String) {
    out.push('"');
    let mut after_backslash = false;
    for c in text.chars() {
        if after_backslash && matches!(c, 'u' | 'U') {
            out.push_str("\" + \"");
        }
        after_backslash = c == '\\';
        match c {
            '\\' => out.push_str(r"\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str(r"\n"),
            '\r' => out.push_str(r"\r"),
            '\t' => out.push_str(r"\t"),
            // Neo4j takes these for the end of a line in some places.
            '\u{2028}' | '\u{2029}' => out.push_str(&format!(r"\u{:04x}", u32::from(c))),
            // All of them lie in the plane that has four digits.
            _ if is_harmful(c) => out.push_str(&format!(r"\u{:04x}", u32::from(c))),
            _ => out.push(c),
        }
    }
    out.push('"');
}

/// A cell of comma-separated values (RFC 4180), always in quotes.
///
/// A spreadsheet takes a cell that begins with one of `= + - @`, a tab or a return for a formula, quotes or not. Such a
/// cell gets an apostrophe before it, and so does one that begins with an apostrophe: a reader who takes one away
/// from each cell that begins with it has what was written.
pub(super) fn csv(text: &str, out: &mut String) {
    out.push('"');
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\'']) {
        out.push('\'');
    }
    for c in text.chars() {
        match c {
            '"' => out.push_str("\"\""),
            '\n' | '\t' | '\r' => out.push(c),
            _ if is_harmful(c) => out.push('\u{fffd}'),
            _ => out.push(c),
        }
    }
    out.push('"');
}

/// JSON with harmful characters escaped.
pub(super) fn json(json: &str, out: &mut String) {
    for c in json.chars() {
        match is_harmful(c) {
            true => out.push_str(&format!(r"\u{:04x}", u32::from(c))),
            false => out.push(c),
        }
    }
}

/// Several texts as one: a JSON array.
pub(super) fn array(texts: &[String]) -> String {
    serde_json::Value::from(texts).to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(write: fn(&str, &mut String), text: &str) -> String {
        let mut out = String::new();
        write(text, &mut out);
        out
    }

    #[test]
    fn hostile_text_stays_inside_of_its_literal() {
        let check =
            |write: fn(&str, &mut String), text: &str, expected: &str| assert_eq!(written(write, text), expected);
        check(xml, "a<b>&\"c\"\n", "a&lt;b&gt;&amp;&quot;c&quot;\n");
        check(xml, "\u{1b}[2J\u{9b}\r\u{202e}\u{ffff}", "\u{fffd}[2J&#155;&#13;&#8238;\u{fffd}");
        check(cypher, "a\"} ) DETACH DELETE n //", r#""a\"} ) DETACH DELETE n //""#);
        check(cypher, "\\", r#""\\""#);
        check(cypher, "\\u0022; DROP", r#""\\" + "u0022; DROP""#);
        check(cypher, "\\\\u0022", r#""\\\\" + "u0022""#);
        check(cypher, "a\n\u{1b}\u{202e}", r#""a\n\u001b\u202e""#);
        check(csv, "Vogt, \"Annika\"\nx", "\"Vogt, \"\"Annika\"\"\nx\"");
        check(csv, "=HYPERLINK(\"http://example.org\")", "\"'=HYPERLINK(\"\"http://example.org\"\")\"");
        check(csv, "+49 30", "\"'+49 30\"");
        check(csv, "'tis", "\"''tis\"");
        check(csv, "\u{1b}[2J", "\"\u{fffd}[2J\"");
        check(json, "\"\u{9b}\"", r#""\u009b""#);
    }

    /// What Neo4j makes of a string, with the characters of `\uXXXX` put in first, even behind another backslash.
    fn read_cypher(source: &str) -> Option<String> {
        let mut first = String::new();
        let mut rest = source;
        while let Some(at) = rest.find(r"\u") {
            first.push_str(&rest[..at]);
            first.push(char::from_u32(u32::from_str_radix(rest.get(at + 2..at + 6)?, 16).ok()?)?);
            rest = &rest[at + 6..];
        }
        first.push_str(rest);
        let mut out = String::new();
        for part in first.strip_prefix('"')?.strip_suffix('"')?.split("\" + \"") {
            let mut chars = part.chars();
            while let Some(c) = chars.next() {
                match c {
                    '"' => return None,
                    '\\' => out.push(match chars.next()? {
                        'n' => '\n',
                        'r' => '\r',
                        't' => '\t',
                        c @ ('\\' | '"') => c,
                        _ => return None,
                    }),
                    c => out.push(c),
                }
            }
        }
        Some(out)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_string_of_cypher_reads_as_it_was(text in r#"([\\u"0-2+ \n\x1b]|\PC){0,12}"#) {
            prop_assert_eq!(read_cypher(&written(cypher, &text)), Some(text));
        }
    }
}
