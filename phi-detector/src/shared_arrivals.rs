use crate::arrival::{Arrival, share};
use crate::backlog::Backlog;
use crate::sync::{AtomicU64, Ordering};
use crate::{Beat, Resolution, usual};

/// What is known of one peer's arrivals, as [`Arrivals`](crate::arrivals::Arrivals), by any number of threads.
///
/// Each word decides one thing, by one read-modify-write: exactly one thread takes each number and each epoch for news, and
/// each tick between two arrivals is in exactly one interval. What a beat doesn't carry costs a load at most.
///
/// Stamps are ticks and one, so that zero is for what is unknown.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct SharedArrivals {
    /// The stamp of the latest arrival. Written by whoever takes a beat for news, by `fetch_max`, and moved on by
    /// compare-exchange when we were not there ourselves; only grows.
    last: AtomicU64,
    /// The stamp of the latest evidence of life that is no arrival: what others have seen, and what beats that come too late
    /// prove. Written by `fetch_max`, and moved on as `last` is; only grows.
    witnessed: AtomicU64,
    /// How late beats are, packed; zero nearly always. Written by whoever hears a beat that carries something, by
    /// compare-exchange, before `last`: who sees an arrival sees what it is worth.
    backlog: AtomicU64,
    /// Arrival less sending of a beat that is on time, and whether we were absent since, packed. Written by whoever hears one
    /// that took less, or longer for so long that this is the way now, by compare-exchange; by `swap`, of the first of a life or
    /// after an absence. How late a beat is by that depends on no other that comes at once: changes from one to the next would
    /// have to be added up in their order.
    transit: AtomicU64,
    /// The epoch and one. Written by whoever hears of a greater one, by `fetch_max`; only grows.
    epoch: AtomicU64,
    /// The number of the latest beat, and to which epoch it belongs, packed. Written by whoever hears of a greater one or is
    /// the first in its epoch, by compare-exchange.
    sequence: AtomicU64,
    /// The stamp of the latest beat that was compared with its number, or late by its time of sending, by `fetch_max`: so that
    /// of beats that come at once, no two take the same stall for theirs, and none ends the backlog of a later one.
    paced: AtomicU64,
    /// Eight times the mean of the intervals that were no stalls, the latest with the most weight. Written by whoever takes a
    /// beat for news, by a store: of beats that come at once, one counts.
    usual_8: AtomicU64,
}

impl SharedArrivals {
    pub(crate) fn new() -> Self {
        let zero = || AtomicU64::new(0);
        Self {
            last: zero(),
            witnessed: zero(),
            backlog: zero(),
            transit: zero(),
            epoch: zero(),
            sequence: zero(),
            paced: zero(),
            usual_8: zero(),
        }
    }

    /// The interval that a beat ends, if it says nothing but its time, and there is nothing else to be said of it either:
    /// nearly always. Otherwise it is still to [arrive](Self::arrive).
    #[inline]
    pub(crate) fn follow(&self, beat: &Beat, resolution: Resolution, clip: u64) -> Option<u64> {
        let stamp = stamp(resolution.ticks(beat.at));
        // Acquire, twice: as in `arrive` and `judge`, which has nothing to do if nothing is late. Relaxed: as there.
        let latest = self.last.load(Ordering::Acquire);
        let is_plain = beat.sequence.is_none() && beat.sent.is_none() && beat.epoch.is_none();
        if latest == 0
            || stamp <= latest
            || !is_plain
            || self.transit.load(Ordering::Relaxed) != 0
            || self.backlog.load(Ordering::Acquire) != 0
        {
            return None;
        }
        let interval = stamp - latest;
        let usual = usual::before(self.usual_8.load(Ordering::Relaxed), interval, clip);
        // Release: as in `arrive`. That the interval is known before this succeeds lets a processor go on with it.
        self.last.compare_exchange_weak(latest, stamp, Ordering::Release, Ordering::Relaxed).ok()?;
        if interval <= clip {
            // Relaxed: as in `arrive`.
            self.usual_8.store(usual::after(usual, interval), Ordering::Relaxed);
        }
        Some(interval)
    }

