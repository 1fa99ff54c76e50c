//! The names of things, as kombu forms them.

use crate::broker::PRIORITY_STEPS;

/// Kombu's separator of the parts of a key or of a binding.
pub(super) const SEPARATOR: &str = "\x06\x16";

/// Names that begin with the `global_keyprefix`, and channels.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    pub(super) prefix: String,
    /// `/{db}.`, or what stands in its place.
    pub(super) fanout: String,
    /// Whether channels carry the routing key.
    pub(super) patterns: bool,
}

impl Keys {
    pub(super) fn of(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// The list of one priority step of a queue.
    pub(super) fn list(&self, queue: &str, step: usize) -> String {
        match PRIORITY_STEPS[step] {
            0 => self.of(queue),
            priority => format!("{}{queue}{SEPARATOR}{priority}", self.prefix),
        }
    }

    /// The lists of a queue, most urgent first.
    pub(super) fn lists(&self, queue: &str) -> [String; PRIORITY_STEPS.len()] {
        std::array::from_fn(|step| self.list(queue, step))
    }

    pub(super) fn bindings(&self, exchange: &str) -> String {
        format!("{}_kombu.binding.{exchange}", self.prefix)
    }

    /// Bindings that have no deadline: while there are any, the table is not swept away.
    pub(super) fn permanent(&self, exchange: &str) -> String {
        format!("{}_kombu.binding_permanent.{exchange}", self.prefix)
    }

    pub(super) fn deadlines(&self) -> String {
        self.of("_kombu.binding_deadlines")
    }

    /// The channel, or the pattern of channels, of an exchange of the kind `fanout`.
    pub(super) fn channel(&self, exchange: &str, routing_key: &str) -> String {
        let Self { prefix, fanout, patterns } = self;
        if routing_key.is_empty() || !patterns {
            format!("{prefix}{fanout}{exchange}")
        } else {
            format!("{prefix}{fanout}{exchange}/{routing_key}")
        }
    }

    /// The exchange and routing key of a channel.
    pub(super) fn heard<'a>(&self, channel: &'a str) -> Option<(&'a str, &'a str)> {
        let rest = channel.strip_prefix(&self.prefix)?.strip_prefix(&self.fanout)?;
        Some(rest.split_once('/').unwrap_or((rest, "")))
    }
}

/// A binding as a member of its table.
pub(super) fn member(routing_key: &str, pattern: &str, queue: &str) -> String {
    format!("{routing_key}{SEPARATOR}{pattern}{SEPARATOR}{queue}")
}

/// The queues that bindings give for a routing key. Only bindings of a topic exchange have a pattern; kombu's is a
/// regular expression of Python, so the words of the binding's routing key are compared instead.
pub(super) fn routed<'a>(members: impl Iterator<Item = &'a str>, routing_key: &str) -> Vec<String> {
    let mut queues: Vec<String> = members
        .filter_map(|member| {
            let mut parts = member.split(SEPARATOR);
            let (binding, pattern, queue) = (parts.next()?, parts.next()?, parts.next()?);
            let fits = if pattern.is_empty() { binding == routing_key } else { is_match(binding, routing_key) };
            (fits && !queue.is_empty()).then(|| queue.to_owned())
        })
        .collect();
    queues.sort();
    queues.dedup();
    queues
}

/// Whether a topic's pattern of words fits a routing key: `*` is one word, `#` any text, as kombu has it.
fn is_match(pattern: &str, key: &str) -> bool {
    let (pattern, key): (Vec<&str>, Vec<&str>) = (pattern.split('.').collect(), key.split('.').collect());
    // fits[k]: the words of the pattern so far fit the first k words of the key.
    let mut fits = vec![false; key.len() + 1];
    fits[0] = true;
    for word in pattern {
        let mut next = vec![false; key.len() + 1];
        for k in 0..=key.len() {
            next[k] = match word {
                "#" => fits[..=k].contains(&true),
                "*" => k > 0 && fits[k - 1],
                word => k > 0 && fits[k - 1] && key[k - 1] == word,
            };
        }
        fits = next;
    }
    fits[key.len()]
}

/// The regular expression that kombu writes beside a topic's binding, for its Python readers.
pub(super) fn pattern(routing_key: &str) -> String {
    let words: Vec<String> = routing_key
        .split('.')
        .map(|word| match word {
            "*" => ".*?[^\\.]".to_owned(),
            "#" => ".*?".to_owned(),
            word => word
                .chars()
                .flat_map(|c| (!c.is_alphanumeric() && c != '_').then_some('\\').into_iter().chain([c]))
                .collect(),
        })
        .collect();
    format!("^{}$", words.join("\\."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_fits_by_words() {
        for (pattern, key, expected) in [
            ("a.b", "a.b", true),
            ("a.b", "a.c", false),
            ("a.*", "a.b", true),
            ("a.*", "a.b.c", false),
            ("a.*", "a", false),
            ("a.#", "a.b.c", true),
            ("#.c", "a.b.c", true),
            ("*.b.#", "a.b", true),
            ("#", "", true),
        ] {
            assert_eq!(is_match(pattern, key), expected, "{pattern} {key}");
        }
    }

    #[test]
    fn bindings_find_the_queues_of_a_key() {
        let members = [member("a", "", "q"), member("a.#", "x", "r"), member("a", "", ""), "junk".to_owned()];
        assert_eq!(routed(members.iter().map(String::as_str), "a"), ["q", "r"]);
        assert_eq!(routed(members.iter().map(String::as_str), "a.b"), ["r"]);
    }

    #[test]
    fn a_channel_says_what_it_is() {
        let keys = Keys { prefix: "p:".into(), fanout: "/3.".into(), patterns: true };
        assert_eq!(keys.channel("celeryev", "worker.#"), "p:/3.celeryev/worker.#");
        assert_eq!(keys.heard("p:/3.celeryev/task.multi"), Some(("celeryev", "task.multi")));
        assert_eq!(keys.heard("p:/3.celery.pidbox"), Some(("celery.pidbox", "")));
        assert_eq!(keys.heard("/3.celery.pidbox"), None);
    }
}
