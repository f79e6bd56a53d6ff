#!/usr/bin/env bash
# The published crates as crates.io would get them: packed, unpacked and built, one on the other. Wants a clean checkout;
# arguments go to cargo, say --allow-dirty.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# Cargo unpacks what one packed crate needs of the others into its cache, and doesn't look again when they have changed.
# Folders of registries without a host, which only packing has, begin with a hyphen.
rm -rf "${CARGO_HOME:-$HOME/.cargo}"/registry/src/-*/spacelike*

cargo package --workspace --exclude spacelike-benches "$@"
