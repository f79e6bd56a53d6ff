//! All that is read through serde, by a binary format and by a text: what is accepted is written and read the same.
#![no_main]

use core::fmt::Debug;

use libfuzzer_sys::fuzz_target;
use serde::Serialize;
use serde::de::DeserializeOwned;
use spacelike_vclock::{
    Actor, BoundedClock, Broadcast, Causality, Dot, DotSet, DvvSet, FixedClock, Packed, PrunedVector, Run,
    VectorClock, VersionVector,
};

fuzz_target!(|bytes: &[u8]| {
    same::<VersionVector<u8>>(bytes);
    same::<VectorClock<String>>(bytes);
    same::<PrunedVector<u8>>(bytes);
    same::<BoundedClock<u8, 3, u16>>(bytes);
    same::<FixedClock<3, u8>>(bytes);
    same::<Packed<4>>(bytes);
    same::<DotSet<u8>>(bytes);
    same::<Run<u8>>(bytes);
    same::<DvvSet<u8, u8>>(bytes);
    same::<Broadcast<u8, u8>>(bytes);
    same::<Dot<Actor<u8>>>(bytes);
    same::<Causality>(bytes);
    if let Ok(clock) = postcard::from_bytes::<VersionVector<u8>>(bytes) {
        assert_eq!(VersionVector::try_from_sorted(clock.clone()), Ok(clock));
    }
});

fn same<T: Serialize + DeserializeOwned + PartialEq + Debug>(bytes: &[u8]) {
    for value in
        [postcard::from_bytes::<T>(bytes).ok(), serde_json::from_slice(bytes).ok()].into_iter().flatten()
    {
        let posted = postcard::to_stdvec(&value).expect("it has a form");
        assert_eq!(postcard::from_bytes::<T>(&posted).expect("its form is accepted"), value);
        let text = serde_json::to_string(&value).expect("it has a text");
        assert_eq!(serde_json::from_str::<T>(&text).expect("its text is accepted"), value);
    }
}
