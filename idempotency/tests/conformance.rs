//! The conformance suite: a store that is right passes, and each thing that is wrong with one fails in the case that is about it.

#![cfg(feature = "conformance")]

mod reference;
#[cfg(feature = "table")]
mod tables;

use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind};

use spacelike_idempotency::conformance::{
    Case, Harness, Report, Setting, Skipped, cases, run, run_tx, tx_cases,
};

use self::reference::{Bug, Reference, References};

/// The suite asks for nothing that a store of a few lines over `step` doesn't do.
#[test]
fn the_reference_passes() {
    let names = |cases: Vec<Case<References>>| cases.iter().map(|case| case.name).collect::<Vec<_>>();
    let passed = names(cases());
    assert_eq!(run(&References(None)), Report { passed, skipped: vec![] });
    let passed = names(tx_cases());
    assert_eq!(run_tx(&References(None)), Report { passed, skipped: vec![] });
}

/// The table in memory is a store like others.
#[cfg(feature = "table")]
#[test]
fn the_table_passes() {
    for shards in [1, 64] {
        let report = run(&tables::Tables::of(shards));
        assert_eq!(report.skipped, []);
        assert_eq!(report.passed.len(), cases::<tables::Tables>().len());
    }
}

/// A suite that can't fail shows nothing.
#[test]
fn each_bug_fails_in_its_case() {
    for (bug, name) in BUGS {
        let case = every_case().into_iter().find(|case| case.name == *name).unwrap();
        let outcome = catch_unwind(AssertUnwindSafe(|| (case.run)(&References(Some(*bug)))));
        assert!(outcome.is_err(), "{name} doesn't notice {bug:?}");
    }
}

/// Nor does a case that no bug fails in.
#[test]
fn each_case_has_a_bug() {
    for case in every_case() {
        assert!(BUGS.iter().any(|(_, name)| *name == case.name), "nothing is known to fail {}", case.name);
    }
}

/// Whoever reads that a run failed reads which rules were broken.
#[test]
#[should_panic(expected = "rules: ")]
fn a_run_names_the_rules_that_are_broken() {
    let _ = run(&References(Some(Bug::ZombieCompletes)));
}

/// Where time runs by itself, what needs another is skipped, and said to be.
#[test]
fn what_cannot_be_run_is_listed() {
    let report = run(&RealTime);
    assert!(report.skipped.contains(&("a_lease_ends_at_its_instant", Skipped::Time)));
    assert!(report.skipped.contains(&("a_full_store_says_so", Skipped::Setting)));
    assert!(report.passed.contains(&"of_many_one_executes"));
    assert_eq!(report.passed.len() + report.skipped.len(), cases::<RealTime>().len());
}

struct RealTime;

impl Harness for RealTime {
    type Store = Reference;

    fn store(&self, setting: &Setting) -> Option<Reference> {
        References(None).store(setting).filter(|_| setting.records.is_none())
    }

    fn now(&self, store: &Reference) -> Duration {
        References(None).now(store)
    }
}

fn every_case() -> Vec<Case<References>> {
    let mut all = cases();
    all.extend(tx_cases());
    all
}

