#!/usr/bin/env bash
# The models of the shared clocks and detectors: loom tries every interleaving and reordering with at most three preemptions.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

export RUSTFLAGS="--cfg loom" LOOM_MAX_PREEMPTIONS=${LOOM_MAX_PREEMPTIONS:-3}
# What is behind a feature and has models.
declare -A features=([spacelike-idempotency]=table)
for package in spacelike-lamport spacelike-hlc spacelike-vclock spacelike-phi-detector spacelike-idempotency; do
    # A target folder of its own, or each change of flags would build everything anew.
    cargo test --target-dir target/loom --release --lib -p "$package" --features "${features[$package]-}" | tee target/loom-output
    grep -q '^running [1-9]' target/loom-output || fail "no model of $package ran"
done
