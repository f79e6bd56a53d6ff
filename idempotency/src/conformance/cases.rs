use alloc::vec;
use alloc::vec::Vec;

use super::probe::{Probe, TOO_LARGE, execution, key, replay};
use super::{Case, Harness, Setting, Skipped};
use crate::store::{Begun, LeaseLost, NotKept, NotSettled, Store};
use crate::{Key, Scope, Token};

/// The cases of [`Store`](crate::store::Store), each named after its rule.
#[must_use]
pub fn cases<H: Harness>() -> Vec<Case<H>> {
    macro_rules! list {
        ($($name:ident)*) => { vec![$(Case { name: stringify!($name), run: $name }),*] };
    }
    list! {
        of_many_one_executes of_many_one_takes_over of_many_one_begins_anew of_holder_and_taker_one_wins
        all_copies_get_the_outcome another_request_is_a_mismatch fences_grow an_old_token_is_not_good_for_a_new_record a_zombie_changes_nothing
        nothing_is_held_without_a_record completing_twice_changes_nothing a_lease_is_lost_only_to_another
        a_strict_lease_is_lost_when_it_runs_out a_lease_ends_at_its_instant an_outcome_is_kept_for_its_retention
        a_renewal_lasts_from_its_own_instant an_old_key_is_refused time_that_goes_back_gives_nothing_away
        any_bytes_are_a_key scopes_are_apart any_bytes_are_an_outcome an_outcome_too_large_is_not_lost
        an_abort_lets_the_next_execute failed_attempts_end_in_death a_checkpoint_reaches_the_next_attempt
        what_may_have_happened_is_held what_may_happen_again_is_retried who_finds_out_settles
        who_finds_out_executes_again what_is_forgotten_never_was a_full_store_says_so a_scope_has_its_own_share
        sweeping_removes_what_has_expired
    }
}

fn of_many_one_executes<H: Harness>(harness: &H) -> Result<(), Skipped> {
    let probe = Probe::new(harness, |setting| setting)?;
    let token = probe.one_executes(b"key");
    assert_eq!(token.attempt, 1);
    assert_eq!(probe.complete(b"key", token, b"outcome"), Ok(()));
    Ok(())
}

fn of_many_one_takes_over<H: Harness>(harness: &H) -> Result<(), Skipped> {
    let probe = Probe::new(harness, |setting| setting)?;
    let before = probe.execute(b"key").token;
    probe.pass(probe.lease)?;
    let token = probe.one_executes(b"key");
    assert!(token.fence > before.fence && token.attempt == 2, "{token} after {before}");
    Ok(())
}

fn of_many_one_begins_anew<H: Harness>(harness: &H) -> Result<(), Skipped> {
    let probe = Probe::new(harness, |setting| setting)?;
    let before = probe.finish(b"key", b"outcome");
    probe.pass(probe.retention)?;
    let token = probe.one_executes(b"key");
    assert!(token.fence > before.fence && token.attempt == 1, "{token} after {before}");
    Ok(())
}

fn of_holder_and_taker_one_wins<H: Harness>(harness: &H) -> Result<(), Skipped> {
    let probe = Probe::new(harness, |setting| setting)?;
    let names = [[&b"completes"[..], b"renews", b"aborts"], [b"completes too", b"renews too", b"aborts too"]];
    let tokens = names.map(|names| names.map(|name| probe.execute(name).token));
    probe.pass(probe.lease)?;
    for ((names, tokens), one_before) in names.into_iter().zip(tokens).zip([false, true]) {
        let [completes, renews, aborts] = names.map(key);
        let [completing, renewing, aborting] = tokens;
        let store = &probe.store;
        let complete =
            async || store.complete(&completes, completing, b"late".to_vec().into()).await.unwrap().is_ok();
        let renew = async || store.renew(&renews, renewing, probe.lease).await.unwrap().is_ok();
        let abort = async || store.abort(&aborts, aborting, false).await.unwrap().is_ok();
        let told = [
            probe.contend(names[0], one_before, complete),
            probe.contend(names[1], one_before, renew),
            probe.contend(names[2], one_before, abort),
        ];
        // After an abort a copy is executed in any case.
        for ((name, (could, answers)), frees) in names.into_iter().zip(told).zip([false, false, true]) {
            let mut takers = answers.iter().filter_map(|answer| match answer {
                Begun::Execute(execution) => Some(execution.token),
                _ => None,
            });
            let taker = takers.next();
            assert_eq!(takers.next(), None, "two take over: {answers:?}");
            assert_eq!(
                taker.is_some(),
                frees || !could,
                "the holder could: {could}, the copies: {answers:?}"
            );
            if let Some(token) = taker {
                assert_eq!(probe.effect_started(name, token), Ok(()), "the holder took it back");
            }
        }
    }
    Ok(())
}

