//! Models of [`Phi`], and of what it is made of.

use core::time::Duration;
use std::vec::Vec;

use super::{Arc, model, mutant, thread};
use crate::arrival::Arrival;
use crate::published::Published;
use crate::shared_arrivals::SharedArrivals;
use crate::shared_window::{Ahead, SharedWindow, Snapshot};
use crate::sync::{AtomicU64, Ordering};
use crate::window::Sums;
use crate::{Beat, Heard, Normal, Phi, Resolution, Settings};

/// What a thread does with what it shares, and what comes of it.
type Role<T, R> = fn(&T) -> R;

/// Runs each role in a thread of its own, but the first, which is for this one; gives what came of them, and what they shared.
fn race<T: Send + Sync + 'static, R: Send + 'static>(shared: T, roles: &[Role<T, R>]) -> (Arc<T>, Vec<R>) {
    let shared = Arc::new(shared);
    let spawned: Vec<_> = roles[1..]
        .iter()
        .map(|&role| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || role(&shared))
        })
        .collect();
    let mut results = Vec::from([roles[0](&shared)]);
    results.extend(spawned.into_iter().map(|thread| thread.join().unwrap()));
    (shared, results)
}

/// The window: its intervals are powers of ten, so that their sums tell which they are.
fn recorded<const N: usize>(roles: &[Role<SharedWindow<N>, Option<Snapshot>>], all: &[u64]) {
    let (window, snapshots) = race(SharedWindow::new(), roles);
    for snapshot in snapshots.into_iter().flatten() {
        judge::<N>(snapshot, all);
    }
    let Some(rest) = window.snapshot() else { panic!("broken: nobody records, and it looks so") };
    assert_eq!(rest.generation, all.len() as u64, "broken: a record is lost, or twice there");
    judge::<N>(rest, all);
}

/// Whether the sums are those of as many intervals as they say, and of which the window has room for.
fn judge<const N: usize>(snapshot: Snapshot, all: &[u64]) {
    let Snapshot { generation, sums } = snapshot;
    let kept =
        |set: usize| all.iter().enumerate().filter(move |(index, _)| set >> index & 1 == 1).map(|(_, i)| *i);
    let possible = (0..1 << all.len()).filter(|set: &usize| set.count_ones() == sums.count);
    assert!(
        u64::from(sums.count) == generation.min(N as u64)
            && possible.into_iter().any(|set| {
                kept(set).sum::<u64>() == sums.sum && kept(set).map(|i| i * i).sum::<u64>() == sums.squares
            }),
        "broken: {snapshot:?} is torn"
    );
}

/// As if others had been in the middle of recording before it.
fn record<const N: usize>(window: &SharedWindow<N>, interval: u64) -> Option<Snapshot> {
    window.record(interval, Ahead::NONE)
}

/// By what was there before, if it is the latest record.
fn record_ahead<const N: usize>(window: &SharedWindow<N>, interval: u64) -> Option<Snapshot> {
    let recorded = window.record(interval, window.ahead());
    recorded.filter(|it| window.is_latest(it.generation))
}

fn record_10<const N: usize>(window: &SharedWindow<N>) -> Option<Snapshot> {
    record(window, 10)
}

fn record_100_and_1000<const N: usize>(window: &SharedWindow<N>) -> Option<Snapshot> {
    record(window, 100);
    record(window, 1_000)
}

fn record_100<const N: usize>(window: &SharedWindow<N>) -> Option<Snapshot> {
    record(window, 100)
}

fn look<const N: usize>(window: &SharedWindow<N>) -> Option<Snapshot> {
    window.snapshot()
}

fn two_writers_and_a_reader<const N: usize>() {
    model(|| recorded::<N>(&[look, record_10, record_100], &[10, 100]));
}

