use crate::{Fingerprint, Lost, SessionId};

/// What one client asks for, each request once: the numbers of its requests, and what was answered, until the client says
/// that it has the answer.
///
/// A client numbers its requests, and with each says which it still waits for (RIFL: Lee, Park, Kejriwal, Matsushita and
/// Ousterhout 2015, "Implementing linearizability at large scale and low latency", section 3; Ongaro 2014, "Consensus:
/// bridging theory and practice", section 6.3). So a session keeps the answers to at most `W` requests, of at most `R`
/// bytes each, and never one less than a client may ask for again.
///
/// For one thread; put it behind a lock, or into a state machine that is replicated: equal sessions that are told the same
/// stay equal. It reads no clock and allocates nothing.
///
/// # Examples
/// ```
/// use spacelike_idempotency::{Begin, Fingerprint, Request, Session};
///
/// let mut session = Session::<8, 64>::new(1);
/// let request = Request { epoch: 1, sequence: 0, acknowledged: 0, fingerprint: Fingerprint(0xFEED) };
///
/// let Begin::Execute(ticket) = session.begin(&request) else { panic!() };
/// assert!(matches!(session.begin(&request), Begin::InProgress)); // a retry came too early
/// session.complete(ticket, b"done")?;
/// assert!(matches!(session.begin(&request), Begin::Replay(b"done")));
///
/// // The client has the answer, and goes on. An old copy of the request is still somewhere in the network.
/// let next = Request { sequence: 1, acknowledged: 1, ..request };
/// assert!(matches!(session.begin(&next), Begin::Execute(_)));
/// assert!(matches!(session.begin(&request), Begin::Stale));
/// # Ok::<(), spacelike_idempotency::Lost>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Session<const W: usize, const R: usize> {
    pub(crate) id: SessionId,
    pub(crate) epoch: u64,
    /// All requests below it are acknowledged.
    pub(crate) acknowledged: u64,
    /// How often a request was begun, in all epochs, so that no two tickets are alike.
    pub(crate) attempts: u64,
    /// That of a request is its number modulo `W`. Within a window of `W` there are no two of one slot.
    pub(crate) slots: [Slot<R>; W],
}

/// A request, as the client numbers it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Request {
    /// Which life of the client it is of.
    pub epoch: u64,
    /// Its number: one more each time, from zero on in each epoch.
    pub sequence: u64,
    /// The client has, or doesn't want any more, the answers to all requests below this one.
    pub acknowledged: u64,
    /// Of what is asked. The same number with another one is a bug of the client.
    pub fingerprint: Fingerprint,
}

/// What to do about a request.
#[derive(PartialEq, Eq, Debug)]
#[must_use = "a request that is to be executed must be completed or aborted"]
pub enum Begin<'a> {
    /// Execute it, and then [`complete`](Session::complete) or [`abort`](Session::abort) it.
    Execute(Ticket),
    /// It is being executed.
    InProgress,
    /// It was executed, and this was the answer.
    Replay(&'a [u8]),
    /// It was executed, but the answer had more than `R` bytes: so many, which were not kept.
    Oversize {
        /// How long it was.
        len: u64,
    },
    /// The number was used for another request.
    Mismatch,
    /// The client has said that it has the answer: an old copy. To be dropped.
    Stale,
    /// The client waits for `W` answers: it has to acknowledge some first.
    WindowFull,
    /// The client has another life, or had.
    WrongEpoch {
        /// That of the session.
        epoch: u64,
    },
}

/// The right to complete a request, once.
#[derive(PartialEq, Eq, Hash, Debug)]
#[must_use = "complete or abort the request, or it stays in progress"]
pub struct Ticket {
    session: SessionId,
    sequence: u64,
    attempt: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Slot<const R: usize> {
    Free,
    Executing {
        sequence: u64,
        fingerprint: Fingerprint,
        attempt: u64,
    },
    /// What is beyond `len` is zero.
    Done {
        sequence: u64,
        fingerprint: Fingerprint,
        len: u64,
        bytes: [u8; R],
    },
}

impl<const W: usize, const R: usize> Session<W, R> {
    /// Of a client's life, in which nothing was asked yet. Its name is zero: see [`with_id`](Self::with_id).
    ///
    /// # Panics
    /// If `W` is zero. In a constant, that is an error of the compiler.
    pub const fn new(epoch: u64) -> Self {
        const { assert!(W > 0, "a session without a window") };
        Self { id: SessionId(0), epoch, acknowledged: 0, attempts: 0, slots: [Slot::Free; W] }
    }

    /// The same session under a name: so that tickets of another one are none of its own. A
    /// [`SessionTable`](crate::SessionTable) names its sessions itself.
    #[must_use]
    pub const fn with_id(mut self, id: SessionId) -> Self {
        self.id = id;
        self
    }

    /// Its name.
    pub const fn id(&self) -> SessionId {
        self.id
    }

