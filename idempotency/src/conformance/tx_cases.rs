use alloc::vec;
use alloc::vec::Vec;

use super::probe::{Probe, key, replay};
use super::{Case, Setting, Skipped, TxHarness};
use crate::store::{LeaseLost, NotKept, TxStore};
use crate::{Token, store};

/// The cases of [`TxStore`](crate::store::TxStore), each named after its rule.
#[must_use]
pub fn tx_cases<H: TxHarness>() -> Vec<Case<H>> {
    macro_rules! list {
        ($($name:ident)*) => { vec![$(Case { name: stringify!($name), run: $name }),*] };
    }
    list! {
        a_commit_completes a_rollback_completes_nothing a_lost_lease_is_told_in_the_transaction
        a_takeover_before_the_commit_wins
    }
}

fn a_commit_completes<H: TxHarness>(harness: &H) -> Result<(), Skipped> {
    let probe = Probe::new(harness, |setting| setting)?;
    let token = probe.execute(b"key").token;
    let mut tx = harness.open(&probe.store);
    harness.write(&mut tx, b"datum");
    assert_eq!(complete_in(&probe, &mut tx, token), Ok(()));
    assert!(harness.commit(tx), "nothing is in the way of the commit");
    assert_eq!(harness.read(&probe.store).as_deref(), Some(&b"datum"[..]));
    assert_eq!(probe.begin(b"key"), replay(b"outcome"));
    Ok(())
}

fn a_rollback_completes_nothing<H: TxHarness>(harness: &H) -> Result<(), Skipped> {
    let probe = Probe::new(harness, |setting| setting)?;
    let token = probe.execute(b"key").token;
    let mut tx = harness.open(&probe.store);
    harness.write(&mut tx, b"datum");
    assert_eq!(complete_in(&probe, &mut tx, token), Ok(()));
    harness.roll_back(tx);
    assert_eq!(harness.read(&probe.store), None);
    probe.is_in_progress(b"key");
    assert_eq!(probe.complete(b"key", token, b"without"), Ok(()));
    assert_eq!(probe.begin(b"key"), replay(b"without"));
    Ok(())
}

fn a_lost_lease_is_told_in_the_transaction<H: TxHarness>(harness: &H) -> Result<(), Skipped> {
    let probe = Probe::new(harness, Setting::retry)?;
    let zombie = probe.execute(b"key").token;
    probe.pass(probe.lease)?;
    let token = probe.execute(b"key").token;
    let mut tx = harness.open(&probe.store);
    harness.write(&mut tx, b"datum");
    assert_eq!(complete_in(&probe, &mut tx, zombie), Err(LeaseLost { token: zombie }.into()));
    harness.roll_back(tx);
    assert_eq!(harness.read(&probe.store), None);
    assert_eq!(probe.complete(b"key", token, b"another"), Ok(()));
    assert_eq!(probe.begin(b"key"), replay(b"another"));
    Ok(())
}

fn a_takeover_before_the_commit_wins<H: TxHarness>(harness: &H) -> Result<(), Skipped> {
    if harness.begin_waits() {
        return Err(Skipped::Waits);
    }
    let probe = Probe::new(harness, |setting| setting)?;
    let slow = probe.execute(b"key").token;
    let mut tx = harness.open(&probe.store);
    harness.write(&mut tx, b"datum");
    assert_eq!(complete_in(&probe, &mut tx, slow), Ok(()));
    probe.pass(probe.lease)?;
    let token = probe.execute(b"key").token;
    assert!(!harness.commit(tx), "an attempt that was taken over from was committed");
    assert_eq!(harness.read(&probe.store), None);
    assert_eq!(probe.complete(b"key", token, b"another"), Ok(()));
    assert_eq!(probe.begin(b"key"), replay(b"another"));
    Ok(())
}

fn complete_in<H: TxHarness>(
    probe: &Probe<'_, H>,
    tx: &mut <H::Store as TxStore>::Tx<'_>,
    token: Token,
) -> Result<(), NotKept> {
    let outcome = <H::Store as store::Store>::Outcome::from(b"outcome".to_vec());
    probe.harness.block_on(probe.store.complete_in(tx, &key(b"key"), token, outcome)).unwrap()
}