fn all_copies_get_the_outcome<H: Harness>(harness: &H) -> Result<(), Skipped> {
    let probe = Probe::new(harness, |setting| setting)?;
    probe.finish(b"key", b"outcome");
    assert_eq!(probe.rush(b"key"), vec![replay(b"outcome"); 100]);
    Ok(())
}

fn another_request_is_a_mismatch<H: Harness>(harness: &H) -> Result<(), Skipped> {
    let probe = Probe::new(harness, |setting| setting)?;
    let token = probe.execute(b"key").token;
    assert_eq!(probe.begin_other(b"key"), Begun::Mismatch);
    assert_eq!(probe.complete(b"key", token, b"outcome"), Ok(()));
    assert_eq!(probe.begin_other(b"key"), Begun::Mismatch);
    assert_eq!(probe.begin(b"key"), replay(b"outcome"));

    let token = probe.execute(b"released").token;
    assert_eq!(probe.abort(b"released", token, true), Ok(()));
    execution(probe.begin_other(b"released"));
    assert_eq!(probe.begin(b"released"), Begun::Mismatch);
    Ok(())
}

fn fences_grow<H: Harness>(harness: &H) -> Result<(), Skipped> {
    let probe = Probe::new(harness, |setting| setting)?;
    let mut fence = None;
    let mut grows = |token: Token| {
        assert!(fence < Some(token.fence), "{token} came after fence {fence:?}");
        fence = Some(token.fence);
        token
    };
    for name in [&b"a"[..], b"b", b"c"] {
        let token = grows(probe.execute(name).token);
        assert_eq!(probe.abort(name, token, false), Ok(()));
        let token = grows(probe.execute(name).token);
        assert_eq!(probe.abort(name, token, true), Ok(()));
        let token = grows(probe.execute(name).token);
        assert_eq!(probe.complete(name, token, b"outcome"), Ok(()));
        assert_eq!(probe.forget(name), Ok(()));
        grows(probe.finish(name, b"outcome"));
    }
    probe.pass(probe.retention)?;
    probe.sweep(1_000);
    for name in [&b"c"[..], b"b", b"a"] {
        grows(probe.execute(name).token);
    }
    Ok(())
}

fn an_old_token_is_not_good_for_a_new_record<H: Harness>(harness: &H) -> Result<(), Skipped> {
    let probe = Probe::new(harness, |setting| setting)?;
    let aborted = probe.execute(b"key").token;
    assert_eq!(probe.abort(b"key", aborted, false), Ok(()));
    let forgotten = probe.execute(b"key").token;
    probe.is_lost(b"key", aborted);
    assert_eq!(probe.complete(b"key", forgotten, b"second"), Ok(()));
    probe.is_lost(b"key", aborted);
    assert_eq!(probe.begin(b"key"), replay(b"second"));
    assert_eq!(probe.forget(b"key"), Ok(()));

    let token = probe.execute(b"key").token;
    probe.is_lost(b"key", aborted);
    probe.is_lost(b"key", forgotten);
    assert_eq!(probe.complete(b"key", token, b"third"), Ok(()));
    assert_eq!(probe.begin(b"key"), replay(b"third"));

    probe.pass(probe.retention)?;
    probe.sweep(1_000);
    probe.execute(b"key");
    probe.is_lost(b"key", token);
    Ok(())
}

