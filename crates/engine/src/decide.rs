//! What a person decides about who is who: how two sides become a decision, and what the entities are after it.
//!
//! A decision is kept as it was taken and outranks what the fold finds, see [`docmill_model::decision`].

mod side;

use docmill_model::{Action, Code, Decision, DecisionId, MentionType};
use docmill_store::{DecideReport, DecisionRow, EntityRow, Store};

use side::Breadth;
pub use side::{Side, in_document, mention, near_in_document};

use crate::fold::fold_all;

/// The longest name, reason, author or project in characters: longer than real ones, and a bound on what a file of
/// decisions can bring in.
const LONGEST: usize = 1000;
/// Anchors on both sides of a decision: room for eight of the largest entities, whose profiles have one each.
const MOST_ANCHORS: usize = 4096;
/// The last millisecond of the year 9999, as the year of a time is written with four digits.
const LAST: i64 = 253_402_300_799_999;
/// Decisions that are taken in by one transaction, so that no other writer waits long.
const BATCH: usize = 1000;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Store(#[from] docmill_store::Error),
    #[error("{} is of type {}, and {} is of type {}", .0.0, .0.1, .1.0, .1.1)]
    Types((String, MentionType), (String, MentionType)),
    #[error("{0} and {1} belong to different projects")]
    Projects(String, String),
    /// `same` with one and the same thing on both sides.
    #[error("both sides are {0}")]
    One(String),
    /// `different` with one entity on both sides.
    #[error("both sides are the same entity, {0}")]
    SameEntity(String),
    /// `different` with one name of one document on both sides.
    #[error("both sides are the same name in the same document, {0}")]
    SameName(String),
    #[error("the sides have {0} places altogether, and a decision holds no more than {MOST_ANCHORS}")]
    TooMany(usize),
    #[error("no document speaks of {0} any more")]
    Gone(String),
    #[error("no decision has an id that begins with {0}")]
    UnknownDecision(String),
    #[error("several decisions have an id that begins with {0}")]
    SeveralDecisions(String, Vec<DecisionId>),
    #[error("there is no decision that holds")]
    NoDecision,
    #[error("decision {0} takes another one back, and cannot be taken back itself")]
    Undo(DecisionId),
    #[error("decision {0} has been taken back already")]
    Undone(DecisionId),
    #[error("{what} {why}")]
    Text { what: &'static str, why: &'static str },
    #[error("the decision {0}")]
    Foreign(&'static str),
}

impl Error {
    /// The word under which a person finds the error explained.
    pub fn code(&self) -> Code {
        match self {
            Self::Store(error) => error.code(),
            Self::SameEntity(_) => Code::SAME_ENTITY,
            Self::Gone(_) | Self::UnknownDecision(_) | Self::NoDecision => Code::NOT_FOUND,
            Self::SeveralDecisions(..) => Code::AMBIGUOUS,
            Self::Foreign(_) => Code::BAD_DECISIONS,
            Self::Types(..)
            | Self::Projects(..)
            | Self::One(_)
            | Self::SameName(_)
            | Self::TooMany(_)
            | Self::Undo(_)
            | Self::Undone(_)
            | Self::Text { .. } => Code::BAD_ARGUMENT,
        }
    }
}

/// Who decides, when and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    pub by: String,
    pub why: Option<String>,
    /// Milliseconds since 1970.
    pub at_ms: i64,
}

/// Whether two sides are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Same,
    Different,
}

/// A decision, and what the sides are now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    pub decision: Decision,
    /// The entities of each side after the fold, each once.
    pub a: Vec<EntityRow>,
    pub b: Vec<EntityRow>,
}

impl Decided {
    /// Whether one entity stands on both sides now.
    pub fn is_one(&self) -> bool {
        self.a.iter().any(|a| self.b.iter().any(|b| a.entity.id == b.entity.id))
    }
}

