use core::array;
use core::time::Duration;

use crate::parameters::{Fit, PRIOR, Parameters};
use crate::published::Published;
use crate::shared_arrivals::SharedArrivals;
use crate::shared_window::{SharedWindow, Snapshot};
use crate::sync::{AtomicU64, Ordering};
use crate::window::Sums;
use crate::{Beat, FailureDetector, Heard, Model, Normal, Settings, State, Suspicion};

/// The phi accrual failure detector for one peer, shared by threads: any number of them may hear its beats, and any number may
/// ask. What phi means and what is learned is the same as of a [`LocalPhi`](crate::LocalPhi), which is for one thread.
///
/// # Progress
/// Lock-free, and mostly wait-free: nobody waits for a thread that is held up, neither who hears a beat nor who asks. A beat
/// without number, epoch and time of sending takes six read-modify-writes, and a compare-exchange for each level. That may
/// have to be repeated if another thread publishes, and is given up if what that has published is newer. This holds on targets
/// with `target_has_atomic = "64"`; elsewhere the feature `critical-section` makes each access a short critical section. No
/// allocation.
///
/// [`is_suspect`](Self::is_suspect) and [`deadline`](Self::deadline) are four loads. [`suspicion`](Self::suspicion) takes the
/// statistics as they are if no beat is being recorded at the moment. It looks twice; then it answers from those that were
/// published last, and says that it is [`stale`](Suspicion::stale).
///
/// # Consistency
/// - Each tick between two arrivals is in exactly one interval, and each interval is recorded once, whichever threads hear the
///   beats. Each restart is reported by one thread, and each number that was skipped is counted by one.
/// - Statistics are those of some set of beats that were recorded completely, never of a part of one. When no beat is being
///   recorded, timeouts are those of all of them: a thread that was held up never puts back an older one.
/// - By its time of sending, a late beat isn't taken for more evidence of life than it is, not even for a moment. By numbers
///   alone it may be, if it is heard at once with the beat that ends a stall: until the thread that hears that one goes on.
///
/// What beats that are heard at the same moment may cost: two that come out of order may share one interval; then the second
/// is [`Heard::Stale`], though what it says of the way may already count, or an interval of no length if its number is news. The interval across a restart may be learned, if
/// the second beat after it overtakes the first. Of the usual interval, by which a backlog is measured, one may be left out.
/// Of two times of sending, one late and one not, either may hold until the next beat: then the other proves nothing.
///
/// # Limits
/// Two numbers of beats are compared modulo 2^47, of which half is ahead; the last two epochs that 64 bits can hold count as
/// one. Timeouts are kept in 44 bits of ticks, and how late a beat is in 47: with ticks of a nanosecond, up to five hours and a day
/// and a half; with those of the default length, up to the end of time. Timeouts are told apart by 20 bits of a count of beats: a
/// thread that is held up for 2^19 of them, just when it publishes one, may put it back, for as many beats as that.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use spacelike_phi_detector::{Beat, Normal, Phi, Settings};
///
/// let peer: Phi<Normal, 100, 1> = Phi::new(&Settings::new(Duration::from_secs(1)), [8.0]);
/// let at = Duration::from_secs;
/// std::thread::scope(|scope| {
///     scope.spawn(|| (1..=50).for_each(|second| drop(peer.heartbeat(Beat::at(at(second))))));
///     scope.spawn(|| (1..=50).for_each(|second| drop(peer.is_suspect(at(second), 0))));
/// });
/// assert!(!peer.is_suspect(at(51), 0));
/// assert!(peer.is_suspect(at(53), 0));
/// ```
#[derive(Debug)]
// What `is_suspect` reads is on one cache line, for up to four levels; the parameters, which nobody writes, are on another.
#[repr(C, align(64))]
pub struct Phi<M = Normal, const N: usize = 128, const L: usize = 1> {
    published: [Published; L],
    arrivals: SharedArrivals,
    window: SharedWindow<N>,
    /// The longest interval that is learned as it is. Written by whoever publishes, by a store: a thread that was held up may
    /// put back an older one, which is used for the next beat and replaced by it.
    clip: AtomicU64,
    /// Mean and standard deviation, as two floats of 32 bits. Written by whoever publishes, by a store; read when there is no
    /// other answer, and then it says that it is stale.
    fit: AtomicU64,
    /// Beats until a peer that was silent for too long is taken for steady again. Written by whoever hears a beat, by `swap` and
    /// compare-exchange.
    recovering: AtomicU64,
    parameters: Parameters<M, L>,
}

