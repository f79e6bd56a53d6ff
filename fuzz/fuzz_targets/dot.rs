//! Dots: what decodes is what would have been encoded, and what follows is left alone.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spacelike_vclock::codec::{Decode, Encode, Limits, WireActor};
use spacelike_vclock::{Actor, Dot};

fuzz_target!(|bytes: &[u8]| {
    canonical::<u8>(bytes);
    canonical::<u64>(bytes);
    canonical::<u128>(bytes);
    canonical::<[u8; 4]>(bytes);
    canonical::<String>(bytes);
    canonical::<Actor<u32>>(bytes);
    canonical::<Actor<Box<[u8]>>>(bytes);
});

fn canonical<A: WireActor>(bytes: &[u8]) {
    if let Ok((dot, rest)) = Dot::<A>::from_prefix(bytes, Limits::NONE) {
        assert_eq!([dot.to_bytes(), rest.to_vec()].concat(), bytes);
        assert_eq!(Dot::<A>::from_bytes(bytes, Limits::NONE).is_ok(), rest.is_empty());
    }
}
