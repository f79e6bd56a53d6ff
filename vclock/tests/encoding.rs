//! Golden vectors: these bytes are pinned. A change here breaks what users stored.
#![cfg(feature = "alloc")]

use spacelike_vclock::codec::{
    Base, BufferTooSmall, Decode, DecodeCause, DecodeError, Encode, Header, Limits, Mode, NotOnRoster,
    Roster, WireActor,
};
use spacelike_vclock::{
    Actor, BoundedClock, ClockView, Counter, Dot, FixedClock, NotAbove, NotCanonical, PrunedVector,
    VectorClock, VersionVector,
};

/// A clock is a header, the number of entries, and for each the gap to its id and the counter less one.
#[test]
fn sparse_clocks_are_pinned() {
    pinned::<u8>(&[], &[0x10, 0]);
    pinned(&[(0_u8, 1)], &[0x10, 1, 0, 0]);
    pinned(&[(7_u32, 128), (8, 1)], &[0x10, 2, 7, 127, 0, 0]);
    pinned(&[(7_u32, 129), (136, 16_385)], &[0x10, 2, 7, 0x80, 1, 0x80, 1, 0x80, 0x80, 1]);
    pinned(&[(0_u8, 256), (255, 1)], &[0x10, 2, 0, 0xFF, 1, 0xFE, 1, 0]);
    pinned(&[(u16::MAX, 3)], &[0x10, 1, 0xFF, 0xFF, 3, 2]);
    // Counters of nine and of ten bytes.
    let max = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1];
    pinned(&[(u64::MAX, 1 << 63)], &[&[0x10, 1][..], &max, &[0xFF; 8], &[0x7F]].concat());
    let less = [0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1];
    pinned(&[(1_u64, u64::MAX)], &[&[0x10, 1, 1][..], &less].concat());
    pinned(&[(1_u64 << 56, (1 << 56) + 1)], &[&[0x10, 1][..], &[0x80; 8], &[1], &[0x80; 8], &[1]].concat());
    pinned(
        &[((1_u64 << 56) - 1, 1 << 56)],
        &[&[0x10, 1][..], &[0xFF; 7], &[0x7F], &[0xFF; 7], &[0x7F]].concat(),
    );
    pinned(&[(u128::MAX, 1)], &[&[0x10, 1][..], &[0xFF; 18], &[3, 0]].concat());
    pinned(&[(0_u128, 1), (1 << 64, 1)], &[&[0x10, 2, 0, 0][..], &[0xFF; 9], &[1, 0]].concat());
}

/// Ids that are no integers stand there whole; epochs of one id share it.
#[test]
fn other_ids_are_pinned() {
    pinned(&[([1, 2, 3], 1), ([1, 2, 4], 2)], &[0x10, 2, 1, 2, 3, 0, 1, 2, 4, 1]);
    pinned(&[([], 5)], &[0x10, 1, 4]);
    let names = [(String::new(), 1), ("a".to_owned(), 2), ("a\u{e9}".to_owned(), 3)];
    pinned(&names, &[0x10, 3, 0, 0, 1, b'a', 1, 3, b'a', 0xC3, 0xA9, 2]);
    pinned(
        &names.clone().map(|(name, n)| (name.into_boxed_str(), n)),
        &VersionVector::from(names).to_bytes(),
    );
    pinned(&[(vec![0xFF], 1), (vec![0xFF, 0], 1)], &[0x10, 2, 1, 0xFF, 0, 2, 0xFF, 0, 0]);
    pinned(&[(vec![1].into_boxed_slice(), 1)], &[0x10, 1, 1, 1, 0]);
    let long = "x".repeat(200);
    pinned(&[(long.clone(), 1)], &[&[0x10, 1, 0xC8, 1][..], long.as_bytes(), &[0]].concat());

    let lives = [(7_u32, 0), (7, 1), (7, 4), (9, 2)].map(|(id, epoch)| (Actor { id, epoch }, 1));
    pinned(&lives, &[0x10, 4, 0, 7, 0, 1, 0, 5, 0, 4, 1, 0]);
    let last = [(Actor { id: 0_u8, epoch: 0 }, 1), (Actor { id: 0, epoch: u32::MAX }, 1)];
    pinned(&last, &[0x10, 2, 0, 0, 0, 0xFD, 0xFF, 0xFF, 0xFF, 0x1F, 0]);
    pinned(&[(Actor { id: "a".to_owned(), epoch: 1 }, 1)], &[0x10, 1, 2, 1, b'a', 0]);
}