/// A snapshot is never of a part of a record, whether there is room for all or the one takes the place of the other; and at rest
/// the sums are those of the intervals that are there.
#[test]
fn snapshots_are_of_complete_records() {
    two_writers_and_a_reader::<1>();
    two_writers_and_a_reader::<2>();
    two_writers_and_a_reader::<4>();
}

mutant!(snapshots_need_fences, NoFence, two_writers_and_a_reader::<4>());
mutant!(snapshots_need_release, NoRelease, two_writers_and_a_reader::<4>());
mutant!(snapshots_need_acquire, NoAcquire, two_writers_and_a_reader::<4>());
mutant!(sums_need_one_step, Torn, two_writers_and_a_reader::<1>());

/// The same for a thread that records twice, and so takes the place of another that is not done, or of itself.
#[test]
fn places_are_taken_by_one_each() {
    model(|| recorded::<1>(&[record_10, record_100_and_1000], &[10, 100, 1_000]));
    model(|| recorded::<2>(&[record_10, record_100_and_1000], &[10, 100, 1_000]));
}

mutant!(
    places_need_one_step,
    Torn,
    model(|| recorded::<1>(&[record_10, record_100_and_1000], &[10, 100, 1_000]))
);

fn two_who_look_ahead() {
    model(|| {
        recorded::<2>(&[|it| record_ahead(it, 10), |it| record_ahead(it, 100)], &[10, 100]);
        recorded::<1>(&[|it| record_ahead(it, 10), |it| record_ahead(it, 100)], &[10, 100]);
    });
}

/// Who was alone from before a record until after it has computed the sums that are there.
#[test]
fn who_is_alone_knows_the_sums() {
    two_who_look_ahead();
}

mutant!(looking_ahead_needs_release, NoRelease, two_who_look_ahead());
mutant!(looking_ahead_needs_acquire, NoAcquire, two_who_look_ahead());

/// Of several threads that record and then look, one sees all: so the last timeouts are published by somebody.
#[test]
fn somebody_sees_all() {
    somebody_looks_last();
}

fn somebody_looks_last() {
    fn record_and_look<const INTERVAL: u64>(window: &SharedWindow<4>) -> Option<Snapshot> {
        record(window, INTERVAL);
        window.snapshot()
    }

    model(|| {
        let (_, seen) = race(SharedWindow::new(), &[record_and_look::<10>, record_and_look::<100>]);
        let all = Snapshot { generation: 2, sums: Sums { count: 2, sum: 110, squares: 10_100 } };
        assert!(seen.contains(&Some(all)), "broken: {seen:?}, and nobody sees all");
    });
}

mutant!(seeing_all_needs_release, NoRelease, somebody_looks_last());
mutant!(seeing_all_needs_acquire, NoAcquire, somebody_looks_last());
mutant!(seeing_all_needs_one_step, Torn, somebody_looks_last());

/// Two that change something, each in a word of its own, and then publish the sum of both.
fn two_publish() {
    type Words = (Published, [AtomicU64; 2]);
    fn change<const WORD: usize, const TO: u64>((published, words): &Words) {
        words[WORD].swap(TO << 20, Ordering::Relaxed);
        published.renew(|| words.iter().map(|word| word.load(Ordering::Relaxed)).sum());
    }

    model(|| {
        let words = [AtomicU64::new(0), AtomicU64::new(7 << 20)];
        let (shared, _) = race((Published::new(), words), &[change::<0, 2>, change::<1, 5>]);
        let reached = [6, 8].map(|tick| shared.0.is_reached(Duration::from_nanos(tick << 20)));
        assert_eq!(reached, [Some(false), Some(true)], "broken: an older deadline stays");
    });
}

/// Whoever is late doesn't put back an older deadline: at rest, it is of all that was changed.
#[test]
fn the_newest_deadline_stays() {
    two_publish();
}

mutant!(publishing_needs_to_compare, Stores, two_publish());
mutant!(publishing_needs_one_step, Torn, two_publish());
mutant!(publishing_needs_release, NoRelease, two_publish());
mutant!(publishing_needs_acquire, NoAcquire, two_publish());

