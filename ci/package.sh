#!/usr/bin/env bash
# The published crates as crates.io would get them: packed, unpacked and built, one on the other. Wants a clean checkout;
# arguments go to cargo, say --allow-dirty.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

cargo package --workspace --exclude spacelike-benches "$@"
