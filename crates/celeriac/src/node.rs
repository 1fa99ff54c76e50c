//! Names of nodes: `name@host`, and the abbreviations in them and in names of files.

use std::fs;

/// The name of this machine, as Python's `socket.gethostname` gives it.
pub fn hostname() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim();
    if name.is_empty() { "localhost".to_owned() } else { name.to_owned() }
}

/// The full name of a node: what is given before the `@`, or `celery`; what is given after it, or this machine. A name
/// without an `@` is that of the machine, as for Celery. `%h`, `%n` and `%d` are filled in.
pub fn name(given: Option<&str>) -> String {
    let given = given.unwrap_or_default();
    let (name, host) = given.split_once('@').unwrap_or(("", given));
    let name = if name.is_empty() { "celery" } else { name };
    let machine = hostname();
    let host = if host.is_empty() { &machine } else { host };
    let short = machine.split('.').next().unwrap_or_default();
    expand(&format!("{name}@{host}"), &machine, short)
}

/// Fills in the abbreviations of a file's name for a node: `%h` its host, `%n` its name, `%d` the domain, `%p` all of
/// it, `%i` and `%I` the number of the child, which a worker has not.
pub fn file(given: &str, node: &str) -> String {
    let (name, host) = node.split_once('@').unwrap_or(("celery", node));
    expand(&given.replace("%p", node), host, name)
}

fn expand(text: &str, host: &str, name: &str) -> String {
    let domain = host.split_once('.').map_or("", |(_, domain)| domain);
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let filled = match chars.peek() {
            Some('h') if c == '%' => host,
            Some('n') if c == '%' => name,
            Some('d') if c == '%' => domain,
            Some('i') if c == '%' => "0",
            Some('I') if c == '%' => "",
            Some('%') if c == '%' => "%",
            _ => {
                out.push(c);
                continue;
            }
        };
        chars.next();
        out.push_str(filled);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_has_a_name_and_a_host() {
        let host = hostname();
        assert_eq!(name(None), format!("celery@{host}"));
        assert_eq!(name(Some("ocr@%h")), format!("ocr@{host}"));
        assert_eq!(name(Some("ocr@")), format!("ocr@{host}"));
        assert_eq!(name(Some("ocr@there")), "ocr@there");
        assert_eq!(name(Some("there")), "celery@there");
    }

    #[test]
    fn files_are_named_after_their_node() {
        assert_eq!(file("/log/%n%I.log", "w1@host.example.org"), "/log/w1.log");
        assert_eq!(file("%h-%d-%i-%p", "w1@host.example.org"), "host.example.org-example.org-0-w1@host.example.org");
        assert_eq!(file("100%", "w1@host"), "100%");
        assert_eq!(file("%%n", "w1@host"), "%n");
    }
}