/// The deadline goes to another one and back, while a thread is about to publish a third one: that isn't taken for no change.
#[cfg(not(loom))]
#[test]
fn a_deadline_that_comes_again_is_another_one() {
    let published = Published::new();
    published.renew(|| 5 << 20);
    let mut rounds = 0;
    published.renew(|| {
        rounds += 1;
        if rounds == 1 {
            published.renew(|| 6 << 20);
            published.renew(|| 5 << 20);
        }
        (10 - rounds) << 20
    });
    assert_eq!(rounds, 2);
    assert_eq!(published.is_reached(Duration::from_nanos(9 << 20)), Some(true));
}

/// What is published is known to 2^20 ns: within them, and where nanoseconds don't fit 64 bits, it says nothing.
#[cfg(not(loom))]
#[test]
fn a_word_says_what_it_knows() {
    let published = Published::new();
    let is_reached = |nanos| published.is_reached(Duration::from_nanos(nanos));
    assert_eq!([is_reached(0), is_reached((1 << 20) - 1), is_reached(1 << 20)], [None, None, Some(true)]);
    published.renew(|| 5 << 20 | 0xFF);
    assert_eq!([is_reached(0), is_reached((5 << 20) - 1)], [Some(false); 2]);
    assert_eq!([is_reached(5 << 20), is_reached((6 << 20) - 1)], [None; 2]);
    assert_eq!([is_reached(6 << 20), is_reached(u64::MAX - 2_000_000_000)], [Some(true); 2]);
    assert_eq!([is_reached(u64::MAX), published.is_reached(Duration::MAX)], [None; 2]);
    published.renew(|| u64::MAX);
    assert_eq!([is_reached(u64::MAX - 2_000_000_000), is_reached(u64::MAX)], [Some(false), None]);
}

/// Counts wrap.
#[cfg(not(loom))]
#[test]
fn deadlines_are_replaced_for_ever() {
    let published = Published::new();
    for count in 0..(1 << 20) + 2 {
        published.renew(|| count << 20);
    }
    let due = 1 << 20 << 20 | 1 << 20;
    assert_eq!(published.is_reached(Duration::from_nanos(due - 1)), Some(false));
    assert_eq!(published.is_reached(Duration::from_nanos(due + (1 << 20))), Some(true));
}

const TICK: Resolution = Resolution::of_nanos_log2(0);

/// A silence of 15 is a stall.
const CLIP: u64 = 15;

fn at(tick: u64) -> Beat {
    Beat::at(Duration::from_nanos(tick))
}

fn arrive(arrivals: &SharedArrivals, beat: Beat) -> Arrival {
    if let Some(ticks) = arrivals.follow(&beat, TICK, CLIP) {
        return Arrival::Interval { ticks, lost: 0, sample: Some(ticks) };
    }
    arrivals.arrive(&beat, TICK, CLIP).unwrap_or(Arrival::Stale)
}

/// Of a peer that has beaten at these ticks, numbered from 1, in epoch 1.
fn heard(ticks: &[u64]) -> SharedArrivals {
    heard_in(1, ticks)
}

fn heard_in(epoch: u64, ticks: &[u64]) -> SharedArrivals {
    let arrivals = SharedArrivals::new();
    for (&tick, number) in ticks.iter().zip(1..) {
        arrive(&arrivals, at(tick).with_sequence(number).with_epoch(epoch));
    }
    arrivals
}

fn ticks(arrivals: &[Arrival]) -> u64 {
    arrivals
        .iter()
        .map(|arrival| if let Arrival::Interval { ticks, .. } = arrival { *ticks } else { 0 })
        .sum()
}