fn a_zombie_changes_nothing<H: Harness>(harness: &H) -> Result<(), Skipped> {
    let probe = Probe::new(harness, Setting::retry)?;
    let zombie = probe.start(b"key");
    probe.pass(probe.lease)?;
    let second = probe.execute(b"key").token;
    probe.is_lost(b"key", zombie);
    probe.is_in_progress(b"key");
    assert_eq!(probe.effect_started(b"key", second), Ok(()));
    probe.is_lost(b"key", zombie);
    probe.pass(probe.lease)?;
    let third = probe.execute(b"key");
    assert_eq!((third.token.attempt, third.checkpoint), (3, None));
    probe.is_lost(b"key", second);
    assert_eq!(probe.complete(b"key", third.token, b"outcome"), Ok(()));
    probe.is_lost(b"key", zombie);
    assert_eq!(probe.begin(b"key"), replay(b"outcome"));
    Ok(())
}

fn nothing_is_held_without_a_record<H: Harness>(harness: &H) -> Result<(), Skipped> {
    let probe = Probe::new(harness, |setting| setting)?;
    probe.is_lost(b"key", Token { fence: 1, attempt: 1 });
    let token = probe.execute(b"key").token;
    assert_eq!(token.attempt, 1);
    probe.is_lost(b"another", token);
    execution(probe.begin(b"another"));
    Ok(())
}

fn completing_twice_changes_nothing<H: Harness>(harness: &H) -> Result<(), Skipped> {
    let probe = Probe::new(harness, |setting| setting)?;
    let token = probe.finish(b"key", b"first");
    let stranger = Token { fence: token.fence + 1, attempt: 2 };
    assert_eq!(probe.complete(b"key", token, b"second"), Ok(()));
    assert_eq!(probe.complete(b"key", stranger, b"third"), Err(LeaseLost { token: stranger }.into()));
    assert_eq!(probe.begin(b"key"), replay(b"first"));
    assert_eq!(probe.abort(b"key", token, false), Err(LeaseLost { token }));
    assert_eq!(probe.begin(b"key"), replay(b"first"));
    Ok(())
}

fn a_lease_is_lost_only_to_another<H: Harness>(harness: &H) -> Result<(), Skipped> {
    let probe = Probe::new(harness, |setting| setting)?;
    let token = probe.start(b"key");
    probe.pass(probe.lease * 2)?;
    assert_eq!(probe.renew(b"key", token, probe.lease), Ok(()));
    probe.is_in_progress(b"key");
    probe.pass(probe.lease * 2)?;
    assert_eq!(probe.begin(b"key"), Begun::Indeterminate { attempts: 1 });
    assert_eq!(probe.complete(b"key", token, b"outcome"), Ok(()));
    assert_eq!(probe.begin(b"key"), replay(b"outcome"));
    Ok(())
}

fn a_strict_lease_is_lost_when_it_runs_out<H: Harness>(harness: &H) -> Result<(), Skipped> {
    let probe = Probe::new(harness, Setting::strict)?;
    let token = probe.start(b"key");
    probe.pass_to_the_last_instant_of(probe.lease)?;
    assert_eq!(probe.checkpoint(b"key", token, b"just in time"), Ok(()));
    probe.pass(probe.unit)?;
    probe.is_lost(b"key", token);
    assert_eq!(probe.begin(b"key"), Begun::Indeterminate { attempts: 1 });
    probe.is_lost(b"key", token);
    Ok(())
}

fn a_lease_ends_at_its_instant<H: Harness>(harness: &H) -> Result<(), Skipped> {
    let probe = Probe::new(harness, |setting| setting)?;
    probe.execute(b"key");
    probe.is_in_progress(b"key");
    probe.pass_to_the_last_instant_of(probe.lease)?;
    assert_eq!(probe.begin(b"key"), Begun::InProgress { retry_after: probe.unit });
    probe.pass(probe.unit)?;
    assert_eq!(probe.execute(b"key").token.attempt, 2);
    Ok(())
}

fn an_outcome_is_kept_for_its_retention<H: Harness>(harness: &H) -> Result<(), Skipped> {
    let probe = Probe::new(harness, |setting| setting)?;
    let names = [&b"swept"[..], b"unswept"];
    let tokens = names.map(|name| probe.execute(name).token);
    probe.pass_to_the_last_instant_of(probe.lease)?;
    for (name, token) in names.into_iter().zip(tokens) {
        assert_eq!(probe.complete(name, token, b"outcome"), Ok(()));
    }
    probe.pass_to_the_last_instant_of(probe.retention)?;
    probe.sweep(1_000);
    for name in names {
        assert_eq!(probe.begin(name), replay(b"outcome"));
    }
    probe.pass(probe.unit)?;
    assert_eq!(probe.execute(b"unswept").token.attempt, 1);
    probe.sweep(1_000);
    assert_eq!(probe.execute(b"swept").token.attempt, 1);
    Ok(())
}