/// Decides that the first side is one with all second sides, or with none of them, and folds.
///
/// Where one side is an entity and the other what a document says of it, `Different` takes that document out of the
/// entity, whichever of the two is named first.
pub async fn relate(store: &dyn Store, verdict: Verdict, a: Side, b: Vec<Side>, note: Note) -> Result<Decided, Error> {
    for other in &b {
        agree(&a, other)?;
    }
    for other in &b {
        distinct(verdict, &a, other)?;
    }
    let project = a.project().to_owned();
    let overlap = b.iter().any(|other| side::overlap(&a, other));
    // The second side's documents are those that get a profile of their own, so the part of an entity stands there.
    let is_part = b.iter().any(|other| matches!(other, Side::Entity(whole) if a.is_part_of(whole)));
    let (mut first, mut second) = if is_part { (b, vec![a]) } else { (vec![a], b) };
    if verdict == Verdict::Same {
        for sides in [&mut first, &mut second] {
            let wholes = side::wholes(store, sides).await?;
            sides.extend(wholes);
        }
    }
    let b = side::anchors(store, &second, &[], Breadth::Whole).await?;
    let a = side::anchors(store, &first, &second, Breadth::Whole).await?;
    if a.is_empty() || b.is_empty() {
        let gone = if a.is_empty() { &first } else { &second };
        let name = gone.first().map_or_else(String::new, |side| side.name().to_owned());
        // The entity is nothing but the part.
        return Err(if overlap { Error::SameName(name) } else { Error::Gone(name) });
    }
    if a.len() + b.len() > MOST_ANCHORS {
        return Err(Error::TooMany(a.len() + b.len()));
    }
    let action = match verdict {
        Verdict::Same => Action::Same,
        Verdict::Different => Action::Different,
    };
    take(store, &project, action, [a, b], note).await
}

/// Gives what a side names another name. Folds.
pub async fn rename(store: &dyn Store, side: Side, name: &str, note: Note) -> Result<Decided, Error> {
    let name = one_line("the name", name)?;
    let anchors = side::anchors(store, std::slice::from_ref(&side), &[], Breadth::Core).await?;
    if anchors.is_empty() {
        return Err(Error::Gone(side.name().to_owned()));
    }
    take(store, side.project(), Action::Rename { name }, [anchors, Vec::new()], note).await
}

/// Takes a decision back: the one whose id begins with `word`, or without a word the newest that holds. Folds.
/// Returns the new decision with what the sides of the one taken back are now.
pub async fn undo(store: &dyn Store, word: Option<&str>, note: Note) -> Result<Decided, Error> {
    let rows = all(store).await?;
    let row = match word {
        Some(word) => find(&rows, word)?,
        None => rows.iter().find(|row| holds(row)).ok_or(Error::NoDecision)?,
    };
    let target = &row.decision;
    if matches!(target.action, Action::Undo { .. }) {
        return Err(Error::Undo(target.id));
    }
    if row.undone {
        return Err(Error::Undone(target.id));
    }
    let action = Action::Undo { decision: target.id };
    let taken = take(store, &target.project, action, [Vec::new(), Vec::new()], note).await?;
    let (a, b) = (side::entities_of(store, &target.a).await?, side::entities_of(store, &target.b).await?);
    Ok(Decided { decision: taken.decision, a, b })
}

/// All decisions of all projects, the newest first.
pub async fn all(store: &dyn Store) -> Result<Vec<DecisionRow>, docmill_store::Error> {
    let mut rows = Vec::new();
    for project in store.projects().await? {
        rows.extend(store.decisions(&project).await?);
    }
    rows.sort_by_key(|row| std::cmp::Reverse((row.decision.at_ms, row.decision.id)));
    Ok(rows)
}

/// Whether a decision has an effect, or will have it when its documents are there again.
pub fn holds(row: &DecisionRow) -> bool {
    !row.undone && !matches!(row.decision.action, Action::Undo { .. })
}

