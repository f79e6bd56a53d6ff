use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt::Display;

use crate::VectorClock;
use crate::shiviz::Invalid;
use crate::shiviz::text::Name;

/// Whether ShiViz can draw a log of these events of one execution, each given as its host and its clock, in any order;
/// and whether they can have happened.
///
/// # Errors
/// [`Invalid`]: what ShiViz refuses comes first, then what it would draw though it can't have happened.
///
/// # Cost
/// For m events and clocks of n entries: O(m log m + m n log n), and O(n) more for each entry that rose since the host's
/// event before. Memory for the events, O(m).
///
/// # Examples
/// ```
/// use spacelike_vclock::VectorClock;
/// use spacelike_vclock::shiviz::{Invalid, validate};
///
/// let first = VectorClock::from([("alice", 1)]);
/// let third = VectorClock::from([("alice", 3), ("bob", 1)]);
/// let found = validate([(&"alice", &first), (&"alice", &third)]);
/// assert_eq!(found, Err(Invalid::Numbering { event: 1, host: "alice", found: 3, expected: 2 }));
/// assert!(found.unwrap_err().is_refused());
/// ```
pub fn validate<'a, A: Ord + Clone + Display + 'a>(
    events: impl IntoIterator<Item = (&'a A, &'a VectorClock<A>)>,
) -> Result<(), Invalid<A>> {
    let hosts = Hosts::of(events)?;
    hosts.check_entries()?;
    hosts.check_causes()
}

/// The events of each host, by its own count. Event `n` of the log is at `n`.
struct Hosts<'a, A>(BTreeMap<&'a A, Vec<(usize, &'a VectorClock<A>)>>);

impl<'a, A: Ord + Clone + Display> Hosts<'a, A> {
    fn of(events: impl IntoIterator<Item = (&'a A, &'a VectorClock<A>)>) -> Result<Self, Invalid<A>> {
        let mut hosts: BTreeMap<&A, Vec<_>> = BTreeMap::new();
        for (event, (host, clock)) in events.into_iter().enumerate() {
            if clock.get(host) == 0 {
                return Err(Invalid::NoOwnEntry { event, host: host.clone() });
            }
            hosts.entry(host).or_default().push((event, clock));
        }
        if hosts.is_empty() {
            return Err(Invalid::Empty);
        }
        let mut names = BTreeSet::new();
        for (&host, events) in &mut hosts {
            if !names.insert(Name(host).to_string()) {
                return Err(Invalid::SameName { host: host.clone() });
            }
            events.sort_by_key(|(_, clock)| clock.get(host));
            for (expected, &(event, clock)) in (1..).zip(&*events) {
                let found = clock.get(host);
                if found != expected {
                    return Err(Invalid::Numbering { event, host: host.clone(), found, expected });
                }
            }
        }
        Ok(Self(hosts))
    }

    /// Each entry is an event of the log.
    fn check_entries(&self) -> Result<(), Invalid<A>> {
        for &(event, clock) in self.0.values().flatten() {
            for (host, found) in clock {
                let Some(events) = self.0.get(host) else {
                    return Err(Invalid::UnknownHost { event, host: host.clone() });
                };
                let logged = events.len() as u64;
                if found > logged {
                    return Err(Invalid::Unlogged { event, host: host.clone(), found, logged });
                }
            }
        }
        Ok(())
    }

    /// Whoever has seen an event has seen what it has, and the other way round it isn't so.
    fn check_causes(&self) -> Result<(), Invalid<A>> {
        let none = VectorClock::new();
        for (&host, events) in &self.0 {
            let mut before = (0, &none);
            for &(event, clock) in events {
                if !clock.dominates(before.1) {
                    return Err(Invalid::Forgotten { event, cause: before.0 });
                }
                // What has not risen was looked at with the event before.
                for (other, seen) in
                    clock.iter().filter(|&(other, seen)| other != host && seen > before.1.get(other))
                {
                    let index = usize::try_from(seen - 1).expect("`check_entries` found the event");
                    let (cause, of_cause) = self.0[other][index];
                    if of_cause.get(host) >= clock.get(host) {
                        return Err(Invalid::Cycle { event, cause });
                    }
                    if !clock.dominates(of_cause) {
                        return Err(Invalid::Forgotten { event, cause });
                    }
                }
                before = (event, clock);
            }
        }
        Ok(())
    }
}