/// One bit says that entries were dropped, so that nobody takes what is left for an exact clock.
#[test]
fn pruned_vectors_are_pinned() {
    let vector = VersionVector::from([(7_u32, 3)]);
    let pruned = PrunedVector::from_kept(vector.clone());
    let bytes = [0x18, 1, 7, 2];
    assert_eq!(pruned.to_bytes(), bytes);
    assert_eq!(PrunedVector::from_bytes(&bytes, Limits::NONE), Ok(pruned));
    refused::<VersionVector<u32>>(&bytes, 0, DecodeCause::Pruned);
    let refused_view = ClockView::<u32>::parse(&bytes, Limits::NONE).unwrap_err();
    assert_eq!(refused_view, DecodeError { offset: 0, cause: DecodeCause::Pruned });
    refused::<PrunedVector<u32>>(&vector.to_bytes(), 0, DecodeCause::NotPruned);
    assert_eq!(Header::of(&bytes), Ok(Header { mode: Mode::Sparse, pruned: true }));
}

/// Without a heap, the same bytes: whoever has one can read them.
#[test]
fn bounded_clocks_are_pinned() {
    let clock = BoundedClock::<u16, 3, u8>::try_from_sorted([(7, 128), (8, 1), (300, 255)]).unwrap();
    let bytes = [0x10, 3, 7, 127, 0, 0, 0xA3, 2, 0xFE, 1];
    assert_eq!(clock.to_bytes(), bytes);
    assert_eq!(clock.encoded_len(), bytes.len());
    assert_eq!(BoundedClock::from_bytes(&bytes, Limits::NONE), Ok(clock));
    let on_the_heap = VersionVector::<u16>::from_bytes(&bytes, Limits::NONE);
    assert_eq!(on_the_heap, Ok([(7, 128), (8, 1), (300, 255)].into()));

    let too_many = DecodeCause::EntriesMax { count: 3, entries_max: 2 };
    refused::<BoundedClock<u16, 2, u8>>(&bytes, 1, too_many);
    let refused_by_limits = BoundedClock::<u16, 3, u8>::from_bytes(&bytes, Limits::entries(2));
    assert_eq!(refused_by_limits, Err(DecodeError { offset: 1, cause: too_many }));
    refused::<BoundedClock<u8, 3, u16>>(&bytes, 6, DecodeCause::IdRange);
    refused::<BoundedClock<u16, 3, u8>>(&[0x10, 2, 7, 0, 7, 0xFF, 1], 4, DecodeCause::CounterRange);
    refused::<BoundedClock<u16, 3, u8>>(&[0x10, 1, 7, 0, 9], 4, DecodeCause::Trailing { len: 1 });
    refused::<BoundedClock<u16, 3, u8>>(&[0x10, 2, 7, 0, 0x80, 0x80], 4, DecodeCause::End);
}

/// A dot is a header, its id, and its counter less one.
#[test]
fn dots_are_pinned() {
    for (dot, bytes) in
        [(Dot::new(0_u64, 1), &[0x13, 0, 0][..]), (Dot::new(300, 1_000), &[0x13, 0xAC, 2, 0xE7, 7])]
    {
        let dot = dot.unwrap();
        assert_eq!(dot.to_bytes(), bytes);
        assert_eq!(dot.encoded_len(), bytes.len());
        assert_eq!(Dot::from_bytes(bytes, Limits::NONE), Ok(dot));
        assert_eq!(Header::of(bytes), Ok(Header { mode: Mode::Dot, pruned: false }));
    }
    let dot = Dot::new(Actor { id: "ada".to_owned(), epoch: 3 }, 200).unwrap();
    assert_eq!(dot.to_bytes(), [0x13, 6, 3, b'a', b'd', b'a', 0xC7, 1]);
    assert_eq!(Dot::from_bytes(&dot.to_bytes(), Limits::NONE), Ok(dot));
}

