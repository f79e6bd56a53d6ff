//! The wire form against a model that writes it as its description says, byte by byte; and against hostile bytes.
#![cfg(feature = "alloc")]
#![expect(clippy::cast_possible_truncation, reason = "the low bits are what is meant")]

use std::fmt::Debug;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use spacelike_vclock::codec::{
    Base, Decode, DecodeCause, DecodeError, Encode, Header, Limits, Roster, WireActor,
};
use spacelike_vclock::{
    Actor, BoundedClock, Causality, ClockView, Dot, FixedClock, PrunedVector, Updates, VectorClock,
    VersionVector,
};

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    /// Each clock has the bytes that the description gives it, and they give it back; whatever its actors are.
    #[test]
    fn clocks_are_written_as_described(seeds in seeds()) {
        as_described::<u8>(&seeds)?;
        as_described::<u16>(&seeds)?;
        as_described::<u32>(&seeds)?;
        as_described::<u64>(&seeds)?;
        as_described::<u128>(&seeds)?;
        as_described::<[u8; 0]>(&seeds)?;
        as_described::<[u8; 3]>(&seeds)?;
        as_described::<String>(&seeds)?;
        as_described::<Box<str>>(&seeds)?;
        as_described::<Vec<u8>>(&seeds)?;
        as_described::<Box<[u8]>>(&seeds)?;
        as_described::<Actor<u8>>(&seeds)?;
        as_described::<Actor<u64>>(&seeds)?;
        as_described::<Actor<String>>(&seeds)?;
        as_described::<Actor<Actor<u8>>>(&seeds)?;
    }

    /// A decoder takes arbitrary bytes, and what it accepts is what it would have written: one encoding for each clock.
    #[test]
    fn what_decodes_encodes_to_the_same_bytes(bytes in hostile()) {
        canonical::<VersionVector<u8>>(&bytes)?;
        canonical::<VersionVector<u32>>(&bytes)?;
        canonical::<VectorClock<u64>>(&bytes)?;
        canonical::<VersionVector<u128>>(&bytes)?;
        canonical::<VersionVector<[u8; 1]>>(&bytes)?;
        canonical::<VersionVector<String>>(&bytes)?;
        canonical::<VersionVector<Actor<u8>>>(&bytes)?;
        canonical::<VersionVector<Actor<String>>>(&bytes)?;
        canonical::<PrunedVector<u16>>(&bytes)?;
        canonical::<PrunedVector<Vec<u8>>>(&bytes)?;
        canonical::<Dot<u16>>(&bytes)?;
        canonical::<Dot<Actor<Box<str>>>>(&bytes)?;
        canonical::<BoundedClock<u16, 4, u16>>(&bytes)?;
        canonical::<FixedClock<3, u8>>(&bytes)?;
        canonical::<FixedClock<2, u16>>(&bytes)?;
        canonical::<FixedClock<1, u64>>(&bytes)?;
        let _ = Header::of(&bytes);
    }

    /// The same for what needs a roster or a base.
    #[test]
    fn what_decodes_by_a_roster_or_a_base_encodes_to_the_same_bytes(
        bytes in hostile(),
        roster in vec(any::<u8>(), 0..6),
        base in entries::<u8>(),
    ) {
        let mut roster = roster;
        roster.sort_unstable();
        roster.dedup();
        let roster = Roster::new(&roster).unwrap();
        let rest = bytes.get(1..).unwrap_or(&[]);
        let bytes = [&[0x11][..], &roster.fingerprint().to_be_bytes(), rest].concat();
        if let Ok(clock) = roster.decode::<Updates>(&bytes) {
            prop_assert_eq!(roster.on(&clock).unwrap().to_bytes(), bytes);
        }

        let base = clock(&base);
        let base = Base::new(&base);
        let bytes = [&[0x12][..], &base.fingerprint().to_be_bytes(), rest].concat();
        if let Ok(clock) = base.decode(&bytes, Limits::NONE) {
            prop_assert_eq!(base.above(&clock).unwrap().to_bytes(), bytes);
        }
    }

    /// A view refuses what a decoder does, for the same reason, and shows what it would give.
    #[test]
    fn views_and_decoders_agree(bytes in hostile(), limits in limits()) {
        views_agree::<u8>(&bytes, limits)?;
        views_agree::<u64>(&bytes, limits)?;
        views_agree::<String>(&bytes, limits)?;
        views_agree::<Actor<u8>>(&bytes, limits)?;
    }

    /// What is asked of encoded clocks has the answer of the clocks; and merged as bytes, they are the bytes of the merged.
    #[test]
    fn views_do_what_clocks_do(left in seeds(), right in seeds(), relation in 0..4_u8) {
        views_do::<u8>(&left, &right, relation)?;
        views_do::<u64>(&left, &right, relation)?;
        views_do::<String>(&left, &right, relation)?;
        views_do::<Actor<u8>>(&left, &right, relation)?;
        views_do::<Actor<String>>(&left, &right, relation)?;
    }

    /// By a roster, every clock of its actors comes back, and none by another.
    #[test]
    fn rosters_give_back_what_they_were_given(known in entries::<u16>(), more in vec(any::<u16>(), 0..4), at in any::<Index>()) {
        let whole = clock(&known);
        let mut actors: Vec<u16> = whole.iter().map(|(actor, _)| *actor).chain(more).collect();
        actors.sort_unstable();
        actors.dedup();
        let roster = Roster::new(&actors).unwrap();
        let bytes = roster.on(&whole).unwrap().to_bytes();
        let counters: Vec<u8> = actors.iter().flat_map(|actor| varint(whole.get(actor).into())).collect();
        prop_assert_eq!(&bytes, &[&[0x11][..], &roster.fingerprint().to_be_bytes(), &counters].concat());
        prop_assert_eq!(roster.decode(&bytes), Ok(whole.clone()));
        for len in 0..bytes.len() {
            prop_assert!(roster.decode::<Updates>(&bytes[..len]).is_err());
        }

        prop_assume!(!actors.is_empty());
        let mut fewer = actors.clone();
        let gone = fewer.remove(at.index(fewer.len()));
        let other = Roster::new(&fewer).unwrap();
        let (expected, found) = (other.fingerprint(), roster.fingerprint());
        let refused = DecodeError { offset: 1, cause: DecodeCause::RosterDiffers { expected, found } };
        prop_assert_eq!(other.decode::<Updates>(&bytes), Err(refused));
        prop_assert_eq!(other.on(&whole).is_ok(), whole.get(&gone) == 0);
    }

    /// Above a base, every clock comes back, no entry is written that the base has, and nothing comes back by another base.
    #[test]
    fn bases_give_back_what_they_were_given(base in entries::<u16>(), new in entries::<u16>(), step in 1..4_u64) {
        let base_clock = clock(&base);
        let base = Base::new(&base_clock);
        let mut above = base_clock.clone();
        above.merge(&clock(&new));
        let bytes = base.above(&above).unwrap().to_bytes();
        let differences: Vec<_> = above
            .iter()
            .map(|(actor, counter)| (*actor, counter - base_clock.get(actor)))
            .filter(|(_, above)| *above > 0)
            .collect();
        prop_assert_eq!(&bytes[5..], &described(0, &differences)[1..]);
        prop_assert_eq!(base.decode(&bytes, Limits::NONE), Ok(above.clone()));
        prop_assert_eq!(base.decode(&bytes, Limits::entries(above.len())), Ok(above.clone()));
        if let Some(less) = above.len().checked_sub(1) {
            prop_assert!(base.decode(&bytes, Limits::entries(less)).is_err());
        }
        for len in 0..bytes.len() {
            prop_assert!(base.decode(&bytes[..len], Limits::NONE).is_err());
        }
        prop_assert_eq!(base.above(&clock(&new)).is_ok(), base_clock.is_le(&clock(&new)));

        // One counter further.
        let Some((&actor, counter)) = base_clock.iter().next() else { return Ok(()) };
        let other: VersionVector<u16> =
            base_clock.iter().map(|(a, n)| (*a, n)).chain([(actor, counter.saturating_add(step))]).collect();
        prop_assume!(other != base_clock);
        let (expected, found) = (Base::new(&other).fingerprint(), base.fingerprint());
        let refused = DecodeError { offset: 1, cause: DecodeCause::BaseDiffers { expected, found } };
        prop_assert_eq!(Base::new(&other).decode(&bytes, Limits::NONE), Err(refused));
    }

    /// serde refuses what isn't canonical, by a format that says its length first and by one that doesn't.
    #[cfg(feature = "serde")]
    #[test]
    fn serde_gives_back_what_is_canonical(
        pairs in vec((select(&["a", "b", "c", "d"][..]), 0..4_u64), 0..5),
        sorted in entries::<u32>(),
        bytes in hostile(),
    ) {
        let clock: VersionVector<u32> = clock(&sorted);
        let text = serde_json::to_string(&clock).unwrap();
        prop_assert_eq!(serde_json::from_str::<VersionVector<u32>>(&text).unwrap(), clock.clone());
        let posted = postcard::to_stdvec(&clock).unwrap();
        prop_assert_eq!(postcard::from_bytes::<VersionVector<u32>>(&posted).unwrap(), clock);

        let checked = VersionVector::try_from_sorted(pairs.iter().map(|(id, n)| ((*id).to_owned(), *n))).ok();
        let text = serde_json::to_string(&pairs).unwrap();
        prop_assert_eq!(serde_json::from_str::<VersionVector<String>>(&text).ok(), checked.clone());
        let posted = postcard::to_stdvec(&pairs).unwrap();
        prop_assert_eq!(postcard::from_bytes::<VersionVector<String>>(&posted).ok(), checked);

        if let Ok(clock) = postcard::from_bytes::<VersionVector<u8>>(&bytes) {
            prop_assert!(VersionVector::try_from_sorted(clock).is_ok());
        }
    }
}