fn a_renewal_lasts_from_its_own_instant<H: Harness>(harness: &H) -> Result<(), Skipped> {
    let probe = Probe::new(harness, |setting| setting)?;
    let token = probe.execute(b"key").token;
    probe.pass(probe.lease / 2)?;
    assert_eq!(probe.renew(b"key", token, probe.lease), Ok(()));
    assert_eq!(probe.renew(b"key", token, probe.unit), Ok(()));
    probe.pass_to_the_last_instant_of(probe.lease)?;
    assert_eq!(probe.begin(b"key"), Begun::InProgress { retry_after: probe.unit });
    probe.pass(probe.unit)?;
    assert_eq!(probe.execute(b"key").token.attempt, 2);
    Ok(())
}

fn an_old_key_is_refused<H: Harness>(harness: &H) -> Result<(), Skipped> {
    let probe = Probe::new(harness, |setting| setting)?;
    probe.pass(probe.unit)?;
    let now = probe.now();
    let oldest = (now + probe.skew + probe.unit).saturating_sub(probe.retention);
    let latest = now + probe.skew;
    assert_eq!(probe.begin_key(&key(b"old").minted(oldest.saturating_sub(probe.unit))), Begun::Expired);
    execution(probe.begin_key(&key(b"old").minted(oldest)));
    assert_eq!(probe.begin_key(&key(b"ahead").minted(latest + probe.unit)), Begun::Expired);
    execution(probe.begin_key(&key(b"ahead").minted(latest)));

    let minted = key(b"key").minted(now);
    let token = execution(probe.begin_key(&minted)).token;
    assert_eq!(probe.complete_key(&minted, token, b"outcome"), Ok(()));
    probe.pass_to_the_last_instant_of(probe.retention)?;
    assert_eq!(probe.begin_key(&minted), replay(b"outcome"));
    probe.pass(probe.unit)?;
    assert_eq!(probe.begin_key(&minted), Begun::Expired);
    Ok(())
}

fn time_that_goes_back_gives_nothing_away<H: Harness>(harness: &H) -> Result<(), Skipped> {
    let probe = Probe::new(harness, |setting| setting)?;
    let token = probe.execute(b"claimed").token;
    probe.finish(b"completed", b"outcome");
    probe.go_back(probe.lease * 3)?;
    let answer = probe.begin(b"claimed");
    assert!(matches!(answer, Begun::InProgress { .. }), "in progress, not {answer:?}");
    assert_eq!(probe.begin(b"completed"), replay(b"outcome"));
    assert_eq!(probe.renew(b"claimed", token, probe.lease), Ok(()));
    probe.pass_to_the_last_instant_of(probe.lease * 4)?;
    assert_eq!(probe.begin(b"claimed"), Begun::InProgress { retry_after: probe.unit });
    assert_eq!(probe.complete(b"claimed", token, b"late"), Ok(()));
    probe.go_back(probe.lease)?;
    probe.sweep(1_000);
    assert_eq!(probe.begin(b"claimed"), replay(b"late"));

    let minted = key(b"minted").minted(probe.now());
    let token = execution(probe.begin_key(&minted)).token;
    assert_eq!(probe.complete_key(&minted, token, b"outcome"), Ok(()));
    probe.pass(probe.retention * 2)?;
    probe.sweep(1_000);
    assert_eq!(probe.begin_key(&minted), Begun::Expired);
    probe.go_back(probe.retention * 2)?;
    let answer = probe.begin_key(&minted);
    assert!(
        answer == Begun::Expired || answer == replay(b"outcome"),
        "what was too old is new again: {answer:?}"
    );
    Ok(())
}