const BUGS: &[(Bug, &str)] = &[
    (Bug::LooksThenInserts, "of_many_one_executes"),
    (Bug::LooksThenTakesOver, "of_many_one_takes_over"),
    (Bug::LooksThenReplaces, "of_many_one_begins_anew"),
    (Bug::LooksThenCompletes, "of_holder_and_taker_one_wins"),
    (Bug::LooksThenRenews, "of_holder_and_taker_one_wins"),
    (Bug::LooksThenAborts, "of_holder_and_taker_one_wins"),
    (Bug::LooksThenTakesOver, "of_holder_and_taker_one_wins"),
    (Bug::ReplaysOnce, "all_copies_get_the_outcome"),
    (Bug::FingerprintIgnored, "another_request_is_a_mismatch"),
    (Bug::FingerprintSticks, "another_request_is_a_mismatch"),
    (Bug::FencePerRecord, "fences_grow"),
    (Bug::FenceIsSwept, "fences_grow"),
    (Bug::FencePerRecord, "an_old_token_is_not_good_for_a_new_record"),
    (Bug::FenceIgnored, "an_old_token_is_not_good_for_a_new_record"),
    (Bug::ZombieStarts, "a_zombie_changes_nothing"),
    (Bug::ZombieCompletes, "a_zombie_changes_nothing"),
    (Bug::ZombieAborts, "a_zombie_changes_nothing"),
    (Bug::ZombieRenews, "a_zombie_changes_nothing"),
    (Bug::ZombieLeavesCheckpoint, "a_zombie_changes_nothing"),
    (Bug::SizeBeforeLease, "a_zombie_changes_nothing"),
    (Bug::CompletesWhatIsNotThere, "nothing_is_held_without_a_record"),
    (Bug::CompletesAgain, "completing_twice_changes_nothing"),
    (Bug::StrictOtherwise, "a_lease_is_lost_only_to_another"),
    (Bug::StrictOtherwise, "a_strict_lease_is_lost_when_it_runs_out"),
    (Bug::LeaseEndsLate, "a_lease_ends_at_its_instant"),
    (Bug::LeaseEndsEarly, "a_lease_ends_at_its_instant"),
    (Bug::RetentionFromBegin, "an_outcome_is_kept_for_its_retention"),
    (Bug::ExpiredIsServed, "an_outcome_is_kept_for_its_retention"),
    (Bug::LeaseEndsLate, "an_outcome_is_kept_for_its_retention"),
    (Bug::RenewalShortens, "a_renewal_lasts_from_its_own_instant"),
    (Bug::RenewalAddsUp, "a_renewal_lasts_from_its_own_instant"),
    (Bug::MintedIgnored, "an_old_key_is_refused"),
    (Bug::AheadIsAccepted, "an_old_key_is_refused"),
    (Bug::ElapsedWraps, "time_that_goes_back_gives_nothing_away"),
    (Bug::TimeGoesBack, "time_that_goes_back_gives_nothing_away"),
    (Bug::KeyEndsAtNul, "any_bytes_are_a_key"),
    (Bug::KeyIsText, "any_bytes_are_a_key"),
    (Bug::ScopesRunTogether, "scopes_are_apart"),
    (Bug::OperationIgnored, "scopes_are_apart"),
    (Bug::EmptyIsNone, "any_bytes_are_an_outcome"),
    (Bug::TooLargeIsCut, "an_outcome_too_large_is_not_lost"),
    (Bug::TooLargeIsDropped, "an_outcome_too_large_is_not_lost"),
    (Bug::AbortAlwaysCounts, "an_abort_lets_the_next_execute"),
    (Bug::AbortWaitsForTheLease, "an_abort_lets_the_next_execute"),
    (Bug::ReleasedStays, "failed_attempts_end_in_death"),
    (Bug::NobodyDies, "failed_attempts_end_in_death"),
    (Bug::CheckpointIsDropped, "a_checkpoint_reaches_the_next_attempt"),
    (Bug::CheckpointOfAnother, "a_checkpoint_reaches_the_next_attempt"),
    (Bug::HeldIsRetried, "what_may_have_happened_is_held"),
    (Bug::SweepsHeld, "what_may_have_happened_is_held"),
    (Bug::RetriedIsHeld, "what_may_happen_again_is_retried"),
    (Bug::AbortForgetsTheRetried, "what_may_happen_again_is_retried"),
    (Bug::SettlesAnything, "who_finds_out_settles"),
    (Bug::SettlesWhatWasSeen, "who_finds_out_settles"),
    (Bug::ReexecutesAsNew, "who_finds_out_executes_again"),
    (Bug::AbortForgetsTheHeld, "who_finds_out_executes_again"),
    (Bug::ReexecutesAsBefore, "who_finds_out_executes_again"),
    (Bug::ForgetsWhatRuns, "what_is_forgotten_never_was"),
    (Bug::EvictsLive, "a_full_store_says_so"),
    (Bug::ScopeTakesAll, "a_scope_has_its_own_share"),
    (Bug::GlobalIsATenant, "a_scope_has_its_own_share"),
    (Bug::SweepsCompleted, "sweeping_removes_what_has_expired"),
    (Bug::WritesAtOnce, "a_rollback_completes_nothing"),
    (Bug::CommitsDataAlone, "a_commit_completes"),
    (Bug::LostInTransactionIsNotTold, "a_lost_lease_is_told_in_the_transaction"),
    (Bug::CommitsUnchecked, "a_takeover_before_the_commit_wins"),
];
