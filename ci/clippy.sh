#!/usr/bin/env bash
# Lints, warnings denied: every member, target and feature.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

cargo clippy --workspace --all-targets --all-features -- -D warnings
# The models are other code.
RUSTFLAGS="--cfg loom" cargo clippy --target-dir target/loom --lib --tests \
    -p spacelike-lamport -p spacelike-hlc -p spacelike-vclock -p spacelike-phi-detector \
    -p spacelike-idempotency --features spacelike-idempotency/table -- -D warnings
