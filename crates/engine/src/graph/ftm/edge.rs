//! Relations as the schema that their ends allow.

use docmill_model::RelationType;
use docmill_model::id::NAMESPACE;
use docmill_store::PossibleRow;
use uuid::Uuid;

use super::{Line, Schema};
use crate::relations::EntityRelation;

/// Words of a role in the direction of an organisation; any other role is an employment.
const DIRECTION: [&str; 8] =
    ["director", "president", "chair", "chairman", "chairwoman", "ceo", "trustee", "treasurer"];

/// A schema and the properties that hold its two ends.
struct Edge(&'static str, &'static str, &'static str);

fn edge(relation: &EntityRelation, from: Schema, to: Schema) -> Edge {
    let unknown = Edge("UnknownLink", "subject", "object");
    let legal = from.is_legal_entity() && to.is_legal_entity();
    match relation.kind {
        RelationType::WorksFor if legal && to.is_organization() => {
            let roles = relation.attributes.get("role").into_iter().flatten();
            let directs = roles
                .flat_map(|role| role.split(|c: char| !c.is_alphabetic()))
                .any(|word| DIRECTION.contains(&word.to_lowercase().as_str()));
            match (directs, from) {
                (true, _) => Edge("Directorship", "director", "organization"),
                (false, Schema::Person) => Edge("Employment", "employee", "employer"),
                (false, _) => unknown,
            }
        }
        RelationType::Represents if legal => Edge("Representation", "agent", "client"),
        RelationType::PartyTo if to == Schema::CourtCase => Edge("CourtCaseParty", "party", "case"),
        // Only a company is an asset.
        RelationType::SubsidiaryOf if from == Schema::Company && to.is_legal_entity() => {
            Edge("Ownership", "asset", "owner")
        }
        RelationType::Paid if legal => Edge("Payment", "payer", "beneficiary"),
        _ => unknown,
    }
}

pub(super) fn relation(relation: &EntityRelation, from: Schema, to: Schema) -> Line {
    let Edge(schema, from_property, to_property) = edge(relation, from, to);
    let mut line = Line::new(relation.id.0, schema);
    line.add(from_property, relation.from.to_string());
    line.add(to_property, relation.to.to_string());
    for (key, values) in &relation.attributes {
        for value in values {
            match (key.as_str(), schema) {
                ("role" | "side", "Payment") => {}
                ("role" | "side", _) => line.add("role", value.as_str()),
                ("date", _) => line.add("date", value.as_str()),
                ("amount", "Payment") => match value.split_once(' ') {
                    Some((currency, amount)) => {
                        line.add("currency", currency);
                        line.add("amount", amount);
                    }
                    None => line.add("amount", value.as_str()),
                },
                _ => {}
            }
        }
    }
    if schema == "UnknownLink" {
        line.add("role", relation.kind.as_str().to_lowercase().replace('_', " "));
    }
    for place in &relation.evidence {
        line.add("proof", place.document.to_string());
    }
    let (places, documents) = (relation.places, relation.documents);
    line.add("summary", format!("places: {places}, documents: {documents}"));
    line
}

pub(super) fn similar(row: &PossibleRow) -> Line {
    let (a, b, score) = (row.a, row.b, row.score);
    let mut line = Line::new(Uuid::new_v5(&NAMESPACE, format!("similar {a} {b}").as_bytes()), "Similar");
    line.add("candidate", a.to_string());
    line.add("match", b.to_string());
    line.add("confidenceScore", format!("{}.{:03}", score / 1000, score % 1000));
    line.add_all("criteria", row.reasons.iter().cloned());
    line.add("matcher", "docmill");
    line
}
