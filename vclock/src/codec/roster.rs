use crate::clock::Entries;
use crate::{Clock, NotCanonical};

use super::crc::Crc;
use super::reader::Reader;
use super::writer::Writer;
use super::{DecodeCause, DecodeError, Header, Mode, NotOnRoster, WireActor, encode, sparse, varint};

/// The actors that both sides know, so that clocks need not name them: a clock is then a counter for each.
///
/// What is encoded by another roster is refused, by a fingerprint of four bytes. It finds mistakes, not forgeries: two
/// rosters have the same one in 2^32 cases.
///
/// # Examples
/// ```
/// use spacelike_vclock::VectorClock;
/// use spacelike_vclock::codec::{Encode, Roster};
///
/// let actors = ["ada", "bob", "cyd"].map(String::from);
/// let roster = Roster::new(&actors)?;
/// let clock = VectorClock::from([("ada".to_owned(), 3), ("cyd".to_owned(), 1)]);
///
/// let bytes = roster.on(&clock)?.to_bytes();
/// assert_eq!(bytes.len(), 1 + 4 + 3); // alone it would take 12 bytes
/// assert_eq!(roster.decode(&bytes), Ok(clock));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Roster<'a, A> {
    actors: &'a [A],
    fingerprint: u32,
}

/// A clock to be encoded by a [`Roster`].
#[derive(Debug)]
pub struct OnRoster<'a, A> {
    roster: Roster<'a, A>,
    entries: &'a [(A, u64)],
}

impl<'a, A: WireActor> Roster<'a, A> {
    /// Of these actors, which must strictly ascend. O(n).
    ///
    /// # Errors
    /// [`NotCanonical`] names the first that doesn't.
    pub fn new(actors: &'a [A]) -> Result<Self, NotCanonical> {
        match actors.windows(2).position(|pair| pair[0] >= pair[1]) {
            Some(index) => Err(NotCanonical::Order { index: index + 1 }),
            None => Ok(Self { actors, fingerprint: fingerprint(actors) }),
        }
    }

    /// The actors.
    pub const fn actors(&self) -> &'a [A] {
        self.actors
    }

    /// What tells it from other rosters in the encodings.
    pub const fn fingerprint(&self) -> u32 {
        self.fingerprint
    }

    /// `clock`, to be encoded by this roster. O(n).
    ///
    /// # Errors
    /// [`NotOnRoster`] names the first entry of the clock whose actor isn't.
    pub fn on<'c, K>(&self, clock: &'c Clock<A, K>) -> Result<OnRoster<'c, A>, NotOnRoster>
    where
        'a: 'c,
    {
        let mut actors = self.actors.iter();
        match clock.entries.iter().position(|entry| !actors.any(|actor| *actor == entry.0)) {
            Some(index) => Err(NotOnRoster { index }),
            None => Ok(OnRoster { roster: *self, entries: &clock.entries }),
        }
    }
}

impl<A: WireActor + Clone> Roster<'_, A> {
    /// The clock that was encoded [by](Self::on) this roster. O(n), and one allocation of no more entries than the roster has
    /// actors, nor than `bytes` has bytes.
    ///
    /// # Errors
    /// What is wrong with `bytes`, and where.
    pub fn decode<K>(&self, bytes: &[u8]) -> Result<Clock<A, K>, DecodeError> {
        let mut reader = Reader::new(bytes);
        let clock = self.read(&mut reader)?;
        reader.end()?;
        Ok(clock)
    }

    /// Like [`decode`](Self::decode), of what `bytes` begins with; and the rest.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn decode_prefix<'b, K>(&self, bytes: &'b [u8]) -> Result<(Clock<A, K>, &'b [u8]), DecodeError> {
        let mut reader = Reader::new(bytes);
        let clock = self.read(&mut reader)?;
        Ok((clock, reader.rest()))
    }

    fn read<K>(&self, reader: &mut Reader<'_>) -> Result<Clock<A, K>, DecodeError> {
        Header::exact(Mode::Roster).expect(reader)?;
        let begin = *reader;
        let (expected, found) = (self.fingerprint, u32::from_be_bytes(*reader.array()?));
        if expected != found {
            return Err(begin.error(DecodeCause::RosterDiffers { expected, found }));
        }
        if reader.rest().len() < self.actors.len() {
            return Err(reader.error(DecodeCause::End));
        }
        let mut entries = Entries::with_capacity(self.actors.len());
        for actor in self.actors {
            let counter = reader.varint()?;
            if counter > 0 {
                entries.push((actor.clone(), counter));
            }
        }
        Ok(Clock::from_sorted(entries))
    }
}

impl<A: WireActor> encode::sealed::Encode for OnRoster<'_, A> {
    fn len_of_encoding(&self) -> usize {
        self.counters().fold(1 + 4, |sum, counter| sum + varint::len(counter))
    }

    fn write<F: FnMut(&[u8])>(&self, out: &mut Writer<F>) {
        out.byte(Header::exact(Mode::Roster).to_byte());
        out.bytes(&self.roster.fingerprint.to_be_bytes());
        self.counters().for_each(|counter| out.varint(counter));
    }
}

impl<A: WireActor> OnRoster<'_, A> {
    /// One for each actor of the roster.
    fn counters(&self) -> impl Iterator<Item = u64> {
        let mut entries = self.entries.iter().peekable();
        self.roster
            .actors
            .iter()
            .map(move |actor| entries.next_if(|entry| entry.0 == *actor).map_or(0, |entry| entry.1))
    }
}

// Not derived: a derive would ask of the actors what references don't need.

impl<A> Clone for Roster<'_, A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A> Copy for Roster<'_, A> {}

impl<A> Clone for OnRoster<'_, A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A> Copy for OnRoster<'_, A> {}

fn fingerprint<A: WireActor>(actors: &[A]) -> u32 {
    let mut crc = Crc::new();
    let mut out = Writer::new(|bytes: &[u8]| crc.update(bytes));
    out.varint(actors.len() as u64);
    let mut after = None;
    for actor in actors {
        sparse::put_id(actor.to_wire(), &mut after, &mut out);
    }
    out.finish();
    crc.finish()
}