    /// A beat came. An interval longer than `clip` is a stall. `None` if it is no news, and evidence of nothing.
    pub(crate) fn arrive(&self, beat: &Beat, resolution: Resolution, clip: u64) -> Option<Arrival> {
        let stamp = stamp(resolution.ticks(beat.at));
        // Acquire: what is found in `backlog` below is of this arrival or a later one, so that if nothing is late, this one
        // wasn't. Checked by tests::phi::a_backlog_is_seen_with_its_beats.
        let latest = self.last.load(Ordering::Acquire);
        if stamp <= latest {
            return None;
        }
        let (life, number) = self.number(beat)?;
        let (restarted, lost) = (life == Life::New, number.unwrap_or(0));
        let begins = restarted || latest == 0;
        let transit = beat.sent.map(|sent| stamp.wrapping_sub(resolution.ticks(sent)));
        // Relaxed, as everywhere with this word: nothing is published by it.
        let on_time = self.transit.load(Ordering::Relaxed);
        let steps = lost.saturating_add(1);
        let how = match transit {
            _ if begins => Way::Unknown,
            Some(transit) if on_time & SENT != 0 => Way::Late(longer(transit, on_time)),
            _ if number.is_some() => Way::Paced(steps),
            _ => Way::Unknown,
        };
        // Relaxed, as below: a beat is measured by what is usual, and hardly changes it.
        let usual = usual::before(self.usual_8.load(Ordering::Relaxed), share(stamp - latest, steps), clip);
        let late = self.judge(how, stamp, latest, usual, clip);
        let absent =
            self.compare_from_now_on(transit.map(|transit| transit.wrapping_sub(late)), on_time, begins);

        // Release: pairs with the acquire in `evidence` and above: who sees this arrival sees what was written to `backlog` and
        // `witnessed` for it. Checked by tests::phi::a_backlog_is_seen_with_its_beats. That each tick is in one interval needs no
        // ordering, only one step: tests::phi::intervals_add_up.
        let before = self.last.fetch_max(stamp, Ordering::Release);
        if before == 0 {
            return Some(Arrival::First);
        }
        if restarted {
            return Some(Arrival::Restarted);
        }
        let ticks = stamp.saturating_sub(before);
        if ticks == 0 {
            // Another one came in between. A number that was taken for news may have told of lost beats.
            return Some(if beat.sequence.is_some() {
                Arrival::Interval { ticks: 0, lost, sample: None }
            } else {
                Arrival::Stale
            });
        }
        let interval = share(ticks, steps);
        // What comes while a backlog is worked off, or when we come back, says nothing of the sender.
        if late == 0 && !absent && interval <= clip {
            // Relaxed, and no more than a store: what is lost of it, if beats come at once, is one of many.
            self.usual_8.store(usual::after(usual, interval), Ordering::Relaxed);
        }
        Some(Arrival::Interval { ticks, lost, sample: (!absent).then_some(interval) })
    }

    /// It was alive at this tick, as something else than a beat has shown. Says whether it is known.
    pub(crate) fn witness(&self, at: u64) -> bool {
        let stamp = stamp(at);
        // Relaxed: what matters is that beats that were heard before, to the knowledge of this thread, make it a known one.
        let is_known = self.last.load(Ordering::Relaxed) != 0;
        if is_known {
            self.witnessed.fetch_max(stamp, Ordering::Relaxed);
        }
        is_known
    }

    /// Takes a time in which we heard nothing, because we weren't there, out of the silence. Says whether there was one.
    pub(crate) fn observe_local_gap(&self, ticks: u64) -> bool {
        if ticks == 0 || self.last.load(Ordering::Relaxed) == 0 {
            return false;
        }
        // Before the others are moved: the next interval to be measured is none to learn from.
        self.transit.swap(ABSENT, Ordering::Relaxed);
        for word in [&self.last, &self.witnessed] {
            let mut seen = word.load(Ordering::Relaxed);
            while seen != 0 {
                let moved = seen.saturating_add(ticks);
                // Release: an arrival that others acquire by what it was moved to still shows what it is worth.
                match word.compare_exchange_weak(seen, moved, Ordering::Release, Ordering::Relaxed) {
                    Ok(_) => break,
                    Err(now) => seen = now,
                }
            }
        }
        true
    }

    /// The tick of the latest evidence of life; `None` if the peer is unknown.
    #[inline]
    pub(crate) fn evidence(&self) -> Option<u64> {
        // Acquire: pairs with the release in `arrive`.
        let last = self.last.load(Ordering::Acquire);
        if last == 0 {
            return None;
        }
        // Acquire: pairs with the release in `judge`, so that if what comes is late, what was known before that is in
        // `witnessed`. Checked by tests::phi::a_backlog_is_seen_with_its_beats.
        let behind = self.backlog.load(Ordering::Acquire) & BEHIND != 0;
        let witnessed = self.witnessed.load(Ordering::Relaxed);
        Some(if behind { witnessed.max(1) } else { last.max(witnessed) } - 1)
    }

