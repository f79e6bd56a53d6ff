use crate::sync::{AtomicU64, Ordering, const_unless_loom};
use crate::{EwmaDetector, EwmaSettings, Heard, Model};

/// What is known of one peer, in 16 bytes, by a phi accrual detector that forgets exponentially: for a million peers, and for
/// all threads at once. With the settings, of which there is one for all, it is a [detector](EwmaDetector).
///
/// # How it differs from a window
/// - A new interval weighs 2 / (n + 1) to be remembered as by a window of n, the one before that much less, and so on. At
///   first all weigh the same, and what is assumed as much as four of them.
/// - There is no room for numbers, sending times and epochs: what a [`Beat`](crate::Beat) says of them is ignored. So lost
///   beats are slow beats, a delayed backlog extends life, and the time of a restart is an interval like others. Since
///   intervals are clipped at phi 8, each of those moves a deadline by a bounded amount.
/// - Arrivals and [other evidence](crate::FailureDetector::witness) share one word. So the interval in which that came isn't
///   learned, and [`Heard::Interval`] is then the time since it; and what arrived earlier than the latest evidence is stale. A
///   peer that is witnessed all the time wants a window.
///
/// A pause of any length moves the deadline of level 8 by less than 1.3 standard deviations, with a window of 127 and the
/// [`Normal`](crate::Normal) model. A peer that becomes ten times slower is learned again, at level 1 and above, within as
/// many of its beats as the window has, or 30 if it has less.
///
/// # Numbers
/// Mean and variance are kept with 19 significant bits. Mean and standard deviation of the intervals, computed exactly, are less than
/// (n + 1) 2^-19 of the mean away: a four-thousandth with a window of 127, a thousandth with the longest.
///
/// # Progress
/// A heartbeat is a compare-exchange, or else a `fetch_max`, and a compare-exchange loop in which a retry means that another thread's interval was
/// learned; so it is lock-free. Queries are two loads and some arithmetic on floats. This holds on targets with
/// `target_has_atomic = "64"`; elsewhere the feature `critical-section` makes each access a short critical section. No
/// allocation.
///
/// # Consistency
/// Each word is linearizable by itself. Of beats that threads tell at once, each is news or stale as if they had been told one
/// after the other; each interval is learned once, but perhaps in another order. A query has at least the arrivals of which it
/// has the intervals, so that no timeout is counted from a beat before the one it was learned from. Nothing else is
/// published: it orders no other memory. Models: `tests::ewma`.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use spacelike_phi_detector::{Beat, EwmaPhi, EwmaSettings, FailureDetector, Settings};
///
/// // Beats once a second, from a thousand peers; convict at phi 8.
/// let settings = EwmaSettings::new(&Settings::new(Duration::from_secs(1)), [8.0]);
/// let settings: &EwmaSettings = &settings;
/// let peers = [const { EwmaPhi::new() }; 1_000];
/// std::thread::scope(|threads| {
///     for half in peers.chunks(500) {
///         threads.spawn(move || {
///             for second in 1..=60 {
///                 for peer in half {
///                     peer.with(settings).heartbeat(Beat::at(Duration::from_secs(second)));
///                 }
///             }
///         });
///     }
/// });
///
/// peers[7].with(settings).heartbeat(Beat::at(Duration::from_secs(61)));
/// let suspects = |now| peers.iter().filter(|peer| peer.with(settings).is_suspect(now, 0)).count();
/// assert_eq!(suspects(Duration::from_millis(61_300)), 0);
/// assert_eq!(suspects(Duration::from_millis(62_300)), 999);
/// ```
#[derive(Debug)]
pub struct EwmaPhi {
    /// The latest evidence of life: twice the tick after it, and one more if it is a beat; zero if the peer is unknown.
    /// Written by any thread, only by read-modify-writes; only grows. That a beat is the greater at the same tick makes it
    /// news after hearsay.
    evidence: AtomicU64,
    /// [`Moments`](crate::moments::Moments) of the intervals. Written by any thread, only by compare-exchange.
    learned: AtomicU64,
}

#[cfg(not(all(test, loom)))]
const _: () = assert!(size_of::<EwmaPhi>() == 16);

impl EwmaPhi {
    const_unless_loom! {
        /// Of a peer that was never heard of.
        pub const fn new() -> Self {
            Self { evidence: AtomicU64::new(0), learned: AtomicU64::new(0) }
        }
    }

