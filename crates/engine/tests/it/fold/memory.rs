//! A project in memory, as plainly as it can be said: what the fold reads of it and what it made of it. It is changed
//! and looked at as the real store is, and may be changed in the middle of a fold.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use async_trait::async_trait;
use docmill_model::{
    Action, Anchor, Decision, DecisionId, DocumentId, Entity, EntityId, Link, Membership, Profile, ProfileBlock,
    ProfileId, ProfileKey, Referent, ReferentId, Ruling,
};
use docmill_store::{FoldedComponent, Neighbourhood, Profiles, Relink, Result, Stop, Unfolded, Unlinked};

use super::synthetic::{Document, PROJECT};

/// A change of the project.
#[derive(Clone, Debug)]
pub enum Change {
    Add(Document),
    Forget(DocumentId),
    Decide(Decision),
}

#[derive(Default)]
struct Held {
    referents: Vec<Referent>,
    counted: bool,
}

/// A referent with its document, its mentions and its forms.
type Counted = (DocumentId, u32, Vec<(String, u32)>);

#[derive(Default)]
struct Known {
    key: Option<ProfileKey>,
    /// Of documents that are counted.
    referents: BTreeMap<ReferentId, Counted>,
    revision: i64,
    dirty: bool,
    linked: bool,
    level: u8,
    entity: Option<(EntityId, Membership)>,
}

impl Known {
    fn documents(&self) -> BTreeSet<DocumentId> {
        self.referents.values().map(|(document, ..)| *document).collect()
    }

    fn touch(&mut self) {
        self.revision += 1;
        self.dirty = true;
    }
}

#[derive(Default)]
pub struct State {
    documents: BTreeMap<DocumentId, Held>,
    decisions: BTreeMap<DecisionId, Decision>,
    /// What the anchors of each decision that is not undone name.
    rulings: BTreeMap<DecisionId, Ruling>,
    profiles: BTreeMap<ProfileId, Known>,
    blocks: BTreeMap<ProfileBlock, BTreeSet<ProfileId>>,
    links: BTreeMap<(ProfileId, ProfileId), Link>,
    turn: i64,
    entities: BTreeMap<EntityId, Entity>,
    /// Changes that happen while the fold reads, the last first.
    interruptions: Vec<Change>,
    calls: usize,
    /// Links that were parted because a block became too large.
    parted: usize,
    /// Links that are there besides those that names give, by the profiles that both have to be there.
    given: Vec<Link>,
}

/// The batch is what the fold is given at a time at most.
pub struct Memory {
    state: Mutex<State>,
    batch: usize,
}

impl State {
    fn change(&mut self, change: Change) {
        match change {
            Change::Add(document) => {
                let referents = document.said.into_iter().map(|said| said.referent).collect();
                self.documents.insert(document.id, Held { referents, counted: false });
            }
            Change::Forget(id) => {
                self.count(id, false);
                self.documents.remove(&id);
            }
            Change::Decide(decision) => {
                self.decisions.insert(decision.id, decision);
            }
        }
        self.follow_decisions();
    }

    /// Counts a document in or out.
    fn count(&mut self, id: DocumentId, counted: bool) {
        let Some(held) = self.documents.get_mut(&id).filter(|held| held.counted != counted) else { return };
        held.counted = counted;
        for referent in &held.referents {
            let known = self.profiles.entry(ProfileId::new(&referent.key().digest())).or_default();
            known.key = Some(referent.key());
            known.touch();
            if counted {
                let said = (id, referent.mentions.len() as u32, referent.forms.clone());
                known.referents.insert(referent.id, said);
            } else {
                known.referents.remove(&referent.id);
            }
        }
    }

    /// The referent that an anchor finds in its document.
    fn find(&self, anchor: &Anchor) -> Option<(DocumentId, usize)> {
        let of_kind = |r: &&(usize, &Referent)| r.1.kind == anchor.kind;
        let has_quote = |r: &Referent| r.forms.iter().any(|(form, _)| *form == anchor.quote);
        let rank = |r: &Referent| match (r.normal == anchor.normal, has_quote(r)) {
            (true, true) => Some(0),
            (true, false) => Some(1),
            (false, true) => Some(2),
            (false, false) => None,
        };
        let held = self.documents.get(&anchor.document)?;
        let all: Vec<(usize, &Referent)> = held.referents.iter().enumerate().collect();
        let found = all.iter().filter(of_kind).filter_map(|(at, r)| Some((rank(r)?, *at))).min()?;
        Some((anchor.document, found.1))
    }

