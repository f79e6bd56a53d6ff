#!/usr/bin/env bash
# The published crates as crates.io would get them: packed, unpacked and built, one on the other. Wants a clean checkout;
# arguments go to cargo, say --allow-dirty.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# To cargo a crate of a registry never changes, but those that packing puts into one do: it would build on what they were at
# an earlier run, unpacked (registries without a host have folders that begin with a hyphen) and compiled.
rm -rf "${CARGO_HOME:-$HOME/.cargo}"/registry/src/-*/spacelike* target/debug/.fingerprint/spacelike*

cargo package --workspace --exclude spacelike-benches "$@"
