use std::collections::BTreeMap;
use std::fmt::{self, Display};

use crate::check::map::{Answer, Operation};
use crate::check::{History, Outcome, register};

/// Whether the reads and writes of a map are causally consistent: whoever saw a write sees what its writer had seen.
///
/// The variant is CC of Bouajjani, Enea, Guerraoui and Hamza, "On verifying causal consistency" (2017): causes are the order
/// of each client's calls, and that of a write and the reads of its value. Clients may see writes that don't cause each other in different orders. The
/// values that are written to a key must be distinct, which makes it polynomial: a history is wrong if and only if it has one of four
/// [`BadPattern`]s. A write with an unknown outcome follows what its client completed before it, and is no
/// cause of what the client did later.
///
/// # Errors
/// [`Unsuited`] names a call that this can't be said of.
///
/// # Cost
/// Time and memory are linear in the number of calls times that of clients and of writes with an unknown outcome.
///
/// # Examples
/// ```
/// use spacelike_lab::check::map::{Answer, Operation};
/// use spacelike_lab::check::{BadPattern, Event, History, What, causal, register};
///
/// let mut history = History::new();
/// for (client, op, answer) in [
///     (1, register::Operation::Write(7), Answer::Done),
///     (2, register::Operation::Read, Answer::Value(Some(7))),
///     (2, register::Operation::Read, Answer::Value(None)), // forgets what it saw
/// ] {
///     history.push(Event { time_ns: 0, client, what: What::Invoke(Operation { key: "x", op }) })?;
///     history.push(Event { time_ns: 0, client, what: What::Ok(answer) })?;
/// }
/// let wrong = causal(&history)?.unwrap();
/// assert_eq!(wrong.pattern, BadPattern::WriteCoInitRead { write: 0, read: 2 });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn causal<K: Clone + Ord, V: Clone + Ord>(
    history: &History<Operation<K, V>, Answer<V>>,
) -> Result<Option<Noncausal<K, V>>, Unsuited> {
    let found = Causes::of(history)?.and_then(|causes| causes.check());
    Ok(found.err().map(|pattern| {
        let calls = pattern.calls();
        Noncausal { history: history.only(|index| calls.contains(&index)), pattern }
    }))
}

/// What is wrong with a history, in the words of Bouajjani and others (2017). Calls are named by their indices in the
/// history.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum BadPattern {
    /// Each of the calls causes the next, and the last one the first.
    CyclicCo {
        /// The calls.
        calls: Vec<usize>,
    },
    /// A read found nothing, though a write of its key caused it.
    WriteCoInitRead {
        /// The write.
        write: usize,
        /// The read.
        read: usize,
    },
    /// A read found a value that nobody wrote.
    ThinAirRead {
        /// The read.
        read: usize,
    },
    /// A read found a value that was overwritten: its write caused another of the key, which caused the read.
    WriteCoRead {
        /// The write of the value.
        write: usize,
        /// The write that follows it.
        overwritten: usize,
        /// The read.
        read: usize,
    },
}

impl BadPattern {
    fn calls(&self) -> Vec<usize> {
        match *self {
            Self::CyclicCo { ref calls } => calls.clone(),
            Self::WriteCoInitRead { write, read } => vec![write, read],
            Self::ThinAirRead { read } => vec![read],
            Self::WriteCoRead { write, overwritten, read } => vec![write, overwritten, read],
        }
    }
}

impl Display for BadPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CyclicCo { .. } => "each of these calls causes another, in a circle (CyclicCO)",
            Self::WriteCoInitRead { .. } => {
                "the read found nothing, though the write caused it (WriteCOInitRead)"
            }
            Self::ThinAirRead { .. } => "nobody wrote the value that was read (ThinAirRead)",
            Self::WriteCoRead { .. } => {
                "the value that was read had been overwritten by a write that caused the read (WriteCORead)"
            }
        })
    }
}

/// A history is not causally consistent. `Display` shows it to people, without a line feed at the end.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Noncausal<K, V> {
    /// What is wrong.
    pub pattern: BadPattern,
    /// Only the calls that the pattern names.
    pub history: History<Operation<K, V>, Answer<V>>,
}

impl<K: Display, V: Display> Display for Noncausal<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n\n{}", self.pattern, self.history.timeline())
    }
}

/// A call is not one that causal consistency can be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("call {call} {what}")]
#[non_exhaustive]
pub struct Unsuited {
    /// Its index in the history.
    pub call: usize,
    /// What is wrong with it, as the rest of a sentence.
    pub what: &'static str,
}

/// The causal order of a history.
struct Causes<K> {
    nodes: Vec<Node<K>>,
    /// By key and chain, the writes, in the chain's order.
    writes: BTreeMap<K, BTreeMap<usize, Vec<usize>>>,
    chains: usize,
}

/// A read or a write that may have happened.
struct Node<K> {
    call: usize,
    key: K,
    /// Of a read: the write that it found, if any.
    source: Option<usize>,
    reads: bool,
    /// A client's known calls are a chain, and so is each write with an unknown outcome.
    chain: usize,
    place: usize,
    /// What comes before it in its client's order.
    before: Option<usize>,
}

