//! What a user's code relies on without calling it: sizes, auto traits, constants, texts. Those of the heap-free and of the
//! shared clocks are in the tests of each.
#![cfg(feature = "alloc")]

use std::error::Error;

use spacelike_vclock::{
    Actor, Amnesia, BaseDiffers, Broadcast, CausalBuffer, Causality, ClockView, Dot, DotSet, DvvSet,
    Exhausted, ForgetError, INLINE, IssueError, Laggard, MembershipError, NotAbove, NotCanonical, NotLast,
    ParseActorError, ParseClockError, ParseDotError, PruneLimits, PrunedVector, PutError, ReceiveError,
    Refusal, Refused, ReportError, Reservation, ReservedCounter, Run, Stability, Stored, Stripped, Synced,
    Unreserved, Updates, VectorClock, VersionVector, codec, shiviz,
};

/// Clocks, sets and counters can be constants and statics.
const EMPTY: VersionVector<u64> = VersionVector::new();
const VALUES: DvvSet<u64, u64> = DvvSet::new();
const COUNTER: ReservedCounter = ReservedCounter::new(Stored::Never);
static CLOCK: std::sync::Mutex<VectorClock<u64>> = std::sync::Mutex::new(VectorClock::new());

#[test]
fn what_is_empty_is_const() {
    assert!(EMPTY.is_empty() && VALUES.is_empty() && COUNTER.left() == 0 && CLOCK.lock().unwrap().is_empty());
}

/// Small where it matters: an answer is a byte, a dot its parts, a clock its inline entries and two words at most.
#[test]
fn sizes_are_as_documented() {
    assert_eq!(size_of::<Causality>(), 1);
    assert_eq!(size_of::<Dot<u64>>(), 16);
    assert_eq!(size_of::<Option<Dot<u64>>>(), 16);
    assert_eq!(size_of::<Actor<u32>>(), 8);
    assert_eq!(size_of::<ReservedCounter>(), 16);
    assert!(size_of::<VectorClock<u64>>() <= INLINE * 16 + 2 * size_of::<usize>());
    assert_eq!(size_of::<VectorClock<u64>>(), size_of::<VersionVector<u64>>());
    assert_eq!(size_of::<PrunedVector<u64>>(), size_of::<VersionVector<u64>>());
}

/// Everything can be sent, shared and printed; every error is an error.
#[test]
fn auto_traits_hold() {
    fn plain<T: Send + Sync + Unpin + std::panic::UnwindSafe + core::fmt::Debug>() {}
    fn data<T: Clone + Eq + core::hash::Hash + core::fmt::Debug + Send + Sync>() {}
    fn error<T: Error + Send + Sync + Clone + Eq + 'static>() {}
    data::<(Causality, Dot<String>, Actor<String>, Run<u8>, Broadcast<u8, u8>, Stored, PruneLimits)>();
    data::<(VectorClock<String>, VersionVector<u8>, PrunedVector<u8>, DvvSet<u8, u8>, DotSet<u8>, Synced)>();
    data::<(ReservedCounter, Laggard<u8>, Stripped<u8, Updates>)>();
    plain::<(CausalBuffer<u8, u8>, Stability<u8>, Reservation)>();
    plain::<(codec::Base<u8, Updates>, codec::Roster<u8>, codec::Limits, shiviz::Renumber<u8>)>();
    plain::<ClockView<'_, u64>>();
    error::<Exhausted>();
    error::<Amnesia>();
    error::<ReceiveError>();
    error::<NotCanonical>();
    error::<NotLast>();
    error::<NotAbove>();
    error::<BaseDiffers>();
    error::<Unreserved>();
    error::<IssueError>();
    error::<PutError>();
    error::<Refused<u8, u8>>();
    error::<Refusal<u8>>();
    error::<ReportError>();
    error::<MembershipError>();
    error::<ForgetError>();
    error::<ParseDotError<std::num::ParseIntError>>();
    error::<ParseActorError<std::num::ParseIntError>>();
    error::<ParseClockError<std::num::ParseIntError>>();
    error::<codec::DecodeError>();
}

/// Errors say what was wrong and what to do.
#[test]
fn errors_speak() {
    let amnesia = Amnesia { known: 3, claimed: 4 };
    let exhausted = Exhausted { limit: u64::MAX };
    let form = ParseDotError::<std::num::ParseIntError>::Form;
    for (error, text) in [
        (
            ReceiveError::from(amnesia).to_string(),
            "we know of 3 events of our own, but a peer claims 4: forgotten or forged, go on in a new epoch",
        ),
        (
            IssueError::from(exhausted).to_string(),
            "the counter is at its limit of 18446744073709551615: go on under a new actor or epoch",
        ),
        (
            IssueError::from(Unreserved { bound: 7 }).to_string(),
            "the counter is at its reserved bound of 7: reserve more, store it, and confirm",
        ),
        (
            NotLast { last: 6, known: 7 }.to_string(),
            "the actor's last counter is said to be 6, but the clock knows of 7: it is not stable yet, or not gone",
        ),
        (
            NotAbove.to_string(),
            "the base has seen something that the clock hasn't: strip by a base that is before the clock",
        ),
        (
            BaseDiffers { stripped_by: 2, base: 1 }.to_string(),
            "stripped by a base of weight 2, and met one of weight 1: fill up first, each by its own",
        ),
        (ParseClockError::Entry(form).to_string(), "a dot is written as an actor, `:`, and a counter: a:3"),
        (ParseClockError::<u8>::Form.to_string(), "a clock is written as its dots in braces: {a:2, b:1}"),
        (
            NotCanonical::Order { index: 1 }.to_string(),
            "the id at index 1 is not greater than the one before: ids must strictly ascend",
        ),
    ] {
        assert_eq!(error, text);
    }
}