    /// Of which life a beat is, and how many were lost before it: `None` of that, if no number says. `None` if it is no news.
    fn number(&self, beat: &Beat) -> Option<(Life, Option<u64>)> {
        if beat.epoch.is_none() && beat.sequence.is_none() {
            return Some((Life::Same, None));
        }
        // Acquire: pairs with the release below, as everywhere in this function: who sees an epoch's number sees the epoch.
        let known = self.epoch.load(Ordering::Acquire);
        let epoch = beat.epoch.map_or(known, |epoch| epoch.saturating_add(1));
        if epoch < known {
            return None;
        }
        // A beat that is no news by its number must change nothing, so that is looked at first.
        if let Some(number) = beat.sequence {
            let word = self.sequence.load(Ordering::Acquire);
            if (known == 0 || epoch == known) && of_epoch(word, epoch) && ahead(word, number) == Some(0) {
                return None;
            }
        }
        let (mut life, mut before) = (Life::Same, known);
        if epoch > known {
            before = self.epoch.fetch_max(epoch, Ordering::AcqRel);
            if epoch < before {
                return None;
            }
            if before != 0 && epoch > before {
                life = Life::New;
            }
        }
        let mut word = self.sequence.load(Ordering::Acquire);
        loop {
            // Only the thread that saw the restart can tell that a number is of the life before, if the tag doesn't.
            let alike = life == Life::New && (tag(before) == tag(epoch) || tag_of(word) == 0);
            let lost = if alike {
                None
            } else if of_epoch(word, epoch) {
                match beat.sequence.and_then(|number| ahead(word, number)) {
                    // It is the first that we know of the new life, though not the first of it that came.
                    Some(0) if life == Life::New => return Some((life, None)),
                    Some(0) => return None,
                    ahead => ahead.map(|ahead| ahead - 1),
                }
            } else if self.epoch.load(Ordering::Acquire) > epoch {
                return None;
            } else {
                None
            };
            let new = match beat.sequence {
                Some(number) => tag(epoch) | KNOWN | number & NUMBER_MAX,
                None if alike => tag(epoch),
                None => return Some((life, None)),
            };
            match self.sequence.compare_exchange_weak(word, new, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return Some((life, lost)),
                Err(now) => word = now,
            }
        }
    }

    /// The next beat will be on time if it takes so long, if they say when they are sent. Says whether we were absent.
    fn compare_from_now_on(&self, transit: Option<u64>, known: u64, begins: bool) -> bool {
        let new = transit.map_or(0, |transit| transit << 2 | SENT);
        if new == known {
            return false;
        }
        if begins || known & new & SENT == 0 {
            return self.transit.swap(new, Ordering::Relaxed) & ABSENT != 0;
        }
        // If it is another one meanwhile, that is as good, or of another life.
        while self.transit.compare_exchange_weak(known, new, Ordering::Relaxed, Ordering::Relaxed)
            == Err(known)
        {}
        false
    }

