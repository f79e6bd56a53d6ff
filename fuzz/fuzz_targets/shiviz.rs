//! Logs of anybody: the validator takes them all; and what it finds to be possible, any part of it stays so once renumbered.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spacelike_vclock::shiviz::{Renumber, validate};
use spacelike_vclock::{Dot, VectorClock};

fuzz_target!(|input: (Vec<(u8, Vec<(u8, u8)>)>, u64)| {
    let (log, kept) = input;
    let log: Vec<(u8, VectorClock<u8>)> = log
        .into_iter()
        .map(|(host, entries)| {
            (host % 4, entries.into_iter().map(|(actor, n)| (actor % 4, n.into())).collect())
        })
        .collect();
    if let Err(invalid) = validate(log.iter().map(|(host, clock)| (host, clock))) {
        assert!(!invalid.to_string().is_empty());
        return;
    }
    let kept: Vec<_> =
        log.iter().enumerate().filter(|(index, _)| kept >> (index % 64) & 1 == 1).map(|(_, e)| e).collect();
    if kept.is_empty() {
        return;
    }
    let dots = kept.iter().filter_map(|(host, clock)| Dot::new(*host, clock.get(host)));
    let log: Renumber<u8> = dots.collect();
    let renumbered: Vec<_> = kept.iter().map(|(host, clock)| (*host, log.renumber(clock))).collect();
    validate(renumbered.iter().map(|(host, clock)| (host, clock))).expect("a part of a valid log is valid");
});
