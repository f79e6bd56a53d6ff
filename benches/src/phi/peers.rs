//! The peers, each in its own words.

use std::cell::Cell;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use chrono::{DateTime, Local};
use phi_accrual::PhiFailureDetector;
use phi_accrual_detector::{Detector as Async, PhiInteraction, Statistics};
use phi_accrual_failure_detector::{
    Clock, Detector, FailureDetector, SyncDetector, SyncState, UnsyncDetector, UnsyncState,
};
use phi_detector::PingWindow;

use super::subject::{LockedName, SharedSubject, Subject};
use super::{HEARTBEAT, MIXED, names};

/// `phi-detector`: no window, but sums that forget from the ten thousandth interval on. It wants intervals, so whoever uses it
/// keeps the last arrival.
pub struct Pings {
    window: PingWindow,
    last: Option<Duration>,
}

impl Subject for Pings {
    const NAME: &'static str = names::PHI_DETECTOR;
    type Time = Duration;

    fn new(_: &str) -> Self {
        Self { window: PingWindow::new(Duration::from_secs(1)), last: None }
    }

    fn time(at: Duration) -> Duration {
        at
    }

    #[inline]
    fn heartbeat(&mut self, at: &Duration) {
        if let Some(last) = self.last.replace(*at) {
            self.window.add_ping(at.saturating_sub(last));
        }
    }

    #[inline]
    fn suspects(&mut self, now: &Duration) -> bool {
        self.phi(now) >= 8.0
    }

    #[inline]
    fn phi(&mut self, now: &Duration) -> f64 {
        self.last.map_or(0.0, |last| self.window.normal_dist().phi(now.saturating_sub(last)))
    }
}

impl LockedName for Pings {
    const NAME: &'static str = names::PHI_DETECTOR_LOCKED;
}

/// `phi-accrual`: keeps the arrivals and computes everything anew for every question.
pub struct Arrivals<const N: usize>(PhiFailureDetector);

impl<const N: usize> Subject for Arrivals<N> {
    const NAME: &'static str = names::PHI_ACCRUAL;
    type Time = u64;

    fn new(_: &str) -> Self {
        Self(PhiFailureDetector::new().history_size(N + 1))
    }

    fn time(at: Duration) -> u64 {
        millis(at)
    }

    #[inline]
    fn heartbeat(&mut self, at: &u64) {
        self.0.heartbeat(*at);
    }

    #[inline]
    fn suspects(&mut self, now: &u64) -> bool {
        self.0.phi(*now) >= 8.0
    }

    #[inline]
    fn phi(&mut self, now: &u64) -> f64 {
        self.0.phi(*now)
    }
}

impl<const N: usize> LockedName for Arrivals<N> {
    const NAME: &'static str = names::PHI_ACCRUAL_LOCKED;
}

/// `phi-accrual-failure-detector`, for one thread.
pub struct Unsync<const N: usize>(FailureDetector<UnsyncState<Millis>>);

impl<const N: usize> Subject for Unsync<N> {
    const NAME: &'static str = names::PAFD;
    type Time = u64;

    fn new(job: &str) -> Self {
        let builder = UnsyncDetector::builder().clock(Millis).max_sample_size(N);
        Self(builder.acceptable_heartbeat_pause(pause(job)).build().expect("in range"))
    }

    fn time(at: Duration) -> u64 {
        millis(at)
    }

    #[inline]
    fn heartbeat(&mut self, at: &u64) {
        NOW.set(*at);
        self.0.heartbeat();
    }

    #[inline]
    fn suspects(&mut self, now: &u64) -> bool {
        NOW.set(*now);
        !self.0.is_available()
    }

    #[inline]
    fn phi(&mut self, now: &u64) -> f64 {
        NOW.set(*now);
        self.0.phi()
    }
}

impl<const N: usize> LockedName for Unsync<N> {
    const NAME: &'static str = names::PAFD_LOCKED;
}

/// `phi-accrual-failure-detector`, with the lock of the standard library that it brings.
pub struct Sync<const N: usize>(FailureDetector<SyncState<Millis>>);

impl<const N: usize> SharedSubject for Sync<N> {
    const NAME: &'static str = names::PAFD_SYNC;
    type Time = u64;

    fn new(job: &str) -> Self {
        let builder = SyncDetector::builder().clock(Millis).max_sample_size(N);
        Self(builder.acceptable_heartbeat_pause(pause(job)).build().expect("in range"))
    }

