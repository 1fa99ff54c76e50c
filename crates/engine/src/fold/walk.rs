//! From changed profiles to the components around them, and the fold of those.

use std::collections::{BTreeMap, BTreeSet};

use docmill_analyze::fold::{self as pure, MAX_COMPONENT, THRESHOLDS};
use docmill_analyze::pair;
use docmill_model::{Action, Component, DecisionId, Link, Profile, ProfileId, ProjectId, Ruling};
use docmill_store::{Error, FoldedComponent, Profiles, Stop, Unfolded};

use super::FoldReport;

/// Profiles whose facts are read at a time.
const READ: usize = 2000;

/// Folds the components around some profiles that changed. `false` when none did.
pub(super) async fn fold(store: &dyn Profiles, limit: usize, report: &mut FoldReport) -> Result<bool, Error> {
    let Some(Unfolded { project, profiles, gone }) = store.unfolded(limit).await? else { return Ok(false) };
    let mut map = Map::default();
    let mut found: Vec<(u8, Vec<ProfileId>)> = Vec::new();
    let mut seeds: BTreeSet<ProfileId> = profiles.into_iter().collect();
    for level in (0..).take(THRESHOLDS.len()) {
        let (small, large) = explore(store, &project, &mut map, seeds, level).await?;
        found.extend(small.into_iter().map(|component| (level, component)));
        seeds = large;
    }
    // What even decisions alone make too large stays by itself.
    found.extend(seeds.into_iter().filter(|id| map.stops.contains_key(id)).map(|id| (LAST, vec![id])));

    let mut folded = Vec::with_capacity(found.len());
    let mut found = found.into_iter().peekable();
    while found.peek().is_some() {
        let mut batch = Vec::new();
        let mut size = 0;
        while size < READ
            && let Some(component) = found.next()
        {
            size += component.1.len();
            batch.push(component);
        }
        fold_batch(store, &project, &map, batch, &mut folded).await?;
    }
    report.components += folded.len() as u64;
    report.profiles += folded.iter().map(|component| component.seen.len() as u64).sum::<u64>();
    store.put_fold(&project, folded, gone).await?;
    Ok(true)
}

/// The level behind the last threshold, at which nothing joins at all.
const LAST: u8 = THRESHOLDS.len() as u8;

/// What was seen so far.
#[derive(Default)]
struct Map {
    stops: BTreeMap<ProfileId, Stop>,
    links: BTreeMap<ProfileId, Vec<Link>>,
    rulings: BTreeMap<DecisionId, Ruling>,
    /// Decisions about a profile.
    ruled: BTreeMap<ProfileId, BTreeSet<DecisionId>>,
}

impl Map {
    async fn see(&mut self, store: &dyn Profiles, project: &str, ids: Vec<ProfileId>) -> Result<(), Error> {
        let seen = store.neighbourhood(project, ids, pair::MERGE).await?;
        let new: BTreeSet<ProfileId> = seen.stops.iter().map(|stop| stop.id).collect();
        self.stops.extend(seen.stops.into_iter().map(|stop| (stop.id, stop)));
        for link in seen.links {
            for end in [link.a, link.b].into_iter().filter(|end| new.contains(end)) {
                self.links.entry(end).or_default().push(link.clone());
            }
        }
        for ruling in seen.rulings {
            for id in ruling.a.iter().chain(&ruling.b) {
                self.ruled.entry(*id).or_default().insert(ruling.decision);
            }
            self.rulings.insert(ruling.decision, ruling);
        }
        Ok(())
    }

    /// Profiles that may be one with this one at a threshold.
    fn neighbours(&self, id: ProfileId, threshold: u16) -> Vec<ProfileId> {
        let links = self.links.get(&id).into_iter().flatten().filter(|link| link.score >= threshold);
        let mut out: Vec<ProfileId> = links.map(|link| if link.a == id { link.b } else { link.a }).collect();
        let rulings = self.ruled.get(&id).into_iter().flatten().filter_map(|decision| self.rulings.get(decision));
        for ruling in rulings.filter(|ruling| ruling.action == Action::Same) {
            out.extend(ruling.a.iter().chain(&ruling.b).filter(|other| **other != id));
        }
        out
    }

    fn component(&self, profiles: Vec<Profile>, level: u8) -> Component {
        let ids = || profiles.iter().map(|profile| profile.id);
        let links: BTreeMap<(ProfileId, ProfileId), &Link> =
            ids().filter_map(|id| self.links.get(&id)).flatten().map(|link| ((link.a, link.b), link)).collect();
        let decisions: BTreeSet<DecisionId> = ids().filter_map(|id| self.ruled.get(&id)).flatten().copied().collect();
        Component {
            links: links.into_values().cloned().collect(),
            rulings: decisions.iter().filter_map(|decision| self.rulings.get(decision)).cloned().collect(),
            threshold: THRESHOLDS.get(usize::from(level)).copied().unwrap_or(u16::MAX),
            profiles,
        }
    }
}