/// A fixed clock is a header, which says how wide its counters are, and these, big-endian.
#[test]
fn fixed_clocks_are_pinned() {
    fn pinned<const N: usize, C: Counter>(counters: [C; N], bytes: &[u8]) {
        let clock = FixedClock::from(counters);
        assert_eq!(clock.to_bytes(), bytes);
        assert_eq!(clock.encoded_len(), bytes.len());
        assert_eq!(FixedClock::from_bytes(bytes, Limits::entries(0)), Ok(clock));
        let width = u8::try_from(size_of::<C>()).unwrap();
        assert_eq!(Header::of(bytes), Ok(Header { mode: Mode::Fixed { width }, pruned: false }));
    }
    pinned([1_u8, 0, 255], &[0x14, 1, 0, 255]);
    pinned([0x0102_u16, 3], &[0x15, 1, 2, 0, 3]);
    pinned([0x0102_0304_u32], &[0x16, 1, 2, 3, 4]);
    pinned([0x0102_0304_0506_0708_u64, 9], &[0x17, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 9]);
    pinned([0_u64; 0], &[0x17]);
    // More than is handed over in one piece.
    pinned([0x0101_0101_u32; 40], &[&[0x16][..], &[1; 160]].concat());

    refused::<FixedClock<2, u8>>(&[0x14, 1], 2, DecodeCause::End);
    refused::<FixedClock<2, u16>>(&[0x15, 0, 1, 0], 3, DecodeCause::End);
    refused::<FixedClock<2, u8>>(&[0x14, 1, 2, 3], 3, DecodeCause::Trailing { len: 1 });
    let (expected, found) = (Mode::Fixed { width: 2 }, Mode::Fixed { width: 1 });
    refused::<FixedClock<1, u16>>(&[0x14, 0, 1], 0, DecodeCause::Mode { expected, found });
}

/// By a roster, a clock is a header, the roster's fingerprint, and a counter for each.
#[test]
fn clocks_by_a_roster_are_pinned() {
    let actors = [2_u32, 3, 300];
    let roster = Roster::new(&actors).unwrap();
    assert_eq!(roster.actors(), actors);
    assert_eq!(roster.fingerprint(), crc_32(&[3, 2, 0, 0xA8, 2]));
    assert_eq!(roster.fingerprint(), 0xa35b_128b);
    for (entries, counters) in [
        (&[][..], &[0, 0, 0][..]),
        (&[(2, 1), (3, 127), (300, 128)], &[1, 127, 0x80, 1]),
        (&[(3, 5)], &[0, 5, 0]),
    ] {
        let clock: VectorClock<u32> = entries.iter().copied().collect();
        let bytes = [&[0x11, 0xa3, 0x5b, 0x12, 0x8b][..], counters].concat();
        let encoded = roster.on(&clock).unwrap();
        assert_eq!(encoded.to_bytes(), bytes);
        assert_eq!(encoded.encoded_len(), bytes.len());
        assert_eq!(roster.decode(&bytes), Ok(clock));
        assert_eq!(Header::of(&bytes), Ok(Header { mode: Mode::Roster, pruned: false }));
    }
    for stranger in [1, 4, 301] {
        let clock = VectorClock::from([(2, 1), (stranger, 1)]);
        let index = usize::from(stranger > 2);
        assert_eq!(roster.on(&clock).unwrap_err(), NotOnRoster { index });
    }
    assert_eq!(Roster::new(&[1_u8, 3, 2]).unwrap_err(), NotCanonical::Order { index: 2 });
    assert_eq!(Roster::new(&[1_u8, 1]).unwrap_err(), NotCanonical::Order { index: 1 });
    assert_eq!(Roster::<u8>::new(&[]).unwrap().fingerprint(), crc_32(&[0]));
}

