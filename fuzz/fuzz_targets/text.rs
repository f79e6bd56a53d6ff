//! All that is read from text is read from one text only: the one that it shows.
#![no_main]

use core::fmt::Display;
use core::str::FromStr;

use libfuzzer_sys::fuzz_target;
use spacelike_vclock::{Actor, Dot, FixedClock, VectorClock, VersionVector};

fuzz_target!(|text: &str| {
    same::<Dot<String>>(text);
    same::<Dot<Actor<String>>>(text);
    same::<Actor<String>>(text);
    same::<VersionVector<String>>(text);
    same::<VectorClock<Actor<String>>>(text);
    same::<FixedClock<3, u16>>(text);
    // Numbers have several texts.
    let _ = (text.parse::<Dot<u8>>().is_ok(), text.parse::<VersionVector<Actor<u32>>>().is_ok());
});

fn same<T: FromStr + Display>(text: &str) {
    if let Ok(value) = text.parse::<T>() {
        assert_eq!(value.to_string(), text);
    }
}