/// Finds the components of some profiles at one level. Returns those that are small enough, and the profiles of the
/// others that have to be folded at the next level.
///
/// Of a component that is too large no more is looked at than it takes to know that, and those parts of it that were
/// folded at this level until now.
async fn explore(
    store: &dyn Profiles,
    project: &str,
    map: &mut Map,
    seeds: BTreeSet<ProfileId>,
    level: u8,
) -> Result<(Vec<Vec<ProfileId>>, BTreeSet<ProfileId>), Error> {
    let threshold = THRESHOLDS[usize::from(level)];
    let mut reached = Reached::default();
    for id in &seeds {
        reached.add(*id);
    }
    let mut edge: BTreeSet<ProfileId> = seeds.clone();
    while !edge.is_empty() {
        let unseen = edge.iter().copied().filter(|id| !map.stops.contains_key(id)).collect();
        map.see(store, project, unseen).await?;
        let mut next = BTreeSet::new();
        for id in edge {
            if !must_fold(map, &seeds, id, level) && reached.size(id) > MAX_COMPONENT {
                continue;
            }
            for other in map.neighbours(id, threshold) {
                if reached.join(id, other) {
                    next.insert(other);
                }
            }
        }
        edge = next;
    }
    let (mut small, mut large) = (Vec::new(), BTreeSet::new());
    for component in reached.components() {
        if component.len() <= MAX_COMPONENT {
            small.push(component);
        } else {
            large.extend(component.into_iter().filter(|id| must_fold(map, &seeds, *id, level)));
        }
    }
    Ok((small, large))
}

/// Whether a profile changes when its component turns out to be too large at this level.
fn must_fold(map: &Map, seeds: &BTreeSet<ProfileId>, id: ProfileId, level: u8) -> bool {
    seeds.contains(&id) || map.stops.get(&id).is_some_and(|stop| stop.dirty || stop.level <= level)
}

/// Profiles that were reached, in sets that are connected.
#[derive(Default)]
struct Reached {
    parent: BTreeMap<ProfileId, ProfileId>,
    sizes: BTreeMap<ProfileId, usize>,
}

impl Reached {
    fn add(&mut self, id: ProfileId) -> bool {
        let is_new = self.parent.insert(id, id).is_none();
        self.sizes.insert(id, 1);
        is_new
    }

    /// `true` when the other one is reached for the first time.
    fn join(&mut self, id: ProfileId, other: ProfileId) -> bool {
        let is_new = !self.parent.contains_key(&other) && self.add(other);
        let (a, b) = (self.root(id), self.root(other));
        if a != b {
            let (a, b) = if self.sizes[&a] < self.sizes[&b] { (b, a) } else { (a, b) };
            self.parent.insert(b, a);
            let size = self.sizes.remove(&b).unwrap_or(0);
            *self.sizes.entry(a).or_default() += size;
        }
        is_new
    }

    fn size(&mut self, id: ProfileId) -> usize {
        let root = self.root(id);
        self.sizes[&root]
    }

    fn root(&mut self, id: ProfileId) -> ProfileId {
        let mut root = id;
        while let Some(parent) = self.parent.get(&root).copied().filter(|parent| *parent != root) {
            root = parent;
        }
        let mut at = id;
        while at != root {
            at = self.parent.insert(at, root).unwrap_or(root);
        }
        root
    }

    fn components(&mut self) -> Vec<Vec<ProfileId>> {
        let ids: Vec<ProfileId> = self.parent.keys().copied().collect();
        let mut components: BTreeMap<ProfileId, Vec<ProfileId>> = BTreeMap::new();
        for id in ids {
            components.entry(self.root(id)).or_default().push(id);
        }
        components.into_values().collect()
    }
}

/// Folds components whose profiles are read together.
async fn fold_batch(
    store: &dyn Profiles,
    project: &str,
    map: &Map,
    batch: Vec<(u8, Vec<ProfileId>)>,
    folded: &mut Vec<FoldedComponent>,
) -> Result<(), Error> {
    let ids = batch.iter().flat_map(|(_, ids)| ids.iter().copied()).collect();
    let profiles = store.profiles(project, ids).await?;
    let mut profiles: BTreeMap<ProfileId, Profile> = profiles.into_iter().map(|p| (p.id, p)).collect();
    let first = folded.len();
    for (level, ids) in batch {
        // One that is gone meanwhile has changed, so that the result of its component is not taken.
        let seen = ids.iter().filter_map(|id| Some((*id, map.stops.get(id)?.revision))).collect();
        let members = ids.iter().filter_map(|id| profiles.remove(id)).collect();
        let fold = pure::fold(ProjectId::new(project), &map.component(members, level));
        folded.push(FoldedComponent { seen, level, fold });
    }
    count_documents(store, project, &mut folded[first..]).await
}

/// Entities of several profiles: a document that has two of them counts once.
async fn count_documents(store: &dyn Profiles, project: &str, folded: &mut [FoldedComponent]) -> Result<(), Error> {
    let mut joined: Vec<_> = folded
        .iter_mut()
        .flat_map(|component| &mut component.fold.entities)
        .filter(|folded| folded.members.len() > 1)
        .collect();
    if joined.is_empty() {
        return Ok(());
    }
    let groups = joined.iter().map(|folded| folded.members.iter().map(|member| member.profile).collect()).collect();
    let counts = store.documents_of(project, groups).await?;
    for (folded, documents) in joined.iter_mut().zip(counts) {
        folded.entity.documents = documents;
    }
    Ok(())
}