fn beats_at_once() {
    model(|| {
        let (arrivals, said) = race(
            SharedArrivals::new(),
            &[|it| [arrive(it, at(20)), arrive(it, at(50))], |it| [arrive(it, at(10)), arrive(it, at(40))]],
        );
        let said = said.concat();
        assert_eq!(arrivals.evidence(), Some(50), "broken: the last isn't the latest");
        let firsts = said.iter().filter(|arrival| **arrival == Arrival::First).count();
        assert_eq!(firsts, 1, "broken: {said:?}");
        let first = if said[0] == Arrival::First { 20 } else { 10 };
        assert_eq!(ticks(&said), 50 - first, "broken: {said:?} don't add up");
    });
}

/// Each tick between the first and the latest beat is in one interval, whoever hears them; and one beat is the first.
#[test]
fn intervals_add_up() {
    beats_at_once();
}

mutant!(intervals_need_one_step, Torn, beats_at_once());

#[cfg(loom)]
#[test]
fn intervals_need_no_ordering() {
    crate::sync::with_mutant(crate::sync::Mutant::Relaxed, beats_at_once);
}

fn a_gap_and_a_beat() {
    model(|| {
        let (arrivals, said) = race(
            heard(&[10]),
            &[
                |it| arrive(it, at(200)),
                |it| {
                    it.observe_local_gap(100);
                    Arrival::Stale
                },
            ],
        );
        let latest = arrivals.evidence().unwrap();
        assert_eq!(ticks(&said) + 100, latest - 10, "broken: {said:?} and the gap don't add up to {latest}");
    });
}

/// A gap of ours is in no interval, and shifts what comes after it by as much as it took.
#[test]
fn gaps_and_intervals_add_up() {
    a_gap_and_a_beat();
}

mutant!(gaps_need_one_step, Torn, a_gap_and_a_beat());
mutant!(gaps_need_to_compare, Stores, a_gap_and_a_beat());

fn numbers_at_once() {
    model(|| {
        let (_, said) = race(
            heard(&[10, 20]),
            &[|it| arrive(it, at(30).with_sequence(4)), |it| arrive(it, at(40).with_sequence(7))],
        );
        let lost = said.iter().filter_map(|arrival| match arrival {
            Arrival::Interval { lost, .. } => Some(*lost),
            _ => None,
        });
        let lost: Vec<_> = lost.collect();
        assert_eq!(lost.iter().sum::<u64>() + lost.len() as u64, 7 - 2, "broken: {said:?}");
    });
}

/// Each number that was skipped is counted once: what is lost, and what is heard, adds up to what was sent.
#[test]
fn gaps_of_numbers_are_counted_once() {
    numbers_at_once();
}

mutant!(numbers_need_one_step, Torn, numbers_at_once());
mutant!(numbers_need_to_compare, Stores, numbers_at_once());

/// A restart is heard of twice, or a beat of the life before comes in between; the next beat of the new life is its third, of
/// which so many are heard before.
fn restarts(roles: &'static [Role<SharedArrivals, Arrival>], before: u64) {
    model(move || {
        let (arrivals, said) = race(heard(&[10, 20]), roles);
        let restarts = said.iter().filter(|arrival| **arrival == Arrival::Restarted).count();
        assert_eq!(restarts, 1, "broken: {said:?}");
        let old = arrive(&arrivals, at(50).with_sequence(100).with_epoch(1));
        assert_eq!(old, Arrival::Stale, "broken: the life before goes on");
        let next = arrive(&arrivals, at(60).with_sequence(3).with_epoch(2));
        let Arrival::Interval { lost, .. } = next else {
            panic!("broken: the new life isn't heard after {said:?}")
        };
        assert_eq!(lost, 2 - before, "broken: the number is forgotten after {said:?}");
    });
}

const TWICE: &[Role<SharedArrivals, Arrival>] = &[
    |it| arrive(it, at(30).with_sequence(1).with_epoch(2)),
    |it| arrive(it, at(40).with_sequence(2).with_epoch(2)),
];