/// Numbers of every length go both ways, in as many bytes as they need.
#[test]
fn numbers_of_every_length_go_both_ways() {
    for bits in 0..=64 {
        let power = 1_u128 << bits;
        for counter in [power - 1, power, power + 1] {
            let Some(dot) = u64::try_from(counter).ok().and_then(|counter| Dot::new(7_u8, counter)) else {
                continue;
            };
            let bytes = dot.to_bytes();
            assert_eq!(bytes, [&[0x13, 7][..], &varint(counter - 1)].concat());
            assert_eq!(Dot::from_bytes(&bytes, Limits::NONE), Ok(dot));
            // The same at the end of the input as before other bytes, which is another path.
            let followed = [&*bytes, &[0xFF; 12]].concat();
            assert_eq!(Dot::from_prefix(&followed, Limits::NONE), Ok((dot, &[0xFF; 12][..])));
        }
    }
    for bits in 0..=128 {
        let power = 1_u128.checked_shl(bits).unwrap_or(0);
        for id in [power.wrapping_sub(1), power, power.wrapping_add(1)] {
            let dot = Dot::new(id, 1).unwrap();
            assert_eq!(dot.to_bytes(), [&[0x13][..], &varint(id), &[0]].concat());
            assert_eq!(Dot::from_bytes(&dot.to_bytes(), Limits::NONE), Ok(dot));
        }
    }
}

