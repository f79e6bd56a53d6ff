//! Clocks above a base: what decodes is what would have been encoded. The fingerprint is made to fit, or nothing got past it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spacelike_vclock::VersionVector;
use spacelike_vclock::codec::{Base, Encode, Limits};

fuzz_target!(|input: (Vec<(u16, u64)>, bool, &[u8])| {
    let (entries, fits, bytes) = input;
    let clock: VersionVector<u16> = entries.into_iter().collect();
    let base = Base::new(&clock);
    let header = [&[0x12][..], &base.fingerprint().to_be_bytes()].concat();
    let bytes = if fits { [&header, bytes].concat() } else { bytes.to_vec() };
    if let Ok((above, rest)) = base.decode_prefix(&bytes, Limits::NONE) {
        assert_eq!([&base.above(&above).expect("it only adds").to_bytes(), rest].concat(), bytes);
        assert_eq!(VersionVector::try_from_sorted(above.clone()), Ok(above.clone()));
        assert_eq!(base.decode(&bytes, Limits::NONE).is_ok(), rest.is_empty());
        assert_eq!(base.decode_prefix(&bytes, Limits::entries(above.len())), Ok((above, rest)));
    }
});