fn any_bytes_are_a_key<H: Harness>(harness: &H) -> Result<(), Skipped> {
    let probe = Probe::new(harness, |setting| setting)?;
    let mut names: Vec<Vec<u8>> = (0..=u8::MAX).map(|byte| vec![byte]).collect();
    names.extend(
        [&b"a\0"[..], b"\0a", b"a\0b", b"a\0c", b"\0\0", b"A ", b" A", b"%61", b"\xC3\x28"].map(Vec::from),
    );
    for byte in [0, b'a', u8::MAX] {
        names.extend([vec![byte; 254], vec![byte; 255]]);
    }
    names.push((1..=u8::MAX).collect());
    names.push((1..=u8::MAX).rev().collect());
    for (index, name) in names.iter().enumerate() {
        probe.finish(name, &index.to_le_bytes());
    }
    for (index, name) in names.iter().enumerate() {
        assert_eq!(probe.begin(name), replay(&index.to_le_bytes()), "the outcome of {name:?}");
    }
    Ok(())
}

fn scopes_are_apart<H: Harness>(harness: &H) -> Result<(), Skipped> {
    let probe = Probe::new(harness, |setting| setting)?;
    let keys = [
        (Scope::Global, "pay", "key"),
        (Scope::Global, "refund", "key"),
        (Scope::Tenant(b"a"), "pay", "key"),
        (Scope::Tenant(b"b"), "pay", "key"),
        (Scope::Tenant(b"global"), "pay", "key"),
        (Scope::Tenant(b"\0"), "pay", "key"),
        (Scope::Global, "pay", "keys"),
        (Scope::Global, "payk", "eys"),
        (Scope::Tenant(b"a"), "bc", "d"),
        (Scope::Tenant(b"ab"), "c", "d"),
        (Scope::Tenant(b"a"), "b", "cd"),
        (Scope::Global, "ab", "cd"),
        (Scope::Tenant(b"a:b"), "c", "d"),
        (Scope::Tenant(b"a"), "b:c", "d"),
        (Scope::Tenant(b"a\0b"), "c", "d"),
        (Scope::Tenant(b"a"), "b\0c", "d"),
        (Scope::Tenant(b"a"), "b", "c\0d"),
    ];
    let keys = keys.map(|(scope, operation, name)| Key::new(scope, operation, name.as_bytes()).unwrap());
    for (index, key) in keys.iter().enumerate() {
        let token = execution(probe.begin_key(key)).token;
        assert_eq!(probe.complete_key(key, token, &index.to_le_bytes()), Ok(()));
    }
    for (index, key) in keys.iter().enumerate() {
        assert_eq!(probe.begin_key(key), replay(&index.to_le_bytes()), "the outcome of {key:?}");
    }
    Ok(())
}

fn any_bytes_are_an_outcome<H: Harness>(harness: &H) -> Result<(), Skipped> {
    let probe = Probe::new(harness, |setting| setting)?;
    let outcomes =
        [vec![], vec![0], vec![0; 3], (0..=u8::MAX).collect(), b"null".to_vec(), vec![u8::MAX; 4_096]];
    for (name, outcome) in (0..).zip(&outcomes) {
        probe.finish(&[name], outcome);
    }
    for (name, outcome) in (0..).zip(&outcomes) {
        assert_eq!(probe.begin(&[name]), replay(outcome));
    }
    Ok(())
}

fn an_outcome_too_large_is_not_lost<H: Harness>(harness: &H) -> Result<(), Skipped> {
    let probe = Probe::new(harness, |setting| setting)?;
    let key = key(b"key");
    let request = crate::Fingerprint(1);
    let token = execution(probe.begin_with(&key, request, 16)).token;
    assert_eq!(probe.effect_started(b"key", token), Ok(()));
    let outcome = vec![7; TOO_LARGE];
    match probe.complete_key(&key, token, &outcome) {
        Ok(()) => assert_eq!(probe.begin_with(&key, request, 16), replay(&outcome)),
        Err(NotKept::TooLarge { weight, room }) => {
            assert!(weight > room, "{weight} bytes are too large for {room}");
            let answer = probe.begin_with(&key, request, 16);
            assert!(matches!(answer, Begun::InProgress { .. }), "in progress, not {answer:?}");
            assert_eq!(probe.complete_key(&key, token, b"too large"), Ok(()));
            assert_eq!(probe.complete_key(&key, token, &outcome), Ok(()), "it was completed");
            assert_eq!(probe.begin_with(&key, request, 16), replay(b"too large"));
        }
        Err(lost) => panic!("an outcome that is too large is refused, not {lost:?}"),
    }
    Ok(())
}

