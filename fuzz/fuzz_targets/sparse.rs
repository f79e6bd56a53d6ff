//! Clocks with their actors: what decodes is what would have been encoded, whatever the actors are.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spacelike_vclock::codec::{Decode, Encode, Header, Limits};
use spacelike_vclock::{Actor, BoundedClock, PrunedVector, VectorClock, VersionVector};

fuzz_target!(|bytes: &[u8]| {
    let _ = Header::of(bytes);
    canonical::<VersionVector<u8>>(bytes);
    canonical::<VersionVector<u32>>(bytes);
    canonical::<VectorClock<u64>>(bytes);
    canonical::<VersionVector<u128>>(bytes);
    canonical::<VersionVector<[u8; 2]>>(bytes);
    canonical::<VersionVector<String>>(bytes);
    canonical::<VersionVector<Vec<u8>>>(bytes);
    canonical::<VersionVector<Actor<u16>>>(bytes);
    canonical::<VersionVector<Actor<String>>>(bytes);
    canonical::<BoundedClock<u16, 5, u16>>(bytes);
    canonical::<PrunedVector<u64>>(bytes);
});

fn canonical<T: Encode + Decode>(bytes: &[u8]) {
    let limits = Limits { entries_max: 40, id_len_max: 20 };
    let accepted = T::from_bytes(bytes, limits).is_ok();
    match T::from_bytes(bytes, Limits::NONE) {
        Ok(value) => assert_eq!(value.to_bytes(), bytes),
        Err(error) => assert!(error.offset <= bytes.len() && !accepted),
    }
}
