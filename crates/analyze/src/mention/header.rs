//! The names and addresses in the header of a mail, as the extractor writes it: one line for each field, addresses
//! as `Name <address>`, separated by commas.

use docmill_model::{ByteSpan, Role};

use super::shift;
use crate::name;
use crate::names::LONGEST_NAME;

/// One address of a header and the name before it, as ranges of the header's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mailbox {
    pub role: Role,
    /// Without its quotes; `None` when there is none that could be a person's.
    pub name: Option<ByteSpan>,
    pub address: ByteSpan,
}

/// Words that stand in the names of desks, machines and companies, as [`name::fold`] writes them. Sorted.
#[rustfmt::skip]
const NO_PERSON: &[&str] = &[
    "accounting", "accounts", "admin", "administrator", "admins", "ag", "agency", "alert", "alerts", "announce",
    "announcements", "association", "billing", "bot", "buchhaltung", "bugzilla", "bureau", "club", "college",
    "committee", "company", "confirmation", "corp", "corporation", "council", "customer", "daemon", "department",
    "dept", "developers", "digest", "do-not-reply", "events", "fax", "forum", "foundation", "gesellschaft",
    "github", "gitlab", "gmbh", "group", "helpdesk", "hotel", "hotels", "hotline", "inc", "info", "institute",
    "insurance", "invoice", "jira", "kanzlei", "kundenservice", "library", "lists", "llc", "llp", "ltd",
    "mailer-daemon", "mailing", "marketing", "ministerium", "ministry", "museum", "nachrichten", "news", "newsletter",
    "no-reply", "noreply", "notification", "notifications", "office", "online", "order", "orders", "payment",
    "payments", "plc", "postmaster", "printer", "redaktion", "registration", "reply", "reservations", "robot",
    "sales", "sarl", "scanner", "school", "security", "sekretariat", "server", "service", "services", "shop",
    "societe", "society", "stiftung", "store", "subscribers", "support", "system", "systems", "team", "technologies",
    "undisclosed", "university", "users", "verein", "verlag", "versicherung", "via", "voicemail", "webmaster",
];

/// All mailboxes of the lines From, To and Cc, in the order of the text.
pub(super) fn mailboxes(header: &str) -> Vec<Mailbox> {
    let mut out = Vec::new();
    for (line, role, start) in lines(header) {
        for item in items(line) {
            out.extend(mailbox(line, item, role).map(|m| Mailbox {
                name: m.name.map(|n| shift(n, start)),
                address: shift(m.address, start),
                ..m
            }));
        }
    }
    out
}

/// The ranges of the address lines and the part that everything in them plays, in the order of the text.
pub(super) fn roles(header: &str) -> Vec<(ByteSpan, Role)> {
    lines(header).map(|(line, role, start)| (ByteSpan::new(start, start + line.len()), role)).collect()
}

/// The values of the address lines, with the byte at which each starts.
fn lines(header: &str) -> impl Iterator<Item = (&str, Role, usize)> {
    let mut at = 0;
    header.split_inclusive('\n').filter_map(move |line| {
        let start = at;
        at += line.len();
        let colon = line.find(':')?;
        let role = match line[..colon].to_ascii_lowercase().as_str() {
            "from" => Role::Sender,
            "to" | "cc" => Role::Recipient,
            _ => return None,
        };
        Some((line[colon + 1..].trim_end(), role, start + colon + 1))
    })
}

/// The ranges between the commas of a line that stand neither in quotes nor in angle brackets. Quotes count only
/// when they are paired.
fn items(line: &str) -> Vec<ByteSpan> {
    let paired = unquoted(line).1;
    let mut out = Vec::new();
    let (mut start, mut quoted, mut angle, mut escaped) = (0, false, false, false);
    for (at, byte) in line.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' if paired && !angle => quoted = !quoted,
            b'<' if !quoted => angle = true,
            b'>' if !quoted => angle = false,
            b',' | b';' if !quoted && !angle => {
                out.push(ByteSpan::new(start, at));
                start = at + 1;
            }
            _ => {}
        }
    }
    out.push(ByteSpan::new(start, line.len()));
    out
}

/// Where the last `<` outside of quotes stands, and whether the quotes are paired.
fn unquoted(text: &str) -> (Option<usize>, bool) {
    let (mut open, mut quoted, mut escaped) = (None, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'<' if !quoted => open = Some(at),
            _ => {}
        }
    }
    (open, !quoted)
}

fn mailbox(line: &str, item: ByteSpan, role: Role) -> Option<Mailbox> {
    let text = &line[item.start..item.end];
    let open = match unquoted(text) {
        (open, true) => open,
        (_, false) => text.rfind('<'),
    };
    let Some(open) = open else {
        let address = trimmed(line, item, char::is_whitespace);
        return is_address(&line[address.start..address.end]).then_some(Mailbox { role, name: None, address });
    };
    let close = text[open..].find('>').map_or(text.len(), |at| open + at);
    let inner = ByteSpan::new(item.start + open + 1, item.start + close);
    let address = trimmed(line, inner, char::is_whitespace);
    let before = ByteSpan::new(item.start, item.start + open);
    let name = trimmed(line, before, |c| c.is_whitespace() || matches!(c, '"' | '\''));
    let is_name = names_a_person(&line[name.start..name.end]);
    is_address(&line[address.start..address.end]).then_some(Mailbox { role, name: is_name.then_some(name), address })
}

