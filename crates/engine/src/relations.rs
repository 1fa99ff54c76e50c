//! Relations as people are shown them: between entities, where what several places say adds up.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use docmill_model::{DocumentId, EntityId, MentionId, RelationId, RelationType, Span};
use docmill_store::{RelationQuery, RelationRow, Store};

mod strength;

/// Values of one attribute that are told; more are spellings, not facts.
const VALUES: usize = 16;

/// What one entity has to do with another, with how much says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityRelation {
    pub id: RelationId,
    pub from: EntityId,
    pub to: EntityId,
    pub kind: RelationType,
    /// Of the surest place, in thousandths, with its extractor.
    pub confidence: u16,
    pub extractor: String,
    /// What the places say beyond that: different values, the most frequent first.
    pub attributes: BTreeMap<String, Vec<String>>,
    /// How many documents say so.
    pub documents: u32,
    /// How many places say so. Of one document no more than a few count.
    pub places: u32,
    /// Of `CO_MENTIONED`: how much more often the two stand together than chance would have it, as the
    /// log-likelihood ratio in thousandths (10,828 is one chance in a thousand).
    pub strength: Option<u64>,
    /// The first places in the order of documents, as many as were asked for.
    pub evidence: Vec<RelationPlace>,
}

/// A place that says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelationPlace {
    pub document: DocumentId,
    /// On which the range ends.
    pub page: u32,
    /// In the cleaned text; holds both mentions.
    pub span: Span,
    /// Of `from` and of `to`.
    pub mentions: [MentionId; 2],
    pub confidence: u16,
    pub extractor: String,
    pub attributes: BTreeMap<String, String>,
}

/// The relations of an entity on either side, each with up to `evidence` places: by kind in the order of
/// [`RelationType`], then the strongest and the most often said first. The fold must be up to date.
pub async fn of_entity(
    store: &dyn Store,
    id: EntityId,
    evidence: usize,
) -> Result<Vec<EntityRelation>, docmill_store::Error> {
    let mut out = Vec::new();
    let query = RelationQuery { of: Some(id), typed: false };
    each(store, query, evidence, &mut |relation| {
        out.push(relation);
        ControlFlow::Continue(())
    })
    .await?;
    out.sort_by(|a, b| {
        let weight = |r: &EntityRelation| (r.strength, r.documents, r.places, r.confidence);
        a.kind.cmp(&b.kind).then(weight(b).cmp(&weight(a))).then((a.from, a.to).cmp(&(b.from, b.to)))
    });
    Ok(out)
}

/// Hands out relations one by one, until `take` has enough: those of all entities by `from`, `to` and the word of
/// their kind. Of one relation no more than its own places is held at a time.
pub async fn each(
    store: &dyn Store,
    query: RelationQuery,
    evidence: usize,
    take: &mut (dyn FnMut(EntityRelation) -> ControlFlow<()> + Send),
) -> Result<(), docmill_store::Error> {
    let populations = if query.typed { BTreeMap::new() } else { store.name_mentions().await? };
    let mut sum: Option<Sum> = None;
    let mut enough = false;
    let mut add = |row: RelationRow| {
        if sum.as_ref().is_some_and(|sum| !sum.holds(&row))
            && let Some(done) = sum.take()
            && take(done.relation(&populations)).is_break()
        {
            enough = true;
            return ControlFlow::Break(());
        }
        sum.get_or_insert_with(|| Sum::new(&row)).add(row, evidence);
        ControlFlow::Continue(())
    };
    store.relation_rows(query, &mut add).await?;
    if let Some(last) = sum.filter(|_| !enough) {
        let _ = take(last.relation(&populations));
    }
    Ok(())
}

/// A relation that is being added up. Rows of one document are neighbours.
struct Sum {
    relation: EntityRelation,
    last: Option<DocumentId>,
    attributes: BTreeMap<String, BTreeMap<String, u32>>,
    mentioned: [u32; 2],
    project: i64,
}

impl Sum {
    fn new(row: &RelationRow) -> Self {
        let relation = EntityRelation {
            id: RelationId::new(row.from, row.to, row.kind),
            from: row.from,
            to: row.to,
            kind: row.kind,
            confidence: 0,
            extractor: String::new(),
            attributes: BTreeMap::new(),
            documents: 0,
            places: 0,
            strength: None,
            evidence: Vec::new(),
        };
        Self { relation, last: None, attributes: BTreeMap::new(), mentioned: row.mentioned, project: row.project }
    }

    fn holds(&self, row: &RelationRow) -> bool {
        (self.relation.from, self.relation.to, self.relation.kind) == (row.from, row.to, row.kind)
    }

    fn add(&mut self, row: RelationRow, evidence: usize) {
        let relation = &mut self.relation;
        relation.places = relation.places.saturating_add(1);
        if self.last.replace(row.document) != Some(row.document) {
            relation.documents = relation.documents.saturating_add(1);
        }
        let surer = row.confidence > relation.confidence;
        if surer || row.confidence == relation.confidence && row.extractor < relation.extractor {
            relation.confidence = row.confidence;
            relation.extractor.clone_from(&row.extractor);
        }
        for (key, value) in &row.attributes {
            let values = self.attributes.entry(key.clone()).or_default();
            *values.entry(value.clone()).or_default() += 1;
        }
        if relation.evidence.len() < evidence {
            relation.evidence.push(RelationPlace {
                document: row.document,
                page: row.page,
                span: row.span,
                mentions: row.mentions,
                confidence: row.confidence,
                extractor: row.extractor,
                attributes: row.attributes,
            });
        }
    }

    fn relation(self, populations: &BTreeMap<i64, u64>) -> EntityRelation {
        let Self { mut relation, attributes, mentioned, project, .. } = self;
        for (key, values) in attributes {
            let mut values: Vec<(String, u32)> = values.into_iter().collect();
            values.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
            relation.attributes.insert(key, values.into_iter().map(|(value, _)| value).take(VALUES).collect());
        }
        if relation.kind == RelationType::CoMentioned {
            let population = populations.get(&project).copied().unwrap_or(0);
            relation.strength = Some(strength::log_likelihood(relation.places, mentioned, population));
        }
        relation
    }
}
