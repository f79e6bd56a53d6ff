//! Heartbeats as they arrive over networks that aren't well: traces from a seed, for failure detectors to be judged by.
//!
//! A [`Scene`] is plain data: how a sender keeps its time, what its network does to the beats, and when it crashes. It gives the
//! same trace for the same seed on every platform: nothing but integers, IEEE 754 arithmetic and `libm` is in it.

use core::time::Duration;

use spacelike::phi_detector::Beat;

/// A sender of heartbeats, the network behind it, and its end.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use spacelike::phi_detector::{FailureDetector, QuantileTail, Settings};
/// use spacelike_lab::beats::Scene;
///
/// let crash = Duration::from_secs(60);
/// let scene = Scene { crash: Some(crash), ..Scene::wan() };
/// let mut peer: QuantileTail = QuantileTail::new(&Settings::new(scene.period), [8.0]);
/// for beat in scene.beats(7, Duration::from_secs(100)) {
///     peer.heartbeat(beat);
/// }
/// let convicted = peer.deadline(0).unwrap();
/// assert!(convicted > crash && convicted < crash + Duration::from_secs(5));
/// ```
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Scene {
    /// How far apart beats are meant to be.
    pub period: Duration,
    /// How late the sender's timer wakes it, on average: exponentially distributed.
    pub lateness: Duration,
    /// When the sender stands still.
    pub stalls: Stalls,
    /// What the way takes at least.
    pub delay: Duration,
    /// What the way takes longer, in the middle: lognormally distributed.
    pub jitter: Duration,
    /// The standard deviation of the jitter's natural logarithm.
    pub jitter_sigma: f64,
    /// Which beats don't arrive.
    pub loss: Loss,
    /// When the way gets longer, and shorter again.
    pub congestion: Congestion,
    /// When the sender stops for good. What is on the way by then arrives.
    pub crash: Option<Duration>,
}

/// Pauses of a sender, of a collector, a disk or a hypervisor: it wakes when they are over, sends the beat that is overdue, and
/// goes on as planned. The beats in between are never sent, and have no numbers.
///
/// How long they are is distributed as Pareto has it, and cut off.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Stalls {
    /// How long from the end of one to the next, on average: exponentially distributed.
    pub every: Duration,
    /// The shortest.
    pub shortest: Duration,
    /// The longest.
    pub longest: Duration,
    /// Pareto's alpha: a stall is `x` times longer than the shortest once in `x^shape` times.
    pub shape: f64,
}

/// Losses in bursts (Gilbert 1960, Elliott 1963): from one beat to the next, the way becomes bad or good again.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Loss {
    /// How probable it is that a good way becomes bad.
    pub worsens: f64,
    /// How probable it is that a bad way becomes good.
    pub recovers: f64,
    /// How probable it is that a beat is lost on a good way.
    pub good: f64,
    /// How probable it is that a beat is lost on a bad way.
    pub bad: f64,
}

/// Epochs in which queues fill up and empty again: the delay grows evenly to a peak and falls.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Congestion {
    /// How long from the end of one to the next, on average: exponentially distributed.
    pub every: Duration,
    /// How long each is.
    pub length: Duration,
    /// How much longer the way is in its middle.
    pub peak: Duration,
}

impl Scene {
    /// Two machines in one room, beats every 100 ms: short delays, next to no loss, a collector's pause every minute.
    pub const fn lan() -> Self {
        Self {
            period: millis(100),
            lateness: micros(500),
            stalls: Stalls {
                every: millis(60_000),
                shortest: millis(20),
                longest: millis(2_000),
                shape: 1.5,
            },
            delay: micros(200),
            jitter: micros(100),
            jitter_sigma: 1.0,
            loss: Loss { worsens: 0.000_01, recovers: 0.5, good: 0.0, bad: 0.5 },
            congestion: Congestion { every: millis(600_000), length: millis(2_000), peak: millis(20) },
            crash: None,
        }
    }

    /// From one continent to another, beats every 100 ms: jitter, bursts of loss, and queues that fill up every two minutes.
    pub const fn wan() -> Self {
        Self {
            period: millis(100),
            lateness: micros(500),
            stalls: Stalls {
                every: millis(60_000),
                shortest: millis(20),
                longest: millis(2_000),
                shape: 1.5,
            },
            delay: millis(40),
            jitter: millis(5),
            jitter_sigma: 1.0,
            loss: Loss { worsens: 0.002, recovers: 0.3, good: 0.000_1, bad: 0.5 },
            congestion: Congestion { every: millis(120_000), length: millis(10_000), peak: millis(200) },
            crash: None,
        }
    }

