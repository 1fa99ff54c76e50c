//! Which queue a task goes to by its name (Celery's `task_routes`).

/// Where a task of a name is sent. The first pattern that fits wins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Routes {
    patterns: Vec<(String, String)>,
}

impl Routes {
    /// Routes nothing: all tasks go to the default queue.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends tasks whose name fits a pattern to a queue. `*` stands for any text, `?` for one character.
    #[must_use]
    pub fn to(mut self, pattern: &str, queue: &str) -> Self {
        self.patterns.push((pattern.to_owned(), queue.to_owned()));
        self
    }

    /// The queue of a task; `None` leaves it to the default.
    pub fn queue(&self, task: &str) -> Option<&str> {
        let fits = |(pattern, _): &&(String, String)| fits(pattern.as_bytes(), task.as_bytes());
        self.patterns.iter().find(fits).map(|(_, queue)| queue.as_str())
    }
}

/// Whether a text fits a pattern. Goes back to the last star only, so that no pattern takes more than the product of
/// both lengths.
fn fits(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(b'?') => (p, t) = (p + 1, t + 1),
            Some(byte) if *byte == text[t] => (p, t) = (p + 1, t + 1),
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    (p, t) = (at + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_pattern_that_fits_names_the_queue() {
        let routes = Routes::new().to("tasks.add", "sums").to("tasks.*", "rest").to("a?c", "one");
        #[track_caller]
        fn check(routes: &Routes, task: &str, expected: Option<&str>) {
            assert_eq!(routes.queue(task), expected, "{task}");
        }
        check(&routes, "tasks.add", Some("sums"));
        check(&routes, "tasks.mul", Some("rest"));
        check(&routes, "tasks.", Some("rest"));
        check(&routes, "abc", Some("one"));
        check(&routes, "ac", None);
        check(&routes, "", None);
    }

    #[test]
    fn stars_are_matched_in_bounded_time() {
        assert!(!fits("*a".repeat(200).as_bytes(), "a".repeat(199).as_bytes()));
        assert!(fits(b"*a*b*", b"xxaxxbxx"));
        assert!(fits(b"*", b""));
    }
}
