//! Clusters that grow by union, each with what must not differ inside it.

use docmill_model::Identifier;

use super::node::Node;
use crate::name::Courtesy;

/// What all of a cluster have in common as far as it is said.
#[derive(Clone, Copy, Debug, Default)]
struct Common<'a> {
    identifiers: &'a [Identifier],
    courtesy: Option<Courtesy>,
    generation: Option<&'a str>,
    form: Option<&'a str>,
}

/// The clusters of a document's nodes.
#[derive(Debug)]
pub(super) struct Clusters<'a> {
    parent: Vec<u32>,
    /// Valid at the roots.
    common: Vec<Common<'a>>,
    /// Nodes that share their name with another who is known to be someone else.
    contested: Vec<bool>,
}

impl<'a> Clusters<'a> {
    pub(super) fn new(nodes: &[Node<'a>]) -> Self {
        let common = |n: &Node<'a>| Common {
            identifiers: n.identifiers,
            courtesy: n.courtesy,
            generation: n.generation,
            form: n.form,
        };
        Self {
            parent: (0..nodes.len() as u32).collect(),
            common: nodes.iter().map(common).collect(),
            contested: vec![false; nodes.len()],
        }
    }

    /// The least node of the cluster.
    pub(super) fn root(&mut self, node: u32) -> u32 {
        let mut at = node;
        while self.parent[at as usize] != at {
            // Each step halves the way for those who come later.
            let next = self.parent[at as usize];
            self.parent[at as usize] = self.parent[next as usize];
            at = next;
        }
        at
    }

    /// Whether nothing that is said of the two clusters differs.
    pub(super) fn agree(&mut self, a: u32, b: u32) -> bool {
        let (a, b) = (self.root(a) as usize, self.root(b) as usize);
        let (x, y) = (self.common[a], self.common[b]);
        let identifiers = x.identifiers.is_empty()
            || y.identifiers.is_empty()
            || x.identifiers.iter().any(|i| y.identifiers.contains(i));
        identifiers && agrees(x.courtesy, y.courtesy) && agrees(x.generation, y.generation) && agrees(x.form, y.form)
    }

    /// Unites the clusters of two nodes, unless something that is said of them differs or one of them is contested.
    pub(super) fn join(&mut self, a: u32, b: u32) {
        if self.contested[a as usize] || self.contested[b as usize] {
            return;
        }
        let (a, b) = (self.root(a), self.root(b));
        if a == b || !self.agree(a, b) {
            return;
        }
        let (least, other) = (a.min(b), a.max(b));
        let (x, y) = (self.common[least as usize], self.common[other as usize]);
        self.parent[other as usize] = least;
        self.common[least as usize] = Common {
            identifiers: if x.identifiers.is_empty() { y.identifiers } else { x.identifiers },
            courtesy: x.courtesy.or(y.courtesy),
            generation: x.generation.or(y.generation),
            form: x.form.or(y.form),
        };
    }

    /// Says that a node shares its name with someone else: no other name is taken for it.
    pub(super) fn contest(&mut self, node: u32) {
        self.contested[node as usize] = true;
    }

    pub(super) fn is_contested(&self, node: u32) -> bool {
        self.contested[node as usize]
    }

    /// The one cluster that the candidates belong to and that agrees with a node; `Err` holds the roots of several, up to
    /// a limit.
    pub(super) fn only(&mut self, node: u32, candidates: &[u32]) -> Result<u32, Vec<u32>> {
        let mut roots: Vec<u32> = Vec::new();
        for &candidate in candidates.iter().take(MOST_CANDIDATES + 1) {
            if self.contested[candidate as usize] {
                continue;
            }
            let root = self.root(candidate);
            if !roots.contains(&root) && self.agree(node, root) {
                roots.push(root);
            }
        }
        match roots[..] {
            [root] if candidates.len() <= MOST_CANDIDATES => Ok(root),
            _ => Err(roots),
        }
    }
}

/// Names that are looked at for a shorter one: where more fit, it is nobody's. A list of 50,000 people has thousands
/// with one surname.
pub(super) const MOST_CANDIDATES: usize = 64;

fn agrees<T: PartialEq>(a: Option<T>, b: Option<T>) -> bool {
    a.is_none() || b.is_none() || a == b
}