    /// Which life of the client it is of.
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// All requests below this one are acknowledged.
    pub const fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    /// A request came, for the first time or again. What it acknowledges is forgotten, unless it is refused: then nothing
    /// changes. O(1), and O(W) at most if it acknowledges something.
    pub fn begin(&mut self, request: &Request) -> Begin<'_> {
        let &Request { epoch, sequence, acknowledged, fingerprint } = request;
        if epoch != self.epoch {
            return Begin::WrongEpoch { epoch: self.epoch };
        }
        let acknowledged = acknowledged.max(self.acknowledged);
        let Some(ahead) = sequence.checked_sub(acknowledged) else { return Begin::Stale };
        if ahead >= W as u64 {
            return Begin::WindowFull;
        }
        let index = slot_of::<W>(sequence);
        if self.slots[index].is_of(sequence) && self.slots[index].fingerprint() != Some(fingerprint) {
            return Begin::Mismatch;
        }
        self.acknowledge(acknowledged);
        if matches!(self.slots[index], Slot::Free) {
            return Begin::Execute(self.execute(sequence, fingerprint));
        }
        match &self.slots[index] {
            Slot::Done { len, bytes, .. } => {
                match usize::try_from(*len).ok().and_then(|len| bytes.get(..len)) {
                    Some(answer) => Begin::Replay(answer),
                    None => Begin::Oversize { len: *len },
                }
            }
            _ => Begin::InProgress,
        }
    }

    /// The request was executed, with this answer. One of more than `R` bytes isn't kept, only that there was one: see
    /// [`Begin::Oversize`].
    ///
    /// # Errors
    /// [`Lost`] if the ticket isn't good any more: the client gave up waiting, the request was given to somebody else, or the
    /// epoch is over; or if it is of another session. Nothing changes.
    pub fn complete(&mut self, ticket: Ticket, answer: &[u8]) -> Result<(), Lost> {
        let (sequence, fingerprint) = self.redeem(ticket)?;
        let mut bytes = [0; R];
        if let Some(kept) = bytes.get_mut(..answer.len()) {
            kept.copy_from_slice(answer);
        }
        let len = answer.len() as u64;
        self.slots[slot_of::<W>(sequence)] = Slot::Done { sequence, fingerprint, len, bytes };
        Ok(())
    }

    /// The request was not executed, and had no effect: the next copy of it will be, whatever its fingerprint.
    ///
    /// # Errors
    /// As [`complete`](Self::complete).
    pub fn abort(&mut self, ticket: Ticket) -> Result<(), Lost> {
        let (sequence, _) = self.redeem(ticket)?;
        self.slots[slot_of::<W>(sequence)] = Slot::Free;
        Ok(())
    }

    /// Takes a request away from whoever executes it, because he is known to be dead, or to have had no effect. His
    /// ticket is good for nothing any more. `None` if it isn't being executed.
    pub fn reclaim(&mut self, sequence: u64) -> Option<Ticket> {
        let index = slot_of::<W>(sequence);
        match self.slots[index] {
            Slot::Executing { sequence: executing, fingerprint, .. } if executing == sequence => {
                Some(self.execute(sequence, fingerprint))
            }
            _ => None,
        }
    }

    /// The requests that are being executed, by their numbers, in no order.
    pub fn executing(&self) -> impl Iterator<Item = u64> {
        self.slots.iter().filter_map(|slot| match slot {
            Slot::Executing { sequence, .. } => Some(*sequence),
            _ => None,
        })
    }

    /// The client begins a new life, and numbers its requests from zero on. Answers to the old ones are forgotten, tickets
    /// lost. Says whether it is one: an epoch that isn't greater changes nothing.
    ///
    /// A client that has forgotten its numbers must begin a new life, never go on.
    pub fn renew(&mut self, epoch: u64) -> bool {
        let is_new = epoch > self.epoch;
        if is_new {
            *self = Self { id: self.id, attempts: self.attempts, ..Self::new(epoch) };
        }
        is_new
    }

    fn acknowledge(&mut self, acknowledged: u64) {
        if acknowledged > self.acknowledged {
            self.acknowledged = acknowledged;
            for slot in &mut self.slots {
                if slot.sequence().is_some_and(|sequence| sequence < acknowledged) {
                    *slot = Slot::Free;
                }
            }
        }
    }

    fn execute(&mut self, sequence: u64, fingerprint: Fingerprint) -> Ticket {
        self.attempts += 1;
        let attempt = self.attempts;
        self.slots[slot_of::<W>(sequence)] = Slot::Executing { sequence, fingerprint, attempt };
        Ticket { session: self.id, sequence, attempt }
    }

    /// The request that a ticket is for.
    fn redeem(
        &self,
        Ticket { session, sequence, attempt: redeemed }: Ticket,
    ) -> Result<(u64, Fingerprint), Lost> {
        match self.slots[slot_of::<W>(sequence)] {
            // Attempts are never counted twice, so the numbers of the requests are equal as well.
            Slot::Executing { attempt, fingerprint, .. } if attempt == redeemed && session == self.id => {
                Ok((sequence, fingerprint))
            }
            _ => Err(Lost { sequence }),
        }
    }
}

impl Ticket {
    /// The session that gave it out.
    pub const fn session(&self) -> SessionId {
        self.session
    }

    /// Which request it is for.
    pub const fn sequence(&self) -> u64 {
        self.sequence
    }
}

impl<const R: usize> Slot<R> {
    pub(crate) const fn sequence(&self) -> Option<u64> {
        match self {
            Self::Free => None,
            Self::Executing { sequence, .. } | Self::Done { sequence, .. } => Some(*sequence),
        }
    }

    fn is_of(&self, sequence: u64) -> bool {
        self.sequence() == Some(sequence)
    }

    const fn fingerprint(&self) -> Option<Fingerprint> {
        match self {
            Self::Free => None,
            Self::Executing { fingerprint, .. } | Self::Done { fingerprint, .. } => Some(*fingerprint),
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a remainder is below a usize")]
pub(crate) const fn slot_of<const W: usize>(sequence: u64) -> usize {
    (sequence % W as u64) as usize
}