const WITH_AN_OLD_ONE: &[Role<SharedArrivals, Arrival>] = &[
    |it| arrive(it, at(30).with_sequence(90).with_epoch(1)),
    |it| arrive(it, at(40).with_sequence(1).with_epoch(2)),
];

/// One thread sees each restart, and numbers of the life before are none of the new one.
#[test]
fn restarts_are_seen_once() {
    restarts(TWICE, 2);
    restarts(WITH_AN_OLD_ONE, 1);
}

/// An epoch whose tag would be that of none.
#[test]
fn restarts_need_no_luck() {
    model(|| {
        let (arrivals, said) = race(
            heard_in(0x1_0000, &[10, 20]),
            &[
                |it| arrive(it, at(30).with_sequence(1).with_epoch(0x1_0001)),
                |it| arrive(it, at(40).with_sequence(2).with_epoch(0x1_0001)),
            ],
        );
        let next = arrive(&arrivals, at(60).with_sequence(3).with_epoch(0x1_0001));
        assert!(matches!(next, Arrival::Interval { lost: 0, .. }), "broken: {next:?} after {said:?}");
    });
}

/// Of two restarts that are heard of at once, the older one is none if it comes later.
#[test]
fn a_life_that_is_over_is_no_news() {
    model(|| {
        let unnumbered = SharedArrivals::new();
        arrive(&unnumbered, at(10).with_epoch(1));
        let (_, said) =
            race(unnumbered, &[|it| arrive(it, at(30).with_epoch(3)), |it| arrive(it, at(40).with_epoch(2))]);
        let known = [Arrival::Restarted, Arrival::Stale];
        assert!(said.iter().all(|arrival| known.contains(arrival)), "broken: {said:?}");
    });
}

mutant!(restarts_need_one_step, Torn, restarts(TWICE, 2));
mutant!(an_old_life_needs_release, NoRelease, restarts(WITH_AN_OLD_ONE, 1));
mutant!(an_old_life_needs_acquire, NoAcquire, restarts(WITH_AN_OLD_ONE, 1));

/// Beats come every 10, until two come at once and much too late; who looks meanwhile sees neither more life than there is, nor
/// less than there was.
fn a_backlog() {
    model(|| {
        let (arrivals, seen) = race(
            heard(&[10, 20, 30]),
            &[
                |it| Vec::from([it.evidence(), it.evidence()]),
                |it| {
                    arrive(it, at(100).with_sequence(4));
                    Vec::new()
                },
            ],
        );
        let seen = seen.concat();
        for evidence in seen.iter().copied().flatten() {
            assert!(evidence <= 45, "broken: a late beat at 100 proves life at {evidence}");
        }
        assert!(seen.is_sorted() && seen[0] >= Some(30), "broken: {seen:?}: there was more evidence before");
        assert_eq!(arrivals.evidence(), Some(45), "broken: it is late by 60, of which 5 are nothing");
    });
}

/// The evidence of a late beat is never taken for more than it is, not even for a moment.
#[test]
fn a_backlog_is_seen_with_its_beats() {
    a_backlog();
}

mutant!(a_backlog_needs_release, NoRelease, a_backlog());
mutant!(a_backlog_needs_acquire, NoAcquire, a_backlog());

fn a_backlog_of_two() {
    model(|| {
        let (arrivals, _) = race(
            heard(&[10, 20, 30]),
            &[|it| arrive(it, at(100).with_sequence(4)), |it| arrive(it, at(101).with_sequence(5))],
        );
        let evidence = arrivals.evidence().unwrap();
        assert!((30..=55).contains(&evidence), "broken: what comes at 100 and 101 proves life at {evidence}");
        // As late as the one before, or the one before that.
        arrive(&arrivals, at(111).with_sequence(6));
        let evidence = arrivals.evidence().unwrap();
        assert!((55..=65).contains(&evidence), "broken: what comes at 111 proves life at {evidence}");
    });
}

