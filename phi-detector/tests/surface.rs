//! What a user's code relies on without calling it: sizes, auto traits, constants, texts.

use core::fmt::{Debug, Display};
use core::hash::Hash;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::time::Duration;

#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
use spacelike_phi_detector::Phi;
use spacelike_phi_detector::{
    Beat, Bertier, ChenE, Exponential, FailureDetector, FixedTimeout, Heard, IntegerPhi, Jacobson,
    LocalHealth, LocalPhi, Logistic, Normal, ProbeTimeout, QuantileTail, Resolution, Settings, State,
    Suspicion, TwoWindow,
};
#[cfg(feature = "alloc")]
use spacelike_phi_detector::{Event, Full, Registry, Status};

/// What needs no heap and no computation can be a constant.
const BEAT: Beat = Beat::at(Duration::ZERO).with_sequence(1).with_sent(Duration::ZERO).with_epoch(2);
const SETTINGS: Settings = Settings::new(Duration::from_secs(1));
const HEALTH: LocalHealth = LocalHealth::new(8);
const PROBE: ProbeTimeout =
    ProbeTimeout::new(Duration::from_secs(1), Duration::from_secs(1), Duration::from_secs(60));

#[test]
fn what_can_be_const_is() {
    assert_eq!((BEAT.sequence, BEAT.epoch), (Some(1), Some(2)));
    assert_eq!((SETTINGS.resolution, Resolution::default()), (Resolution::DEFAULT, Resolution::DEFAULT));
    assert_eq!((HEALTH, PROBE.timeout()), (LocalHealth::default(), Duration::from_secs(1)));
}

/// Small where there are many. A sample takes four bytes for phi accrual, one by quantiles, eight for what expects the next
/// beat; all else of a peer takes about 300, by quantiles 800.
#[test]
fn sizes_are_bounded() {
    assert_eq!(size_of::<LocalHealth>(), 2);
    assert_eq!(size_of::<Resolution>(), 4);
    assert_eq!(size_of::<State>(), 8);
    assert!(size_of::<Heard>() <= 24);
    assert!(size_of::<Suspicion>() <= 40);
    assert!(size_of::<ProbeTimeout>() <= 48);
    assert!(size_of::<Settings>() <= 56);
    assert!(size_of::<Beat>() <= 64);
    assert!(size_of::<FixedTimeout>() <= 160 && size_of::<FixedTimeout<3>>() <= 192);
    assert!(size_of::<Jacobson>() <= 208 && size_of::<Jacobson<3>>() <= 240);
    assert!(size_of::<LocalPhi<Normal, 1>>() <= 300);
    assert!(size_of::<LocalPhi<Normal, 100>>() <= 300 + 4 * 100);
    assert!(size_of::<LocalPhi<Normal, 1000>>() <= 300 + 4 * 1000);
    assert!(size_of::<LocalPhi<Normal, 100, 3>>() <= 300 + 4 * 100 + 2 * 32);
    assert!(size_of::<IntegerPhi<1>>() <= 300 && size_of::<IntegerPhi<100>>() <= 300 + 4 * 100);
    assert!(size_of::<ChenE<1>>() <= 320 && size_of::<ChenE<100>>() <= 320 + 8 * 100);
    assert!(size_of::<TwoWindow<1, 100>>() <= 400 + 8 * 101);
    assert!(size_of::<Bertier<100>>() <= 320 + 8 * 100);
    assert!(size_of::<QuantileTail<1000>>() <= 800 + 1000);
    assert_eq!((size_of::<Normal>(), size_of::<Logistic>(), size_of::<Exponential>()), (0, 0, 0));
}

#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
#[test]
fn shared_sizes_are_bounded() {
    assert!(size_of::<Phi<Normal, 100>>() <= 300 + 4 * 100);
    assert!(size_of::<Phi<Normal, 1000>>() <= 300 + 4 * 1000);
}

#[cfg(feature = "alloc")]
#[test]
fn sizes_of_many_are_bounded() {
    assert!(size_of::<Status>() <= 16 && size_of::<Full>() <= 8);
    assert!(size_of::<Event<u64>>() <= 56);
}

/// Everything can be sent, shared and printed; what is data can be compared, copied and be a key.
#[test]
fn auto_traits_hold() {
    fn shared<T: Send + Sync + Unpin + Debug + 'static>() {}
    fn detector<
        T: FailureDetector + Send + Sync + Unpin + UnwindSafe + RefUnwindSafe + Clone + PartialEq + Debug,
    >() {
    }
    fn data<T: Copy + Eq + Hash + Send + Sync + Unpin + UnwindSafe + RefUnwindSafe + Debug>() {}
    fn text<T: Display>() {}
    data::<(Beat, Heard, Settings, State, Resolution, LocalHealth, ProbeTimeout)>();
    data::<(Normal, Logistic, Exponential)>();
    shared::<Suspicion>();
    detector::<FixedTimeout<3>>();
    detector::<Jacobson<3>>();
    detector::<ChenE<8, 3>>();
    detector::<TwoWindow<1, 8, 3>>();
    detector::<Bertier<8, 3>>();
    detector::<IntegerPhi<8, 3>>();
    detector::<QuantileTail<8, 3>>();
    detector::<LocalPhi<Normal, 8, 3>>();
    detector::<LocalPhi<Logistic, 8, 3>>();
    detector::<LocalPhi<Exponential, 8, 3>>();
    text::<State>();
    #[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
    shared::<Phi<Normal, 8, 3>>();
    #[cfg(feature = "alloc")]
    {
        fn error<T: core::error::Error + Send + Sync + Clone + Eq + 'static>() {}
        data::<(Status, Event<u64>, Full)>();
        shared::<Registry<u64, FixedTimeout>>();
        text::<Status>();
        text::<Event<&str>>();
        error::<Full>();
    }
}

/// A detector can be chosen at run time.
#[test]
fn the_trait_makes_objects() {
    let mut peers: [Box<dyn FailureDetector + Send>; 2] = [
        Box::new(FixedTimeout::new(Duration::from_secs(3), [1.0])),
        Box::new(LocalPhi::<Normal, 8>::new(&SETTINGS, [8.0])),
    ];
    for peer in &mut peers {
        assert_eq!(peer.heartbeat(BEAT), Heard::First);
        assert!(peer.is_suspect(Duration::from_secs(9), 0));
    }
}

/// States, and what is made of peers, are words for a log.
#[test]
fn states_are_words() {
    let words = [
        (State::Unknown, "unknown"),
        (State::Cold { samples: 0 }, "cold, with 0 samples"),
        (State::Steady, "steady"),
        (State::Recovering, "recovering"),
    ];
    for (state, word) in words {
        assert_eq!(state.to_string(), word);
    }
}

#[cfg(feature = "alloc")]
#[test]
fn statuses_are_words() {
    let words = [
        (Status::Unknown, "unknown"),
        (Status::Trusted, "trusted"),
        (Status::Suspect { level: 2 }, "suspect at level 2"),
    ];
    for (status, word) in words {
        assert_eq!(status.to_string(), word);
    }
    let event =
        Event { peer: 7, from: Status::Trusted, to: Status::Suspect { level: 0 }, at: Duration::ZERO };
    assert_eq!(event.to_string(), "7 is suspect at level 0, and was trusted");
}
