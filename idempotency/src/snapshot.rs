//! Sessions as bytes, so that a replicated state machine can hand them to a replica that was away.
//!
//! Equal sessions have equal bytes, and each has one form: so replicas may compare digests. Numbers are little-endian.
//!
//! ```text
//! session: 1, W: u32, R: u32, id: u64, epoch: u64, acknowledged: u64, attempts: u64, requests: u32, request...
//! request: sequence: u64, fingerprint: u128, 0, attempt: u64             being executed
//!                                            1, length: u32, bytes...    executed
//!                                            2, length: u64              executed, and the answer was too long to be kept
//! table:   1, next: u64, sessions: u32, entry...
//! entry:   used: u64 seconds, u32 nanoseconds, session
//! ```

use core::time::Duration;

use crate::session::{Slot, slot_of};
use crate::{Entry, Fingerprint, Session, SessionId, SessionTable, SnapshotError};

impl<const W: usize, const R: usize> Session<W, R> {
    /// Writes the session, piece by piece. What is written in all is never more than 45 + W * max(33, 29 + R) bytes.
    ///
    /// # Examples
    /// ```
    /// use spacelike_idempotency::Session;
    ///
    /// let session = Session::<8, 64>::new(1);
    /// let mut bytes = Vec::new();
    /// session.write(&mut |piece| bytes.extend_from_slice(piece));
    /// assert_eq!(Session::read(&mut &*bytes), Ok(session));
    /// ```
    pub fn write(&self, sink: &mut impl FnMut(&[u8])) {
        self.write_as(self.id, sink);
    }

    fn write_as(&self, id: SessionId, sink: &mut impl FnMut(&[u8])) {
        sink(&[VERSION]);
        for size in [W, R] {
            sink(&narrow(size).to_le_bytes());
        }
        for number in [id.0, self.epoch, self.acknowledged, self.attempts] {
            sink(&number.to_le_bytes());
        }
        let live = self.slots.iter().filter(|slot| slot.sequence().is_some()).count();
        sink(&narrow(live).to_le_bytes());
        // In the order of their numbers, which begins somewhere in the ring.
        let first = slot_of::<W>(self.acknowledged);
        for slot in self.slots[first..].iter().chain(&self.slots[..first]) {
            slot.write(sink);
        }
    }

    /// Reads a session, and moves on to what follows it.
    ///
    /// # Errors
    /// [`SnapshotError`] if the bytes are not what a session of this size writes. `bytes` is then somewhere in between.
    pub fn read(bytes: &mut &[u8]) -> Result<Self, SnapshotError> {
        if take(bytes)? != [VERSION] {
            return Err(SnapshotError::Version);
        }
        for size in [W, R] {
            if u32::from_le_bytes(take(bytes)?) != narrow(size) {
                return Err(SnapshotError::Size);
            }
        }
        let [id, epoch, acknowledged, attempts] =
            [take(bytes)?, take(bytes)?, take(bytes)?, take(bytes)?].map(u64::from_le_bytes);
        if attempts > COUNT_MAX {
            return Err(SnapshotError::Invalid);
        }
        let mut session = Self { id: SessionId(id), epoch, acknowledged, attempts, ..Self::new(epoch) };
        let mut least = Some(acknowledged);
        for _ in 0..u32::from_le_bytes(take(bytes)?) {
            let slot = Slot::read(bytes)?;
            let is_next = |&sequence: &u64| {
                least.is_some_and(|least| least <= sequence) && sequence - acknowledged < W as u64
            };
            let sequence = slot.sequence().filter(is_next).ok_or(SnapshotError::Invalid)?;
            if let Slot::Executing { attempt, .. } = slot {
                let is_taken = session.slots.iter().any(
                    |other| matches!(other, Slot::Executing { attempt: other, .. } if *other == attempt),
                );
                if attempt == 0 || attempt > attempts || is_taken {
                    return Err(SnapshotError::Invalid);
                }
            }
            session.slots[slot_of::<W>(sequence)] = slot;
            least = sequence.checked_add(1);
        }
        Ok(session)
    }
}