/// A claim is not enough to make a decoder allocate: it takes as many bytes of input, at two an entry.
#[test]
fn memory_is_bounded_by_the_input() {
    fn bytes_per_byte<T>(len: usize, decode: impl FnOnce() -> T) -> u64 {
        let mut decoded = None;
        let measured = allocation_counter::measure(|| decoded = Some(decode()));
        drop(decoded);
        assert!(measured.count_max <= 1, "{measured:?}");
        measured.bytes_max.div_ceil(len as u64)
    }
    // As many entries as the input may claim, and claims beyond.
    for count in [500_u64, 501, 502, 1 << 20, 1 << 40, u64::MAX] {
        let mut bytes = [&[0x10][..], &varint(count.into())].concat();
        bytes.resize(1003, 0);
        let factor = bytes_per_byte(bytes.len(), || VersionVector::<u64>::from_bytes(&bytes, Limits::NONE));
        assert!(factor <= 8, "{count}: {factor}");
        let factor =
            bytes_per_byte(bytes.len(), || VersionVector::<String>::from_bytes(&bytes, Limits::NONE));
        assert!(factor <= 16, "{count}: {factor}");
        let limited =
            bytes_per_byte(bytes.len(), || VersionVector::<u64>::from_bytes(&bytes, Limits::entries(4)));
        assert_eq!(limited, 0, "{count}");
        assert_eq!(bytes_per_byte(bytes.len(), || ClockView::<u64>::parse(&bytes, Limits::NONE).is_ok()), 0);
    }
    // A long roster, and little input.
    let actors: Vec<u32> = (0..10_000).collect();
    let roster = Roster::new(&actors).unwrap();
    let bytes = [&[0x11][..], &roster.fingerprint().to_be_bytes(), &[1; 100]].concat();
    assert_eq!(bytes_per_byte(1, || roster.decode::<Updates>(&bytes)), 0);
    // A long base, and a limit below it.
    let base: VersionVector<u32> = actors.iter().map(|&actor| (actor, 1)).collect();
    let base = Base::new(&base);
    let bytes = [&[0x12][..], &base.fingerprint().to_be_bytes(), &[1, 0, 0]].concat();
    for entries_max in [100, 9_999] {
        assert_eq!(bytes_per_byte(1, || base.decode(&bytes, Limits::entries(entries_max))), 0);
    }
    assert!(base.decode(&bytes, Limits::entries(10_000)).is_ok());
}

