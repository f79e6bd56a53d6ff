//! Plain data through a text and a binary format.
#![cfg(feature = "serde")]

use std::fmt::Debug;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use spacelike_idempotency::{
    DerivedKey, Effect, Event, Fingerprint, Freshness, KeyHash, LocalWindow, Policy, Record, Request,
    SessionId, Unfinished, step,
};

fn goes_through<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let text = serde_json::to_string(value).unwrap();
    assert_eq!(serde_json::from_str::<T>(&text).unwrap(), *value, "{text}");
    let bytes = postcard::to_allocvec(value).unwrap();
    assert_eq!(postcard::from_bytes::<T>(&bytes).unwrap(), *value, "{bytes:?}");
}

/// What is stored comes back: fingerprints of all 128 bits, times without an end, every kind of record.
#[test]
fn what_is_stored_comes_back() {
    let fingerprint = Fingerprint(u128::MAX - 1);
    goes_through(&SessionId(u64::MAX));
    goes_through(&Request { epoch: 1, sequence: u64::MAX, acknowledged: 2, fingerprint });
    let policy = Policy {
        retention: Duration::MAX,
        attempts_max: 3,
        unfinished: Unfinished::Hold,
        strict_expiry: true,
        skew: Duration::from_secs(1),
    };
    goes_through(&policy);

    let begin =
        Event::<u64, u8>::Begin { fingerprint, lease: Duration::from_nanos(9), fence: 7, minted: None };
    let (Effect::Put(claimed), _) = step(None, begin, Duration::ZERO, &policy) else { panic!() };
    let Record::Claimed(lease) = &claimed else { panic!() };
    let token = lease.token;
    let put = |record: &Record<u64, u8>, event, at| match step(Some(record), event, at, &policy).0 {
        Effect::Put(record) => record,
        effect => panic!("{effect:?}"),
    };
    let started = put(&claimed, Event::EffectStarted { token }, Duration::ZERO);
    let indeterminate = put(&started, Event::Sweep, Duration::from_nanos(9));
    let completed = put(&started, Event::Complete { token, outcome: 5 }, Duration::from_nanos(1));
    let released = put(&claimed, Event::Abort { token, counts: true }, Duration::ZERO);
    let dead = Record::Dead { fingerprint, attempts: 3, expires: Duration::MAX };
    for record in [claimed, started, indeterminate, completed, released, dead] {
        goes_through(&record);
    }
}

/// Hashes are strings where people read them: many readers of JSON lose digits of numbers of 128 bits.
#[test]
fn a_hash_is_a_string_or_a_number() {
    let digits = "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0";
    let fingerprint: Fingerprint = digits.parse().unwrap();
    assert_eq!(serde_json::to_string(&fingerprint).unwrap(), format!("\"{digits}\""));
    assert_eq!(postcard::to_allocvec(&fingerprint).unwrap(), postcard::to_allocvec(&fingerprint.0).unwrap());
    goes_through(&fingerprint);
    goes_through(&digits.parse::<KeyHash>().unwrap());
    goes_through(&digits.parse::<DerivedKey>().unwrap());
    for (text, why) in [
        ("7", "expected 32 hexadecimal digits"),
        ("\"7\"", "the text has 1 bytes, and 32 hexadecimal digits are expected"),
    ] {
        let error = serde_json::from_str::<Fingerprint>(text).unwrap_err().to_string();
        assert!(error.contains(why), "{text}: {error}");
    }
}

/// A window goes on where it was saved.
#[test]
fn a_window_is_a_sequence_of_words() {
    let mut window = LocalWindow::<2>::new();
    assert!([3, 32, 40].iter().all(|&n| window.claim(n).is_fresh()));
    goes_through(&window);
    assert_eq!(
        serde_json::to_string(&window).unwrap(),
        format!("[{},{}]", 2_u64 << 32 | 0x101, 1_u64 << 32 | 8)
    );
    let mut saved: LocalWindow<2> = serde_json::from_str(&serde_json::to_string(&window).unwrap()).unwrap();
    assert_eq!(saved.claim(40), Freshness::Duplicate);
}

/// What is no window of this size is refused, and says why.
#[test]
fn foreign_words_are_refused() {
    for (text, why) in [
        ("[1,0]", "word 0 is 0x0000000000000001, which is in no window"),
        ("[0,4294967296]", "word 1 is 0x0000000100000000, which is in no window"),
        ("[0]", "invalid length 1, expected the 2 words of a window"),
        ("[0,0,0]", "invalid length 3, expected the 2 words of a window"),
        ("7", "expected the 2 words of a window"),
    ] {
        let error = serde_json::from_str::<LocalWindow<2>>(text).unwrap_err().to_string();
        assert!(error.contains(why), "{text}: {error}");
    }
}