/// The decision whose id begins with `word`.
fn find<'a>(rows: &'a [DecisionRow], word: &str) -> Result<&'a DecisionRow, Error> {
    let digits = crate::entity::id_digits(word).ok_or_else(|| Error::UnknownDecision(word.to_owned()))?;
    let begins = |row: &&DecisionRow| row.decision.id.0.simple().to_string().starts_with(&digits);
    let found: Vec<&DecisionRow> = rows.iter().filter(begins).collect();
    match found[..] {
        [] => Err(Error::UnknownDecision(word.to_owned())),
        [one] => Ok(one),
        _ => Err(Error::SeveralDecisions(word.to_owned(), found.iter().map(|row| row.decision.id).collect())),
    }
}

/// Takes in decisions that were exported, here or elsewhere, and folds. Those that are known already change nothing.
/// Each must have passed [`check`].
pub async fn import(store: &dyn Store, decisions: Vec<Decision>) -> Result<DecideReport, Error> {
    let mut report = DecideReport::default();
    for batch in decisions.chunks(BATCH) {
        let part = store.decide(batch.to_vec()).await?;
        report.new += part.new;
        report.known += part.known;
    }
    fold_all(store).await?;
    Ok(report)
}

/// Whether a decision from outside is one that could have been taken here.
pub fn check(decision: &Decision) -> Result<(), Error> {
    let is_line = |text: &str| one_line("", text).is_ok_and(|line| line == text);
    let anchors = || decision.a.iter().chain(&decision.b);
    // A project may have several blanks in a row.
    if !is_line(&decision.project.split_whitespace().collect::<Vec<_>>().join(" ")) {
        return Err(Error::Foreign("has a project that is empty, too long or not one line"));
    }
    if decision.id != decision.content_id() {
        return Err(Error::Foreign("has an id that is not the one of its content"));
    }
    if !is_line(&decision.by) || decision.why.as_ref().is_some_and(|why| !is_line(why)) {
        return Err(Error::Foreign("has an author or a reason that is empty, too long or not one line"));
    }
    if !(0..=LAST).contains(&decision.at_ms) {
        return Err(Error::Foreign("is of no time between 1970 and 9999"));
    }
    if matches!(&decision.action, Action::Rename { name } if !is_line(name)) {
        return Err(Error::Foreign("gives a name that is empty, too long or not one line"));
    }
    let (a, b) = (!decision.a.is_empty(), !decision.b.is_empty());
    let sides = match decision.action {
        Action::Same | Action::Different => (true, true),
        Action::Rename { .. } => (true, false),
        Action::Undo { .. } => (false, false),
    };
    if (a, b) != sides {
        return Err(Error::Foreign("has too many sides, or too few"));
    }
    if anchors().count() > MOST_ANCHORS {
        return Err(Error::Foreign("is about more places than one decision can be"));
    }
    if anchors().any(|x| anchors().next().is_some_and(|first| first.kind != x.kind)) {
        return Err(Error::Foreign("is about things of different types"));
    }
    Ok(())
}

async fn take(
    store: &dyn Store,
    project: &str,
    action: Action,
    [a, b]: [Vec<docmill_model::Anchor>; 2],
    note: Note,
) -> Result<Decided, Error> {
    let by = one_line("the author", &note.by)?;
    let why = note.why.map(|why| one_line("the reason", &why)).transpose()?;
    // The newest decision holds: one that is taken now is newer than those that a clock ahead of this one dated.
    let newest = store.decisions(project).await?.last().map_or(0, |row| row.decision.at_ms.saturating_add(1));
    let decision = Decision::new(project, action, a, b, &by, note.at_ms.max(newest).min(LAST), why);
    store.decide(vec![decision.clone()]).await?;
    fold_all(store).await?;
    let (a, b) = (side::entities_of(store, &decision.a).await?, side::entities_of(store, &decision.b).await?);
    Ok(Decided { decision, a, b })
}

/// Text of a person with its white space folded.
fn one_line(what: &'static str, text: &str) -> Result<String, Error> {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let why = match line.chars().nth(LONGEST) {
        _ if line.is_empty() => "is empty",
        _ if line.contains(char::is_control) => "has a control character",
        Some(_) => "has more than 1,000 characters",
        None => return Ok(line),
    };
    Err(Error::Text { what, why })
}

