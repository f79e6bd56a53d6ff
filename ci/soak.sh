#!/usr/bin/env bash
# The properties of the libraries, again and again with other inputs each time: `ci/soak.sh 100` for a hundred rounds.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

mkdir -p target
unset PROPTEST_RNG_SEED
rounds=${1:-20}
for ((round = 1; round <= rounds; round++)); do
    # shellcheck disable=SC2046
    cargo test --quiet --all-features --lib --tests $(packages "${libraries[@]}") >target/soak-output 2>&1 \
        || fail "round $round of $rounds: see target/soak-output"
    printf 'round %d of %d passed\n' "$round" "$rounds"
done
