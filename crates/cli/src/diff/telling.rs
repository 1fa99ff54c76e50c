//! The lines that are told: those that say most, in words.

use std::collections::BTreeMap;

use serde_json::Value;

use super::line::Kind;

/// Lines of one kind and change that are kept.
pub(super) const KEPT: usize = 5;
/// Fields of a changed line that are named.
const FIELDS: usize = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    Removed,
    Changed,
    Added,
}

impl Change {
    pub const ALL: [Self; 3] = [Self::Removed, Self::Changed, Self::Added];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Removed => "removed",
            Self::Changed => "changed",
            Self::Added => "added",
        }
    }

    /// As diff(1) marks lines.
    pub fn mark(self) -> char {
        match self {
            Self::Removed => '-',
            Self::Changed => '~',
            Self::Added => '+',
        }
    }
}

/// A line that is told.
#[derive(Clone, Debug)]
pub struct Told {
    pub kind: Kind,
    pub change: Change,
    /// As it is in the export that has it, and of a changed one as it is in the second.
    pub value: Value,
    /// Names of the fields that differ, with what they were; empty for a line that only one export has.
    pub fields: Vec<(String, Value)>,
}

/// Names of what lines speak of by its id.
pub type Names = BTreeMap<String, String>;

impl Told {
    /// How much it says: named things in many documents before dates, sure before unsure.
    fn weight(&self) -> (bool, u64, u64) {
        let number = |name: &str| self.value[name].as_u64().unwrap_or(0);
        match self.kind {
            Kind::Entity => (is_name(&self.value["type"]), number("documents"), number("mentions")),
            Kind::Mention => (is_name(&self.value["type"]), number("confidence"), 0),
            Kind::Relation => (self.value["type"] != "CO_MENTIONED", number("documents"), number("places")),
            Kind::PossiblySameAs | Kind::Merge => (true, number("score"), 0),
            Kind::Document => (true, number("bytes"), 0),
            Kind::Page | Kind::Block | Kind::Chunk | Kind::Text => (false, 0, 0),
        }
    }

    /// Ids whose names are needed to tell it.
    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        ["document", "entity", "from", "to", "a", "b"].into_iter().filter_map(|field| self.value[field].as_str())
    }

    /// In words. The names come from the exports: what is shown of it goes through the screen's filters.
    pub fn words(&self, names: &Names) -> String {
        let text = |field: &str| self.value[field].as_str().unwrap_or_default();
        let number = |field: &str| self.value[field].as_u64().unwrap_or_default();
        // People count from one. The number may be any: an export comes from outside.
        let ordinal = |field: &str| number(field).saturating_add(1);
        let named = |field: &str| names.get(text(field)).map_or(text(field), String::as_str);
        let what = match self.kind {
            Kind::Document => format!("{} ({})", text("name"), text("state")),
            Kind::Page => format!("{}, page {}", named("document"), number("number")),
            Kind::Block => format!("{}, block {} ({})", named("document"), ordinal("index"), text("type")),
            Kind::Chunk => format!("{}, chunk {}", named("document"), ordinal("index")),
            Kind::Mention => {
                format!("{} {}, {}, page {}", text("type"), text("text"), named("document"), number("page"))
            }
            Kind::Entity => format!("{} {}, documents: {}", text("type"), text("name"), number("documents")),
            Kind::Merge => format!("{}, score {}", named("entity"), number("score")),
            Kind::PossiblySameAs => format!("{} and {}, score {}", named("a"), named("b"), number("score")),
            Kind::Relation => format!("{} {} {}", named("from"), text("type"), named("to")),
            Kind::Text => named("document").to_owned(),
        };
        let mut fields: Vec<String> = self
            .fields
            .iter()
            .take(FIELDS)
            .map(|(name, old)| match (plain(old), plain(&self.value[name])) {
                (Some(old), Some(new)) => format!("{name} {old} → {new}"),
                _ => name.clone(),
            })
            .collect();
        if self.fields.len() > FIELDS {
            fields.push("…".to_owned());
        }
        if fields.is_empty() { what } else { format!("{what}: {}", fields.join(", ")) }
    }
}

/// A value that says something in a line of text.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some("none".to_owned()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(value) => Some(value.to_string()),
        // Longer ones are texts; ids say nothing.
        Value::String(text) if text.chars().count() <= 32 => Some(text.clone()),
        _ => None,
    }
}

fn is_name(kind: &Value) -> bool {
    matches!(kind.as_str(), Some("PERSON" | "ORG" | "LOCATION"))
}

/// The lines of one kind and change that say most, best first; of equals those that came first.
#[derive(Clone, Debug, Default)]
pub(super) struct Best {
    kept: Vec<Told>,
}

impl Best {
    pub(super) fn offer(&mut self, told: Told) {
        let weight = told.weight();
        let at = self.kept.partition_point(|other| other.weight() >= weight);
        if at < KEPT {
            self.kept.insert(at, told);
            self.kept.truncate(KEPT);
        }
    }

    pub(super) fn done(self) -> Vec<Told> {
        self.kept
    }
}