    /// Machines that share a host, beats every 100 ms: short ways, but processors that are taken away every few seconds, now and
    /// then for long.
    pub const fn cloud_vm() -> Self {
        Self {
            period: millis(100),
            lateness: millis(2),
            stalls: Stalls {
                every: millis(5_000),
                shortest: millis(10),
                longest: millis(10_000),
                shape: 1.2,
            },
            delay: millis(1),
            jitter: micros(500),
            jitter_sigma: 1.5,
            loss: Loss { worsens: 0.000_1, recovers: 0.3, good: 0.000_01, bad: 0.5 },
            congestion: Congestion { every: millis(300_000), length: millis(5_000), peak: millis(50) },
            crash: None,
        }
    }

    /// The beats that arrive of those sent before `until`, in the order of their arrival. Each has its number, the first 1, and
    /// the time of its sending; both clocks start with the scene.
    ///
    /// # Panics
    /// If the period is zero, or stalls or congestion come every zero time: what never comes, comes every `Duration::MAX`.
    pub fn beats(&self, seed: u64, until: Duration) -> Vec<Beat> {
        assert!(!self.period.is_zero(), "beats all at once");
        assert!(
            !self.stalls.every.is_zero() && !self.congestion.every.is_zero(),
            "stalls or congestion without end"
        );
        let until = self.crash.map_or(until, |crash| crash.min(until));
        // Each part has a generator of its own, so that a change to one leaves the others alone.
        let mut streams = SplitMix(seed);
        let [mut timer, mut stalls, mut way, mut loss, mut epochs] =
            core::array::from_fn(|_| SplitMix(streams.next()));
        let mut stall = self.stalls.after(Duration::ZERO, &mut stalls);
        let mut epoch = self.congestion.after(Duration::ZERO, &mut epochs);
        let (mut beats, mut due, mut number, mut bad) = (Vec::new(), self.period, 0, false);
        loop {
            let mut sent = due.saturating_add(timer.exponential(self.lateness));
            while stall.1 <= sent {
                stall = self.stalls.after(stall.1, &mut stalls);
            }
            if stall.0 <= sent {
                sent = stall.1;
            }
            if sent >= until {
                break;
            }
            number += 1;
            while epoch.1 <= sent {
                epoch = self.congestion.after(epoch.1, &mut epochs);
            }
            let jitter = times(self.jitter, libm::exp(self.jitter_sigma * way.normal()));
            let queue = self.congestion.delay(sent.saturating_sub(epoch.0));
            let at = [self.delay, jitter, queue].into_iter().fold(sent, Duration::saturating_add);
            bad = if bad { loss.uniform() >= self.loss.recovers } else { loss.uniform() < self.loss.worsens };
            if loss.uniform() >= if bad { self.loss.bad } else { self.loss.good } {
                beats.push(Beat::at(at).with_sequence(number).with_sent(sent));
            }
            // What is overdue was sent with this one.
            while due <= sent {
                due = due.saturating_add(self.period);
            }
        }
        beats.sort_by_key(|beat| beat.at);
        beats
    }
}

impl Stalls {
    /// When the next one begins and ends.
    fn after(&self, now: Duration, random: &mut SplitMix) -> (Duration, Duration) {
        let begin = now.saturating_add(random.exponential(self.every));
        let longer = libm::pow(random.uniform(), -1.0 / self.shape);
        let longest = self.longest.as_secs_f64() / self.shortest.as_secs_f64();
        (begin, begin.saturating_add(times(self.shortest, longer.min(longest))))
    }
}

impl Congestion {
    fn after(&self, now: Duration, random: &mut SplitMix) -> (Duration, Duration) {
        let begin = now.saturating_add(random.exponential(self.every));
        (begin, begin.saturating_add(self.length))
    }

    /// How much longer the way is so long after the beginning.
    fn delay(&self, since: Duration) -> Duration {
        let half = self.length / 2;
        let from_peak = since.abs_diff(half);
        if since.is_zero() || from_peak >= half {
            return Duration::ZERO;
        }
        times(self.peak, 1.0 - from_peak.as_secs_f64() / half.as_secs_f64())
    }
}

/// Random numbers (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators").
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Above 0, and at most 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits are exact")]
    fn uniform(&mut self) -> f64 {
        ((self.next() >> 11) + 1) as f64 / 9_007_199_254_740_992.0
    }

    fn exponential(&mut self, mean: Duration) -> Duration {
        times(mean, -libm::log(self.uniform()))
    }

    /// By Box and Muller (1958).
    fn normal(&mut self) -> f64 {
        let radius = libm::sqrt(-2.0 * libm::log(self.uniform()));
        radius * libm::cos(2.0 * core::f64::consts::PI * self.uniform())
    }
}

/// Saturates at both ends.
fn times(duration: Duration, factor: f64) -> Duration {
    let seconds = duration.as_secs_f64() * factor;
    Duration::try_from_secs_f64(seconds).unwrap_or(if seconds > 0.0 { Duration::MAX } else { Duration::ZERO })
}

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

const fn micros(micros: u64) -> Duration {
    Duration::from_micros(micros)
}