fn trimmed(line: &str, span: ByteSpan, outer: impl Fn(char) -> bool) -> ByteSpan {
    let text = &line[span.start..span.end];
    let tail = text.trim_end_matches(&outer);
    let start = span.start + (tail.len() - tail.trim_start_matches(&outer).len());
    ByteSpan::new(start, span.start + tail.len())
}

fn is_address(text: &str) -> bool {
    let sound = |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || c.is_control());
    text.len() <= 320
        && text.split_once('@').is_some_and(|(local, domain)| sound(local) && sound(domain) && !domain.contains('@'))
}

fn names_a_person(text: &str) -> bool {
    if text.len() > LONGEST_NAME {
        return false;
    }
    // Behind a person's name brackets hold the house: `Anna Schmidt (Legal Department)`.
    let text = text.find(['(', '[']).filter(|&at| at > 0).map_or(text, |at| &text[..at]);
    let has_letter = text.chars().any(char::is_alphabetic);
    let foreign = text.contains(|c: char| c == '@' || c.is_numeric()) || text.split_whitespace().any(is_domain);
    let folded = name::fold(text);
    let mut words = folded.split(|c: char| c.is_whitespace() || matches!(c, ',' | '(' | ')' | '/' | '|'));
    has_letter && !foreign && !words.any(|w| NO_PERSON.binary_search(&w).is_ok())
}

/// `Amazon.com`: what has the end of a web address is the name of its owner.
fn is_domain(word: &str) -> bool {
    const ENDS: [&str; 8] = [".com", ".org", ".net", ".co.uk", ".de", ".fr", ".eu", ".io"];
    let word = word.trim_matches(['"', '\'', ',', '(', ')']).to_lowercase();
    ENDS.iter().any(|end| word.len() > end.len() && word.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(header: &str, expected: &[(Role, Option<&str>, &str)]) {
        let found: Vec<_> = mailboxes(header)
            .into_iter()
            .map(|m| (m.role, m.name.map(|n| &header[n.start..n.end]), &header[m.address.start..m.address.end]))
            .collect();
        assert_eq!(found, expected, "in {header:?}");
    }

    use Role::*;

    #[test]
    fn names_and_addresses_are_told_apart() {
        check(
            "From: \"Schmidt, Anna\" <Anna@x.org>\nTo: Bo Li <bo@x.org>, c@x.org\nSubject: To: d@x.org\nCc: 'Ed O' <e@x.org>",
            &[
                (Sender, Some("Schmidt, Anna"), "Anna@x.org"),
                (Recipient, Some("Bo Li"), "bo@x.org"),
                (Recipient, None, "c@x.org"),
                (Recipient, Some("Ed O"), "e@x.org"),
            ],
        );
    }

    #[test]
    fn names_of_desks_addresses_and_numbers_are_no_persons() {
        for name in [
            "a@x.org",
            "\"a@x.org\"",
            "Support Team",
            "Acme GmbH",
            "No-Reply",
            "\"\"",
            "Room 5",
            "Ann via List",
            "Amazon.com",
            "Tika developers",
            "Société Générale",
        ] {
            check(&format!("From: {name} <a@x.org>"), &[(Sender, None, "a@x.org")]);
        }
    }

    #[test]
    fn what_stands_in_brackets_does_not_make_a_person_a_desk() {
        let name = Some("Anna Schmidt (Legal Department)");
        check("From: Anna Schmidt (Legal Department) <a@x.org>", &[(Sender, name, "a@x.org")]);
        check("From: Support (Anna) <a@x.org>", &[(Sender, None, "a@x.org")]);
    }

    #[test]
    fn what_is_longer_than_any_name_is_none() {
        check(&format!("From: {} <a@x.org>", "Anna ".repeat(2000)), &[(Sender, None, "a@x.org")]);
    }

    #[test]
    fn broken_headers_give_what_is_sound() {
        for (line, expected) in [
            ("From:", &[][..]),
            ("From: Anna Schmidt", &[]),
            ("From: <>, <a@>, <@b>, a b@c", &[]),
            ("To: \"Anna <a@x.org>, b@x.org", &[(Recipient, Some("Anna"), "a@x.org"), (Recipient, None, "b@x.org")]),
            ("To: Anna <a@x.org", &[(Recipient, Some("Anna"), "a@x.org")]),
            (
                "to: \"A \\\"B\\\", C\" <a@x.org>;b@x.org;",
                &[(Recipient, Some("A \\\"B\\\", C"), "a@x.org"), (Recipient, None, "b@x.org")],
            ),
        ] {
            check(line, expected);
        }
    }

    #[test]
    fn the_word_list_is_sorted() {
        assert!(NO_PERSON.is_sorted());
    }
}