    fn referent(&self, (document, at): (DocumentId, usize)) -> &Referent {
        &self.documents[&document].referents[at]
    }

    fn follow_decisions(&mut self) {
        let undone: BTreeSet<DecisionId> = self
            .decisions
            .values()
            .filter_map(|d| if let Action::Undo { decision } = d.action { Some(decision) } else { None })
            .collect();
        let mut standing: Vec<&Decision> = self.decisions.values().filter(|d| !undone.contains(&d.id)).collect();
        standing.sort_by_key(|d| (d.at_ms, d.id));
        let natural = |r: &Referent| (r.kind, r.normal.clone(), r.identifiers.clone());
        let mut apart: BTreeMap<(DocumentId, usize), String> = BTreeMap::new();
        for decision in standing.iter().filter(|d| d.action == Action::Different) {
            let a: Vec<_> = decision.a.iter().filter_map(|anchor| self.find(anchor)).collect();
            for b in decision.b.iter().filter_map(|anchor| self.find(anchor)) {
                let same = |a: &&(DocumentId, usize)| natural(self.referent(**a)) == natural(self.referent(b));
                if a.iter().filter(|a| **a != b).any(|a| same(&a)) {
                    apart.entry(b).or_insert_with(|| decision.id.0.simple().to_string());
                }
            }
        }
        let mut moves = Vec::new();
        for (id, held) in &self.documents {
            for (at, referent) in held.referents.iter().enumerate() {
                let wanted = apart.get(&(*id, at)).cloned().unwrap_or_default();
                if referent.discriminator != wanted {
                    moves.push((*id, at, wanted));
                }
            }
        }
        for (id, at, discriminator) in moves {
            self.count(id, false);
            if let Some(held) = self.documents.get_mut(&id) {
                held.referents[at].discriminator = discriminator;
            }
        }
        let rulings = self.find_rulings(&undone);
        let all: BTreeSet<DecisionId> = rulings.keys().chain(self.rulings.keys()).copied().collect();
        for decision in all {
            let (before, now) = (self.rulings.get(&decision), rulings.get(&decision));
            if before != now {
                let changed = before.into_iter().chain(now).flat_map(|r| r.a.iter().chain(&r.b)).copied();
                for id in changed.collect::<Vec<_>>() {
                    self.profiles.entry(id).or_default().touch();
                }
            }
        }
        self.rulings = rulings;
    }

    fn find_rulings(&self, undone: &BTreeSet<DecisionId>) -> BTreeMap<DecisionId, Ruling> {
        let side = |anchors: &[Anchor]| -> Vec<ProfileId> {
            let found = anchors.iter().filter_map(|anchor| self.find(anchor));
            let ids: BTreeSet<_> = found.map(|at| ProfileId::new(&self.referent(at).key().digest())).collect();
            ids.into_iter().collect()
        };
        let standing = self.decisions.values().filter(|d| !undone.contains(&d.id));
        let ruling = |d: &Decision| Ruling {
            decision: d.id,
            at_ms: d.at_ms,
            action: d.action.clone(),
            a: side(&d.a),
            b: side(&d.b),
        };
        standing.map(|d| (d.id, ruling(d))).collect()
    }

    fn living(&self, id: ProfileId) -> Option<&Known> {
        self.profiles.get(&id).filter(|known| !known.referents.is_empty())
    }
}

impl Memory {
    pub fn new(batch: usize) -> Self {
        Self { state: Mutex::default(), batch }
    }

    /// A project in which some profiles are linked, whatever their names.
    pub fn with_links(batch: usize, given: Vec<Link>) -> Self {
        Self { state: Mutex::new(State { given, ..State::default() }), batch }
    }

    pub fn change(&self, change: Change) {
        self.state.lock().unwrap().change(change);
    }