    /// Finds out how late a beat is, and writes that down before the beat is: so nobody takes it for more evidence of life than
    /// it is. Says how late it is.
    fn judge(&self, way: Way, stamp: u64, latest: u64, usual: u64, clip: u64) -> u64 {
        // Acquire: pairs with the release below, for `witnessed`.
        let mut word = self.backlog.load(Ordering::Acquire);
        // Within what an interval may take, a beat is as good as on time.
        let slack = clip.saturating_sub(usual);
        let ticks = match way {
            Way::Unknown => 0,
            Way::Late(late) => {
                if late > 0 {
                    // Relaxed: released below, before this beat can make a backlog.
                    self.paced.fetch_max(stamp, Ordering::Relaxed);
                }
                0
            }
            Way::Paced(steps) => {
                let ticks = stamp - latest;
                if word == 0 && ticks <= usual.saturating_mul(steps).saturating_add(slack) {
                    return 0;
                }
                // Relaxed: one step hands each tick to one thread.
                let before = self.paced.fetch_max(stamp, Ordering::Relaxed).max(latest);
                if stamp <= before {
                    return unpack(word).late;
                }
                stamp - before
            }
        };
        loop {
            let mut backlog = unpack(word);
            match way {
                Way::Unknown => backlog = Backlog::default(),
                Way::Late(late) => backlog.move_to(late, slack),
                Way::Paced(steps) => backlog.interval(ticks, usual.saturating_mul(steps), slack),
            }
            let excess = backlog.late.saturating_sub(slack);
            let new = pack(backlog, excess > 0);
            // Relaxed: who made the backlog that was acquired with `word` has written this before.
            if let (Way::Late(late), 0, true) =
                (way, excess, word & BEHIND != 0 && self.paced.load(Ordering::Relaxed) > stamp)
            {
                // It was on time, but what came after it isn't. Checked by tests::phi::a_backlog_is_ended_by_no_older_beat.
                self.witnessed.fetch_max(stamp, Ordering::Relaxed);
                return late;
            }
            if excess > 0 && word & BEHIND == 0 {
                // From now on `last` says nothing any more; what it said until now stays true. Relaxed: released below.
                self.witnessed.fetch_max(latest, Ordering::Relaxed);
            }
            if new != word {
                // Release: pairs with the acquire in `evidence`.
                match self.backlog.compare_exchange_weak(word, new, Ordering::AcqRel, Ordering::Acquire) {
                    Ok(_) => {}
                    Err(now) => {
                        word = now;
                        continue;
                    }
                }
            }
            if excess > 0 {
                // Relaxed: released by `last`.
                self.witnessed.fetch_max(stamp.saturating_sub(excess), Ordering::Relaxed);
            }
            return backlog.late;
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Life {
    Same,
    New,
}

/// What a beat says of its way.
#[derive(Clone, Copy)]
enum Way {
    Unknown,
    /// It took so many ticks longer than that of a beat that is on time.
    Late(u64),
    /// So many beats were sent since the one before.
    Paced(u64),
}

const fn stamp(ticks: u64) -> u64 {
    ticks.saturating_add(1)
}

/// ```text
///   63                 17 | 16     | 15      8 | 7       0
///  | late, in ticks       | behind | age       | streak    |
/// ```
/// Behind says that it matters: that beats are later than the usual scatter.
fn pack(backlog: Backlog, behind: bool) -> u64 {
    let Backlog { late, age, streak } = backlog;
    late.min(u64::MAX >> 17) << 17
        | u64::from(behind) << 16
        | u64::from(age.min(255)) << 8
        | u64::from(streak.min(255))
}

#[expect(clippy::cast_possible_truncation, reason = "eight bits each")]
const fn unpack(word: u64) -> Backlog {
    Backlog { late: word >> 17, age: (word >> 8) as u8 as u32, streak: word as u8 as u32 }
}

const BEHIND: u64 = 1 << 16;

/// ```text
///   63         48 | 47    | 46                              0
///  | tag of epoch | known | number modulo 2^47               |
/// ```
/// The tag only tells neighbours apart; which one is newer, the whole epochs say. Zero is for none.
const fn tag(epoch: u64) -> u64 {
    let folded = (epoch ^ epoch >> 16 ^ epoch >> 32 ^ epoch >> 48) & 0xFFFF;
    (if epoch != 0 && folded == 0 { 1 } else { folded }) << 48
}

/// Whether the number is of this epoch, or of one that nobody named.
const fn of_epoch(word: u64, epoch: u64) -> bool {
    tag_of(word) == tag(epoch) || tag_of(word) == 0 || epoch == 0
}

const fn tag_of(word: u64) -> u64 {
    word >> 48 << 48
}

/// How far ahead a number is of the one in a word: zero if it isn't. `None` if there is none in the word.
const fn ahead(word: u64, number: u64) -> Option<u64> {
    let ahead = number.wrapping_sub(word) & NUMBER_MAX;
    if word & KNOWN == 0 {
        None
    } else if ahead > NUMBER_MAX / 2 {
        Some(0)
    } else {
        Some(ahead)
    }
}

const KNOWN: u64 = 1 << 47;
const NUMBER_MAX: u64 = KNOWN - 1;

/// By how much a transit is longer than a packed one.
#[expect(clippy::cast_possible_wrap, reason = "a difference modulo 2^64 has a sign")]
fn longer(transit: u64, on_time: u64) -> u64 {
    u64::try_from((transit << 2 | SENT).wrapping_sub(on_time) as i64 >> 2).unwrap_or(0)
}

/// Of the lowest bits of a transit, of which the others are a number modulo 2^62: there is one, and we were absent.
const SENT: u64 = 1;
const ABSENT: u64 = 2;