impl<M: Model, const N: usize, const L: usize> Phi<M, N, L> {
    /// A detector for a peer that was never heard of. The levels are asked for by index.
    ///
    /// # Panics
    /// If a level isn't greater than zero and finite, or the period is less than a tick.
    pub fn new(settings: &Settings, levels: [f64; L]) -> Self {
        let parameters = Parameters::new(settings, levels);
        let fit = parameters.fit(Sums::default());
        let silences = parameters.silences(fit);
        Self {
            published: array::from_fn(|level| Published::new(0, silences[level])),
            arrivals: SharedArrivals::new(),
            window: SharedWindow::new(),
            clip: AtomicU64::new(parameters.clip(fit)),
            fit: AtomicU64::new(pack(fit)),
            recovering: AtomicU64::new(0),
            parameters,
        }
    }

    /// The levels, in the order in which they were given.
    pub const fn levels(&self) -> &[f64; L] {
        self.parameters.levels()
    }

    /// A heartbeat arrived. Says what it was taken for.
    pub fn heartbeat(&self, beat: Beat) -> Heard {
        // Relaxed: see the field.
        let clip = self.clip.load(Ordering::Relaxed);
        let resolution = self.parameters.resolution();
        let (heard, sample) = self.arrivals.arrive(&beat, resolution, clip).heard(resolution);
        if let Some(interval) = sample {
            self.recover(interval > clip);
            self.window.record(interval.min(clip));
            self.publish();
        }
        heard
    }

    /// It was alive at this time, as something else than a heartbeat has shown: see
    /// [`FailureDetector::witness`].
    pub fn witness(&self, at: Duration) {
        self.arrivals.witness(self.parameters.resolution().ticks(at));
    }

    /// Takes `gap` out of the evidence: see [`FailureDetector::observe_local_gap`]. To be called before the beats are told that
    /// came after the gap: those that are told before it count as if they came later by as much.
    pub fn observe_local_gap(&self, gap: Duration) {
        self.arrivals.observe_local_gap(self.parameters.resolution().ticks(gap));
    }

    /// Since when it is silent: the latest evidence of life. `None` if the peer is unknown.
    pub fn evidence(&self) -> Option<Duration> {
        self.arrivals.evidence().map(|evidence| self.parameters.resolution().duration(evidence))
    }

    /// How suspicious the silence is now. For people and graphs; to act, ask [`is_suspect`](Self::is_suspect).
    pub fn suspicion(&self, now: Duration) -> Suspicion {
        let Some(evidence) = self.arrivals.evidence() else {
            return Suspicion::UNKNOWN;
        };
        let resolution = self.parameters.resolution();
        let silence = resolution.ticks(now).saturating_sub(evidence);
        let (fit, samples, stale) = self.statistics();
        // Relaxed: nothing else is read by it.
        let recovering = self.recovering.load(Ordering::Relaxed) > 0;
        Suspicion {
            phi: self.parameters.phi(fit, silence),
            elapsed: resolution.duration(silence),
            state: State::of_known(samples, PRIOR, recovering.into()),
            stale,
        }
    }

    /// When silence will reach the level, if no beat comes. `None` if the peer is unknown, and suspect already.
    ///
    /// # Panics
    /// If there is no such level.
    pub fn deadline(&self, level: usize) -> Option<Duration> {
        Some(self.parameters.resolution().duration(self.due(level)?))
    }

    /// When silence will reach any level of phi, not only one of those that it was made with. Computes the quantile anew.
    /// `None` if the peer is unknown.
    ///
    /// # Panics
    /// If the level isn't greater than zero and finite.
    pub fn deadline_at(&self, level: f64) -> Option<Duration> {
        let (silence, resolution) =
            (self.parameters.silence(self.statistics().0, level), self.parameters.resolution());
        Some(resolution.duration(resolution.after(self.arrivals.evidence()?, silence)))
    }

    /// Whether the silence has reached the level, or the peer is unknown. Four loads and a comparison.
    ///
    /// # Panics
    /// If there is no such level.
    #[inline]
    pub fn is_suspect(&self, now: Duration, level: usize) -> bool {
        self.due(level).is_none_or(|due| self.parameters.resolution().ticks(now) >= due)
    }