/// Above a base, a clock is a header, the base's fingerprint, and by how much which counters are above, less one.
#[test]
fn clocks_above_a_base_are_pinned() {
    let clock = VersionVector::from([(2_u32, 5), (3, 1), (9, 7)]);
    let base = Base::new(&clock);
    assert_eq!(base.clock(), &clock);
    assert_eq!(base.fingerprint(), crc_32(&clock.to_bytes()));
    assert_eq!(base.fingerprint(), 0x042d_a264);
    for (changes, rest) in [
        (&[][..], &[0][..]),
        (&[(2, 6)], &[1, 2, 0]),
        (&[(1, 1), (3, 1 + 129), (4, 2), (300, 1)], &[4, 1, 0, 1, 0x80, 1, 0, 1, 0xA7, 2, 0]),
        (&[(9, u64::MAX)], &[1, 9, 0xF7, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1]),
    ] {
        let above = clock.iter().map(|(&actor, counter)| (actor, counter)).chain(changes.iter().copied());
        let above: VersionVector<u32> = above.collect();
        let bytes = [&[0x12, 0x04, 0x2d, 0xa2, 0x64][..], rest].concat();
        let encoded = base.above(&above).unwrap();
        assert_eq!(encoded.to_bytes(), bytes);
        assert_eq!(encoded.encoded_len(), bytes.len());
        assert_eq!(base.decode(&bytes, Limits::NONE), Ok(above));
        assert_eq!(Header::of(&bytes), Ok(Header { mode: Mode::Delta, pruned: false }));
    }
    for less in [&[(2, 4), (3, 1), (9, 8)][..], &[(2, 6), (3, 9)], &[]] {
        let less: VersionVector<u32> = less.iter().copied().collect();
        assert_eq!(base.above(&less).unwrap_err(), NotAbove);
    }
    let empty = VersionVector::<u32>::new();
    assert_eq!(Base::new(&empty).fingerprint(), crc_32(&[0x10, 0]));
}

