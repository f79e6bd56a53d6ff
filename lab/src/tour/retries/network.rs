use std::collections::VecDeque;

use spacelike::machine::{Machine, NodeId, Outbox};

use crate::tour::gossip::SplitMix;
use crate::tour::retries::{Message, Workload};

/// A network that loses and doubles messages on purpose: a machine sends through it. Half of the copies arrive at once, the others
/// after 32 later messages. What it does depends on nothing but the seed and how many were sent before.
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
    /// How many messages were sent.
    sent: u64,
    /// Copies that arrive late, and after how many messages: no more than [`LATE`] of them, in order.
    late: VecDeque<(u64, NodeId, Message)>,
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
        let (loss, duplication) = (loss.into(), duplication.into());
        Self { loss, duplication, random: SplitMix(seed), sent: 0, late: VecDeque::new() }
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

    /// Sends a message, or doesn't, or sends it twice; and the copies that are due.
    pub fn send<M>(&mut self, to: NodeId, message: Message, out: &mut Outbox<M>) -> Fate
    where
        M: Machine<Message = Message>,
    {
        let fate = self.next();
        if fate != Fate::Lost {
            out.send(to, message);
        }
        if fate == Fate::Doubled {
            if self.random.draw().is_multiple_of(2) {
                out.send(to, message);
            } else {
                self.late.push_back((self.sent + LATE, to, message));
            }
        }
        while let Some(&(due, to, message)) = self.late.front()
            && due <= self.sent
        {
            self.late.pop_front();
            out.send(to, message);
        }
        self.sent += 1;
        fate
    }
}

/// So late that a client which isn't stuck has gone on.
const LATE: u64 = 32;
