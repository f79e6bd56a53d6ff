#!/usr/bin/env bash
# The tour, for two seconds: it exits well, and leaves its trace, its diagram and, when asked to, its log for ShiViz.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

out=$PWD/target/main-job
rm -rf "$out"
cargo run --release -- --seconds 2 --out "$out" --shiviz "$out/tour.log"
for kind in jsonl html log; do
    find "$out" -name "*.$kind" -size +0 | grep -q . || fail "the tour left no .$kind file in $out"
done
