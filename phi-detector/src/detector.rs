use core::time::Duration;

use crate::{Beat, Heard, Suspicion};

/// A failure detector for one peer: heartbeats in, suspicion out. Time is the caller's: a monotonic `Duration` since an
/// origin of the caller's choice.
///
/// An accrual detector (Hayashibara et al. 2004; Défago et al. 2005, "Definition and Specification of Accrual Failure
/// Detectors") has a suspicion that grows with the silence, and whoever asks decides at which *level* to act: warn, route
/// around, convict. The levels are chosen when a detector is made, and are asked for by index, in their order.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use spacelike_phi_detector::{Beat, FailureDetector, FixedTimeout};
///
/// // Suspect after 3 s, convict after 9 s.
/// let mut peer = FixedTimeout::new(Duration::from_secs(3), [1.0, 3.0]);
/// let at = Duration::from_secs;
/// assert!(peer.is_suspect(at(0), 0)); // unknown: never silently healthy
///
/// peer.heartbeat(Beat::at(at(1)));
/// assert!(!peer.is_suspect(at(3), 0));
/// assert!(peer.is_suspect(at(5), 0) && !peer.is_suspect(at(5), 1));
/// ```
pub trait FailureDetector {
    /// A heartbeat arrived. Says what it was taken for.
    fn heartbeat(&mut self, beat: Beat) -> Heard;

    /// Evidence of life that is no heartbeat: an answer of the peer, a message of another kind, or somebody else's word that it
    /// was alive at `at`, on our clock. It is kept apart from heartbeats: silence counts from there, if that is later, but no
    /// interval is learned from it. Of a peer that was never heard itself, it changes nothing: hearsay introduces nobody.
    ///
    /// What others claim is to be checked before: a time that is yet to come keeps the peer alive until then.
    fn witness(&mut self, at: Duration);

    /// Takes `gap` out of the evidence: for so long we ourselves were not there to hear anything, because of a collector's
    /// pause, a suspended machine, a stopped process. So one that slept doesn't accuse the others. Nothing is learned from the
    /// interval in which it fell: that is for pauses, and not for each hiccup.
    fn observe_local_gap(&mut self, gap: Duration);

    /// Since when it is silent: the latest evidence of life. `None` if the peer is unknown.
    fn evidence(&self) -> Option<Duration>;

    /// How suspicious the silence is now. For people and graphs; to act, ask [`is_suspect`](Self::is_suspect).
    fn suspicion(&self, now: Duration) -> Suspicion;

    /// When silence will reach the level, if no beat comes: so that one timer is armed instead of polling. `None` if the
    /// peer is unknown, and suspect already.
    ///
    /// # Panics
    /// If there is no such level.
    fn deadline(&self, level: usize) -> Option<Duration>;

    /// Whether the silence has reached the level, or the peer is unknown. A load and a comparison.
    ///
    /// # Panics
    /// If there is no such level.
    fn is_suspect(&self, now: Duration, level: usize) -> bool;
}
