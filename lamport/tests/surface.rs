//! What users rely on without calling it: auto traits, sizes, constants, errors and their texts.

use std::error::Error;
use std::fmt::Debug;
use std::hash::Hash;
use std::panic::{RefUnwindSafe, UnwindSafe};

use spacelike_lamport::{
    Clock, JumpExceeded, LocalClock, OutOfRange, ParseStampError, ParseTimestampError, ReceiveError, Stamp,
    Timestamp,
};

/// All types may go to other threads and across an unwind.
#[test]
fn types_go_everywhere() {
    fn everywhere<T: Send + Sync + Unpin + UnwindSafe + RefUnwindSafe + Debug + 'static>() {}
    everywhere::<Clock>();
    everywhere::<LocalClock>();
    everywhere::<Timestamp>();
    everywhere::<Stamp<u64>>();
    everywhere::<OutOfRange>();
    everywhere::<JumpExceeded>();
    everywhere::<ReceiveError>();
    everywhere::<ParseTimestampError>();
    everywhere::<ParseStampError<std::num::ParseIntError>>();
}

/// Data can be copied, compared, sorted and hashed; a local clock can be part of a state that is.
#[test]
fn data_is_plain() {
    fn plain<T: Copy + Ord + Hash>() {}
    fn state<T: Clone + Eq + Hash>() {}
    plain::<Timestamp>();
    plain::<Stamp<u64>>();
    state::<LocalClock>();
    state::<Stamp<String>>();
    assert_eq!(Timestamp::default(), Timestamp::ZERO);
}

/// A timestamp is a word; a clock is a word and its bound.
#[test]
fn sizes_are_small() {
    assert_eq!(size_of::<Timestamp>(), 8);
    assert_eq!(size_of::<Option<Timestamp>>(), 16 - if align_of::<u64>() == 4 { 4 } else { 0 });
    assert_eq!(size_of::<Stamp<u64>>(), 16);
    assert_eq!(size_of::<Clock>(), 16);
    assert_eq!(size_of::<LocalClock>(), 16);
    assert!(size_of::<Result<Timestamp, ReceiveError>>() <= 24);
}

/// All that needs no clock to be moved can be done at compile time; and a local clock can be moved there.
#[test]
fn constants_are_constant() {
    static CLOCK: Clock = Clock::new(7);
    const STAMP: Stamp<u64> = Stamp { time: Timestamp::new(1), node: 2 };
    const BYTES: [u8; 16] = STAMP.to_be_bytes();
    const TICKS: [u64; 2] = {
        let mut clock = LocalClock::new(7);
        [clock.tick().get(), clock.tick().get()]
    };
    assert_eq!(CLOCK.jump_max(), 7);
    assert_eq!(CLOCK.tick(), Timestamp::new(1));
    assert_eq!(Stamp::from_be_bytes(BYTES), STAMP);
    assert_eq!(TICKS, [1, 2]);
}

/// Errors carry what was wrong, also inside the enums.
#[test]
fn errors_carry_what_was_wrong() {
    let clock = Clock::new(5);
    let jump = JumpExceeded { jump: 6, jump_max: 5 };
    assert_eq!(clock.receive(Timestamp::new(6)), Err(ReceiveError::JumpExceeded(jump)));
    assert_eq!(clock.observe(Timestamp::new(6)), Err(ReceiveError::JumpExceeded(jump)));
    let remote = Timestamp::new(Timestamp::LIMIT.get() + 1);
    assert_eq!(clock.receive(remote), Err(ReceiveError::OutOfRange(OutOfRange { remote })));
    assert_eq!(clock.bootstrap(remote), Err(OutOfRange { remote }));
}

/// Each error's text stands alone, and says it once: none names a source whose text it repeats.
#[test]
fn errors_say_what_was_wrong() {
    let jump = JumpExceeded { jump: 6, jump_max: 5 };
    let range = OutOfRange { remote: Timestamp::new(1 << 63) };
    let node = "x".parse::<u32>().unwrap_err();
    let errors: [(Box<dyn Error + Send + Sync>, &str); 7] = [
        (jump.into(), "timestamp is 6 ahead of our clock, at most 5 is accepted"),
        (ReceiveError::from(jump).into(), "timestamp is 6 ahead of our clock, at most 5 is accepted"),
        (range.into(), "timestamp 9223372036854775808 is above the limit of 9223372036854775807"),
        (
            ReceiveError::from(range).into(),
            "timestamp 9223372036854775808 is above the limit of 9223372036854775807",
        ),
        (
            ParseTimestampError.into(),
            "a timestamp is written as a decimal number below 2^64, without sign or leading zero: 42",
        ),
        (
            ParseStampError::<std::num::ParseIntError>::Form.into(),
            "a stamp is written as a timestamp, `@`, and a node: 42@3",
        ),
        (ParseStampError::Node(node).into(), "the node of the stamp: invalid digit found in string"),
    ];
    for (error, text) in errors {
        assert_eq!(error.to_string(), text);
        assert!(error.source().is_none());
    }
}
