//! Mail and mailboxes, by the grammar of the header (RFC 5322, RFC 4155).

use docmill_model::MediaType;
use docmill_model::document::OtherType;

/// Fields of which two different ones make a header a mail's. Lower case, sorted.
const FIELDS: [&str; 17] = [
    "bcc",
    "cc",
    "content-transfer-encoding",
    "content-type",
    "date",
    "delivered-to",
    "from",
    "in-reply-to",
    "message-id",
    "mime-version",
    "received",
    "references",
    "reply-to",
    "return-path",
    "sender",
    "subject",
    "to",
];

/// `text` is the beginning of the file, `bytes` all of it: the second mail of a mailbox may begin far behind.
pub(super) fn kind(text: &str, bytes: &[u8]) -> Option<MediaType> {
    let text = text.trim_start_matches(['\r', '\n']);
    let lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
    if text.split('\n').next().is_some_and(is_mailbox_line) {
        if has_second_mail(bytes) {
            return Some(MediaType::Other(OtherType::Mbox));
        }
        // One mail that was taken out of a mailbox with its first line, which says as much as a field.
        return (known_fields(lines.skip(1)) >= 1).then_some(MediaType::Mail);
    }
    (known_fields(lines) >= 2).then_some(MediaType::Mail)
}

/// Bytes of a line that are looked at to tell whether it parts two mails.
const MAILBOX_LINE: usize = 512;

/// Whether a line behind the first one parts two mails.
fn has_second_mail(bytes: &[u8]) -> bool {
    let mut lines = bytes.split(|&b| b == b'\n').filter(|line| line.starts_with(b"From "));
    lines.next();
    lines.any(|line| is_mailbox_line(&String::from_utf8_lossy(&line[..line.len().min(MAILBOX_LINE)])))
}

/// `From `, a sender and a time as C's `asctime` writes it, which parts the mails of a mailbox: no sentence has it.
fn is_mailbox_line(line: &str) -> bool {
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let words: Vec<&str> = line.split_whitespace().take(12).collect();
    let is_time = |w: &[&str]| {
        DAYS.contains(&w[0])
            && MONTHS.contains(&w[1])
            && w[2].parse::<u8>().is_ok()
            && w[3].len() >= 4
            && w[3].split(':').all(|n| n.parse::<u8>().is_ok())
    };
    line.starts_with("From ") && words[1..].windows(4).any(is_time)
}

/// How many different fields of mail stand in the lines up to the first that is none, as mail programs see it.
fn known_fields<'a>(lines: impl Iterator<Item = &'a str>) -> usize {
    let mut seen = [false; FIELDS.len()];
    for (index, line) in lines.enumerate() {
        if line.starts_with([' ', '\t']) && index > 0 {
            continue;
        }
        let Some((name, _)) = line.split_once(':') else {
            // Some programs leave the line of the mailbox quoted at the top.
            if index == 0 && line.starts_with(">From ") {
                continue;
            }
            break;
        };
        let name = name.trim_end_matches([' ', '\t']);
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_graphic()) {
            break;
        }
        if let Ok(known) = FIELDS.binary_search(&name.to_ascii_lowercase().as_str()) {
            seen[known] = true;
        }
    }
    seen.iter().filter(|&&s| s).count()
}