/// What a format claims of a length is not believed. (postcard doesn't even pass it on, so it can't show that.)
#[cfg(feature = "serde")]
#[test]
fn memory_is_bounded_by_what_serde_reads() {
    /// Two entries, as if they were 2^40.
    struct Liar(std::array::IntoIter<(u64, u64), 2>);

    impl Iterator for Liar {
        type Item = (u64, u64);

        fn next(&mut self) -> Option<(u64, u64)> {
            self.0.next()
        }

        fn size_hint(&self) -> (usize, Option<usize>) {
            let claim = usize::try_from(1_u64 << 40).unwrap_or(1 << 30);
            (claim, Some(claim))
        }
    }

    type Format = serde::de::value::MapDeserializer<'static, Liar, serde::de::value::Error>;
    let measured = allocation_counter::measure(|| {
        let format = Format::new(Liar([(1, 1), (2, 2)].into_iter()));
        let clock = <VersionVector<u64> as serde::Deserialize>::deserialize(format).unwrap();
        assert_eq!(clock, [(1, 1), (2, 2)].into());
    });
    assert!(measured.bytes_max <= 4096, "{measured:?}");
}

/// Encoding allocates once and exactly, and not at all into a buffer or a sink.
#[test]
fn encoding_allocates_only_its_bytes() {
    for count in [0_u64, 3, 100] {
        let clock: VersionVector<u64> = (0..count).map(|id| (id * 1_000, id + 100)).collect();
        let mut bytes = Vec::new();
        let measured = allocation_counter::measure(|| bytes = clock.to_bytes());
        assert_eq!((measured.count_total, measured.bytes_total), (1, bytes.len() as u64));
        let mut buffer = vec![0; bytes.len()];
        let measured = allocation_counter::measure(|| {
            assert_eq!(clock.encode_into_slice(&mut buffer), Ok(bytes.len()));
            let mut len = 0;
            clock.encode(|piece| len += piece.len());
            assert_eq!(len, bytes.len());
        });
        assert_eq!(measured.count_total, 0);
        assert_eq!(buffer, bytes);
    }
}

/// An id that no actor has is refused, wherever it is read; not cut to fit, and no panic.
#[test]
fn ids_of_no_actor_are_refused() {
    #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
    struct Node(std::num::NonZeroU8);

    impl WireActor for Node {
        type Wire<'a> = u32;

        fn to_wire(&self) -> u32 {
            self.0.get().into()
        }

        fn from_wire(wire: u32) -> Option<Self> {
            u8::try_from(wire).ok().and_then(std::num::NonZeroU8::new).map(Self)
        }
    }

    let node = |id| Node(std::num::NonZeroU8::new(id).unwrap());
    let good = VersionVector::from([(7_u32, 1), (255, 9)]).to_bytes();
    let read = VersionVector::from([(node(7), 1), (node(255), 9)]);
    assert_eq!(VersionVector::from_bytes(&good, Limits::NONE).as_ref(), Ok(&read));
    assert_eq!(ClockView::<Node>::parse(&good, Limits::NONE).unwrap().to_clock(), read);
    for ids in [[7, 263], [0, 7]] {
        let clock = VersionVector::from(ids.map(|id: u32| (id, 1)));
        let bad = clock.to_bytes();
        let cause = |error: DecodeError| error.cause;
        let refused = Some(DecodeCause::IdRange);
        assert_eq!(VersionVector::<Node>::from_bytes(&bad, Limits::NONE).map_err(cause).err(), refused);
        assert_eq!(BoundedClock::<Node, 4>::from_bytes(&bad, Limits::NONE).map_err(cause).err(), refused);
        assert_eq!(ClockView::<Node>::parse(&bad, Limits::NONE).map_err(cause).err(), refused);
        let above = Base::new(&VersionVector::<u32>::new()).above(&clock).unwrap().to_bytes();
        let base = VersionVector::<Node>::new();
        assert_eq!(Base::new(&base).decode(&above, Limits::NONE).map_err(cause).err(), refused);
        let dot = Dot::new(ids[usize::from(ids[0] != 0)], 1).unwrap().to_bytes();
        assert_eq!(Dot::<Node>::from_bytes(&dot, Limits::NONE).map_err(cause).err(), refused);
    }
}