/// Of beats of a backlog that are heard at once, no two take the stall for theirs, and none hides it.
#[test]
fn a_backlog_is_counted_once() {
    a_backlog_of_two();
}

/// Of a peer that has said at these ticks that it was just sending.
fn heard_at_once(ticks: &[u64]) -> SharedArrivals {
    let arrivals = SharedArrivals::new();
    for &tick in ticks {
        arrive(&arrivals, sent(tick, tick));
    }
    arrivals
}

fn sent(tick: u64, sent: u64) -> Beat {
    at(tick).with_sent(Duration::from_nanos(sent))
}

/// Two beats of a backlog at once, both told late by their times of sending; who looks never sees more life than they prove.
fn two_that_are_late() {
    model(|| {
        let (arrivals, seen) = race(
            heard_at_once(&[10, 20, 30]),
            &[
                |it| Vec::from([it.evidence()]),
                |it| {
                    arrive(it, sent(100, 40));
                    Vec::new()
                },
                |it| {
                    arrive(it, sent(101, 50));
                    Vec::from([it.evidence()])
                },
            ],
        );
        for evidence in seen.concat().into_iter().flatten() {
            assert!(evidence <= 55, "broken: late beats at 100 and 101 prove life at {evidence}");
        }
        let evidence = arrivals.evidence().unwrap();
        assert!((45..=55).contains(&evidence), "broken: they prove life at {evidence}");
        arrive(&arrivals, sent(110, 60));
        assert_eq!(arrivals.evidence(), Some(65), "broken: the next is as late as it is");
    });
}

/// How late a beat is depends on itself, and not on whether that of another thread has been looked at.
#[test]
fn beats_at_once_are_each_as_late_as_they_are() {
    two_that_are_late();
}

mutant!(beats_at_once_need_release, NoRelease, two_that_are_late());
mutant!(beats_at_once_need_acquire, NoAcquire, two_that_are_late());

fn one_that_is_late() {
    model(|| {
        let (arrivals, _) = race(
            heard_at_once(&[10, 20, 30]),
            &[|it| arrive(it, sent(100, 40)), |it| arrive(it, sent(101, 101))],
        );
        arrive(&arrivals, sent(110, 110));
        assert_eq!(arrivals.evidence(), Some(110), "broken: the next is on time");
    });
}

/// A backlog that is over is over, whoever heard its last beat.
#[test]
fn beats_at_once_leave_no_backlog() {
    one_that_is_late();
}

fn one_that_was_on_time() {
    model(|| {
        let (arrivals, _) = race(
            heard_at_once(&[10, 20, 30]),
            &[|it| arrive(it, sent(40, 40)), |it| arrive(it, sent(100, 45))],
        );
        let evidence = arrivals.evidence();
        assert_eq!(evidence, Some(50), "broken: late by 55, of which 5 are nothing, is {evidence:?}");
    });
}

/// A thread that is held up with a beat that was on time doesn't end the backlog of those after it.
#[test]
fn a_backlog_is_ended_by_no_older_beat() {
    one_that_was_on_time();
}

fn two_of_a_new_life() {
    model(|| {
        let arrivals = heard_at_once(&[10, 20]);
        arrive(&arrivals, sent(1_030, 1_030).with_epoch(1));
        // Its clock began anew.
        let (arrivals, _) = race(
            arrivals,
            &[|it| arrive(it, sent(1_040, 1).with_epoch(2)), |it| arrive(it, sent(1_050, 11).with_epoch(2))],
        );
        arrive(&arrivals, sent(1_060, 21).with_epoch(2));
        assert_eq!(arrivals.evidence(), Some(1_060), "broken: another clock is no backlog");
    });
}

/// A sender that has restarted may have another clock.
#[test]
fn a_restart_leaves_no_backlog() {
    two_of_a_new_life();
}

