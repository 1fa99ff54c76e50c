//! Which profiles are compared: those that share a block that is not too large, and no others. That depends on the
//! profiles that are there and not on the order in which they came.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use docmill_model::{Digest, Link, ProfileBlock as Block, ProfileId, ProfileKey, ProjectId};

use crate::pair::{self, Prepared};

/// Profiles of a block at most. In a larger one nobody is compared: a key that so many share tells nothing, and the
/// finer keys of the same profiles do the work.
pub const MAX_BLOCK: usize = 64;

/// Profiles of a block of one full name at most: they differ in the case that their documents belong to, and a person
/// stands in more cases than a key of sounds should hold. No more than become one component.
pub const MAX_NAME_BLOCK: usize = super::MAX_COMPONENT;

/// The blocks of a profile, sorted.
pub fn blocks(project: ProjectId, key: &ProfileKey) -> Vec<Block> {
    let mut blocks: Vec<Block> = pair::keys(key).iter().map(|word| block(project, key, word)).collect();
    blocks.sort_unstable();
    blocks.dedup();
    blocks
}

fn block(project: ProjectId, key: &ProfileKey, word: &str) -> Block {
    let digest = Digest::of_parts([project.0.as_bytes().as_slice(), key.kind.as_str().as_bytes(), word.as_bytes()]);
    let mut head = [0; 8];
    head.copy_from_slice(&digest.as_bytes()[..8]);
    // The last bit says how large it may become.
    Block(i64::from_be_bytes(head) & !1 | i64::from(pair::is_full_name(word)))
}

/// The most profiles with which a block is looked at.
fn cap(block: Block) -> usize {
    if block.0 & 1 == 1 { MAX_NAME_BLOCK } else { MAX_BLOCK }
}

/// How the blocks and links of a project change with profiles that come and go. Asks for what it has to see in a few
/// steps, each for all profiles at once: [`Linking::blocks`], [`Linking::unknown`], [`Linking::parting`],
/// [`Linking::other_blocks`].
pub struct Linking {
    come: Vec<(ProfileId, Vec<Block>)>,
    gone: Vec<(ProfileId, Vec<Block>)>,
    project: ProjectId,
    keys: HashMap<ProfileId, ProfileKey>,
    blocks: BTreeMap<Block, Change>,
    /// Links whose profiles share no block any more that is known to be small enough.
    parted: Vec<(Link, Vec<Block>)>,
}

/// A block before and after.
#[derive(Default)]
struct Change {
    come: Vec<ProfileId>,
    gone: Vec<ProfileId>,
    /// Those that stay.
    stay: Vec<ProfileId>,
    was_large: bool,
    is_large: bool,
}

impl Change {
    /// How many members have to be seen to know whether the block was and will be too large.
    fn limit(&self, block: Block) -> usize {
        cap(block) + 1 + self.gone.len()
    }
}

/// What is to be changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links {
    /// Profiles that came, with their blocks.
    pub come: Vec<(ProfileId, Vec<Block>)>,
    /// Profiles that went, with the blocks that they stand in; all their links go too.
    pub gone: Vec<(ProfileId, Vec<Block>)>,
    pub new: Vec<Link>,
    /// Links that are no more although both profiles are still there.
    pub parted: Vec<(ProfileId, ProfileId)>,
    /// How many pairs were compared.
    pub pairs: u64,
}

impl Linking {
    pub fn new(project: ProjectId, come: Vec<(ProfileId, ProfileKey)>, gone: Vec<(ProfileId, ProfileKey)>) -> Self {
        let mut changes: BTreeMap<Block, Change> = BTreeMap::new();
        let of = |profiles: &[(ProfileId, ProfileKey)]| -> Vec<(ProfileId, Vec<Block>)> {
            profiles.iter().map(|(id, key)| (*id, blocks(project, key))).collect()
        };
        let (come_blocks, gone_blocks) = (of(&come), of(&gone));
        for (id, blocks) in &come_blocks {
            blocks.iter().for_each(|block| changes.entry(*block).or_default().come.push(*id));
        }
        for (id, blocks) in &gone_blocks {
            blocks.iter().for_each(|block| changes.entry(*block).or_default().gone.push(*id));
        }
        let keys = come.into_iter().collect();
        Self { come: come_blocks, gone: gone_blocks, project, keys, blocks: changes, parted: Vec::new() }
    }

    /// The blocks to be seen, each with the most members that are wanted.
    pub fn blocks(&self) -> Vec<(Block, usize)> {
        self.blocks.iter().map(|(block, change)| (*block, change.limit(*block))).collect()
    }

