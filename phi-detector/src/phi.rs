use core::array;
use core::time::Duration;

use crate::parameters::{Fit, PRIOR, Parameters};
use crate::published::Published;
use crate::shared_arrivals::SharedArrivals;
use crate::shared_window::{Ahead, SharedWindow, Snapshot};
use crate::sync::{AtomicU64, Ordering};
use crate::window::Sums;
use crate::{Beat, FailureDetector, Heard, Model, Normal, Settings, State, Suspicion};

/// The phi accrual failure detector for one peer, shared by threads: any number of them may hear its beats, and any number may
/// ask. What phi means and what is learned is the same as of a [`LocalPhi`](crate::LocalPhi), which is for one thread.
///
/// # Progress
/// Lock-free: nobody waits for a thread that is held up, neither who hears a beat nor who asks. A beat without number, epoch
/// and time of sending takes five read-modify-writes, and a compare-exchange for each level, which has to be repeated if
/// another thread publishes meanwhile. This holds on targets with `target_has_atomic = "64"`; elsewhere the feature
/// `critical-section` makes each access a short critical section. No allocation.
///
/// [`is_suspect`](Self::is_suspect) is a load and a comparison, but for the 2^20 ns in which silence reaches the level, and after
/// 584 years. There it is four more loads, as many as a [`deadline`](Self::deadline) takes. [`suspicion`](Self::suspicion) takes
/// the statistics as they are if no beat is being recorded at the moment. It looks twice; then it answers from those that were
/// published last, and says that it is [`stale`](Suspicion::stale).
///
/// # Consistency
/// - Each tick between two arrivals is in exactly one interval, and each interval is recorded once, whichever threads hear the
///   beats. Each restart is reported by one thread, and each number that was skipped is counted by one.
/// - Statistics are those of some set of beats that were recorded completely, never of a part of one. When no beat is being
///   told, deadlines are those of all of them: a thread that was held up never puts back an older one.
/// - Whoever asks, after a call has returned by which a beat was told, has it in the answer, or a later one; unless it was stale
///   by the number of one that another thread is still telling. While a thread is held up in the middle of such a call, the beats
///   of others count all the same, and timeouts stay what they were.
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
/// one. How late a beat is is kept in 47 bits of ticks: with ticks of a nanosecond, up to a day and a half; with those of the
/// default length, up to the end of time. Deadlines are told apart by 20 bits of a count: one that a thread found, and was then
/// held up before it published it, is put back if meanwhile as many were published as fit these bits, or a multiple of that, and
/// the last one was the first again.
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
// What `is_suspect` reads is on one cache line, for up to eight levels; the parameters, which nobody writes, are on another.
#[repr(C, align(64))]
pub struct Phi<M = Normal, const N: usize = 128, const L: usize = 1> {
    published: [Published; L],
    /// After how many ticks of silence each level is reached, by which deadlines are computed. Written by whoever publishes, by
    /// a store, before that, and once more if another thread has published meanwhile: so a thread that was held up may put back
    /// an older one, but not for longer than until it has published. Read where statistics are in the middle of a change.
    timeouts: [AtomicU64; L],
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
            published: array::from_fn(|_| Published::new()),
            timeouts: silences.map(AtomicU64::new),
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
    #[inline]
    pub fn heartbeat(&self, beat: Beat) -> Heard {
        // Relaxed: see the field.
        let clip = self.clip.load(Ordering::Relaxed);
        let (resolution, ahead) = (self.parameters.resolution(), self.window.ahead());
        let Some(ticks) = self.arrivals.follow(&beat, resolution, clip) else {
            return self.arrive(&beat, clip);
        };
        self.learn(ticks, clip, ahead);
        Heard::Interval { interval: resolution.duration(ticks), lost: 0 }
    }

    /// It was alive at this time, as something else than a heartbeat has shown: see
    /// [`FailureDetector::witness`].
    pub fn witness(&self, at: Duration) {
        if self.arrivals.witness(self.parameters.resolution().ticks(at)) {
            self.publish(None);
        }
    }

