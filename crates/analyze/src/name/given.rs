//! English given names and which of them stand for one another (`bob` and `robert`).

use std::collections::BTreeSet;
use std::sync::LazyLock;

/// A known given name, by its place in the alphabet of all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Given(u16);

struct Table {
    /// Sorted.
    names: Vec<&'static str>,
    /// For each name those that stand for the same one, sorted.
    links: Vec<Vec<Given>>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let lines = || include_str!("nicknames.txt").lines().filter(|l| !l.starts_with('#'));
    let names: Vec<&str> =
        lines().flat_map(|l| l.split_ascii_whitespace()).collect::<BTreeSet<_>>().into_iter().collect();
    let place = |name: &str| names.partition_point(|n| *n < name);
    let mut links = vec![Vec::new(); names.len()];
    for line in lines() {
        let mut words = line.split_ascii_whitespace().map(place);
        let Some(first) = words.next() else { continue };
        for other in words {
            links[first].push(Given(other as u16));
            links[other].push(Given(first as u16));
        }
    }
    links.iter_mut().for_each(|l| l.sort_unstable());
    Table { names, links }
});

impl Given {
    /// Finds a name by its lower-case letters.
    pub(crate) fn of(name: &str) -> Option<Self> {
        TABLE.names.binary_search(&name).ok().map(|at| Self(at as u16))
    }

    pub(crate) fn name(self) -> &'static str {
        TABLE.names[self.0 as usize]
    }

    /// Whether one may be used for the other.
    pub(crate) fn stands_for(self, other: Self) -> bool {
        self != other && TABLE.links[self.0 as usize].binary_search(&other).is_ok()
    }

    /// Whether both may be used for a third name: `Abbey` and `Abbie`.
    pub(crate) fn shares_name(self, other: Self) -> bool {
        self.others().iter().any(|name| other.others().binary_search(name).is_ok())
    }

    /// The names that one may be used for, sorted.
    pub(crate) fn others(self) -> &'static [Self] {
        &TABLE.links[self.0 as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nicknames_stand_for_names_in_both_directions() {
        for (a, b, expected) in [
            ("bob", "robert", true),
            ("robert", "bob", true),
            ("bill", "william", true),
            ("theodore", "ted", true),
            ("robert", "robert", false),
            ("robert", "william", false),
        ] {
            let (Some(a), Some(b)) = (Given::of(a), Given::of(b)) else { panic!("{a} or {b} is not known") };
            assert_eq!(a.stands_for(b), expected, "{} and {}", a.name(), b.name());
        }
        assert_eq!(Given::of("schmidt"), None);
    }
}