    /// Changes that happen during the next folds, one every few calls.
    pub fn interrupt(&self, changes: Vec<Change>) {
        self.state.lock().unwrap().interruptions = changes;
    }

    /// What came of it, as lines.
    pub fn outcome(&self) -> Vec<String> {
        let state = self.state.lock().unwrap();
        let mut lines: Vec<String> = state.entities.values().map(|e| format!("{e:?}")).collect();
        for known in state.profiles.values() {
            lines.extend(known.entity.as_ref().map(|(entity, m)| member_line(*entity, m)));
        }
        lines.extend(state.possible());
        lines
    }

    /// How many links were parted because a block became too large.
    pub fn parted(&self) -> usize {
        self.state.lock().unwrap().parted
    }

    /// The entity of each referent.
    pub fn entity_of(&self, referent: ReferentId) -> Option<EntityId> {
        let state = self.state.lock().unwrap();
        let known = state.profiles.values().find(|known| known.referents.contains_key(&referent))?;
        Some(known.entity.as_ref()?.0)
    }

    fn enter<T>(&self, f: impl FnOnce(&mut State) -> T) -> Result<T> {
        let mut state = self.state.lock().unwrap();
        state.calls += 1;
        if state.calls.is_multiple_of(3)
            && let Some(change) = state.interruptions.pop()
        {
            state.change(change);
        }
        Ok(f(&mut state))
    }
}

pub fn member_line(entity: EntityId, m: &Membership) -> String {
    format!("{entity} {} {:?} {}", m.profile, m.reasons, if m.reasons.is_empty() { 1000 } else { m.score })
}

pub fn possible_line(row: &docmill_store::PossibleRow) -> String {
    format!("{row:?}")
}

impl State {
    fn possible(&self) -> Vec<String> {
        let entity = |id: &ProfileId| Some(self.living(*id)?.entity.as_ref()?.0);
        let parted: BTreeSet<(EntityId, EntityId)> = self
            .rulings
            .values()
            .filter(|r| r.action == Action::Different)
            .flat_map(|r| r.a.iter().flat_map(|a| r.b.iter().map(move |b| (a, b))))
            .filter_map(|(a, b)| Some((entity(a)?, entity(b)?)))
            .flat_map(|(a, b)| [(a, b), (b, a)])
            .collect();
        let mut best: BTreeMap<(EntityId, EntityId), &Link> = BTreeMap::new();
        for link in self.links.values() {
            let (Some(a), Some(b)) = (entity(&link.a), entity(&link.b)) else { continue };
            if a != b && !parted.contains(&(a, b)) {
                let best = best.entry((a.min(b), a.max(b))).or_insert(link);
                if (best.score, best.b, best.a) < (link.score, link.b, link.a) {
                    *best = link;
                }
            }
        }
        let line = |((a, b), link): ((EntityId, EntityId), &Link)| {
            let refused = link.veto.clone().or(link.refused.clone()).unwrap_or_else(|| "score".into());
            let reasons = link.reasons.clone();
            possible_line(&docmill_store::PossibleRow { a, b, score: link.score, reasons, refused })
        };
        best.into_iter().map(line).collect()
    }
}

#[async_trait]
impl Profiles for Memory {
    async fn use_fold(&self, _: &str) -> Result<()> {
        Ok(())
    }

    async fn count_documents(&self, limit: usize) -> Result<u64> {
        self.enter(|state| {
            let ids: Vec<_> = state.documents.iter().filter(|(_, held)| !held.counted).map(|(id, _)| *id).collect();
            let ids = &ids[..ids.len().min(limit.min(self.batch))];
            ids.iter().for_each(|id| state.count(*id, true));
            ids.len() as u64
        })
    }

    async fn unlinked(&self, limit: usize) -> Result<Option<Unlinked>> {
        self.enter(|state| {
            let mut found = Unlinked { project: PROJECT.into(), turn: state.turn, ..Unlinked::default() };
            let changed = state.profiles.iter().filter(|(_, known)| known.linked == known.referents.is_empty());
            for (id, known) in changed.take(limit.min(self.batch)) {
                let profile = (*id, known.key.clone().expect("it was counted once"));
                if known.linked { found.gone.push(profile) } else { found.come.push(profile) }
            }
            (!found.come.is_empty() || !found.gone.is_empty()).then_some(found)
        })
    }

