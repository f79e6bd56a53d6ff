//! Lamport clocks.

use std::hint::black_box;
use std::sync::Arc;

use spacelike_lamport::{Clock, LocalClock, Timestamp};

use crate::hlc::{arc, fetch_add, looped};
use crate::{Case, sink, worker};

/// Clocks that threads share.
pub fn shared() -> Vec<Case> {
    let ours = Arc::new(Clock::new(JUMP_MAX));
    let theirs = Arc::new(lamport::Clock::new());
    let mut cases = vec![fetch_add(TICK), fetch_add(BEHIND), fetch_add(AHEAD), fetch_add(TAKE_OVER)];
    cases.push(looped(SHARED, TICK, arc(&ours), |clock| {
        sink(&clock.tick());
    }));
    cases.push(looped(PEER, TICK, arc(&theirs), |clock| {
        sink(&clock.increment());
    }));
    cases.extend(receives(SHARED, Clock::new(JUMP_MAX), Clock::new(JUMP_MAX), |clock, remote| {
        sink(&clock.receive(Timestamp::new(remote)).expect("accepted"));
    }));
    // Two calls: its witness issues nothing. It checks nothing either.
    cases.extend(receives(PEER, lamport::Clock::new(), lamport::Clock::new(), |clock, remote| {
        clock.witness(as_usize(remote));
        sink(&clock.increment());
    }));
    cases.push(take_over(SHARED, Clock::new(JUMP_MAX), |clock, remote| {
        clock.observe(Timestamp::new(remote)).expect("accepted");
    }));
    cases.push(take_over(PEER, lamport::Clock::new(), |clock, remote| clock.witness(as_usize(remote))));
    cases
}

/// Clocks for one thread. No peer has one; the floor is still the `fetch_add`.
pub fn local() -> Vec<Case> {
    vec![
        fetch_add(TICK),
        fetch_add(BEHIND),
        fetch_add(AHEAD),
        looped(
            LOCAL,
            TICK,
            || LocalClock::new(JUMP_MAX),
            |clock| {
                sink(&clock.tick());
            },
        ),
        local_receive(BEHIND, |_| 1),
        local_receive(AHEAD, |latest| latest + 10),
    ]
}

fn receives<C: Send + Sync + 'static>(
    name: &'static str,
    behind: C,
    ahead: C,
    receive: impl Fn(&C, u64) + Copy + Send + Sync + 'static,
) -> [Case; 2] {
    let (behind, ahead) = (Arc::new(behind), Arc::new(ahead));
    [
        looped(name, BEHIND, arc(&behind), move |clock| receive(clock, black_box(1))),
        ascending(name, AHEAD, ahead, receive),
    ]
}

fn take_over<C: Send + Sync + 'static>(
    name: &'static str,
    clock: C,
    call: impl Fn(&C, u64) + Copy + Send + Sync + 'static,
) -> Case {
    ascending(name, TAKE_OVER, Arc::new(clock), call)
}

/// Every remote timestamp is ahead of the clock, which moves by at most two a call.
fn ascending<C: Send + Sync + 'static>(
    name: &'static str,
    job: &'static str,
    clock: Arc<C>,
    call: impl Fn(&C, u64) + Copy + Send + Sync + 'static,
) -> Case {
    Case::new(name, job, move || {
        let clock = Arc::clone(&clock);
        worker(
            0,
            |remote, at, _| *remote = at * 10,
            move |remote, calls| {
                for _ in 0..calls {
                    *remote += 10;
                    call(&clock, black_box(*remote));
                }
            },
        )
    })
}

fn local_receive(job: &'static str, remote: fn(u64) -> u64) -> Case {
    Case::new(LOCAL, job, move || {
        worker(
            (LocalClock::new(JUMP_MAX), Vec::new(), 0),
            move |(_, table, next), at, calls| {
                table.clear();
                table.extend((0..calls as u64).map(|i| Timestamp::new(remote(10 * (at + i)))));
                *next = 0;
            },
            |(clock, table, next), calls| {
                for timestamp in &table[*next..*next + calls] {
                    sink(&clock.receive(*timestamp).expect("accepted"));
                }
                *next += calls;
            },
        )
    })
}

fn as_usize(value: u64) -> usize {
    usize::try_from(value).expect("64 bits")
}

pub const SHARED: &str = "**`spacelike_lamport::Clock`**";
pub const LOCAL: &str = "**`spacelike_lamport::LocalClock`**";
pub const PEER: &str = "`lamport`";
pub const TICK: &str = "tick";
pub const BEHIND: &str = "receive, remote behind";
pub const AHEAD: &str = "receive, remote ahead";
pub const TAKE_OVER: &str = "take over, remote ahead";
const JUMP_MAX: u64 = 1 << 40;
