use spacelike::machine::{Machine, NodeId, Outbox};

use crate::tour::gossip::SplitMix;
use crate::tour::retries::{Message, Workload};

/// A network that loses and doubles messages on purpose: a machine sends through it. What it does depends on nothing but the seed
/// and how many were sent before.
///
/// # Examples
/// ```
/// use spacelike_lab::tour::retries::{Fate, Network, Workload};
///
/// let lossless = Workload { loss: 0, duplication: 100, ..Workload::default() };
/// assert_eq!(Network::new(&lossless, 7).next(), Fate::Doubled);
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Network {
    loss: u64,
    duplication: u64,
    random: SplitMix,
}

/// What the network does with a message.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Fate {
    /// Nothing of it is sent.
    Lost,
    /// It is sent.
    Carried,
    /// It is sent twice.
    Doubled,
}

impl Network {
    /// One end of it. Ends of one run need different seeds, or they have the same luck.
    pub fn new(workload: &Workload, seed: u64) -> Self {
        let &Workload { loss, duplication, .. } = workload;
        Self { loss: loss.into(), duplication: duplication.into(), random: SplitMix(seed) }
    }

    /// What it does with the next message.
    #[expect(clippy::should_implement_trait, reason = "it has no end, and no adapter makes sense")]
    pub fn next(&mut self) -> Fate {
        // Both are drawn for each message, so that one rate doesn't change what the other does.
        let [lost, doubled] = [self.loss, self.duplication].map(|percent| self.random.draw() % 100 < percent);
        match (lost, doubled) {
            (true, _) => Fate::Lost,
            (false, true) => Fate::Doubled,
            (false, false) => Fate::Carried,
        }
    }

    /// Sends a message, or doesn't, or sends it twice.
    pub fn send<M>(&mut self, to: NodeId, message: Message, out: &mut Outbox<M>) -> Fate
    where
        M: Machine<Message = Message>,
    {
        let fate = self.next();
        let copies = match fate {
            Fate::Lost => 0,
            Fate::Carried => 1,
            Fate::Doubled => 2,
        };
        (0..copies).for_each(|_| out.send(to, message));
        fate
    }
}
