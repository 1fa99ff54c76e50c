//! Web addresses. Normal form: scheme and host in lower case, without a slash at the end; `www.x.org` stands for
//! `http://www.x.org`.

use docmill_model::{ByteSpan, MentionType};

use super::Found;
use super::pattern::Reading;

/// What is longer is data, not an address; in bytes.
const LONGEST: usize = 2048;

/// Brackets that an address may hold in pairs, as `wiki/Mercury_(planet)` does.
const BRACKETS: [(char, char); 3] = [('(', ')'), ('[', ']'), ('{', '}')];

pub fn find(text: &str, found: &mut Vec<Found>) {
    let mut end_of_last = 0;
    for colon in memchr::memmem::find_iter(text.as_bytes(), "://") {
        let scheme = ["https", "http", "ftp"].into_iter().find(|scheme| {
            text[..colon].get(colon.saturating_sub(scheme.len())..).is_some_and(|s| s.eq_ignore_ascii_case(scheme))
        });
        let Some(scheme) = scheme else { continue };
        let start = colon - scheme.len();
        if start < end_of_last || text[..start].ends_with(char::is_alphanumeric) {
            continue;
        }
        let rest = extent(&text[colon + 3..]);
        if let Some(normal) = normal(scheme, rest) {
            end_of_last = colon + 3 + rest.len();
            push(text, ByteSpan::new(start, end_of_last), normal, 990, found);
        }
    }
    end_of_last = 0;
    for start in memchr::memmem::find_iter(text.as_bytes(), "www.") {
        let glued = text[..start].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '/' | '@' | '.' | '-'));
        if start < end_of_last || glued {
            continue;
        }
        let rest = extent(&text[start..]);
        let host_is_full = host_of(rest).matches('.').count() >= 2;
        if host_is_full && let Some(normal) = normal("http", rest) {
            end_of_last = start + rest.len();
            push(text, ByteSpan::new(start, end_of_last), normal, 950, found);
        }
    }
}

fn push(text: &str, span: ByteSpan, normal: String, confidence: u16, found: &mut Vec<Found>) {
    found.push(Found::new(text, MentionType::Url, "rule/url@1", Reading::new(span, normal, confidence)));
}

/// How far an address goes from here: to white space or a quote, without the punctuation of the sentence and
/// without closing brackets that it did not open.
pub fn extent(text: &str) -> &str {
    let stop = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '<' | '>' | '"' | '`' | '“' | '”' | '„' | '«' | '»' | '|' | '\\' | '^')
    };
    let slice = &text[..text.floor_char_boundary(LONGEST.min(text.len()))];
    let mut slice = slice.find(stop).map_or(slice, |at| &slice[..at]);
    // How many more brackets of a kind close than open, counted once: nothing that opens one is taken off below.
    let mut surplus = [None; BRACKETS.len()];
    while let Some(last) = slice.chars().next_back() {
        if let Some(kind) = BRACKETS.iter().position(|(_, close)| *close == last) {
            let (open, close) = BRACKETS[kind];
            let count = |bracket: char| slice.matches(bracket).count();
            let left: &mut usize = surplus[kind].get_or_insert_with(|| count(close).saturating_sub(count(open)));
            if *left == 0 {
                break;
            }
            *left -= 1;
        } else if !".,;:!?'’…*_".contains(last) {
            break;
        }
        slice = &slice[..slice.len() - last.len_utf8()];
    }
    slice
}

fn host_of(rest: &str) -> &str {
    let authority = rest.find(['/', '?', '#']).map_or(rest, |end| &rest[..end]);
    let host = authority.rsplit('@').next().unwrap_or(authority);
    host.split(':').next().unwrap_or(host)
}

/// `None` when the host can be none.
fn normal(scheme: &str, rest: &str) -> Option<String> {
    let host = host_of(rest);
    let holds = host.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'))
        && host.starts_with(char::is_alphanumeric)
        && !host.contains("..");
    if !holds {
        return None;
    }
    let authority_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(authority_end);
    let (user, place) = authority.rsplit_once('@').map_or((None, authority), |(user, place)| (Some(user), place));
    let user = user.map(|user| format!("{user}@")).unwrap_or_default();
    Some(format!("{scheme}://{user}{}{}", place.to_lowercase(), path.trim_end_matches('/')))
}

#[cfg(test)]
mod tests {
    use super::super::table;
    use docmill_model::MentionType::Url;

    #[test]
    fn addresses_end_where_the_sentence_goes_on() {
        table::check(
            Url,
            &[
                (
                    "see https://Example.org/Path?q=1#A.",
                    &[("https://Example.org/Path?q=1#A", "https://example.org/Path?q=1#A")],
                ),
                ("(http://a.de/x_(y))", &[("http://a.de/x_(y)", "http://a.de/x_(y)")]),
                ("HTTP://A.DE/", &[("HTTP://A.DE/", "http://a.de")]),
                ("www.x.org, and", &[("www.x.org", "http://www.x.org")]),
                ("ftp://a.de:21/b/", &[("ftp://a.de:21/b/", "ftp://a.de:21/b")]),
                ("<https://a.de/b>", &[("https://a.de/b", "https://a.de/b")]),
                ("https://user@a.de", &[("https://user@a.de", "https://user@a.de")]),
                ("https://www.a.de/www.b.c", &[("https://www.a.de/www.b.c", "https://www.a.de/www.b.c")]),
                ("„http://a.de“", &[("http://a.de", "http://a.de")]),
                ("([http://a.de/[x].])", &[("http://a.de/[x]", "http://a.de/[x]")]),
                ("http://192.168.0.1/x", &[("http://192.168.0.1/x", "http://192.168.0.1/x")]),
            ],
        );
    }

    #[test]
    fn what_has_no_host_is_no_address() {
        table::check_none(
            Url,
            &[
                "http://",
                "http:///x",
                "xhttp://a.de",
                "file://a",
                "www.",
                "www.x",
                "://",
                "http://..",
                "awww.x.org",
                "é://a.de",
            ],
        );
    }
}