    async fn profile_blocks(&self, wanted: Vec<(ProfileBlock, usize)>) -> Result<Vec<(ProfileBlock, Vec<ProfileId>)>> {
        self.enter(|state| {
            let members = |(block, limit): (ProfileBlock, usize)| {
                (block, state.blocks.get(&block).into_iter().flatten().copied().take(limit).collect())
            };
            wanted.into_iter().map(members).collect()
        })
    }

    async fn profile_keys(&self, _: &str, ids: Vec<ProfileId>) -> Result<Vec<(ProfileId, ProfileKey)>> {
        self.enter(|state| ids.into_iter().filter_map(|id| Some((id, state.profiles.get(&id)?.key.clone()?))).collect())
    }

    async fn profile_links(&self, _: &str, ids: Vec<ProfileId>) -> Result<Vec<Link>> {
        self.enter(|state| {
            let ids: BTreeSet<_> = ids.into_iter().collect();
            state.links.values().filter(|l| ids.contains(&l.a) || ids.contains(&l.b)).cloned().collect()
        })
    }

    async fn relink(&self, relink: Relink) -> Result<bool> {
        self.enter(|state| {
            if state.turn != relink.turn {
                return false;
            }
            state.turn += 1;
            let mut touched: BTreeSet<ProfileId> = BTreeSet::new();
            for (id, blocks) in &relink.gone {
                for block in blocks {
                    state.blocks.entry(*block).or_default().remove(id);
                }
                touched.extend(state.links.keys().filter(|(a, b)| a == id || b == id).flat_map(|(a, b)| [*a, *b]));
                state.links.retain(|(a, b), _| a != id && b != id);
                let ruled = state.rulings.values().filter(|r| r.a.contains(id) || r.b.contains(id));
                touched.extend(ruled.flat_map(|r| r.a.iter().chain(&r.b)));
            }
            for (id, blocks) in &relink.come {
                for block in blocks {
                    state.blocks.entry(*block).or_default().insert(*id);
                }
            }
            for (id, linked) in relink.come.iter().map(|c| (c.0, true)).chain(relink.gone.iter().map(|g| (g.0, false)))
            {
                let known = state.profiles.get_mut(&id).expect("profiles stay in memory");
                known.linked = linked;
                known.touch();
            }
            state.parted += relink.parted.len();
            for (a, b) in relink.parted {
                state.links.remove(&(a, b));
                touched.extend([a, b]);
            }
            let came: BTreeSet<ProfileId> = relink.come.iter().map(|(id, _)| *id).collect();
            let is_linked = |id: &ProfileId| state.profiles.get(id).is_some_and(|known| known.linked);
            let given = state.given.iter().filter(|l| came.contains(&l.a) || came.contains(&l.b));
            let given: Vec<Link> = given.filter(|l| is_linked(&l.a) && is_linked(&l.b)).cloned().collect();
            for link in relink.new.into_iter().chain(given) {
                touched.extend([link.a, link.b]);
                state.links.insert((link.a, link.b), link);
            }
            for id in touched {
                if let Some(known) = state.profiles.get_mut(&id) {
                    known.touch();
                }
            }
            true
        })
    }

    async fn unfolded(&self, limit: usize) -> Result<Option<Unfolded>> {
        self.enter(|state| {
            let mut found = Unfolded { project: PROJECT.into(), ..Unfolded::default() };
            for (id, known) in state.profiles.iter().filter(|(_, k)| k.dirty).take(limit.min(self.batch)) {
                if known.referents.is_empty() {
                    found.gone.push((*id, known.revision));
                } else {
                    found.profiles.push(*id);
                }
            }
            (!found.profiles.is_empty() || !found.gone.is_empty()).then_some(found)
        })
    }