impl<K: Clone + Ord> Causes<K> {
    fn of<V: Clone + Ord>(
        history: &History<Operation<K, V>, Answer<V>>,
    ) -> Result<Result<Self, BadPattern>, Unsuited> {
        let mut origins = BTreeMap::new();
        let mut clients = BTreeMap::<u64, (usize, usize, usize)>::new();
        let mut found = Vec::new();
        let mut nodes: Vec<Node<K>> = Vec::new();
        let mut chains = 0;
        for (index, call) in history.calls().iter().enumerate() {
            let unsuited = |what| Unsuited { call: index, what };
            let Operation { key, op } = &call.operation;
            match (op, &call.outcome) {
                (register::Operation::Swap { .. }, _) => return Err(unsuited("is a swap")),
                (_, Outcome::Fail) | (register::Operation::Read, Outcome::Unknown) => continue,
                (register::Operation::Write(value), Outcome::Ok(Answer::Done) | Outcome::Unknown) => {
                    if origins.insert((key.clone(), value.clone()), nodes.len()).is_some() {
                        return Err(unsuited("writes a value that another wrote to the key"));
                    }
                }
                (register::Operation::Read, Outcome::Ok(Answer::Value(value))) => {
                    found.push((nodes.len(), value.clone()));
                }
                _ => return Err(unsuited("has the answer of another operation")),
            }
            let last = clients.get(&call.client).copied();
            let known = matches!(call.outcome, Outcome::Ok(_));
            let (chain, place) = match last {
                Some((_, chain, place)) if known => (chain, place + 1),
                _ => {
                    chains += 1;
                    (chains - 1, 0)
                }
            };
            if known {
                clients.insert(call.client, (nodes.len(), chain, place));
            }
            nodes.push(Node {
                call: index,
                key: key.clone(),
                source: None,
                reads: *op == register::Operation::Read,
                chain,
                place,
                before: last.map(|(node, ..)| node),
            });
        }
        for (node, value) in found {
            if let Some(value) = value {
                let Some(&writer) = origins.get(&(nodes[node].key.clone(), value)) else {
                    return Ok(Err(BadPattern::ThinAirRead { read: nodes[node].call }));
                };
                nodes[node].source = Some(writer);
            }
        }
        let mut writes = BTreeMap::<K, BTreeMap<usize, Vec<usize>>>::new();
        for (index, node) in nodes.iter().enumerate().filter(|(_, node)| !node.reads) {
            writes.entry(node.key.clone()).or_default().entry(node.chain).or_default().push(index);
        }
        Ok(Ok(Self { nodes, writes, chains }))
    }

    fn check(&self) -> Result<(), BadPattern> {
        let pasts = self.pasts()?;
        for (index, read) in self.nodes.iter().enumerate().filter(|(_, node)| node.reads) {
            for (&chain, writes) in self.writes.get(&read.key).into_iter().flatten() {
                // If an earlier write of the chain follows the source, so does the last one.
                let seen = writes.partition_point(|&write| self.nodes[write].place < pasts[index][chain]);
                let Some(&last) = writes[..seen].last() else { continue };
                let (write, read_call) = (self.nodes[last].call, read.call);
                match read.source {
                    None => return Err(BadPattern::WriteCoInitRead { write, read: read_call }),
                    Some(source) if source != last => {
                        let Node { call, chain, place, .. } = self.nodes[source];
                        if pasts[last][chain] > place {
                            let (write, overwritten) = (call, write);
                            return Err(BadPattern::WriteCoRead { write, overwritten, read: read_call });
                        }
                    }
                    Some(_) => {}
                }
            }
        }
        Ok(())
    }

    /// By node and chain, how many of the chain's first nodes are the node or cause it.
    fn pasts(&self) -> Result<Vec<Vec<usize>>, BadPattern> {
        let causes = |node: usize| [self.nodes[node].before, self.nodes[node].source].into_iter().flatten();
        let mut effects = vec![Vec::new(); self.nodes.len()];
        let mut missing = vec![0; self.nodes.len()];
        for (node, missing) in missing.iter_mut().enumerate() {
            for cause in causes(node) {
                effects[cause].push(node);
                *missing += 1;
            }
        }
        let mut ready: Vec<_> = (0..self.nodes.len()).filter(|&node| missing[node] == 0).collect();
        let mut pasts: Vec<Vec<usize>> = vec![Vec::new(); self.nodes.len()];
        while let Some(node) = ready.pop() {
            let mut past = vec![0; self.chains];
            for cause in causes(node) {
                past.iter_mut().zip(&pasts[cause]).for_each(|(own, &other)| *own = other.max(*own));
            }
            past[self.nodes[node].chain] = self.nodes[node].place + 1;
            pasts[node] = past;
            for &effect in &effects[node] {
                missing[effect] -= 1;
                if missing[effect] == 0 {
                    ready.push(effect);
                }
            }
        }
        let Some(stuck) = missing.iter().position(|&count| count > 0) else { return Ok(pasts) };
        // Each node that misses a cause misses one that misses one too: back along them until one comes again.
        let mut path = vec![stuck];
        loop {
            let last = path[path.len() - 1];
            let cause = causes(last).find(|&cause| missing[cause] > 0).unwrap_or(last);
            if let Some(start) = path.iter().position(|&node| node == cause) {
                let calls = path[start..].iter().rev().map(|&node| self.nodes[node].call).collect();
                return Err(BadPattern::CyclicCo { calls });
            }
            path.push(cause);
        }
    }
}
