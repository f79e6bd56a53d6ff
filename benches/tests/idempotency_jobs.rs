//! That all in the tables for `idempotency` do the same job: windows know the same numbers, and stores answer the same
//! requests with the same outcomes.

use spacelike_benches::idempotency::sessions::{self, Client};
use spacelike_benches::idempotency::stores::{self, Ask, Store, outcome};
use spacelike_benches::idempotency::windows::{self, Window};
use spacelike_benches::idempotency::{self, IN_PROGRESS};

/// Numbers that come in order, with gaps, twice, and late, within what all windows reach.
#[test]
fn all_windows_know_the_same_numbers() {
    struct Visitor;

    impl windows::Visitor for Visitor {
        fn visit<W: Window>(&mut self, new: fn() -> W) {
            let mut window = new();
            for base in (0..100_000).step_by(10) {
                for (sequence, fresh) in [(9, true), (5, true), (9, false), (5, false), (6, true)] {
                    assert_eq!(window.claim(base + sequence), fresh, "{}, {base} + {sequence}", W::NAME);
                }
                if let Some(late) = (base + 7_u64).checked_sub(1_900) {
                    assert!(window.claim(late) && !window.claim(late), "{}, {late} after {base}", W::NAME);
                }
            }
        }
    }

    windows::each(&mut Visitor);
}

/// Each request is executed once, and its answer is there for as long as the client waits.
#[test]
fn all_sessions_keep_the_last_answers() {
    struct Visitor;

    impl sessions::Visitor for Visitor {
        fn visit<S: Client>(&mut self) {
            let mut session = S::new();
            for sequence in 0..100 {
                assert!(session.execute(sequence), "{}, {sequence}", S::NAME);
                for kept in sequence.saturating_sub(7)..=sequence {
                    assert!(session.replay(kept), "{}, {kept} at {sequence}", S::NAME);
                }
            }
            assert!(!session.replay(100), "{}", S::NAME);
        }
    }

    sessions::each(&mut Visitor);
}

/// Each request is new once, and has its own outcome from then on; what is only begun is in progress.
#[test]
fn all_stores_keep_the_same_outcomes() {
    struct Visitor;

    impl stores::Visitor for Visitor {
        fn visit<S: Store>(&mut self) {
            let (store, mut buffer) = (stores::filled::<S>(5_000), String::new());
            for number in 0..5_000 {
                let kept = store.replay(&Ask::new(number), &mut buffer);
                assert_eq!(kept, Some(outcome(number)), "{}, {number}", S::NAME);
            }
            let ask = Ask::new(5_000);
            assert_eq!(store.replay(&ask, &mut buffer), None, "{}", S::NAME);
            if S::does(IN_PROGRESS) {
                assert!(!store.is_in_progress(&Ask::new(0), &mut buffer), "{}", S::NAME);
                store.begin(&ask, &mut buffer);
                assert!(store.is_in_progress(&ask, &mut buffer), "{}", S::NAME);
                assert_eq!(store.replay(&ask, &mut buffer), None, "{}", S::NAME);
            }
        }
    }

    idempotency::each(&mut Visitor);
}

/// Keys are as long as a UUID's text, and look random.
#[test]
fn keys_are_texts_of_uuids() {
    let mut keys: Vec<_> = (0..100_000).map(|number| Ask::new(number).key).collect();
    assert!(keys.iter().all(|key| key.len() == 36));
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 100_000);
}