/// Actors that sort otherwise than what is written of them could not be read back.
#[test]
#[should_panic(expected = "must have the order of its `Wire`")]
fn a_wrong_order_of_actors_panics() {
    #[derive(PartialEq, Eq, PartialOrd, Ord)]
    struct Reversed(std::cmp::Reverse<u8>);

    impl WireActor for Reversed {
        type Wire<'a> = u8;

        fn to_wire(&self) -> u8 {
            self.0.0
        }

        fn from_wire(wire: u8) -> Option<Self> {
            Some(Self(std::cmp::Reverse(wire)))
        }
    }

    let _ = VersionVector::from([1, 2].map(|id| (Reversed(std::cmp::Reverse(id)), 1))).to_bytes();
}

/// An actor that is made of a random number, and how it is written after the one before.
trait Described: WireActor + Clone + Debug {
    fn of(seed: u128) -> Self;

    fn describe(&self, before: Option<&Self>) -> Vec<u8>;
}

macro_rules! described_integers {
    ($($type:ty),*) => {
        $(
            impl Described for $type {
                fn of(seed: u128) -> Self {
                    // Both ends, and neighbours.
                    let [low, ..] = seed.to_le_bytes();
                    match low {
                        0..100 => (seed >> 8) as $type,
                        100..200 => (seed >> 8 & 7) as $type,
                        _ => <$type>::MAX - (seed >> 8 & 7) as $type,
                    }
                }

                fn describe(&self, before: Option<&Self>) -> Vec<u8> {
                    varint(before.map_or(*self, |before| *self - *before - 1).into())
                }
            }
        )*
    };
}

described_integers!(u8, u16, u32, u64, u128);

impl<const N: usize> Described for [u8; N] {
    fn of(seed: u128) -> Self {
        std::array::from_fn(|index| (seed >> (8 * index)) as u8 % 4)
    }

    fn describe(&self, _: Option<&Self>) -> Vec<u8> {
        self.to_vec()
    }
}

macro_rules! described_bytes {
    ($($type:ty),*) => {
        $(
            impl Described for $type {
                fn of(seed: u128) -> Self {
                    let len = if seed % 50 == 0 { 200 } else { seed as usize % 4 };
                    let text = (0..len).map(|index| ["a", "b", "\u{e9}"][(seed >> (2 * index % 120)) as usize % 3]);
                    text.collect::<String>().into()
                }

                fn describe(&self, _: Option<&Self>) -> Vec<u8> {
                    let bytes: &[u8] = self.as_ref();
                    [varint(bytes.len() as u128), bytes.to_vec()].concat()
                }
            }
        )*
    };
}

described_bytes!(String, Vec<u8>);

impl Described for Box<str> {
    fn of(seed: u128) -> Self {
        String::of(seed).into()
    }

    fn describe(&self, _: Option<&Self>) -> Vec<u8> {
        String::from(&**self).describe(None)
    }
}

impl Described for Box<[u8]> {
    fn of(seed: u128) -> Self {
        Vec::of(seed).into()
    }

    fn describe(&self, _: Option<&Self>) -> Vec<u8> {
        self.to_vec().describe(None)
    }
}

impl<I: Described> Described for Actor<I> {
    fn of(seed: u128) -> Self {
        Self { id: I::of(seed >> 8), epoch: u32::of(seed) }
    }

    fn describe(&self, before: Option<&Self>) -> Vec<u8> {
        match before {
            Some(before) if before.id == self.id => varint(u128::from(self.epoch - before.epoch - 1) * 2 + 1),
            _ => [varint(u128::from(self.epoch) * 2), self.id.describe(before.map(|before| &before.id))]
                .concat(),
        }
    }
}