/// What encoding can't give, decoding refuses, and says what was wrong and where.
#[test]
fn what_was_never_encoded_is_refused() {
    use DecodeCause::{
        BaseDiffers, Count, CounterRange, End, IdMissing, IdOrder, IdRange, IdUtf8, NotMinimal, PrunedMode,
        RosterDiffers, Trailing, VarintRange, Version,
    };
    type Vector = VersionVector<u32>;
    type Named = VersionVector<String>;
    type Lives = VersionVector<Actor<u8>>;

    refused::<Vector>(&[], 0, End);
    refused::<Vector>(&[0x10], 1, End);
    refused::<Vector>(&[0x10, 0, 9, 9], 2, Trailing { len: 2 });
    refused::<Vector>(&[0x00, 0], 0, Version { found: 0 });
    refused::<Vector>(&[0x20, 0], 0, Version { found: 2 });
    refused::<Vector>(&[0xF8, 0], 0, Version { found: 15 });
    refused::<Vector>(&[0x29, 0], 0, Version { found: 2 });
    for (byte, mode) in [
        (0x11, Mode::Roster),
        (0x12, Mode::Delta),
        (0x13, Mode::Dot),
        (0x14, Mode::Fixed { width: 1 }),
        (0x15, Mode::Fixed { width: 2 }),
        (0x16, Mode::Fixed { width: 4 }),
        (0x17, Mode::Fixed { width: 8 }),
    ] {
        refused::<Vector>(&[byte, 0], 0, DecodeCause::Mode { expected: Mode::Sparse, found: mode });
        refused::<Vector>(&[byte | 8, 0], 0, PrunedMode { mode });
        assert_eq!(Header::of(&[byte]), Ok(Header { mode, pruned: false }));
    }
    refused::<Dot<u32>>(&[0x10, 0], 0, DecodeCause::Mode { expected: Mode::Dot, found: Mode::Sparse });

    // Counts.
    refused::<Vector>(&[0x10, 1], 1, Count { count: 1, possible: 0 });
    refused::<Vector>(&[0x10, 1, 7], 1, Count { count: 1, possible: 0 });
    refused::<Vector>(&[0x10, 2, 7, 0, 0], 1, Count { count: 2, possible: 1 });
    refused::<Vector>(&[0x10, 0x80, 0], 1, NotMinimal);
    refused::<VersionVector<[u8; 3]>>(&[0x10, 2, 1, 1, 1, 0, 1, 1, 2], 1, Count { count: 2, possible: 1 });

    // Numbers.
    refused::<Vector>(&[0x10, 1, 7, 0x80], 3, End);
    refused::<Vector>(&[0x10, 1, 0x87, 0, 0], 2, NotMinimal);
    refused::<Vector>(&[0x10, 1, 7, 0x80, 0x80, 0], 3, NotMinimal);
    for continued in 1..10 {
        let bytes = [&[0x10, 1, 7][..], &vec![0x80; continued], &[0]].concat();
        refused::<Vector>(&bytes, 3, NotMinimal);
        refused::<Vector>(&bytes[..bytes.len() - 1], 3, End);
    }
    let ten = |last| [&[0x10, 1, 7][..], &[0xFF; 9], &[last]].concat();
    refused::<Vector>(&ten(1), 3, CounterRange); // 2^64 - 1, and one more
    refused::<Vector>(&ten(2), 3, VarintRange);
    refused::<Vector>(&ten(0x81), 3, VarintRange);
    refused::<VersionVector<u128>>(&[&[0x10, 1][..], &[0xFF; 18], &[4, 0]].concat(), 2, VarintRange);
    refused::<VersionVector<u128>>(&[&[0x10, 1][..], &[0xFF; 19], &[0, 0]].concat(), 2, VarintRange);
    refused::<VersionVector<u128>>(&[&[0x10, 1][..], &[0xFF; 19]].concat(), 2, VarintRange);
    refused::<VersionVector<u128>>(&[&[0x10, 1][..], &[0xFF; 18]].concat(), 2, End);
    refused::<VersionVector<u128>>(&[0x10, 1, 0x80, 0, 0], 2, NotMinimal);

    // Ids.
    refused::<VersionVector<u8>>(&[0x10, 1, 0x80, 2, 0], 2, IdRange);
    refused::<VersionVector<u8>>(&[0x10, 2, 0xFE, 1, 0, 1, 0], 5, IdRange);
    refused::<VersionVector<u8>>(&[0x10, 2, 0xFF, 1, 0, 0, 0], 5, IdRange);
    refused::<VersionVector<u64>>(&[&[0x10, 2][..], &[0xFF; 9], &[1, 0, 0, 0]].concat(), 13, IdRange);
    refused::<VersionVector<u128>>(&[&[0x10, 2][..], &[0xFF; 18], &[3, 0, 0, 0]].concat(), 22, IdRange);
    for order in [&[0x10, 2, 5, 0, 5, 0], &[0x10, 2, 5, 0, 4, 0]] {
        refused::<VersionVector<[u8; 1]>>(order, 4, IdOrder);
    }
    refused::<Named>(&[0x10, 2, 1, b'a', 0, 1, b'a', 0], 5, IdOrder);
    refused::<Named>(&[0x10, 2, 1, b'a', 0, 0, 0], 5, IdOrder);
    refused::<Named>(&[0x10, 1, 2, b'a', 0xC3, 0], 2, IdUtf8);
    refused::<Named>(&[0x10, 1, 2, b'a'], 3, End);
    refused::<VersionVector<Vec<u8>>>(&[0x10, 2, 1, b'a', 0, 1, b'A', 0], 5, IdOrder);
    refused::<Lives>(&[0x10, 1, 1, 7, 0], 2, IdMissing);
    refused::<Lives>(&[0x10, 1, 0x80, 0x80, 0x80, 0x80, 0x20, 7, 0], 2, IdRange);
    refused::<Lives>(&[0x10, 2, 2, 7, 0, 0xFD, 0xFF, 0xFF, 0xFF, 0x1F, 0], 5, IdRange);

    // By a roster, and above a base.
    let roster = Roster::new(&[1_u8, 2]).unwrap();
    let [a, b, c, d] = roster.fingerprint().to_be_bytes();
    let at = |offset, cause| Err(DecodeError { offset, cause });
    let decode = |bytes: &[u8]| roster.decode::<spacelike_vclock::Updates>(bytes);
    assert_eq!(decode(&[0x11, a, b, c, d, 0, 5]), Ok([(2, 5)].into()));
    assert_eq!(decode(&[0x11, a, b, c, d, 0]), at(5, End));
    assert_eq!(decode(&[0x11, a, b, c]), at(1, End));
    assert_eq!(decode(&[0x11, a, b, c, d, 0, 0x80]), at(6, End));
    assert_eq!(decode(&[0x11, a, b, c, d, 0x80, 0, 0]), at(5, NotMinimal));
    assert_eq!(decode(&[0x11, a, b, c, d, 0, 0, 0]), at(7, Trailing { len: 1 }));
    assert_eq!(decode(&[0x10, 0]), at(0, DecodeCause::Mode { expected: Mode::Roster, found: Mode::Sparse }));
    let (expected, found) = (roster.fingerprint(), roster.fingerprint() ^ 1);
    assert_eq!(decode(&[0x11, a, b, c, d ^ 1, 0, 0]), at(1, RosterDiffers { expected, found }));

    let clock = VersionVector::from([(7_u8, u64::MAX - 1)]);
    let base = Base::new(&clock);
    let [a, b, c, d] = base.fingerprint().to_be_bytes();
    let decode = |bytes: &[u8]| base.decode(bytes, Limits::NONE);
    assert_eq!(decode(&[0x12, a, b, c, d, 1, 7, 0]), Ok([(7, u64::MAX)].into()));
    assert_eq!(decode(&[0x12, a, b, c, d, 1, 7, 1]), at(6, CounterRange));
    assert_eq!(decode(&[0x12, a, b, c, d, 1, 7]), at(5, Count { count: 1, possible: 0 }));
    assert_eq!(decode(&[0x12, a, b, c, d]), at(5, End));
    assert_eq!(decode(&[0x12, a, b, c, d, 0, 0]), at(6, Trailing { len: 1 }));
    assert_eq!(decode(&[0x10, 0]), at(0, DecodeCause::Mode { expected: Mode::Delta, found: Mode::Sparse }));
    let (expected, found) = (base.fingerprint(), base.fingerprint() ^ 0x100);
    assert_eq!(decode(&[0x12, a, b, c ^ 1, d, 0]), at(1, BaseDiffers { expected, found }));
}

