#!/usr/bin/env bash
# The tour, for two seconds: it exits well, and leaves its trace and its diagram.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

out=$PWD/target/main-job
rm -rf "$out"
cargo run --release -- --seconds 2 --out "$out"
for kind in jsonl html; do
    find "$out" -name "*.$kind" -size +0 | grep -q . || fail "the tour left no .$kind file in $out"
done