fn described<A: Described>(header: u8, entries: &[(A, u64)]) -> Vec<u8> {
    let mut bytes = vec![header];
    bytes.extend(varint(entries.len() as u128));
    let mut before = None;
    for (actor, counter) in entries {
        bytes.extend(actor.describe(before));
        bytes.extend(varint(u128::from(counter - 1)));
        before = Some(actor);
    }
    bytes
}

fn varint(mut value: u128) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 128 {
        bytes.push((value % 128 + 128) as u8);
        value /= 128;
    }
    bytes.push(value as u8);
    bytes
}

fn clock<A: Ord + Clone>(entries: &[(A, u64)]) -> VersionVector<A> {
    entries.iter().cloned().collect()
}

fn of_seeds<A: Described>(seeds: &[(u128, u64)]) -> VersionVector<A> {
    seeds.iter().map(|(seed, counter)| (A::of(*seed), *counter)).collect()
}

fn as_described<A: Described>(seeds: &[(u128, u64)]) -> Result<(), TestCaseError> {
    let clock = of_seeds::<A>(seeds);
    let bytes = described(0x10, clock.as_slice());
    prop_assert_eq!(clock.to_bytes(), &*bytes);
    prop_assert_eq!(clock.encoded_len(), bytes.len());
    prop_assert_eq!(VersionVector::from_bytes(&bytes, Limits::NONE), Ok(clock.clone()));
    prop_assert_eq!(VersionVector::from_bytes(&bytes, Limits::entries(clock.len())), Ok(clock.clone()));
    if let Some(less) = clock.len().checked_sub(1) {
        let error = VersionVector::<A>::from_bytes(&bytes, Limits::entries(less)).unwrap_err();
        prop_assert_eq!(
            error.cause,
            DecodeCause::EntriesMax { count: clock.len() as u64, entries_max: less }
        );
    }

    // Too short is refused, too long as well; unless the rest is wanted.
    for len in 0..bytes.len() {
        prop_assert!(VersionVector::<A>::from_bytes(&bytes[..len], Limits::NONE).is_err());
        prop_assert!(ClockView::<A>::parse(&bytes[..len], Limits::NONE).is_err());
    }
    let longer = [&*bytes, &[0; 3]].concat();
    let trailing = DecodeError { offset: bytes.len(), cause: DecodeCause::Trailing { len: 3 } };
    prop_assert_eq!(VersionVector::<A>::from_bytes(&longer, Limits::NONE), Err(trailing));
    prop_assert_eq!(VersionVector::from_prefix(&longer, Limits::NONE), Ok((clock.clone(), &[0; 3][..])));

    let pruned = PrunedVector::from_kept(clock.clone());
    let bytes = described(0x18, clock.as_slice());
    prop_assert_eq!(pruned.to_bytes(), &*bytes);
    prop_assert_eq!(pruned.encoded_len(), bytes.len());
    prop_assert_eq!(PrunedVector::from_bytes(&bytes, Limits::NONE), Ok(pruned));

    for (actor, counter) in clock {
        let bytes = [vec![0x13], actor.describe(None), varint(u128::from(counter - 1))].concat();
        let dot = Dot::new(actor, counter).unwrap();
        prop_assert_eq!(dot.to_bytes(), &*bytes);
        prop_assert_eq!(dot.encoded_len(), bytes.len());
        prop_assert_eq!(Dot::from_bytes(&bytes, Limits::NONE), Ok(dot));
    }
    Ok(())
}

fn canonical<T: Encode + Decode>(bytes: &[u8]) -> Result<(), TestCaseError> {
    match T::from_bytes(bytes, Limits::NONE) {
        Ok(value) => prop_assert_eq!(value.to_bytes(), bytes),
        Err(error) => {
            prop_assert!(error.offset <= bytes.len());
            prop_assert!(!error.to_string().is_empty());
        }
    }
    Ok(())
}

