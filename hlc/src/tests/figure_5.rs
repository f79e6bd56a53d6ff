//! Kulkarni, Demirbas, Madappa, Avva, Leone: "Logical Physical Clocks" (2014), figure 5, word by word.

use core::time::Duration;

use crate::{Clock, LocalClock, Timestamp};

/// A pair (l, c) of the paper. Its counter is unbounded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Pair {
    l: u64,
    c: u64,
}

/// "Send or local event."
fn send(state: Pair, pt: u64) -> Pair {
    let l = state.l.max(pt);
    let c = if l == state.l { state.c + 1 } else { 0 };
    Pair { l, c }
}

/// "Receive event of message m."
fn receive(state: Pair, m: Pair, pt: u64) -> Pair {
    let l = state.l.max(m.l).max(pt);
    let c = if l == state.l && l == m.l {
        state.c.max(m.c) + 1
    } else if l == state.l {
        state.c + 1
    } else if l == m.l {
        m.c + 1
    } else {
        0
    };
    Pair { l, c }
}

/// The one thing that is ours: a counter that overflows its 16 bits carries into the next millisecond.
fn packed(pair: Pair) -> u64 {
    (pair.l << 16) + pair.c
}

/// Small values around the origin, and around the greatest physical part that leaves room for a carry.
fn times() -> impl Iterator<Item = u64> + Clone {
    let top = Timestamp::MAX.millis() - 4;
    (0..4).chain(top..top + 4)
}

const COUNTERS: [u64; 6] = [0, 1, 2, 0x8000, 0xFFFE, 0xFFFF];

/// The packed rule for sends is the paper's, in every case.
#[test]
fn sends_follow_the_paper() {
    for l in times() {
        for c in COUNTERS {
            for pt in times() {
                let (state, wall) = (Pair { l, c }, Duration::from_millis(pt));
                let expected = Timestamp::from_u64(packed(send(state, pt))).unwrap();
                let shared = Clock::starting_above(packed(state), Duration::ZERO);
                assert_eq!(shared.tick(wall), Ok(expected), "{state:?} {pt}");
                assert_eq!(shared.latest(), Some(expected));
                let run = Clock::starting_above(packed(state), Duration::ZERO).tick_n(wall, 1).unwrap();
                assert_eq!(run.start(), Some(expected), "{state:?} {pt}");
                let mut local = LocalClock::starting_above(packed(state), Duration::ZERO);
                assert_eq!(local.tick(wall), Ok(expected), "{state:?} {pt}");
                assert_eq!(local.latest(), Some(expected));
            }
        }
    }
}

/// The packed rule for receives is the paper's, in every case, whether or not the counters are saturated.
#[test]
fn receives_follow_the_paper() {
    let mut cases = 0;
    for (l, c) in times().flat_map(|l| COUNTERS.map(|c| (l, c))) {
        for (m_l, m_c) in times().flat_map(|l| COUNTERS.map(|c| (l, c))) {
            let (state, m) = (Pair { l, c }, Pair { l: m_l, c: m_c });
            let Ok(remote) = Timestamp::from_u64(packed(m)) else { continue };
            for pt in times() {
                let wall = Duration::from_millis(pt);
                let expected = Timestamp::from_u64(packed(receive(state, m, pt))).unwrap();
                let shared = Clock::starting_above(packed(state), Duration::MAX);
                assert_eq!(shared.receive(remote, wall).unwrap().timestamp, expected, "{state:?} {m:?} {pt}");
                let mut local = LocalClock::starting_above(packed(state), Duration::MAX);
                assert_eq!(local.receive(remote, wall).unwrap().timestamp, expected, "{state:?} {m:?} {pt}");
                // "observe, then send" is a receive.
                let joined = Clock::starting_above(packed(state), Duration::MAX);
                joined.observe(remote, wall).unwrap();
                assert_eq!(joined.tick(wall), Ok(expected), "{state:?} {m:?} {pt}");
                cases += 1;
            }
        }
    }
    assert_eq!(cases, (48 * 48 - 48) * 8);
}
