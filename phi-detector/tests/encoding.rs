//! Golden serde forms: these texts and bytes are pinned. A change here breaks what users stored or sent.
#![cfg(feature = "serde")]

use core::fmt::Debug;
use core::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use spacelike_phi_detector::{Beat, Heard, State, Suspicion};

#[track_caller]
fn pinned<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T, json: &str, postcard: &[u8]) {
    assert_eq!(serde_json::to_string(value).unwrap(), json);
    assert_eq!(serde_json::from_str::<T>(json).unwrap(), *value);
    assert_eq!(postcard::to_stdvec(value).unwrap(), postcard);
    assert_eq!(postcard::from_bytes::<T>(postcard).unwrap(), *value);
    for end in 0..postcard.len() {
        assert!(postcard::from_bytes::<T>(&postcard[..end]).is_err(), "cut off after {end} bytes");
    }
}

const AT: Duration = Duration::new(7, 5);

/// What isn't known of a beat is null, or one byte.
#[test]
fn beats_are_pinned() {
    pinned(
        &Beat::at(AT),
        r#"{"at":{"secs":7,"nanos":5},"sequence":null,"sent":null,"epoch":null}"#,
        &[7, 5, 0, 0, 0],
    );
    pinned(
        &Beat::at(AT).with_sequence(300).with_sent(Duration::new(1, 0)).with_epoch(u64::MAX),
        r#"{"at":{"secs":7,"nanos":5},"sequence":300,"sent":{"secs":1,"nanos":0},"epoch":18446744073709551615}"#,
        &[7, 5, 1, 0xAC, 2, 1, 1, 0, 1, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1],
    );
    let known: Beat = serde_json::from_str(r#"{"at":{"secs":7,"nanos":5}}"#).unwrap();
    assert_eq!(known, Beat::at(AT));
}

#[test]
fn what_beats_were_is_pinned() {
    pinned(&Heard::First, r#""First""#, &[0]);
    let interval = Heard::Interval { interval: AT, lost: 2 };
    pinned(&interval, r#"{"Interval":{"interval":{"secs":7,"nanos":5},"lost":2}}"#, &[1, 7, 5, 2]);
    pinned(&Heard::Restarted, r#""Restarted""#, &[2]);
    pinned(&Heard::Stale, r#""Stale""#, &[3]);
}

#[test]
fn suspicions_are_pinned() {
    pinned(&State::Unknown, r#""Unknown""#, &[0]);
    pinned(&State::Cold { samples: 3 }, r#"{"Cold":{"samples":3}}"#, &[1, 3]);
    pinned(&State::Steady, r#""Steady""#, &[2]);
    pinned(&State::Recovering, r#""Recovering""#, &[3]);
    pinned(
        &Suspicion { phi: 1.5, elapsed: AT, state: State::Steady, stale: true },
        r#"{"phi":1.5,"elapsed":{"secs":7,"nanos":5},"state":"Steady","stale":true}"#,
        &[0, 0, 0, 0, 0, 0, 0xF8, 0x3F, 7, 5, 2, 1],
    );
}

#[cfg(feature = "alloc")]
#[test]
fn events_are_pinned() {
    use spacelike_phi_detector::{Event, Status};

    pinned(&Status::Unknown, r#""Unknown""#, &[0]);
    pinned(&Status::Trusted, r#""Trusted""#, &[1]);
    pinned(&Status::Suspect { level: 2 }, r#"{"Suspect":{"level":2}}"#, &[2, 2]);
    pinned(
        &Event { peer: 9_u8, from: Status::Trusted, to: Status::Suspect { level: 0 }, at: AT },
        r#"{"peer":9,"from":"Trusted","to":{"Suspect":{"level":0}},"at":{"secs":7,"nanos":5}}"#,
        &[9, 1, 2, 0, 7, 5],
    );
}
