use std::collections::BTreeSet;

use spacelike::machine::NodeId;

/// Who can't reach whom: a set of directed links that let nothing through.
///
/// What is sent while it lasts is lost, and so is what would arrive meanwhile. What is on its way when it begins, and arrives after
/// it was healed, arrives.
///
/// # Examples
/// ```
/// use spacelike::machine::NodeId;
/// use spacelike_lab::world::Partition;
///
/// let [a, b, c] = [1, 2, 3].map(NodeId);
/// let halves = Partition::groups(&[&[a, b], &[c]]);
/// assert!(halves.blocks(a, c) && halves.blocks(c, b) && !halves.blocks(a, b));
///
/// let deaf = Partition::one_way(&[a], &[b, c]); // what a says isn't heard, and it hears all
/// assert!(deaf.blocks(a, b) && !deaf.blocks(b, a));
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Partition {
    blocked: BTreeSet<(NodeId, NodeId)>,
}

impl Partition {
    /// Nobody is cut off.
    pub const fn none() -> Self {
        Self { blocked: BTreeSet::new() }
    }

    /// Each group on its own. Nodes that are in no group reach all.
    pub fn groups(groups: &[&[NodeId]]) -> Self {
        let mut partition = Self::none();
        for (index, group) in groups.iter().enumerate() {
            for others in groups[..index].iter().chain(&groups[index + 1..]) {
                partition = partition.and(&Self::one_way(group, others));
            }
        }
        partition
    }

    /// What some send doesn't reach others; the other way is open.
    pub fn one_way(from: &[NodeId], to: &[NodeId]) -> Self {
        let pairs = from.iter().flat_map(|&from| to.iter().map(move |&to| (from, to)));
        Self { blocked: pairs.filter(|(from, to)| from != to).collect() }
    }

    /// Two halves that share one node: it reaches both, and they don't reach each other.
    pub fn bridge(left: &[NodeId], bridge: NodeId, right: &[NodeId]) -> Self {
        let side =
            |nodes: &[NodeId]| nodes.iter().copied().filter(|&node| node != bridge).collect::<Vec<_>>();
        Self::groups(&[&side(left), &side(right)])
    }

    /// Each reaches its two neighbours only, the last and the first being neighbours too.
    pub fn ring(nodes: &[NodeId]) -> Self {
        let len = nodes.len();
        let mut blocked = BTreeSet::new();
        for from in 0..len {
            for to in 0..len {
                let apart = from.abs_diff(to);
                if apart > 1 && apart + 1 < len {
                    blocked.insert((nodes[from], nodes[to]));
                }
            }
        }
        Self { blocked }
    }

    /// One node reaches nobody of the others, and nobody of them reaches it.
    pub fn isolated(node: NodeId, others: &[NodeId]) -> Self {
        Self::groups(&[&[node], &others.iter().copied().filter(|&other| other != node).collect::<Vec<_>>()])
    }

    /// Both at once.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self { blocked: &self.blocked | &other.blocked }
    }

    /// Who is cut off from somebody, or somebody from him; some more than once.
    pub(super) fn nodes(&self) -> impl Iterator<Item = NodeId> {
        self.blocked.iter().flat_map(|&(from, to)| [from, to])
    }

    /// Whether nothing gets from one to the other.
    pub fn blocks(&self, from: NodeId, to: NodeId) -> bool {
        self.blocked.contains(&(from, to))
    }
}