    /// Takes the members that the blocks have now.
    pub fn see_blocks(&mut self, seen: Vec<(Block, Vec<ProfileId>)>) {
        for (block, members) in seen {
            let Some(change) = self.blocks.get_mut(&block) else { continue };
            change.was_large = members.len() > cap(block);
            let gone: BTreeSet<ProfileId> = change.gone.iter().copied().collect();
            change.stay = members.into_iter().filter(|member| !gone.contains(member)).collect();
            change.is_large = change.stay.len() + change.come.len() > cap(block);
        }
    }

    /// Members whose keys have to be known.
    pub fn unknown(&self) -> Vec<ProfileId> {
        let compared = self.blocks.values().filter(|change| !change.is_large || !change.was_large);
        let members: BTreeSet<ProfileId> = compared.flat_map(|change| change.stay.iter().copied()).collect();
        members.into_iter().filter(|member| !self.keys.contains_key(member)).collect()
    }

    pub fn see_keys(&mut self, seen: Vec<(ProfileId, ProfileKey)>) {
        self.keys.extend(seen);
    }

    /// Members of blocks that become too large: their links have to be seen.
    pub fn parting(&self) -> Vec<ProfileId> {
        let parting = self.blocks.values().filter(|change| change.is_large && !change.was_large);
        let members: BTreeSet<ProfileId> = parting.flat_map(|change| change.stay.iter().copied()).collect();
        members.into_iter().collect()
    }

    /// Takes all links of those members.
    pub fn see_links(&mut self, seen: Vec<Link>) {
        for link in seen {
            let (Some(a), Some(b)) = (self.keys.get(&link.a), self.keys.get(&link.b)) else { continue };
            let a: BTreeSet<Block> = blocks(self.project, a).into_iter().collect();
            let shared: Vec<Block> = blocks(self.project, b).into_iter().filter(|block| a.contains(block)).collect();
            let becomes_large = |block: &Block| self.blocks.get(block).is_some_and(|c| c.is_large && !c.was_large);
            let stays_small = |block: &Block| self.blocks.get(block).is_some_and(|c| !c.is_large);
            if shared.iter().any(becomes_large) && !shared.iter().any(stays_small) {
                self.parted.push((link, shared));
            }
        }
    }

    /// Blocks that do not change, to be seen too: they may hold a pair together that a large one let go.
    pub fn other_blocks(&self) -> Vec<(Block, usize)> {
        let shared: BTreeSet<Block> = self.parted.iter().flat_map(|(_, blocks)| blocks.iter().copied()).collect();
        shared.into_iter().filter(|block| !self.blocks.contains_key(block)).map(|b| (b, cap(b) + 1)).collect()
    }

    /// Takes those and compares.
    pub fn links(self, others: Vec<(Block, Vec<ProfileId>)>) -> Links {
        let small: BTreeSet<Block> = others
            .into_iter()
            .filter(|(block, members)| members.len() <= cap(*block))
            .map(|(block, _)| block)
            .collect();
        let (new, pairs) = self.compare();
        let is_held = |blocks: &[Block]| blocks.iter().any(|block| small.contains(block));
        let parted = self.parted.iter().filter(|(_, blocks)| !is_held(blocks)).map(|(l, _)| (l.a, l.b)).collect();
        Links { come: self.come, gone: self.gone, new, parted, pairs }
    }

    /// Compares who came with the members of the small blocks, and all with all where a block has become small.
    fn compare(&self) -> (Vec<Link>, u64) {
        let mut pairs: Vec<(ProfileId, ProfileId)> = Vec::new();
        for change in self.blocks.values().filter(|change| !change.is_large) {
            let first = if change.was_large { change.stay.as_slice() } else { &[] };
            for (at, a) in change.come.iter().chain(first).enumerate() {
                let later = change.come.iter().chain(&change.stay).skip(at + 1);
                pairs.extend(later.map(|b| (*a.min(b), *a.max(b))));
            }
        }
        pairs.sort_unstable();
        pairs.dedup();
        let mut prepared: HashMap<ProfileId, Prepared> = HashMap::new();
        let mut links = Vec::new();
        for (a, b) in &pairs {
            for id in [a, b] {
                if let (false, Some(key)) = (prepared.contains_key(id), self.keys.get(id)) {
                    prepared.insert(*id, Prepared::new(key));
                }
            }
            let (Some(one), Some(other)) = (prepared.get(a), prepared.get(b)) else { continue };
            let likeness = pair::pair_prepared(one, other);
            if likeness.score >= pair::POSSIBLE {
                links.push(Link {
                    a: *a,
                    b: *b,
                    score: likeness.score,
                    reasons: likeness.reasons.into_iter().map(str::to_owned).collect(),
                    veto: likeness.veto.map(str::to_owned),
                    refused: None,
                });
            }
        }
        (links, pairs.len() as u64)
    }
}
