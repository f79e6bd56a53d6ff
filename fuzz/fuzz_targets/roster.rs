//! Clocks by a roster: what decodes is what would have been encoded. The fingerprint is made to fit, or nothing got past it.
#![no_main]

use std::collections::BTreeSet;

use libfuzzer_sys::fuzz_target;
use spacelike_vclock::codec::{Encode, Roster};
use spacelike_vclock::{Updates, VersionVector};

fuzz_target!(|input: (BTreeSet<u16>, bool, &[u8])| {
    let (actors, fits, bytes) = input;
    let actors: Vec<_> = actors.into_iter().collect();
    let roster = Roster::new(&actors).expect("a set ascends");
    let header = [&[0x11][..], &roster.fingerprint().to_be_bytes()].concat();
    let bytes = if fits { [&header, bytes].concat() } else { bytes.to_vec() };
    if let Ok((clock, rest)) = roster.decode_prefix::<Updates>(&bytes) {
        let encoded = roster.on(&clock).expect("all its actors are on the roster").to_bytes();
        assert_eq!([&encoded, rest].concat(), bytes);
        assert_eq!(VersionVector::try_from_sorted(clock.clone()), Ok(clock));
        assert_eq!(roster.decode::<Updates>(&bytes).is_ok(), rest.is_empty());
    }
});