/// Limits hold at exactly what they say.
#[test]
fn limits_are_exact() {
    use DecodeCause::{EntriesMax, IdLenMax};
    let clock = VersionVector::from([("ab".to_owned(), 1), ("c".to_owned(), 1)]);
    let bytes = clock.to_bytes();
    let decode = |entries_max, id_len_max| {
        let limits = Limits { entries_max, id_len_max };
        let decoded = VersionVector::<String>::from_bytes(&bytes, limits);
        assert_eq!(ClockView::<String>::parse(&bytes, limits).err(), decoded.clone().err());
        decoded
    };
    assert_eq!(decode(2, 2), Ok(clock.clone()));
    let too_many = DecodeError { offset: 1, cause: EntriesMax { count: 2, entries_max: 1 } };
    assert_eq!(decode(1, 2), Err(too_many));
    let too_long = DecodeError { offset: 2, cause: IdLenMax { len: 2, id_len_max: 1 } };
    assert_eq!(decode(2, 1), Err(too_long));
    // A claim beyond the limit is told as that, however short the input is.
    let claims = VersionVector::<String>::from_bytes(&[0x10, 3], Limits::entries(2));
    assert_eq!(claims.unwrap_err().cause, EntriesMax { count: 3, entries_max: 2 });

    // Above a base, the limit is for the whole.
    let base = Base::new(&clock);
    let above = VersionVector::from([("ab".to_owned(), 1), ("c".to_owned(), 2), ("d".to_owned(), 1)]);
    let bytes = base.above(&above).unwrap().to_bytes();
    assert_eq!(base.decode(&bytes, Limits::entries(3)), Ok(above));
    let too_many = DecodeError { offset: 5, cause: EntriesMax { count: 3, entries_max: 2 } };
    assert_eq!(base.decode(&bytes, Limits::entries(2)), Err(too_many));
}

