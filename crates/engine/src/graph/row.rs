//! Nodes and links as rows: what GraphML, tables and statements have in common.

use docmill_model::{Identifier, ProjectId, RelationType};
use uuid::Uuid;

use super::walk::Item;

/// What a property holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// Several texts, in an order of their own.
    Texts,
    Integer,
}

/// Name and properties of a kind of node.
#[derive(Debug)]
pub(super) struct NodeShape {
    /// The label that the replaced system has for it.
    pub label: &'static str,
    /// Name of its table.
    pub table: &'static str,
    pub properties: &'static [(&'static str, Kind)],
}

/// Ends and properties of a kind of link.
#[derive(Debug)]
pub(super) struct LinkShape {
    pub kind: &'static str,
    pub from: &'static NodeShape,
    pub to: &'static NodeShape,
    /// Name of its table; links without properties share one.
    pub table: &'static str,
    pub properties: &'static [(&'static str, Kind)],
}

pub(super) const PROJECT: NodeShape =
    NodeShape { label: "Project", table: "projects", properties: &[("name", Kind::Text)] };

pub(super) const DOCUMENT: NodeShape = NodeShape {
    label: "Document",
    table: "documents",
    properties: &[
        ("name", Kind::Text),
        ("project", Kind::Text),
        ("paths", Kind::Texts),
        ("sha256", Kind::Text),
        ("media_type", Kind::Text),
        ("bytes", Kind::Integer),
        ("language", Kind::Text),
        ("category", Kind::Text),
        ("state", Kind::Text),
        ("pages", Kind::Integer),
    ],
};

pub(super) const CHUNK: NodeShape = NodeShape {
    label: "Chunk",
    table: "chunks",
    properties: &[
        ("index", Kind::Integer),
        ("start", Kind::Integer),
        ("end", Kind::Integer),
        ("first_page", Kind::Integer),
        ("last_page", Kind::Integer),
        ("section", Kind::Text),
        ("text", Kind::Text),
    ],
};

pub(super) const MENTION: NodeShape = NodeShape {
    label: "EntityMention",
    table: "mentions",
    properties: &[
        ("name", Kind::Text),
        ("type", Kind::Text),
        ("normal", Kind::Text),
        ("start", Kind::Integer),
        ("end", Kind::Integer),
        ("page", Kind::Integer),
        ("confidence", Kind::Integer),
        ("extractor", Kind::Text),
    ],
};

pub(super) const ENTITY: NodeShape = NodeShape {
    label: "CanonicalEntity",
    table: "entities",
    properties: &[
        ("name", Kind::Text),
        ("type", Kind::Text),
        ("project", Kind::Text),
        ("aliases", Kind::Texts),
        ("identifiers", Kind::Texts),
        ("documents", Kind::Integer),
        ("mentions", Kind::Integer),
    ],
};

pub(super) const NODES: [&NodeShape; 5] = [&PROJECT, &DOCUMENT, &CHUNK, &MENTION, &ENTITY];

const fn structural(kind: &'static str, from: &'static NodeShape, to: &'static NodeShape) -> LinkShape {
    LinkShape { kind, from, to, table: "structure", properties: &[] }
}

const DOCUMENT_BELONGS_TO: LinkShape = structural("BELONGS_TO", &DOCUMENT, &PROJECT);
const CHUNK_BELONGS_TO: LinkShape = structural("BELONGS_TO", &CHUNK, &DOCUMENT);
const NEXT_CHUNK: LinkShape = structural("NEXT_CHUNK", &CHUNK, &CHUNK);
const PREVIOUS_CHUNK: LinkShape = structural("PREVIOUS_CHUNK", &CHUNK, &CHUNK);
const CONTAINS_MENTION: LinkShape = structural("CONTAINS_MENTION", &CHUNK, &MENTION);
const MEMBER_OF_CLUSTER: LinkShape = structural("MEMBER_OF_CLUSTER", &MENTION, &ENTITY);