fn an_abort_lets_the_next_execute<H: Harness>(harness: &H) -> Result<(), Skipped> {
    let probe = Probe::new(harness, |setting| setting)?;
    let first = probe.execute(b"key").token;
    assert_eq!(probe.abort(b"key", first, false), Ok(()));
    let second = probe.start(b"key");
    assert_eq!(second.attempt, 1, "an abort that doesn't count was counted");
    assert_eq!(probe.abort(b"key", second, true), Ok(()));
    probe.is_lost(b"key", second);
    let third = probe.execute(b"key");
    assert_eq!((third.token.attempt, third.started_before), (2, false));
    Ok(())
}

fn failed_attempts_end_in_death<H: Harness>(harness: &H) -> Result<(), Skipped> {
    let probe = Probe::new(harness, Setting::retry)?;
    let token = probe.execute(b"released").token;
    assert_eq!(probe.abort(b"released", token, true), Ok(()));
    for attempt in 1..=3 {
        let token = probe.execute(b"aborted").token;
        assert_eq!(token.attempt, attempt);
        assert_eq!(probe.abort(b"aborted", token, true), Ok(()));
    }
    assert_eq!(probe.begin(b"aborted"), Begun::Dead { attempts: 3 });
    for attempt in 1..=3 {
        assert_eq!(probe.start(b"lost").attempt, attempt);
        probe.pass(probe.lease)?;
    }
    assert_eq!(probe.begin(b"lost"), Begun::Dead { attempts: 3 });
    probe.pass_to_the_last_instant_of(probe.retention)?;
    assert_eq!(probe.begin(b"lost"), Begun::Dead { attempts: 3 });
    probe.pass(probe.unit)?;
    assert_eq!(probe.execute(b"lost").token.attempt, 1);
    assert_eq!(probe.execute(b"released").token.attempt, 1, "what failed before the retention counts");
    Ok(())
}

fn a_checkpoint_reaches_the_next_attempt<H: Harness>(harness: &H) -> Result<(), Skipped> {
    let probe = Probe::new(harness, |setting| setting)?;
    let first = probe.execute(b"key");
    assert_eq!(first.checkpoint, None);
    assert_eq!(probe.checkpoint(b"key", first.token, b"\0half"), Ok(()));
    assert_eq!(probe.checkpoint(b"key", first.token, b"\0most"), Ok(()));
    assert_eq!(probe.abort(b"key", first.token, false), Ok(()));
    let second = probe.execute(b"key");
    assert_eq!(second.checkpoint.as_deref(), Some(&b"\0most"[..]));
    assert_eq!(probe.abort(b"key", second.token, false), Ok(()));
    assert_eq!(execution(probe.begin_other(b"key")).checkpoint, None, "it is of another request");
    Ok(())
}

fn what_may_have_happened_is_held<H: Harness>(harness: &H) -> Result<(), Skipped> {
    let probe = Probe::new(harness, |setting| setting)?;
    for name in [&b"swept"[..], b"unswept"] {
        probe.start(name);
    }
    probe.pass(probe.lease)?;
    assert_eq!(probe.begin(b"unswept"), Begun::Indeterminate { attempts: 1 });
    probe.sweep(1_000);
    assert_eq!(probe.begin(b"swept"), Begun::Indeterminate { attempts: 1 });
    probe.pass(probe.retention * 2)?;
    probe.sweep(1_000);
    for name in [&b"swept"[..], b"unswept"] {
        assert_eq!(probe.begin(name), Begun::Indeterminate { attempts: 1 });
        assert_eq!(probe.begin_other(name), Begun::Mismatch);
    }
    Ok(())
}

