//! The detectors of this family.

use std::sync::LazyLock;
use std::time::Duration;

use spacelike_phi_detector::{
    Beat, Bertier, ChenE, EwmaPhi, EwmaSettings, FailureDetector, FixedTimeout, IntegerPhi, Jacobson,
    LocalPhi, Normal, Phi, QuantileTail, Settings, TwoWindow,
};

use super::names;
use super::subject::{LockedName, SharedSubject, Subject};
use crate::sink;

/// One for one thread, as the bench makes it.
pub trait Ours: FailureDetector + 'static {
    const NAME: &'static str;

    fn new() -> Self;
}

impl<D: Ours> Subject for D {
    const NAME: &'static str = <D as Ours>::NAME;
    type Time = Duration;

    fn new(_: &str) -> Self {
        Ours::new()
    }

    fn time(at: Duration) -> Duration {
        at
    }

    #[inline]
    fn heartbeat(&mut self, at: &Duration) {
        sink(&FailureDetector::heartbeat(self, Beat::at(*at)));
    }

    #[inline]
    fn suspects(&mut self, now: &Duration) -> bool {
        self.is_suspect(*now, 0)
    }

    #[inline]
    fn phi(&mut self, now: &Duration) -> f64 {
        self.suspicion(*now).phi
    }
}

impl<const N: usize> Ours for LocalPhi<Normal, N, 1> {
    const NAME: &'static str = names::LOCAL_PHI;

    fn new() -> Self {
        Self::new(&settings(), [8.0])
    }
}

impl<const N: usize> LockedName for LocalPhi<Normal, N, 1> {
    const NAME: &'static str = names::LOCAL_PHI_LOCKED;
}

impl<const N: usize> Ours for IntegerPhi<N, 1> {
    const NAME: &'static str = names::INTEGER_PHI;

    fn new() -> Self {
        Self::new(&settings(), [8.0])
    }
}

impl<const N: usize> Ours for QuantileTail<N, 1> {
    const NAME: &'static str = names::QUANTILE_TAIL;

    fn new() -> Self {
        Self::new(&settings(), [8.0])
    }
}

impl<const N: usize> Ours for ChenE<N, 1> {
    const NAME: &'static str = names::CHEN;

    fn new() -> Self {
        Self::new(PERIOD, PERIOD, [1.0])
    }
}

impl<const N: usize> Ours for TwoWindow<1, N, 1> {
    const NAME: &'static str = names::TWO_WINDOW;

    fn new() -> Self {
        Self::new(PERIOD, PERIOD, [1.0])
    }
}

impl<const N: usize> Ours for Bertier<N, 1> {
    const NAME: &'static str = names::BERTIER;

    fn new() -> Self {
        Self::new(PERIOD, PERIOD, [1.0])
    }
}

impl Ours for Jacobson<1> {
    const NAME: &'static str = names::JACOBSON;

    fn new() -> Self {
        Self::new(PERIOD * 3, PERIOD, PERIOD / 10, [1.0])
    }
}

impl Ours for FixedTimeout<1> {
    const NAME: &'static str = names::FIXED;

    fn new() -> Self {
        Self::new(PERIOD * 3, [1.0])
    }
}

impl<const N: usize> SharedSubject for Phi<Normal, N, 1> {
    const NAME: &'static str = names::PHI;
    type Time = Duration;

    fn new(_: &str) -> Self {
        Self::new(&settings(), [8.0])
    }

    fn time(at: Duration) -> Duration {
        at
    }

    #[inline]
    fn heartbeat(&self, at: &Duration) {
        sink(&self.heartbeat(Beat::at(*at)));
    }

    #[inline]
    fn suspects(&self, now: &Duration) -> bool {
        self.is_suspect(*now, 0)
    }

    #[inline]
    fn phi(&self, now: &Duration) -> f64 {
        self.suspicion(*now).phi
    }
}

impl SharedSubject for EwmaPhi {
    const NAME: &'static str = names::EWMA;
    type Time = Duration;

    fn new(_: &str) -> Self {
        Self::new()
    }

    fn time(at: Duration) -> Duration {
        at
    }

    #[inline]
    fn heartbeat(&self, at: &Duration) {
        sink(&self.with(&EWMA).heartbeat(Beat::at(*at)));
    }

    #[inline]
    fn suspects(&self, now: &Duration) -> bool {
        self.with(&EWMA).is_suspect(*now, 0)
    }

    #[inline]
    fn phi(&self, now: &Duration) -> f64 {
        self.with(&EWMA).suspicion(*now).phi
    }
}

/// One for all peers, so that it isn't counted with each of them.
static EWMA: LazyLock<EwmaSettings<Normal, 1>> = LazyLock::new(|| EwmaSettings::new(&settings(), [8.0]));

fn settings() -> Settings {
    Settings::new(PERIOD)
}

const PERIOD: Duration = Duration::from_secs(1);