    async fn neighbourhood(&self, _: &str, ids: Vec<ProfileId>, least: u16) -> Result<Neighbourhood> {
        self.enter(|state| {
            let mut found = Neighbourhood::default();
            let ids: BTreeSet<_> = ids.into_iter().filter(|id| state.living(*id).is_some()).collect();
            for id in &ids {
                let known = &state.profiles[id];
                found.stops.push(Stop { id: *id, revision: known.revision, level: known.level, dirty: known.dirty });
            }
            let joins = |l: &&Link| l.score >= least && l.veto.is_none();
            let living = |l: &&Link| state.living(l.a).is_some() && state.living(l.b).is_some();
            let near = |l: &&Link| ids.contains(&l.a) || ids.contains(&l.b);
            found.links = state.links.values().filter(joins).filter(near).filter(living).cloned().collect();
            for ruling in state.rulings.values() {
                if ruling.a.iter().chain(&ruling.b).any(|id| ids.contains(id)) {
                    let side =
                        |ids: &[ProfileId]| ids.iter().copied().filter(|id| state.living(*id).is_some()).collect();
                    found.rulings.push(Ruling { a: side(&ruling.a), b: side(&ruling.b), ..ruling.clone() });
                }
            }
            found
        })
    }

    async fn profiles(&self, _: &str, ids: Vec<ProfileId>) -> Result<Vec<Profile>> {
        self.enter(|state| {
            let profile = |id: ProfileId| {
                let known = state.living(id)?;
                let mut forms: BTreeMap<&str, u32> = BTreeMap::new();
                for (form, count) in known.referents.values().flat_map(|(.., forms)| forms) {
                    *forms.entry(form).or_default() += count;
                }
                let mut forms: Vec<(String, u32)> = forms.into_iter().map(|(f, n)| (f.to_owned(), n)).collect();
                forms.sort_by_key(|(f, n)| (std::cmp::Reverse((*n, f.chars().count())), f.clone()));
                forms.truncate(Profile::MAX_FORMS);
                Some(Profile {
                    id,
                    key: known.key.clone()?,
                    documents: known.documents().len() as u32,
                    mentions: known.referents.values().map(|(_, n, _)| n).sum(),
                    forms,
                    least: *known.referents.keys().next()?,
                })
            };
            ids.into_iter().filter_map(profile).collect()
        })
    }

    async fn documents_of(&self, _: &str, groups: Vec<Vec<ProfileId>>) -> Result<Vec<u32>> {
        self.enter(|state| {
            let documents = |group: Vec<ProfileId>| {
                let all = group.into_iter().filter_map(|id| state.profiles.get(&id)).flat_map(Known::documents);
                all.collect::<BTreeSet<_>>().len() as u32
            };
            groups.into_iter().map(documents).collect()
        })
    }

    async fn put_fold(&self, _: &str, components: Vec<FoldedComponent>, gone: Vec<(ProfileId, i64)>) -> Result<()> {
        self.enter(|state| {
            for component in components {
                let now = |id: &ProfileId| state.profiles.get(id).map(|known| known.revision);
                if component.seen.iter().any(|(id, revision)| now(id) != Some(*revision)) {
                    continue;
                }
                let known = || component.seen.iter().map(|(id, _)| &state.profiles[id]);
                // One that became too large for its threshold falls into parts that did not change by themselves.
                let changed = known().any(|known| known.dirty || known.level != component.level);
                assert!(changed, "a component was folded in which nothing had changed");
                for folded in component.fold.entities {
                    for member in folded.members {
                        let known = state.profiles.get_mut(&member.profile).expect("it was seen");
                        known.dirty = false;
                        known.level = component.level;
                        known.entity = Some((folded.entity.id, member));
                    }
                    state.entities.insert(folded.entity.id, folded.entity);
                }
                for refusal in component.fold.refusals {
                    if let Some(link) = state.links.get_mut(&(refusal.a, refusal.b)) {
                        link.refused = refusal.why;
                    }
                }
            }
            for (id, revision) in gone {
                let known = state.profiles.get_mut(&id).filter(|k| k.revision == revision && !k.linked);
                if let Some(known) = known {
                    (known.entity, known.dirty, known.level) = (None, false, 0);
                }
            }
            let used: BTreeSet<EntityId> =
                state.profiles.values().filter_map(|known| Some(known.entity.as_ref()?.0)).collect();
            state.entities.retain(|id, _| used.contains(id));
        })
    }
}
