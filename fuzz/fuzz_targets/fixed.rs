//! Fixed clocks: what decodes is what would have been encoded.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spacelike_vclock::codec::{Decode, Encode, Limits};
use spacelike_vclock::{Counter, FixedClock};

fuzz_target!(|bytes: &[u8]| {
    canonical::<0, u8>(bytes);
    canonical::<3, u8>(bytes);
    canonical::<3, u16>(bytes);
    canonical::<2, u32>(bytes);
    canonical::<2, u64>(bytes);
});

fn canonical<const N: usize, C: Counter>(bytes: &[u8]) {
    if let Ok(clock) = FixedClock::<N, C>::from_bytes(bytes, Limits::NONE) {
        assert_eq!(clock.to_bytes(), bytes);
    }
}