const fn relation(kind: RelationType) -> LinkShape {
    LinkShape {
        kind: kind.as_str(),
        from: &ENTITY,
        to: &ENTITY,
        table: "relations",
        properties: &[
            ("places", Kind::Integer),
            ("documents", Kind::Integer),
            ("strength", Kind::Integer),
            ("confidence", Kind::Integer),
            ("extractor", Kind::Text),
            ("attributes", Kind::Texts),
            ("document", Kind::Text),
            ("page", Kind::Integer),
            ("start", Kind::Integer),
            ("end", Kind::Integer),
        ],
    }
}

/// The shape of a relation between entities.
fn between(kind: RelationType) -> &'static LinkShape {
    match kind {
        RelationType::WroteTo => const { &relation(RelationType::WroteTo) },
        RelationType::WorksFor => const { &relation(RelationType::WorksFor) },
        RelationType::Represents => const { &relation(RelationType::Represents) },
        RelationType::Opposes => const { &relation(RelationType::Opposes) },
        RelationType::PartyTo => const { &relation(RelationType::PartyTo) },
        RelationType::SubsidiaryOf => const { &relation(RelationType::SubsidiaryOf) },
        RelationType::LocatedIn => const { &relation(RelationType::LocatedIn) },
        RelationType::AlsoKnownAs => const { &relation(RelationType::AlsoKnownAs) },
        RelationType::Paid => const { &relation(RelationType::Paid) },
        RelationType::CoMentioned => const { &relation(RelationType::CoMentioned) },
    }
}

const POSSIBLY_SAME_AS: LinkShape = LinkShape {
    kind: "POSSIBLY_SAME_AS",
    from: &ENTITY,
    to: &ENTITY,
    table: "possibly_same_as",
    properties: &[("score", Kind::Integer), ("reasons", Kind::Texts), ("refused", Kind::Text)],
};