fn tenth(level: f64) -> Phi<Normal, 4, 1> {
    let settings =
        Settings { sd_min: Duration::ZERO, sd_min_permille: 0, ..Settings::new(Duration::from_micros(1)) };
    Phi::new(&Settings { resolution: TICK, ..settings }, [level])
}

fn beats_of_two_threads() {
    model(|| {
        let peer = tenth(8.0);
        peer.heartbeat(at(1_000));
        let (peer, heard) = race(
            peer,
            &[
                |it: &Phi<Normal, 4, 1>| it.heartbeat(at(2_000)),
                |it: &Phi<Normal, 4, 1>| it.heartbeat(at(3_500)),
            ],
        );
        assert!(heard.iter().any(|heard| matches!(heard, Heard::Interval { .. })), "broken: {heard:?}");
        assert_eq!(peer.deadline(0), peer.deadline_at(8.0), "broken: an older timeout stays after {heard:?}");
    });
}

/// When nobody hears a beat, what is published is the newest: the deadline is that of all intervals that were recorded.
#[test]
fn at_rest_the_newest_timeout_is_published() {
    beats_of_two_threads();
}

mutant!(at_rest_needs_to_compare, Stores, beats_of_two_threads());

/// Beats a period apart, of which each is more than is known exactly without a look at all there is.
const PERIOD: u64 = 1 << 22;

/// Both threads tell something; the first, at two periods, what is stale if the other, at three, comes before.
fn an_answer(tell: fn(&Phi<Normal, 4, 1>, u64)) {
    model(move || {
        let settings = Settings {
            sd_min: Duration::ZERO,
            sd_min_permille: 0,
            resolution: TICK,
            ..Settings::new(Duration::from_nanos(PERIOD))
        };
        let peer: Phi<Normal, 4, 1> = Phi::new(&settings, [8.0]);
        peer.heartbeat(at(PERIOD));
        let peer = Arc::new(peer);
        let other = Arc::clone(&peer);
        let newer = thread::spawn(move || tell(&other, 3 * PERIOD));
        tell(&peer, 2 * PERIOD);
        let is_suspect = peer.is_suspect(Duration::from_nanos(4 * PERIOD), 0);
        assert!(!is_suspect, "broken: what was told is in no answer");
        newer.join().unwrap();
    });
}

/// Whoever asks, after what was told, has it in the answer, also if another thread is in the middle of telling what is newer.
#[test]
fn what_was_told_is_in_the_answer() {
    an_answer(|peer, tick| {
        peer.heartbeat(at(tick));
    });
    an_answer(|peer, tick| peer.witness(Duration::from_nanos(tick)));
}

/// If a thread is held up for ever in the middle of a beat, all answers are from what was known before, and say so; what is
/// asked to act by is as before, and later beats are evidence of life all the same.
#[cfg(not(loom))]
#[test]
fn a_thread_that_is_held_up_stops_nobody() {
    let peer = tenth(3.0);
    for beat in 1..=6 {
        peer.heartbeat(at(1_000 * beat + beat % 2 * 90));
    }
    let moments = peer.moments();
    let now = Duration::from_nanos(7_100);
    let before = peer.suspicion(now);
    assert!(!before.stale && before.phi > 0.5);

    peer.begin_only();
    let after = peer.suspicion(now);
    assert!(after.stale && (after.phi / before.phi - 1.0).abs() < 1e-5, "{after:?} after {before:?}");
    assert_eq!((after.elapsed, after.state), (before.elapsed, before.state));
    assert_eq!(peer.moments(), moments);
    let deadline = peer.deadline(0).unwrap();
    assert!(peer.is_suspect(deadline, 0));

    peer.heartbeat(at(7_050));
    assert_eq!(peer.deadline(0), Some(deadline + Duration::from_nanos(1_050)));
    assert_eq!(peer.suspicion(now).elapsed, Duration::from_nanos(50));
}