impl<T, const W: usize, const R: usize> SessionTable<T, W, R>
where
    T: AsRef<[Option<Entry<W, R>>]> + AsMut<[Option<Entry<W, R>>]>,
{
    /// Writes the table, piece by piece.
    pub fn write(&self, sink: &mut impl FnMut(&[u8])) {
        sink(&[VERSION]);
        sink(&self.next.to_le_bytes());
        sink(&narrow(self.len).to_le_bytes());
        for (id, used, session) in self.iter() {
            sink(&used.as_secs().to_le_bytes());
            sink(&used.subsec_nanos().to_le_bytes());
            session.write_as(id, sink);
        }
    }

    /// Reads a table into this room, and moves on to what follows it.
    ///
    /// # Errors
    /// [`SnapshotError`] if the bytes are not what a table of such sessions writes, or there are more sessions than room.
    /// `bytes` is then somewhere in between, and what was in the room is lost.
    pub fn read(room: T, bytes: &mut &[u8]) -> Result<Self, SnapshotError> {
        let mut table = Self::new(room);
        if take(bytes)? != [VERSION] {
            return Err(SnapshotError::Version);
        }
        table.next = u64::from_le_bytes(take(bytes)?);
        if table.next > COUNT_MAX {
            return Err(SnapshotError::Invalid);
        }
        let mut least = 0;
        for _ in 0..u32::from_le_bytes(take(bytes)?) {
            let (seconds, nanos) = (u64::from_le_bytes(take(bytes)?), u32::from_le_bytes(take(bytes)?));
            let session = Session::read(bytes)?;
            let SessionId(id) = session.id;
            if id < least || id >= table.next || nanos >= 1_000_000_000 {
                return Err(SnapshotError::Invalid);
            }
            let entry = table.room.as_mut().get_mut(table.len).ok_or(SnapshotError::Size)?;
            *entry = Some(Entry { id: session.id, used: Duration::new(seconds, nanos), session });
            table.len += 1;
            least = id + 1;
        }
        Ok(table)
    }
}

impl<const R: usize> Slot<R> {
    fn write(&self, sink: &mut impl FnMut(&[u8])) {
        let mut head = |sequence: &u64, fingerprint: &Fingerprint, kind: u8| {
            sink(&sequence.to_le_bytes());
            sink(&fingerprint.0.to_le_bytes());
            sink(&[kind]);
        };
        match self {
            Self::Free => {}
            Self::Executing { sequence, fingerprint, attempt } => {
                head(sequence, fingerprint, EXECUTING);
                sink(&attempt.to_le_bytes());
            }
            Self::Done { sequence, fingerprint, len, bytes } => {
                if let Some(answer) = usize::try_from(*len).ok().and_then(|len| bytes.get(..len)) {
                    head(sequence, fingerprint, EXECUTED);
                    sink(&narrow(answer.len()).to_le_bytes());
                    sink(answer);
                } else {
                    head(sequence, fingerprint, OVERSIZE);
                    sink(&len.to_le_bytes());
                }
            }
        }
    }

    fn read(input: &mut &[u8]) -> Result<Self, SnapshotError> {
        let sequence = u64::from_le_bytes(take(input)?);
        let fingerprint = Fingerprint(u128::from_le_bytes(take(input)?));
        let mut bytes = [0; R];
        let len = match take(input)? {
            [EXECUTING] => {
                let attempt = u64::from_le_bytes(take(input)?);
                return Ok(Self::Executing { sequence, fingerprint, attempt });
            }
            [EXECUTED] => {
                let len = u32::from_le_bytes(take(input)?);
                let kept = usize::try_from(len).ok().and_then(|len| bytes.get_mut(..len));
                let kept = kept.ok_or(SnapshotError::Invalid)?;
                let (answer, rest) = input.split_at_checked(kept.len()).ok_or(SnapshotError::Short)?;
                kept.copy_from_slice(answer);
                *input = rest;
                u64::from(len)
            }
            [OVERSIZE] => Some(u64::from_le_bytes(take(input)?))
                .filter(|&len| len > R as u64)
                .ok_or(SnapshotError::Invalid)?,
            _ => return Err(SnapshotError::Invalid),
        };
        Ok(Self::Done { sequence, fingerprint, len, bytes })
    }
}

/// The next bytes.
fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], SnapshotError> {
    let (taken, rest) = bytes.split_first_chunk().ok_or(SnapshotError::Short)?;
    *bytes = rest;
    Ok(*taken)
}

/// Sizes and counts of what lies in memory.
fn narrow(size: usize) -> u32 {
    u32::try_from(size).expect("nobody has 2^32 of them")
}

/// Nobody counts further by ones.
const COUNT_MAX: u64 = u64::MAX >> 1;

const VERSION: u8 = 1;
const EXECUTING: u8 = 0;
const EXECUTED: u8 = 1;
const OVERSIZE: u8 = 2;
