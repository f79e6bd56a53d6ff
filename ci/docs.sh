#!/usr/bin/env bash
# The documentation builds, and no link in it is dead.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

RUSTDOCFLAGS="-D warnings" cargo doc --workspace --all-features --no-deps
