//! E-mail addresses. Normal form: lower case, which is also the value of the identifier `email`.

use docmill_model::{ByteSpan, Identifier, MentionType};

use super::Found;
use super::pattern::{Reading, before};

/// Limits of RFC 5321, in bytes.
const LOCAL: usize = 64;
const DOMAIN: usize = 253;

/// Endings of file names that stand behind an `@` (`logo@2x.png`).
const FILE_ENDINGS: [&str; 8] = ["png", "jpg", "jpeg", "gif", "svg", "webp", "css", "js"];

pub fn find(text: &str, found: &mut Vec<Found>) {
    for at in memchr::memchr_iter(b'@', text.as_bytes()) {
        if let Some(span) = address_around(text, at)
            && !is_message_id(text, span)
        {
            let address = text[span.start..span.end].to_lowercase();
            let identifiers = vec![Identifier { scheme: "email".into(), value: address.clone() }];
            let reading = Reading { identifiers, ..Reading::new(span, address, 990) };
            found.push(Found::new(text, MentionType::Email, "rule/email@1", reading));
        }
    }
}

fn address_around(text: &str, at: usize) -> Option<ByteSpan> {
    let in_local = |c: char| c.is_alphanumeric() || "._%+-'&".contains(c);
    let in_domain = |c: char| c.is_alphanumeric() || c == '.' || c == '-';

    let head = before(text, at, LOCAL + 1);
    let local = head.rfind(|c: char| !in_local(c)).map_or(head, |stop| &head[head.ceil_char_boundary(stop + 1)..]);
    let local = local.trim_start_matches(['.', '-', '\'', '&', '%', '+']);
    if local.is_empty() || local.len() > LOCAL || local.ends_with('.') || local.contains("..") {
        return None;
    }

    let tail = &text[at + 1..text.floor_char_boundary((at + 2 + DOMAIN).min(text.len()))];
    let domain = tail.find(|c: char| !in_domain(c)).map_or(tail, |stop| &tail[..stop]);
    let glued = tail[domain.len()..].starts_with(['@', '_']);
    let domain = domain.trim_end_matches(['.', '-']);
    let labels_hold =
        domain.split('.').all(|l| !l.is_empty() && l.len() <= 63 && !l.starts_with('-') && !l.ends_with('-'));
    let (_, top) = domain.rsplit_once('.')?;
    let top_holds = top.starts_with("xn--") || top.chars().count() >= 2 && top.chars().all(char::is_alphabetic);
    let is_file = FILE_ENDINGS.contains(&top.to_ascii_lowercase().as_str());
    let start = at - local.len();
    let after_at = text[..start].ends_with('@');
    (!glued && !after_at && domain.len() <= DOMAIN && labels_hold && top_holds && !is_file)
        .then(|| ByteSpan::new(start, at + 1 + domain.len()))
}

/// Message ids have the shape of an address and are none.
fn is_message_id(text: &str, span: ByteSpan) -> bool {
    let line = before(text, span.start, 400);
    let line = line.rsplit('\n').find(|line| !line.starts_with([' ', '\t'])).unwrap_or(line).to_ascii_lowercase();
    let headers = ["message-id:", "in-reply-to:", "references:", "content-id:"];
    headers.iter().any(|header| line.starts_with(header)) || text[..span.start].ends_with("cid:")
}

#[cfg(test)]
mod tests {
    use super::super::{recognise, table};
    use docmill_model::MentionType::Email;

    #[test]
    fn addresses_are_found_inside_sentences() {
        table::check(
            Email,
            &[
                ("Write to Anna.Schmidt@Example.ORG.", &[("Anna.Schmidt@Example.ORG", "anna.schmidt@example.org")]),
                ("<a@b.de>, c+d@e-f.co.uk;", &[("a@b.de", "a@b.de"), ("c+d@e-f.co.uk", "c+d@e-f.co.uk")]),
                ("mailto:x_y@z.info?subject=1", &[("x_y@z.info", "x_y@z.info")]),
                ("'quoted@mail.com'", &[("quoted@mail.com", "quoted@mail.com")]),
                ("jörg@müller.de", &[("jörg@müller.de", "jörg@müller.de")]),
                ("a@xn--bcher-kva.xn--p1ai", &[("a@xn--bcher-kva.xn--p1ai", "a@xn--bcher-kva.xn--p1ai")]),
            ],
        );
        assert_eq!(recognise("A@b.de")[0].identifiers[0].value, "a@b.de");
    }

    #[test]
    fn other_uses_of_the_sign_are_no_addresses() {
        table::check_none(
            Email,
            &[
                "@",
                "@handle",
                "a@",
                "a@b",
                "a@b.c",
                "a@.de",
                "a@b..de",
                "a.@b.de",
                "a..b@c.de",
                "a@b@c.de",
                "logo@2x.png",
                "5 @ 3.50 EUR",
                "a@-b.de",
                "a@b.12",
                "Message-ID: <x.1@mail.example.org>",
                "a b@ c.de",
            ],
        );
        table::check_none(Email, &[format!("{}@b.de", "a".repeat(65)).as_str()]);
    }
}
