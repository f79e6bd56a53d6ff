#!/usr/bin/env bash
# The tests: as the README says, and with all features. Both run the examples in the documentation and in the READMEs.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

cargo test
cargo test --workspace --all-features
# What takes ten million rounds, and a tenth of them in a debug build.
cargo test --release -p spacelike-idempotency --test window