/// An encoding that others follow leaves them alone.
#[test]
fn prefixes_leave_the_rest() {
    let clock = VersionVector::from([(7_u8, 3)]);
    let bytes = [0x10, 1, 7, 2, 9, 9];
    assert_eq!(VersionVector::from_prefix(&bytes, Limits::NONE), Ok((clock.clone(), &[9, 9][..])));
    let roster = Roster::new(&[7_u8]).unwrap();
    let bytes = [&*roster.on(&clock).unwrap().to_bytes(), &[9]].concat();
    assert_eq!(roster.decode_prefix(&bytes), Ok((clock.clone(), &[9][..])));
    let base = Base::new(&clock);
    let bytes = [&*base.above(&clock).unwrap().to_bytes(), &[9]].concat();
    assert_eq!(base.decode_prefix(&bytes, Limits::NONE), Ok((clock.clone(), &[9][..])));
}

/// Without a heap, an encoding goes into a buffer that is large enough, or not at all.
#[test]
fn buffers_take_all_or_nothing() {
    let clock = VersionVector::from([(7_u8, 3)]);
    let mut buffer = [0xEE; 5];
    assert_eq!(clock.encode_into_slice(&mut buffer[..3]), Err(BufferTooSmall { needed: 4, len: 3 }));
    assert_eq!(buffer, [0xEE; 5]);
    assert_eq!(clock.encode_into_slice(&mut buffer), Ok(4));
    assert_eq!(buffer, [0x10, 1, 7, 2, 0xEE]);
}

/// The claim of the crate: five nodes with small ids and counters take 12 bytes, and 10 if the nodes are known.
#[test]
fn five_small_nodes_are_small() {
    let clock = VersionVector::from([(1_u32, 100), (2, 7), (3, 127), (4, 1), (5, 31)]);
    assert_eq!(clock.encoded_len(), 12);
    assert_eq!(Roster::new(&[1, 2, 3, 4, 5]).unwrap().on(&clock).unwrap().encoded_len(), 10);
}

