//! What a person decides about who is who. A decision outranks what the fold finds and outlives reprocessing.

use serde::{Deserialize, Serialize};

use crate::{DecisionId, Digest, DocumentId, MentionType};

/// Something that a document speaks of, known by what it says: the referent there of this type and normal form, else
/// the one of this type that has the quote among its forms. While the document is not there the anchor sleeps.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Anchor {
    pub document: DocumentId,
    #[serde(rename = "type")]
    pub kind: MentionType,
    pub normal: String,
    /// The name as it stands in the document.
    pub quote: String,
}

/// What is decided about the two sides of a [`Decision`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// All anchors of both sides are one thing.
    Same,
    /// No anchor of the one side is one thing with one of the other.
    Different,
    /// What the anchors of the first side name is shown under this name.
    Rename { name: String },
    /// Another decision has no effect any more. An undo cannot be undone: one decides again.
    Undo { decision: DecisionId },
}

impl Action {
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Different => "different",
            Self::Rename { .. } => "rename",
            Self::Undo { .. } => "undo",
        }
    }
}

/// A decision with who made it, when and why.
///
/// Of two that contradict each other the newer one holds, in the order of (`at_ms`, `id`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    pub id: DecisionId,
    pub project: String,
    pub action: Action,
    pub a: Vec<Anchor>,
    pub b: Vec<Anchor>,
    pub by: String,
    /// Milliseconds since 1970.
    pub at_ms: i64,
    pub why: Option<String>,
}

impl Decision {
    /// A decision under the id of its content, so that the same one read twice is one.
    pub fn new(
        project: &str,
        action: Action,
        a: Vec<Anchor>,
        b: Vec<Anchor>,
        by: &str,
        at_ms: i64,
        why: Option<String>,
    ) -> Self {
        let mut decision = Self {
            id: DecisionId(uuid::Uuid::nil()),
            project: project.into(),
            action,
            a,
            b,
            by: by.into(),
            at_ms,
            why,
        };
        decision.id = decision.content_id();
        decision
    }

    /// The id that the content gives; that of a decision from outside may be another one.
    pub fn content_id(&self) -> DecisionId {
        let (name, undone) = match &self.action {
            Action::Rename { name } => (name.as_str(), None),
            Action::Undo { decision } => ("", Some(*decision)),
            Action::Same | Action::Different => ("", None),
        };
        let mut parts: Vec<Vec<u8>> = vec![
            self.project.clone().into_bytes(),
            self.action.as_str().into(),
            name.into(),
            undone.map_or_else(Vec::new, |id| id.0.as_bytes().to_vec()),
            self.by.clone().into_bytes(),
            self.at_ms.to_be_bytes().to_vec(),
            vec![u8::from(self.why.is_some())],
            self.why.clone().unwrap_or_default().into_bytes(),
        ];
        for side in [&self.a, &self.b] {
            parts.push((side.len() as u64).to_be_bytes().to_vec());
            for anchor in side {
                parts.push(anchor.document.0.as_bytes().to_vec());
                parts.push(anchor.kind.as_str().into());
                parts.push(anchor.normal.clone().into_bytes());
                parts.push(anchor.quote.clone().into_bytes());
            }
        }
        DecisionId::new(&Digest::of_parts(parts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anchor(normal: &str) -> Anchor {
        let document = DocumentId::new("p", &Digest::of(b"abc"));
        Anchor { document, kind: MentionType::Person, normal: normal.into(), quote: normal.to_uppercase() }
    }

    fn decision(action: Action) -> Decision {
        Decision::new("p", action, vec![anchor("anna")], vec![anchor("ben")], "me", 7, Some("because".into()))
    }

    #[test]
    fn each_part_of_a_decision_changes_its_id() {
        let one = decision(Action::Same);
        assert_eq!(one.id, one.content_id());
        let others = [
            decision(Action::Different),
            decision(Action::Rename { name: "Anna".into() }),
            decision(Action::Undo { decision: one.id }),
            Decision { project: "q".into(), ..one.clone() },
            Decision { a: one.b.clone(), b: one.a.clone(), ..one.clone() },
            Decision { a: [&one.a[..], &one.b].concat(), b: vec![], ..one.clone() },
            Decision { by: "you".into(), ..one.clone() },
            Decision { at_ms: 8, ..one.clone() },
            Decision { why: None, ..one.clone() },
            Decision { why: Some(String::new()), ..one.clone() },
        ];
        let mut ids: Vec<_> = others.iter().chain([&one]).map(Decision::content_id).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), others.len() + 1);
    }

    #[test]
    fn a_decision_is_one_object_of_json_and_comes_back_as_it_was() {
        let actions = [
            Action::Same,
            Action::Different,
            Action::Rename { name: "Anna".into() },
            Action::Undo { decision: decision(Action::Same).id },
        ];
        for action in actions {
            let one = decision(action);
            let json = serde_json::to_value(&one).unwrap();
            assert!(json["action"] == one.action.as_str() || json["action"].get(one.action.as_str()).is_some());
            assert_eq!(json["a"][0]["type"], "PERSON");
            assert_eq!(serde_json::from_value::<Decision>(json).unwrap(), one);
        }
    }
}
