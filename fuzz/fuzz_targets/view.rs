//! Views of encoded clocks do what the decoded clocks do.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spacelike_vclock::codec::{Decode, Encode, Limits, WireActor};
use spacelike_vclock::{Actor, Causality, ClockView, VersionVector};

fuzz_target!(|input: (&[u8], &[u8])| {
    let (left, right) = input;
    same::<u8>(left, right);
    same::<u64>(left, right);
    same::<[u8; 1]>(left, right);
    same::<String>(left, right);
    same::<Actor<u8>>(left, right);
});

fn same<A: WireActor + Clone + core::fmt::Debug>(left: &[u8], right: &[u8]) {
    let (Some((left_view, left)), Some((right_view, right))) = (both::<A>(left), both::<A>(right)) else {
        return;
    };
    let relation = left.compare(&right);
    assert_eq!(left_view.compare(&right_view), relation);
    assert_eq!(left_view.compare_clock(&right), relation);
    assert_eq!(left_view == right_view, relation == Causality::Equal);
    for (actor, _) in right.iter() {
        assert_eq!(left_view.get(actor.to_wire()), left.get(actor));
    }
    let mut merged = left;
    merged.merge(&right);
    assert_eq!(left_view.merge(&right_view), merged.to_bytes());
}

/// A view and a clock, if either.
fn both<A: WireActor + core::fmt::Debug>(bytes: &[u8]) -> Option<(ClockView<'_, A>, VersionVector<A>)> {
    match (ClockView::parse(bytes, Limits::NONE), VersionVector::from_bytes(bytes, Limits::NONE)) {
        (Ok(view), Ok(clock)) => {
            assert_eq!(view.to_clock(), clock);
            Some((view, clock))
        }
        (view, clock) => {
            assert_eq!(view.err(), clock.err());
            None
        }
    }
}
