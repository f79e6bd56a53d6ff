//! Many threads, one clock: no timestamp comes twice, and none comes after a greater one.

use std::sync::{Barrier, Mutex};
use std::thread;

use spacelike_lamport::{Clock, ReceiveError, Timestamp};

/// Eight threads mix all operations. Each sees its own timestamps grow; what one of them got before another began, as a
/// mutex tells, is smaller than what the other gets; and all are distinct.
#[test]
fn no_duplicate_and_no_inversion() {
    static CLOCK: Clock = Clock::new(1_000);
    /// What each thread has got so far.
    static POSTED: [Mutex<u64>; THREADS] = [const { Mutex::new(0) }; THREADS];
    let start = Barrier::new(THREADS);

    let work = |thread: usize| {
        let mut random = Random(thread as u64 + 1);
        let (mut issued, mut refused) = (Vec::with_capacity(EVENTS), 0);
        start.wait();
        while issued.len() < EVENTS {
            let before = CLOCK.latest().max(Timestamp::new(*issued.last().unwrap_or(&0)));
            let near = Timestamp::new(before.get() + random.below(2_000));
            let next = match random.below(8) {
                0 => match CLOCK.receive(near) {
                    Ok(received) => {
                        assert!(received > near);
                        received
                    }
                    Err(ReceiveError::JumpExceeded(_)) => {
                        refused += 1;
                        continue;
                    }
                    Err(error) => panic!("{error}"),
                },
                1 => {
                    let old = Timestamp::new(random.below(before.get() + 1));
                    CLOCK.receive(old).unwrap()
                }
                2 => {
                    match CLOCK.observe(near) {
                        Ok(()) => assert!(CLOCK.latest() >= near),
                        Err(_) => refused += 1,
                    }
                    CLOCK.tick()
                }
                3 => {
                    CLOCK.bootstrap(Timestamp::new(before.get() / 2)).unwrap();
                    CLOCK.receive(Timestamp::new(u64::MAX)).unwrap_err();
                    CLOCK.tick()
                }
                4 => {
                    let other = usize::try_from(random.below(THREADS as u64)).unwrap();
                    let posted = *POSTED[other].lock().unwrap();
                    let tick = CLOCK.tick();
                    assert!(tick.get() > posted, "{tick} came after {posted}");
                    tick
                }
                _ => CLOCK.tick(),
            };
            assert!(next > before, "{next} came after {before}");
            assert!(CLOCK.latest() >= next);
            issued.push(next.get());
            *POSTED[thread].lock().unwrap() = next.get();
        }
        (issued, refused)
    };

    let (issued, refused): (Vec<_>, Vec<_>) = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || work(thread))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).unzip()
    });
    assert!(refused.into_iter().sum::<u64>() > 0, "some were meant to be refused");
    let mut all = issued.concat();
    all.sort_unstable();
    assert_eq!(all.len(), THREADS * EVENTS);
    assert!(all.is_sorted_by(|a, b| a < b), "a timestamp came twice");
}

/// Xorshift (Marsaglia 2003): the operations are the same in each run, their interleaving is not.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

const THREADS: usize = 8;

/// Of each thread.
const EVENTS: usize = 50_000;