    fn time(at: Duration) -> u64 {
        millis(at)
    }

    #[inline]
    fn heartbeat(&self, at: &u64) {
        NOW.set(*at);
        self.0.heartbeat();
    }

    #[inline]
    fn suspects(&self, now: &u64) -> bool {
        NOW.set(*now);
        !self.0.is_available()
    }

    #[inline]
    fn phi(&self, now: &u64) -> f64 {
        NOW.set(*now);
        self.0.phi()
    }
}

/// `phi-accrual-failure-detector` learns from a beat only if it isn't late, and its mean drifts until all beats are. With the
/// pause that it has by default none ever is, so that each is learned. Questions are put before it drifts, without a pause.
fn pause(job: &str) -> Duration {
    if [HEARTBEAT, MIXED].contains(&job) { Duration::from_secs(3) } else { Duration::ZERO }
}

/// A clock that the bench moves, in the unit in which `phi-accrual-failure-detector` computes.
pub struct Millis;

impl Millis {
    /// For this thread.
    pub fn set(now: Duration) {
        NOW.set(millis(now));
    }
}

impl Clock for Millis {
    type Timestamp = u64;

    #[inline]
    fn timestamp(&self) -> u64 {
        NOW.get()
    }

    fn elapsed(before: &u64, after: &u64) -> Duration {
        Duration::from_millis(after.saturating_sub(*before))
    }

    #[inline]
    #[expect(clippy::cast_precision_loss, reason = "as the default does")]
    fn elapsed_ms(before: &u64, after: &u64) -> f64 {
        after.saturating_sub(*before) as f64
    }
}

thread_local! {
    static NOW: Cell<u64> = const { Cell::new(0) };
}

/// `phi-accrual-detector`, without its lock: it takes beats, but answers nothing.
pub struct Window<const N: usize>(Statistics);

impl<const N: usize> Subject for Window<N> {
    const NAME: &'static str = names::PAD_STATISTICS;
    type Time = DateTime<Local>;

    fn new(_: &str) -> Self {
        Self(Statistics::new(window::<N>()))
    }

    fn does(job: &str) -> bool {
        job == HEARTBEAT
    }

    fn time(at: Duration) -> DateTime<Local> {
        date(at)
    }

    #[inline]
    fn heartbeat(&mut self, at: &DateTime<Local>) {
        self.0.insert(*at);
    }

    fn suspects(&mut self, _: &DateTime<Local>) -> bool {
        unreachable!("it does not answer");
    }

    fn phi(&mut self, _: &DateTime<Local>) -> f64 {
        unreachable!("it does not answer");
    }
}

/// `phi-accrual-detector`: computes everything anew for every question, and is `async`.
pub struct Awaited<const N: usize>(Async);

impl<const N: usize> SharedSubject for Awaited<N> {
    const NAME: &'static str = names::PAD;
    type Time = DateTime<Local>;

    fn new(_: &str) -> Self {
        Self(Async::new(window::<N>()))
    }

    fn time(at: Duration) -> DateTime<Local> {
        date(at)
    }

    #[inline]
    fn heartbeat(&self, at: &DateTime<Local>) {
        block_on(self.0.insert(*at)).expect("it never fails");
    }

    #[inline]
    fn suspects(&self, now: &DateTime<Local>) -> bool {
        self.phi(now) >= 8.0
    }

    #[inline]
    fn phi(&self, now: &DateTime<Local>) -> f64 {
        block_on(self.0.phi(*now)).expect("it never fails")
    }
}

/// The least that can run a future: no runtime, and the thread sleeps while the lock is taken.
pub fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    thread_local! {
        static WAKER: Waker = Waker::from(Arc::new(Unpark(thread::current())));
    }

    let mut future = pin!(future);
    WAKER.with(|waker| {
        loop {
            match future.as_mut().poll(&mut Context::from_waker(waker)) {
                Poll::Ready(output) => return output,
                Poll::Pending => thread::park(),
            }
        }
    })
}

fn millis(at: Duration) -> u64 {
    u64::try_from(at.as_millis()).expect("64 bits")
}

pub fn date(at: Duration) -> DateTime<Local> {
    DateTime::from_timestamp_millis(millis(at).cast_signed()).expect("in range").into()
}

fn window<const N: usize>() -> u32 {
    u32::try_from(N).expect("32 bits")
}