/// All kinds of links.
pub(super) fn links() -> impl Iterator<Item = &'static LinkShape> {
    const STRUCTURE: [&LinkShape; 6] =
        [&DOCUMENT_BELONGS_TO, &CHUNK_BELONGS_TO, &NEXT_CHUNK, &PREVIOUS_CHUNK, &CONTAINS_MENTION, &MEMBER_OF_CLUSTER];
    STRUCTURE.into_iter().chain(RelationType::ALL.into_iter().map(between)).chain([&POSSIBLY_SAME_AS])
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// Not known, or there is none.
    None,
    Text(String),
    Texts(Vec<String>),
    Integer(i64),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Option<&str>> for Value {
    fn from(text: Option<&str>) -> Self {
        text.map_or(Self::None, Self::from)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Integer(number.into())
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Integer(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<u16> for Value {
    fn from(number: u16) -> Self {
        Self::Integer(number.into())
    }
}

/// A node or a link with the values of its shape's properties, in their order.
#[derive(Debug)]
pub(super) enum Row {
    Node { shape: &'static NodeShape, id: Uuid, values: Vec<Value> },
    Link { shape: &'static LinkShape, from: Uuid, to: Uuid, values: Vec<Value> },
}

fn node(shape: &'static NodeShape, id: Uuid, values: Vec<Value>) -> Row {
    debug_assert_eq!(shape.properties.len(), values.len(), "values of {}", shape.label);
    Row::Node { shape, id, values }
}

fn link(shape: &'static LinkShape, from: Uuid, to: Uuid, values: Vec<Value>) -> Row {
    debug_assert_eq!(shape.properties.len(), values.len(), "values of {}", shape.kind);
    Row::Link { shape, from, to, values }
}

/// `scheme:value`.
pub(super) fn identifier(identifier: &Identifier) -> String {
    format!("{}:{}", identifier.scheme, identifier.value)
}

/// The rows of an item: its node first, then the links that it brings. The other ends of those came before.
pub(super) fn rows(item: &Item<'_>) -> Vec<Row> {
    match *item {
        Item::Project(name) => vec![node(&PROJECT, ProjectId::new(name).0, vec![name.into()])],
        Item::Document { row, paths, .. } => vec![
            node(
                &DOCUMENT,
                row.id.0,
                vec![
                    row.name().into(),
                    row.project.as_str().into(),
                    Value::Texts(paths.to_vec()),
                    row.sha256.to_string().as_str().into(),
                    row.media_type.map(|m| m.mime()).into(),
                    row.bytes.into(),
                    row.language.as_ref().map(|l| l.as_str()).into(),
                    row.category.as_str().into(),
                    row.state.as_str().into(),
                    row.pages.into(),
                ],
            ),
            link(&DOCUMENT_BELONGS_TO, row.id.0, ProjectId::new(&row.project).0, Vec::new()),
        ],
        Item::Chunk { document, chunk, before, text } => {
            let values = vec![
                chunk.index.into(),
                chunk.span.start.into(),
                chunk.span.end.into(),
                chunk.first_page.into(),
                chunk.last_page.into(),
                chunk.section.as_deref().into(),
                text.into(),
            ];
            let mut rows = vec![node(&CHUNK, chunk.id.0, values)];
            rows.push(link(&CHUNK_BELONGS_TO, chunk.id.0, document.0, Vec::new()));
            if let Some(before) = before {
                rows.push(link(&NEXT_CHUNK, before.0, chunk.id.0, Vec::new()));
                rows.push(link(&PREVIOUS_CHUNK, chunk.id.0, before.0, Vec::new()));
            }
            rows
        }
        Item::Mention { row, page } => {
            let m = &row.mention;
            let values = vec![
                m.name.as_str().into(),
                m.kind.as_str().into(),
                m.normal.as_str().into(),
                m.span.start.into(),
                m.span.end.into(),
                page.into(),
                m.confidence.into(),
                m.extractor.as_str().into(),
            ];
            let mut rows = vec![node(&MENTION, m.id.0, values)];
            rows.push(link(&CONTAINS_MENTION, row.chunk.0, m.id.0, Vec::new()));
            if let Some(entity) = row.entity {
                rows.push(link(&MEMBER_OF_CLUSTER, m.id.0, entity.0, Vec::new()));
            }
            rows
        }
        Item::DocumentEnd => Vec::new(),
        Item::Entity(row) => {
            let e = &row.entity;
            let values = vec![
                e.name.as_str().into(),
                e.kind.as_str().into(),
                row.project.as_str().into(),
                Value::Texts(e.aliases.clone()),
                Value::Texts(e.identifiers.iter().map(identifier).collect()),
                e.documents.into(),
                e.mentions.into(),
            ];
            vec![node(&ENTITY, e.id.0, values)]
        }
        Item::Relation(relation) => {
            let attribute = |(key, values): (&String, &Vec<String>)| {
                values.iter().map(|value| format!("{key}={value}")).collect::<Vec<_>>()
            };
            let place = relation.evidence.first();
            let values = vec![
                relation.places.into(),
                relation.documents.into(),
                relation.strength.map_or(Value::None, Value::from),
                relation.confidence.into(),
                relation.extractor.as_str().into(),
                Value::Texts(relation.attributes.iter().flat_map(attribute).collect()),
                place.map(|p| p.document.to_string()).as_deref().into(),
                place.map_or(Value::None, |p| p.page.into()),
                place.map_or(Value::None, |p| p.span.start.into()),
                place.map_or(Value::None, |p| p.span.end.into()),
            ];
            vec![link(between(relation.kind), relation.from.0, relation.to.0, values)]
        }
        Item::Possible(row) => {
            let values = vec![row.score.into(), Value::Texts(row.reasons.clone()), row.refused.as_str().into()];
            vec![link(&POSSIBLY_SAME_AS, row.a.0, row.b.0, values)]
        }
    }
}