fn what_may_happen_again_is_retried<H: Harness>(harness: &H) -> Result<(), Skipped> {
    let probe = Probe::new(harness, Setting::retry)?;
    let token = probe.start(b"key");
    assert_eq!(probe.checkpoint(b"key", token, b"half"), Ok(()));
    probe.pass(probe.lease)?;
    let next = probe.execute(b"key");
    assert!(next.started_before, "an effect had begun before");
    assert_eq!((next.token.attempt, next.checkpoint.as_deref()), (2, Some(&b"half"[..])));
    assert_eq!(probe.abort(b"key", next.token, false), Ok(()));
    assert_eq!(probe.begin_other(b"key"), Begun::Mismatch, "the effect of the first may have happened");
    let last = probe.execute(b"key");
    assert!(last.started_before, "an effect had begun before the one that was aborted");
    assert_eq!((last.token.attempt, last.checkpoint.as_deref()), (2, Some(&b"half"[..])));
    Ok(())
}

fn who_finds_out_settles<H: Harness>(harness: &H) -> Result<(), Skipped> {
    let probe = Probe::new(harness, |setting| setting)?;
    assert_eq!(probe.settle(b"key", b"found"), Err(NotSettled::NotIndeterminate), "there was none");
    let other = probe.start(b"other");
    assert_eq!(probe.settle(b"other", b"found"), Err(NotSettled::NotIndeterminate), "it is in progress");
    assert_eq!(probe.complete(b"other", other, b"outcome"), Ok(()));
    assert_eq!(probe.settle(b"other", b"found"), Err(NotSettled::NotIndeterminate), "it is completed");
    assert_eq!(probe.begin(b"other"), replay(b"outcome"));
    let token = probe.vanish(b"key")?;
    assert_eq!(probe.settle(b"key", b"found"), Ok(()));
    assert_eq!(probe.begin(b"key"), replay(b"found"));
    probe.is_lost(b"key", token);
    assert_eq!(probe.settle(b"key", b"again"), Err(NotSettled::NotIndeterminate));
    assert_eq!(probe.begin(b"key"), replay(b"found"));

    probe.start(b"unseen");
    probe.pass(probe.lease)?;
    assert_eq!(probe.settle(b"unseen", b"found"), Ok(()), "no copy came since its lease has run out");
    assert_eq!(probe.begin(b"unseen"), replay(b"found"));
    Ok(())
}

fn who_finds_out_executes_again<H: Harness>(harness: &H) -> Result<(), Skipped> {
    let probe = Probe::new(harness, |setting| setting)?;
    assert_eq!(probe.reexecute(b"key"), Err(NotSettled::NotIndeterminate), "there was none");
    probe.finish(b"other", b"outcome");
    assert_eq!(probe.reexecute(b"other"), Err(NotSettled::NotIndeterminate), "it is completed");
    let token = probe.vanish(b"key")?;
    let again = probe.reexecute(b"key").unwrap();
    assert!(again.token.fence > token.fence && again.token.attempt == 2, "{} after {token}", again.token);
    assert!(again.started_before, "an effect had begun before");
    probe.is_in_progress(b"key");
    probe.is_lost(b"key", token);
    assert_eq!(probe.reexecute(b"key"), Err(NotSettled::NotIndeterminate), "it is in progress");
    assert_eq!(probe.complete(b"key", again.token, b"outcome"), Ok(()));
    assert_eq!(probe.begin(b"key"), replay(b"outcome"));

    // What nobody knows of the first attempt, nobody knows after another that had no effect.
    let first = probe.vanish(b"aborted")?;
    let again = probe.reexecute(b"aborted").unwrap();
    assert_eq!(probe.abort(b"aborted", again.token, false), Ok(()));
    assert_eq!(probe.begin(b"aborted"), Begun::Indeterminate { attempts: 1 });
    probe.is_lost(b"aborted", first);
    let again = probe.reexecute(b"aborted").unwrap();
    assert!(again.started_before, "an effect had begun before");
    probe.pass(probe.lease)?;
    assert_eq!(probe.begin(b"aborted"), Begun::Indeterminate { attempts: again.token.attempt });
    Ok(())
}

fn what_is_forgotten_never_was<H: Harness>(harness: &H) -> Result<(), Skipped> {
    let probe = Probe::new(harness, |setting| setting)?;
    assert_eq!(probe.forget(b"key"), Ok(()));
    let token = probe.execute(b"key").token;
    let refused = probe.forget(b"key").expect_err("it is in progress");
    assert!(!refused.retry_after.is_zero() && refused.retry_after <= probe.lease, "{refused:?}");
    assert_eq!(probe.complete(b"key", token, b"outcome"), Ok(()));
    assert_eq!(probe.forget(b"key"), Ok(()));
    execution(probe.begin_other(b"key"));

    probe.vanish(b"vanished")?;
    assert_eq!(probe.forget(b"vanished"), Ok(()));
    let anew = probe.execute(b"vanished");
    assert_eq!((anew.token.attempt, anew.started_before), (1, false));
    Ok(())
}