fn views_agree<A: WireActor + Debug>(bytes: &[u8], limits: Limits) -> Result<(), TestCaseError> {
    match (ClockView::<A>::parse(bytes, limits), VersionVector::<A>::from_bytes(bytes, limits)) {
        (Ok(view), Ok(clock)) => {
            prop_assert_eq!(view.as_bytes(), bytes);
            prop_assert_eq!((view.len(), view.is_empty()), (clock.len(), clock.is_empty()));
            prop_assert_eq!(view.iter().len(), clock.len());
            prop_assert_eq!(view.to_clock(), clock);
        }
        (view, clock) => prop_assert_eq!(view.err(), clock.err()),
    }
    Ok(())
}

fn views_do<A: Described>(
    left: &[(u128, u64)],
    right: &[(u128, u64)],
    relation: u8,
) -> Result<(), TestCaseError> {
    let (mut left, mut right) = (of_seeds::<A>(left), of_seeds::<A>(right));
    // Random clocks are concurrent: see to it that the others come, too.
    if relation & 1 == 1 {
        left.merge(&right);
    }
    if relation & 2 == 2 {
        right.merge(&left);
    }
    let (left_bytes, right_bytes) = (left.to_bytes(), right.to_bytes());
    let left_view = ClockView::<A>::parse(&left_bytes, Limits::NONE).unwrap();
    let right_view = ClockView::<A>::parse(&right_bytes, Limits::NONE).unwrap();
    let relation = left.compare(&right);
    prop_assert_eq!(left_view.compare(&right_view), relation);
    prop_assert_eq!(left_view.compare_clock(&right), relation);
    prop_assert_eq!(left_view == right_view, relation == Causality::Equal);
    for (actor, _) in left.iter().chain(right.iter()) {
        prop_assert_eq!(left_view.get(actor.to_wire()), left.get(actor));
    }

    let mut merged = left.clone();
    merged.merge(&right);
    let bytes = left_view.merge(&right_view);
    prop_assert!(bytes.len() <= left_bytes.len() + right_bytes.len(), "so that one allocation is enough");
    prop_assert_eq!(bytes, merged.to_bytes());
    Ok(())
}

/// Random numbers that actors are made of, with counters of every length.
fn seeds() -> impl Strategy<Value = Vec<(u128, u64)>> {
    vec((any::<u128>(), counters()), 0..12)
}

fn counters() -> impl Strategy<Value = u64> {
    prop_oneof![
        1..4_u64,
        1..300_u64,
        (0..64_u32, any::<u64>()).prop_map(|(bits, n)| n >> bits),
        Just(u64::MAX)
    ]
}

fn entries<A: Arbitrary + Ord + Clone>() -> impl Strategy<Value = Vec<(A, u64)>> {
    btree_map(any::<A>(), counters(), 0..8).prop_map(|entries| entries.into_iter().collect())
}

fn limits() -> impl Strategy<Value = Limits> {
    let limit = || prop_oneof![0..4_usize, Just(usize::MAX)];
    (limit(), limit()).prop_map(|(entries_max, id_len_max)| Limits { entries_max, id_len_max })
}

/// Bytes that look like an encoding: of a few telling bytes; or an encoding in which a bit, a byte or a piece is changed.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let telling = prop_oneof![
        3 => 0..4_u8,
        1 => select(&[0x10, 0x7E, 0x7F, 0x80, 0x81, 0xFD, 0xFE, 0xFF, b'a', 0xC3, 0xA9][..]),
    ];
    let header = prop_oneof![4 => select(&[0x10, 0x13, 0x14, 0x15, 0x17, 0x18][..]), 1 => any::<u8>()];
    let written = (header, vec(telling, 0..20)).prop_map(|(header, rest)| [vec![header], rest].concat());

    let encoded = (seeds(), 0..4_u8).prop_map(|(seeds, kind)| match kind {
        0 => of_seeds::<u8>(&seeds).to_bytes(),
        1 => of_seeds::<u64>(&seeds).to_bytes(),
        2 => of_seeds::<String>(&seeds).to_bytes(),
        _ => of_seeds::<Actor<u8>>(&seeds).to_bytes(),
    });
    let changed =
        (encoded, any::<Index>(), any::<u8>(), 0..5_u8).prop_map(|(mut bytes, at, byte, change)| {
            let at = at.index(bytes.len());
            match change {
                0 => bytes[at] ^= 1 << (byte % 8),
                1 => bytes[at] = byte,
                2 => bytes.truncate(at),
                3 => bytes.insert(at, byte),
                _ => {}
            }
            bytes
        });
    prop_oneof![written, changed, vec(any::<u8>(), 0..24)]
}