fn agree(a: &Side, b: &Side) -> Result<(), Error> {
    if a.project() != b.project() {
        return Err(Error::Projects(a.name().to_owned(), b.name().to_owned()));
    }
    if a.kind() != b.kind() {
        return Err(Error::Types((a.name().to_owned(), a.kind()), (b.name().to_owned(), b.kind())));
    }
    Ok(())
}

/// Refuses what is on both sides. An entity and a part of it are two.
fn distinct(verdict: Verdict, a: &Side, b: &Side) -> Result<(), Error> {
    let alike = std::mem::discriminant(a) == std::mem::discriminant(b);
    if !(alike && side::overlap(a, b)) {
        return Ok(());
    }
    let name = a.name().to_owned();
    Err(match (verdict, a) {
        (Verdict::Same, _) => Error::One(name),
        (Verdict::Different, Side::Entity(_)) => Error::SameEntity(name),
        (Verdict::Different, Side::Name { .. }) => Error::SameName(name),
    })
}

#[cfg(test)]
mod tests {
    use docmill_model::{Anchor, Digest, DocumentId};

    use super::*;

    fn anchor(kind: MentionType) -> Anchor {
        let document = DocumentId::new("p", &Digest::of(b"abc"));
        Anchor { document, kind, normal: "anna".into(), quote: "Anna".into() }
    }

    fn decision(action: Action, a: usize, b: usize) -> Decision {
        let side = |n| vec![anchor(MentionType::Person); n];
        Decision::new("p", action, side(a), side(b), "me", 7, Some("because".into()))
    }

    #[test]
    fn a_decision_from_outside_is_taken_only_if_it_could_have_been_taken_here() {
        let rename = |name: &str| Action::Rename { name: name.into() };
        let fresh = |d: Decision| Decision { id: d.content_id(), ..d };
        let one = decision(Action::Same, 1, 1);
        let check = |decision: Decision, expected: Option<&str>| match (check(&decision), expected) {
            (Ok(()), None) => {}
            (Err(error), Some(part)) => assert!(error.to_string().contains(part), "{error}"),
            (found, expected) => panic!("{found:?} and not {expected:?}"),
        };
        check(one.clone(), None);
        check(decision(rename("Anna B"), 2, 0), None);
        check(decision(Action::Undo { decision: one.id }, 0, 0), None);
        check(Decision { at_ms: 8, ..one.clone() }, Some("id"));
        check(fresh(Decision { at_ms: -1, ..one.clone() }), Some("no time"));
        check(fresh(Decision { at_ms: i64::MAX, ..one.clone() }), Some("no time"));
        check(fresh(Decision { project: "a\u{1b}[2J".into(), ..one.clone() }), Some("project"));
        check(fresh(Decision { project: "two  blanks".into(), ..one.clone() }), None);
        check(fresh(Decision { by: "a\nb".into(), ..one.clone() }), Some("author"));
        check(fresh(Decision { why: Some("x".repeat(1001)), ..one.clone() }), Some("reason"));
        check(decision(rename(""), 1, 0), Some("name"));
        check(decision(rename("a\u{1b}[2J"), 1, 0), Some("name"));
        check(decision(rename("Anna"), 1, 1), Some("sides"));
        check(decision(Action::Different, 1, 0), Some("sides"));
        check(decision(Action::Undo { decision: one.id }, 1, 0), Some("sides"));
        check(decision(Action::Same, 4096, 1), Some("more places"));
        let mixed = Decision { b: vec![anchor(MentionType::Org)], ..one };
        check(fresh(mixed), Some("types"));
    }

    #[test]
    fn text_of_a_person_is_one_line() {
        assert_eq!(one_line("the name", " a \n b\t").unwrap(), "a b");
        let check = |text: &str, expected: &str| assert_eq!(one_line("it", text).unwrap_err().to_string(), expected);
        check(" \n", "it is empty");
        check("a\u{7}b", "it has a control character");
        check(&"x".repeat(LONGEST + 1), "it has more than 1,000 characters");
    }
}