    /// The mean of the intervals and their standard deviation, as they are used: with what is assumed while few are known, and
    /// at least as great as the settings say.
    pub fn moments(&self) -> (Duration, Duration) {
        self.parameters.moments(self.statistics().0)
    }

    /// As a thread leaves it that never runs again.
    #[cfg(all(test, not(loom)))]
    pub(crate) fn begin_only(&self) {
        self.window.begin_only();
    }

    /// The first tick at which the level is reached.
    #[inline]
    fn due(&self, level: usize) -> Option<u64> {
        let timeout = self.published[level].timeout();
        Some(self.parameters.resolution().after(self.arrivals.evidence()?, timeout))
    }

    /// From all that was recorded, or else what was published last; of how many intervals; and whether it is the latter.
    fn statistics(&self) -> (Fit, u32, bool) {
        for _ in 0..2 {
            if let Some(snapshot) = self.window.snapshot() {
                return (self.parameters.fit(snapshot.sums), snapshot.sums.count, false);
            }
        }
        // Relaxed: it is all in this word.
        (unpack(self.fit.load(Ordering::Relaxed)), self.window.count(), true)
    }

    /// Computes from the window what queries need. If another thread is in the middle of recording, it will do so itself.
    fn publish(&self) {
        let Some(Snapshot { generation, sums }) = self.window.snapshot() else { return };
        let fit = self.parameters.fit(sums);
        // Relaxed: see the fields.
        self.clip.store(self.parameters.clip(fit), Ordering::Relaxed);
        self.fit.store(pack(fit), Ordering::Relaxed);
        for (published, silence) in self.published.iter().zip(self.parameters.silences(fit)) {
            published.publish(generation, silence);
        }
    }

    fn recover(&self, stalled: bool) {
        // Relaxed throughout: it is all in this word.
        if stalled {
            self.recovering.swap(PRIOR.into(), Ordering::Relaxed);
            return;
        }
        let mut seen = self.recovering.load(Ordering::Relaxed);
        while seen > 0 {
            match self.recovering.compare_exchange_weak(seen, seen - 1, Ordering::Relaxed, Ordering::Relaxed)
            {
                Ok(_) => break,
                Err(now) => seen = now,
            }
        }
    }
}

/// The trait by the methods of the same names, which need no `&mut`.
macro_rules! detector {
    ($(#[$attribute:meta])* $phi:ty) => {
        $(#[$attribute])*
        impl<M: Model, const N: usize, const L: usize> FailureDetector for $phi {
            fn heartbeat(&mut self, beat: Beat) -> Heard {
                Phi::heartbeat(self, beat)
            }

            fn witness(&mut self, at: Duration) {
                Phi::witness(self, at);
            }

            fn observe_local_gap(&mut self, gap: Duration) {
                Phi::observe_local_gap(self, gap);
            }

            fn evidence(&self) -> Option<Duration> {
                Phi::evidence(self)
            }

            fn suspicion(&self, now: Duration) -> Suspicion {
                Phi::suspicion(self, now)
            }

            fn deadline(&self, level: usize) -> Option<Duration> {
                Phi::deadline(self, level)
            }

            #[inline]
            fn is_suspect(&self, now: Duration, level: usize) -> bool {
                Phi::is_suspect(self, now, level)
            }
        }
    };
}

detector!(Phi<M, N, L>);
detector! {
    /// For what takes any detector, and shall have one that others have, too.
    &Phi<M, N, L>
}

#[expect(clippy::cast_possible_truncation, reason = "more than enough for what is said to be stale")]
fn pack(fit: Fit) -> u64 {
    u64::from((fit.mean as f32).to_bits()) << 32 | u64::from((fit.sd as f32).to_bits())
}

#[expect(clippy::cast_possible_truncation, reason = "32 bits each")]
fn unpack(word: u64) -> Fit {
    let float = |bits: u64| f64::from(f32::from_bits(bits as u32));
    Fit { mean: float(word >> 32), sd: float(word) }
}

const _: () = assert!(cfg!(loom) || size_of::<Phi<Normal, 1000, 1>>() * 10 <= (88 + 8 * 1000) * 6);