/// serde's forms, which any of its formats may have stored.
#[cfg(feature = "serde")]
#[test]
fn serde_forms_are_pinned() {
    let clock = VectorClock::from([("a".to_owned(), 2), ("b".to_owned(), 300)]);
    let text = r#"[["a",2],["b",300]]"#;
    assert_eq!(serde_json::to_string(&clock).unwrap(), text);
    assert_eq!(serde_json::from_str::<VectorClock<String>>(text).unwrap(), clock);
    let bytes = [2, 1, b'a', 2, 1, b'b', 0xAC, 2];
    assert_eq!(postcard::to_stdvec(&clock).unwrap(), bytes);
    assert_eq!(postcard::from_bytes::<VectorClock<String>>(&bytes).unwrap(), clock);
    for (bad, why) in [
        (r#"[["a",2],["a",3]]"#, "the id at index 1 is not greater"),
        (r#"[["b",2],["a",3]]"#, "the id at index 1 is not greater"),
        (r#"[["a",0]]"#, "the counter at index 0 is zero"),
        (r#"[["a",-1]]"#, "expected u64"),
        (r#"[["a",1,1]]"#, "trailing"),
        (r#"[["a"]]"#, "expected a tuple of size 2"),
        (r#"{"a":1}"#, "expected pairs of an actor and its counter"),
        ("null", "expected pairs of an actor and its counter"),
    ] {
        let error = serde_json::from_str::<VectorClock<String>>(bad).unwrap_err().to_string();
        assert!(error.contains(why), "{bad}: {error}");
    }
    for bad in [&[1, 1, b'a', 0][..], &[2, 1, b'a', 1, 1, b'a', 1], &[2, 1, b'a', 1], &[0xFF; 12]] {
        assert!(postcard::from_bytes::<VectorClock<String>>(bad).is_err(), "{bad:?}");
    }
}

/// serde's form of a pruned vector says so, in formats without names, too: neither kind is read as the other.
#[cfg(feature = "serde")]
#[test]
fn serde_forms_of_pruned_vectors_are_pinned() {
    type Exact = VersionVector<String>;
    type Pruned = PrunedVector<String>;
    let clock = VersionVector::from([("a".to_owned(), 2), ("b".to_owned(), 300)]);
    let pruned = PrunedVector::from_kept(clock.clone());
    let empty = PrunedVector::from_kept(Exact::new());
    let mark = [0xFF, 0xFF, 0xFF, 0xFF, 0x0F];
    for (pruned, text, bytes) in [
        (pruned, r#"{"pruned":[["a",2],["b",300]]}"#, &[2, 1, b'a', 2, 1, b'b', 0xAC, 2][..]),
        (empty, r#"{"pruned":[]}"#, &[0]),
    ] {
        let bytes = [&mark[..], bytes].concat();
        assert_eq!(serde_json::to_string(&pruned).unwrap(), text);
        assert_eq!(serde_json::from_str::<Pruned>(text).unwrap(), pruned);
        assert_eq!(postcard::to_stdvec(&pruned).unwrap(), bytes);
        assert_eq!(postcard::from_bytes::<Pruned>(&bytes).unwrap(), pruned);
        assert!(serde_json::from_str::<Exact>(text).is_err());
        assert!(postcard::from_bytes::<Exact>(&bytes).is_err());
    }
    for exact in [clock, Exact::new()] {
        assert!(serde_json::from_str::<Pruned>(&serde_json::to_string(&exact).unwrap()).is_err());
        assert!(postcard::from_bytes::<Pruned>(&postcard::to_stdvec(&exact).unwrap()).is_err());
    }
    for (bad, why) in [
        (r#"{"pruned":[["b",2],["a",3]]}"#, "the id at index 1 is not greater"),
        (r#"{"pruned":[["a",0]]}"#, "the counter at index 0 is zero"),
        (r#"{"pruned":{"a":1}}"#, "expected pairs of an actor and its counter"),
        (r#"{"pruned":[],"pruned":[]}"#, "expected"),
        (r#"{"pruned":[],"kept":[]}"#, "expected"),
        (r#"{"kept":[]}"#, "unknown variant `kept`, expected `pruned`"),
        (r#""pruned""#, "expected newtype variant"),
        ("{}", "expected"),
        ("[[]]", "expected"),
    ] {
        let error = serde_json::from_str::<Pruned>(bad).unwrap_err().to_string();
        assert!(error.contains(why), "{bad}: {error}");
    }
    for bad in [&[0, 0][..], &[1, 0], &mark, &[0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 1, 1, b'a', 0]] {
        assert!(postcard::from_bytes::<Pruned>(bad).is_err(), "{bad:?}");
    }
    // As a name in bytes, for formats that have it so.
    let read = |name: &'static [u8]| {
        type Format = serde::de::value::MapDeserializer<
            'static,
            std::iter::Once<(&'static [u8], Vec<Vec<u64>>)>,
            serde::de::value::Error,
        >;
        let map = Format::new(std::iter::once((name, vec![vec![7, 2]])));
        let access = serde::de::value::MapAccessDeserializer::new(map);
        <PrunedVector<u64> as serde::Deserialize>::deserialize(access)
    };
    assert_eq!(read(b"pruned"), Ok(PrunedVector::from_kept(VersionVector::from([(7, 2)]))));
    assert!(read(b"kept").is_err());
}

/// Both ways, and by a view.
fn pinned<A: WireActor + Clone + std::fmt::Debug>(entries: &[(A, u64)], bytes: &[u8]) {
    let clock = VersionVector::try_from_sorted(entries.iter().cloned()).unwrap();
    assert_eq!(clock.to_bytes(), bytes);
    assert_eq!(clock.encoded_len(), bytes.len());
    assert_eq!(VersionVector::from_bytes(bytes, Limits::NONE), Ok(clock.clone()));
    assert_eq!(ClockView::<A>::parse(bytes, Limits::NONE).unwrap().to_clock(), clock);
    assert_eq!(Header::of(bytes), Ok(Header { mode: Mode::Sparse, pruned: false }));
}

fn refused<T: Decode + std::fmt::Debug + PartialEq>(bytes: &[u8], offset: usize, cause: DecodeCause) {
    assert_eq!(T::from_bytes(bytes, Limits::NONE), Err(DecodeError { offset, cause }), "{bytes:02x?}");
}

/// Bit by bit, as the standard says it.
fn crc_32(bytes: &[u8]) -> u32 {
    let mut remainder = u32::MAX;
    for bit in bytes.iter().flat_map(|byte| (0..8).map(move |bit| u32::from(byte >> bit & 1))) {
        remainder = (remainder >> 1) ^ if (remainder ^ bit) & 1 == 1 { 0xEDB8_8320 } else { 0 };
    }
    !remainder
}