    /// Takes `gap` out of the evidence: see [`FailureDetector::observe_local_gap`]. To be called before the beats are told that
    /// came after the gap: those that are told before it count as if they came later by as much.
    pub fn observe_local_gap(&self, gap: Duration) {
        if self.arrivals.observe_local_gap(self.parameters.resolution().ticks(gap)) {
            self.publish(None);
        }
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

    /// Whether the silence has reached the level, or the peer is unknown. A load and a comparison, nearly always.
    ///
    /// # Panics
    /// If there is no such level.
    #[inline]
    pub fn is_suspect(&self, now: Duration, level: usize) -> bool {
        self.published[level].is_reached(now).unwrap_or_else(|| self.is_overdue(now, level))
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
    fn due(&self, level: usize) -> Option<u64> {
        // Relaxed: see the field.
        let timeout = self.timeouts[level].load(Ordering::Relaxed);
        Some(self.parameters.resolution().after(self.arrivals.evidence()?, timeout))
    }

    /// A beat that is or says something special.
    #[inline(never)]
    fn arrive(&self, beat: &Beat, clip: u64) -> Heard {
        let resolution = self.parameters.resolution();
        let Some(arrival) = self.arrivals.arrive(beat, resolution, clip) else {
            // Whoever told what is newer may be held up before it is published. Checked by
            // tests::phi::what_was_told_is_in_the_answer.
            self.publish(None);
            return Heard::Stale;
        };
        let (heard, sample) = arrival.heard(resolution);
        if let Some(interval) = sample {
            self.learn(interval, clip, self.window.ahead());
        } else {
            self.publish(None);
        }
        heard
    }

    /// What a beat says of how they come. An interval longer than `clip` is learned as that.
    #[inline]
    fn learn(&self, interval: u64, clip: u64, ahead: Ahead) {
        // Not by `min`, for which the processor would wait until it knows what the beat before has stored.
        let learned = if interval > clip {
            self.stalled();
            clip
        } else {
            self.recover();
            interval
        };
        self.publish(self.window.record(learned, ahead));
    }

    /// Whether the level is reached, where what is published doesn't say.
    #[cold]
    #[inline(never)]
    fn is_overdue(&self, now: Duration, level: usize) -> bool {
        self.due(level).is_none_or(|due| self.parameters.resolution().ticks(now) >= due)
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

    /// Computes what queries need, from the sums that were just `recorded`, or else from the window. If another thread is in the
    /// middle of recording, it will do so itself, and until then timeouts are as they were.
    ///
    /// To be called after each change of the evidence or of the window, and before anybody returns who found that another thread
    /// has made it: that one may be held up.
    #[inline]
    fn publish(&self, recorded: Option<Snapshot>) {
        let fitted = |Snapshot { generation, sums }| (generation, self.fitted(sums));
        let resolution = self.parameters.resolution();
        // With levels, it is looked at for each of them.
        let mut known = recorded.filter(|it| L > 0 || self.window.is_latest(it.generation)).map(fitted);
        for (level, (published, timeout)) in self.published.iter().zip(&self.timeouts).enumerate() {
            published.renew(|| {
                // All that is read here is read after what is replaced.
                if !known.is_some_and(|(generation, _)| self.window.is_latest(generation)) {
                    known = self.window.snapshot().map(fitted);
                }
                // Relaxed: see the field.
                let silence = if let Some((_, fit)) = known {
                    let silence = self.parameters.silence_of(fit, level);
                    timeout.store(silence, Ordering::Relaxed);
                    silence
                } else {
                    timeout.load(Ordering::Relaxed)
                };
                let due = |evidence| resolution.nanos(resolution.after(evidence, silence));
                self.arrivals.evidence().map_or(0, due)
            });
        }
        if let Some((_, fit)) = known {
            // Relaxed: see the fields.
            self.clip.store(self.parameters.clip(fit), Ordering::Relaxed);
            self.fit.store(pack(fit), Ordering::Relaxed);
        }
    }

    /// Of a full window, by constants.
    #[inline]
    fn fitted(&self, sums: Sums) -> Fit {
        #[expect(clippy::cast_possible_truncation, reason = "at most 1,024")]
        let full = N as u32;
        if sums.count == full {
            self.parameters.fit(Sums { count: full, ..sums })
        } else {
            self.parameters.fit(sums)
        }
    }

    /// After an interval that is learned as a shorter one.
    #[cold]
    #[inline(never)]
    fn stalled(&self) {
        // Relaxed, as below: it is all in this word.
        self.recovering.swap(PRIOR.into(), Ordering::Relaxed);
    }

    #[inline]
    fn recover(&self) {
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