    /// The detector of this peer. The settings are to be the same each time, or what was learned is taken for something else.
    pub const fn with<'a, M: Model, const L: usize>(
        &'a self,
        settings: &'a EwmaSettings<M, L>,
    ) -> EwmaDetector<'a, M, L> {
        EwmaDetector::new(self, settings)
    }

    /// A beat came at this tick.
    #[inline]
    pub(crate) fn heartbeat<M: Model, const L: usize>(
        &self,
        settings: &EwmaSettings<M, L>,
        at: u64,
    ) -> Heard {
        let evidence = word(at, true);
        // Relaxed: what is seen here is only where to begin, and the exchange fails if it is old. Before anything is written, so
        // that a processor computes with it while it waits for that.
        let (learned, seen) = (self.learned.load(Ordering::Relaxed), self.evidence.load(Ordering::Relaxed));
        if seen >= evidence {
            return Heard::Stale;
        }
        // Relaxed: one word has one order of modification, which makes each beat news or stale, and each time between two
        // beats one interval. That whoever sees the interval sees the beat is up to the release in `learn`. Checked by
        // tests::ewma::each_interval_is_learned_once and a_timeout_counts_from_its_beat.
        let before =
            match self.evidence.compare_exchange_weak(seen, evidence, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => seen,
                Err(_) => self.evidence.fetch_max(evidence, Ordering::Relaxed),
            };
        if before == 0 {
            return Heard::First;
        }
        if before >= evidence {
            return Heard::Stale;
        }
        let interval = tick(evidence) - tick(before);
        if is_beat(before) {
            self.learn(settings, learned, interval);
        }
        Heard::Interval { interval: settings.parameters().resolution().duration(interval), lost: 0 }
    }

    /// It was alive at this tick.
    pub(crate) fn witness(&self, at: u64) {
        // Relaxed, as everywhere with this word. A peer that is known stays so; if it becomes known after the load, the
        // beat came after this call.
        if self.evidence.load(Ordering::Relaxed) != 0 {
            self.evidence.fetch_max(word(at, false), Ordering::Relaxed);
        }
    }

    /// Moves the evidence by so many ticks. In one step, so that no beat in between is lost. Checked by
    /// `tests::ewma::a_gap_loses_no_beat`.
    pub(crate) fn observe_local_gap(&self, ticks: u64) {
        let mut seen = self.evidence.load(Ordering::Relaxed);
        while seen != 0 {
            let moved = word(tick(seen).saturating_add(ticks), is_beat(seen));
            match self.evidence.compare_exchange_weak(seen, moved, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => break,
                Err(now) => seen = now,
            }
        }
    }

    /// The tick of the latest evidence of life, `None` if the peer is unknown, and what was learned: of no beat after that.
    #[inline]
    pub(crate) fn read(&self) -> (Option<u64>, u64) {
        // Acquire: pairs with the release in `learn`, of this interval and of all before it, since read-modify-writes
        // continue a release sequence. So the evidence, read after it, is at least as late as they are. Checked by
        // tests::ewma::a_timeout_counts_from_its_beat.
        let learned = self.learned.load(Ordering::Acquire);
        let evidence = self.evidence.load(Ordering::Relaxed);
        ((evidence != 0).then(|| tick(evidence)), learned)
    }

    #[inline]
    fn learn<M: Model, const L: usize>(&self, settings: &EwmaSettings<M, L>, mut seen: u64, interval: u64) {
        loop {
            // Release: publishes the beat that ended the interval to whoever reads what was learned. That each interval is
            // learned once needs no ordering, only one step. Checked by tests::ewma::a_timeout_counts_from_its_beat and
            // each_interval_is_learned_once.
            let learned = settings.learn(seen, interval);
            match self.learned.compare_exchange_weak(seen, learned, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => seen = now,
            }
        }
    }
}

impl Default for EwmaPhi {
    fn default() -> Self {
        Self::new()
    }
}

/// Evidence of this tick. Later ones than fit count as the last that does.
#[inline]
fn word(tick: u64, beat: bool) -> u64 {
    ((tick.min(TICK_MAX) + 1) << 1) | u64::from(beat)
}

/// The tick of some evidence.
#[inline]
const fn tick(word: u64) -> u64 {
    (word >> 1) - 1
}

/// Whether the latest evidence is a beat.
#[inline]
const fn is_beat(word: u64) -> bool {
    word & 1 == 1
}

const TICK_MAX: u64 = (1 << 63) - 2;
