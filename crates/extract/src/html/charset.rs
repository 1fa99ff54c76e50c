//! The charset that a page says it has.

use encoding_rs::Encoding;

/// Bytes within which the declaration has to stand. Browsers look at 1,024; pages with long scripts or comments
/// before it exist, and nothing is lost by looking further.
const NEAR: usize = 1 << 14;

/// What `<meta charset>`, `<meta http-equiv>` or the XML declaration says.
pub(super) fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let near = bytes[..bytes.len().min(NEAR)].to_ascii_lowercase();
    let near = String::from_utf8_lossy(&near);
    if let Some(declaration) = near.trim_start().strip_prefix("<?xml") {
        let declaration = declaration.split('>').next().unwrap_or("");
        if let Some(encoding) = value_of(declaration, "encoding") {
            return Some(encoding);
        }
    }
    let mut rest = &*near;
    while let Some(at) = rest.find("<") {
        rest = &rest[at..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = comment.find("-->").map_or("", |end| &comment[end..]);
        } else if let Some(tag) = rest.strip_prefix("<meta") {
            let tag = tag.split('>').next().unwrap_or("");
            if let Some(encoding) = value_of(tag, "charset") {
                return Some(encoding);
            }
            rest = &rest[1..];
        } else {
            rest = &rest[1..];
        }
    }
    None
}

/// The encoding behind `name=`, quoted or not.
fn value_of(tag: &str, name: &str) -> Option<&'static Encoding> {
    tag.match_indices(name).find_map(|(at, _)| {
        let value = tag[at + name.len()..].trim_start().strip_prefix('=')?;
        let value = value.trim_start().trim_start_matches(['"', '\'']);
        let end = value.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.:".contains(c))).unwrap_or(value.len());
        Encoding::for_label_no_replacement(&value.as_bytes()[..end])
    })
}

#[cfg(test)]
mod tests {
    use encoding_rs::{SHIFT_JIS, UTF_8, WINDOWS_1251, WINDOWS_1252};

    use super::*;

    #[test]
    fn the_declaration_is_found_in_each_of_its_forms() {
        for (source, expected) in [
            ("<meta charset=utf-8>", Some(UTF_8)),
            ("<META CHARSET = \"windows-1251\" />", Some(WINDOWS_1251)),
            ("<meta http-equiv='Content-Type' content='text/html; charset=Shift_JIS'>", Some(SHIFT_JIS)),
            ("<?xml version='1.0' encoding='iso-8859-1'?><html>", Some(WINDOWS_1252)),
            ("<!-- <meta charset=utf-8> --><p>", None),
            ("<meta name=charset content=x><meta charset=utf8>", Some(UTF_8)),
            ("<meta charset=nonsense>", None),
        ] {
            assert_eq!(declared(source.as_bytes()), expected, "{source}");
        }
    }
}
