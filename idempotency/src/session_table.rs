use core::fmt;
use core::time::Duration;

use crate::{OpenError, Session, UnknownSession};

/// The sessions of many clients, of which each gets a name that nobody had before.
///
/// An unknown session is an error, and never a fresh one: it has expired, and whether its requests were executed is
/// forgotten. The client has to find out by other means, or say so to whoever asked it (Ongaro 2014, section 6.3).
///
/// It keeps what it is given room for, in a slice of any kind: an array, a `Vec`, a `&mut` slice. Time is the caller's: in a
/// replicated state machine that of the log entry, so that all replicas expire the same sessions.
///
/// # Cost
/// Finding a session takes O(log n) for n sessions, as they are in the order of their names; opening one O(1), expiring
/// some O(n).
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use spacelike_idempotency::{Session, SessionTable};
///
/// let second = Duration::from_secs;
/// let mut sessions = SessionTable::<_, 8, 64>::new([const { None }; 100]);
/// let ann = sessions.open(second(0))?;
/// let bob = sessions.open(second(50))?;
/// assert_eq!(sessions.get(ann, second(55))?.acknowledged(), 0);
///
/// assert_eq!(sessions.expire(second(100), second(30)), 2);
/// assert!(sessions.get(ann, second(101)).is_err());
/// assert!(sessions.open(second(101))? > bob);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct SessionTable<T, const W: usize, const R: usize> {
    /// Those that are there come first, in the order of their names.
    pub(crate) room: T,
    pub(crate) len: usize,
    /// The name of the next one.
    pub(crate) next: u64,
}

/// The name of a session. Later ones are greater.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SessionId(pub u64);

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Room for a session.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Entry<const W: usize, const R: usize> {
    pub(crate) id: SessionId,
    pub(crate) used: Duration,
    pub(crate) session: Session<W, R>,
}

impl<T, const W: usize, const R: usize> SessionTable<T, W, R>
where
    T: AsRef<[Option<Entry<W, R>>]> + AsMut<[Option<Entry<W, R>>]>,
{
    /// A table without sessions, and with room for as many as the slice is long. What is in it already is dropped.
    pub fn new(mut room: T) -> Self {
        room.as_mut().iter_mut().for_each(|entry| *entry = None);
        Self { room, len: 0, next: 0 }
    }

    /// Opens a session for a client in its epoch 0. A client that asks twice, because it didn't get the first answer,
    /// gets two; the first is never used, and expires.
    ///
    /// # Errors
    /// [`OpenError`] if there is no room: let some [`expire`](Self::expire), or [`close`](Self::close) one.
    pub fn open(&mut self, now: Duration) -> Result<SessionId, OpenError> {
        let room = self.room.as_mut();
        let sessions_max = room.len();
        let entry = room.get_mut(self.len).ok_or(OpenError { sessions_max })?;
        let id = SessionId(self.next);
        *entry = Some(Entry { id, used: now, session: Session::new(0).with_id(id) });
        self.len += 1;
        self.next += 1;
        Ok(id)
    }

    /// A session, which is used now. To begin a new life, [`renew`](Session::renew) it: one that is put in its place is
    /// found by the name, but counts its tickets anew.
    ///
    /// # Errors
    /// [`UnknownSession`] if there is none of this name.
    pub fn get(&mut self, id: SessionId, now: Duration) -> Result<&mut Session<W, R>, UnknownSession> {
        let index = self.find(id)?;
        match &mut self.room.as_mut()[index] {
            Some(entry) => {
                entry.used = entry.used.max(now);
                Ok(&mut entry.session)
            }
            None => Err(UnknownSession { id }),
        }
    }

    /// Ends all sessions that were not used for longer than `idle`, which must be longer than a client goes on retrying. Says
    /// how many.
    pub fn expire(&mut self, now: Duration, idle: Duration) -> usize {
        self.retain(|entry| now.saturating_sub(entry.used) <= idle)
    }

    /// Ends a session. Says whether there was one.
    pub fn close(&mut self, id: SessionId) -> bool {
        self.retain(|entry| entry.id != id) > 0
    }

    /// The sessions and when they were last used, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (SessionId, Duration, &Session<W, R>)> {
        self.room.as_ref().iter().flatten().map(|entry| (entry.id, entry.used, &entry.session))
    }

    /// How many sessions there are.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn find(&self, id: SessionId) -> Result<usize, UnknownSession> {
        self.room.as_ref()[..self.len]
            .binary_search_by_key(&Some(id), |entry| entry.as_ref().map(|entry| entry.id))
            .map_err(|_| UnknownSession { id })
    }

    /// Keeps some sessions, together and in their order. Says how many it ends.
    fn retain(&mut self, keep: impl Fn(&Entry<W, R>) -> bool) -> usize {
        let entries = &mut self.room.as_mut()[..self.len];
        let mut kept = 0;
        for index in 0..entries.len() {
            if entries[index].as_ref().is_some_and(&keep) {
                entries.swap(kept, index);
                kept += 1;
            }
        }
        entries[kept..].iter_mut().for_each(|entry| *entry = None);
        core::mem::replace(&mut self.len, kept) - kept
    }
}