fn a_full_store_says_so<H: Harness>(harness: &H) -> Result<(), Skipped> {
    let probe = Probe::new(harness, |setting| Setting { records: Some(2), ..setting })?;
    let token = probe.execute(b"claimed").token;
    probe.finish(b"completed", b"outcome");
    probe.is_saturated(&key(b"third"));
    probe.is_saturated(&key(b"fourth"));
    probe.is_in_progress(b"claimed");
    assert_eq!(probe.begin(b"completed"), replay(b"outcome"));
    assert_eq!(probe.complete(b"claimed", token, b"another"), Ok(()));
    probe.is_saturated(&key(b"third"));
    assert_eq!(probe.forget(b"completed"), Ok(()));
    let token = probe.execute(b"third").token;
    assert_eq!(probe.begin(b"claimed"), replay(b"another"));
    assert_eq!(probe.abort(b"third", token, false), Ok(()));
    probe.finish(b"fourth", b"outcome");
    probe.is_saturated(&key(b"fifth"));

    probe.pass(probe.retention * 2)?;
    probe.execute(b"fifth");
    probe.execute(b"sixth");
    probe.is_saturated(&key(b"seventh"));
    Ok(())
}

fn a_scope_has_its_own_share<H: Harness>(harness: &H) -> Result<(), Skipped> {
    let probe = Probe::new(harness, |setting| Setting { records_per_scope: Some(2), ..setting })?;
    let tenants: [&[u8]; 2] = [b"greedy", b"modest"];
    let [[first, second, third], [fourth, fifth, sixth]] = tenants.map(|tenant| {
        [&b"1"[..], b"2", b"3"].map(|name| Key::new(Scope::Tenant(tenant), "conformance", name).unwrap())
    });
    let token = execution(probe.begin_key(&first)).token;
    execution(probe.begin_key(&second));
    probe.is_saturated(&third);
    execution(probe.begin_key(&fourth));
    execution(probe.begin_key(&fifth));
    probe.is_saturated(&sixth);
    assert_eq!(probe.complete_key(&first, token, b"outcome"), Ok(()));
    probe.is_saturated(&third);
    assert_eq!(probe.begin_key(&first), replay(b"outcome"));
    let global = Key::new(Scope::Tenant(b"global"), "conformance", b"1").unwrap();
    execution(probe.begin_key(&global));
    probe.execute(b"1");
    probe.execute(b"2");
    probe.is_saturated(&key(b"3"));
    probe.pass(probe.retention * 2)?;
    probe.sweep(1_000);
    execution(probe.begin_key(&third));
    Ok(())
}

fn sweeping_removes_what_has_expired<H: Harness>(harness: &H) -> Result<(), Skipped> {
    let probe = Probe::new(harness, |setting| setting)?;
    for name in 0..20 {
        probe.finish(&[name], b"outcome");
    }
    probe.pass(probe.retention.saturating_sub(probe.lease))?;
    probe.finish(b"completed", b"outcome");
    let token = probe.execute(b"claimed").token;
    assert_eq!(probe.renew(b"claimed", token, probe.lease * 2), Ok(()));
    assert_eq!(probe.sweep(1_000).removed, 0);
    probe.pass(probe.lease)?;
    let mut removed = 0;
    for _ in 0..10_000 {
        let swept = probe.sweep(3);
        removed += swept.removed;
        if !swept.more {
            break;
        }
    }
    assert!(removed <= 20, "{removed} were removed, of 20 that had expired");
    assert!(!probe.sweep(10_000).more, "there is always more to sweep");
    assert_eq!(probe.begin(b"completed"), replay(b"outcome"));
    assert_eq!(probe.begin(b"claimed"), Begun::InProgress { retry_after: probe.lease });
    for name in 0..20 {
        assert_eq!(probe.execute(&[name]).token.attempt, 1);
    }
    Ok(())
}
