//! HTML, XHTML and other XML, by what stands at the top.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Html,
    Xml,
}

/// Elements of which HTML may consist when the tags around it were left out.
const FRAGMENT: [&str; 24] = [
    "a",
    "article",
    "b",
    "blockquote",
    "br",
    "center",
    "div",
    "font",
    "form",
    "h1",
    "h2",
    "h3",
    "img",
    "link",
    "main",
    "meta",
    "ol",
    "p",
    "script",
    "section",
    "span",
    "style",
    "table",
    "ul",
];

/// Bytes within which the tags of a document that begins with text have to stand.
const NEAR: usize = 4096;

pub(super) fn kind(text: &str) -> Option<Kind> {
    let mut rest = text.trim_start();
    let mut xml = false;
    while let Some(after) = skip_preamble(rest) {
        xml |= starts_with(rest, "<?xml");
        rest = after.trim_start();
    }
    if starts_with(rest, "<!doctype") {
        let name = rest["<!doctype".len()..].trim_start();
        return Some(if starts_with(name, "html") || starts_with(name, "\"-//w3c//dtd html") {
            Kind::Html
        } else {
            Kind::Xml
        });
    }
    let Some(name) = tag_name(rest) else {
        // `xml` with nothing behind it is a beginning that was cut off.
        return if xml { Some(Kind::Xml) } else { of_tags_near(text) };
    };
    let lower = name.to_ascii_lowercase();
    if matches!(lower.as_str(), "html" | "head" | "body" | "title") {
        Some(Kind::Html)
    } else if xml {
        Some(if name == "xhtml:html" || name == "html:html" { Kind::Html } else { Kind::Xml })
    } else if FRAGMENT.contains(&lower.as_str()) {
        Some(Kind::Html)
    } else if closes(rest, name) {
        of_tags_near(rest).or(Some(Kind::Xml))
    } else {
        of_tags_near(rest)
    }
}

/// What follows a comment, a processing instruction, or white space; `None` if neither stands at the beginning.
fn skip_preamble(text: &str) -> Option<&str> {
    for (open, close) in [("<!--", "-->"), ("<?", ">")] {
        if let Some(body) = text.strip_prefix(open) {
            return Some(body.find(close).map_or("", |end| &body[end + close.len()..]));
        }
    }
    None
}

/// The name of a start tag at the beginning of `text`.
fn tag_name(text: &str) -> Option<&str> {
    let body = text.strip_prefix('<')?;
    let end = body.find(|c: char| !(c.is_alphanumeric() || matches!(c, ':' | '_' | '-' | '.')))?;
    let name = &body[..end];
    let follows = body[end..].starts_with(|c: char| c == '>' || c == '/' || c.is_whitespace());
    (name.starts_with(|c: char| c.is_alphabetic() || c == '_') && follows).then_some(name)
}

/// Whether an element of that name ends somewhere, or at once.
fn closes(text: &str, name: &str) -> bool {
    text.contains(&format!("</{name}>")) || text.find('>').is_some_and(|end| text[..end].ends_with('/'))
}

/// Pages that begin with stray text: two of the tags that only HTML has, within the first few thousand bytes, the
/// first of them at the beginning of a line.
fn of_tags_near(text: &str) -> Option<Kind> {
    let near = text[..text.floor_char_boundary(NEAR)].to_ascii_lowercase();
    let at = ["<!doctype html", "<html", "<head>", "<body"].iter().filter_map(|tag| near.find(tag)).collect::<Vec<_>>();
    let first = *at.iter().min()?;
    let begins_line = near[..first].rsplit('\n').next().is_some_and(|line| line.trim().is_empty());
    let fenced = near[..first].contains("```");
    (at.len() >= 2 && begins_line && !fenced).then_some(Kind::Html)
}

fn starts_with(text: &str, lower: &str) -> bool {
    text.get(..lower.len()).is_some_and(|head| head.eq_ignore_ascii_case(lower))
}
