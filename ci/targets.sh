#!/usr/bin/env bash
# The targets we claim: bare metal builds, with and without atomics; the oldest compiler we support; tests that run on a
# 32-bit and on a big-endian machine. Debian's compilers serve, unpacked under target/, because they come with the
# standard library's source and rustup's one doesn't.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

main() {
    apt_install gcc-i686-linux-gnu libc6-dev-i386-cross gcc-s390x-linux-gnu libc6-dev-s390x-cross qemu-user \
        binutils-arm-none-eabi
    unpack_rust "$oldest"
    unpack_rust "$newest" rust-web-src
    bare_metal thumbv6m-none-eabi
    bare_metal riscv32imac-unknown-none-elf
    without_floats
    oldest_compiler
    run_tests i686-unknown-linux-gnu -p spacelike-lamport -p spacelike-hlc -p spacelike-vclock -p spacelike-phi-detector \
        -p spacelike-idempotency --lib --tests
    # Not tidy: it reads the sources, which are the same everywhere.
    run_tests i686-unknown-linux-gnu -p spacelike --test monitor
    # Only what the order of bytes can change: qemu is slow.
    run_tests s390x-unknown-linux-gnu -p spacelike-lamport -p spacelike-hlc -p spacelike-vclock \
        -p spacelike-idempotency --test encoding
}

# bare_metal TARGET: every library, with what doesn't need an operating system.
bare_metal() {
    heading "build for $1"
    # One call a feature set: calls that name several packages would unify their features.
    local package features
    for package in "${libraries[@]}"; do
        for features in "" serde critical-section serde,critical-section; do
            with_rust "$newest" cargo build --quiet -Z build-std=core,alloc --target "$1" \
                -p "$package" --no-default-features --features "$features"
        done
    done
    with_rust "$newest" cargo build --quiet -Z build-std=core,alloc --target "$1" \
        -p spacelike --no-default-features --features alloc,serde,critical-section
}

# Failure detectors on a chip without floats: made in constants, they link no routine that computes with any.
without_floats() {
    heading "a program without floats"
    local target=thumbv6m-none-eabi folder=$PWD/target/targets/without-floats
    mkdir -p "$folder"
    cp Cargo.lock "$folder"
    cat >"$folder/Cargo.toml" <<'END'
[package]
name = "without-floats"
edition = "2024"
[lib]
path = "lib.rs"
crate-type = ["staticlib"]
[dependencies]
spacelike-phi-detector = { path = "../../../phi-detector", default-features = false }
[workspace]
END
    cat >"$folder/lib.rs" <<'END'
#![no_std]
use core::time::Duration;
use spacelike_phi_detector::{Beat, FailureDetector, FixedTimeout, IntegerPhi, Jacobson, Settings};

const SECOND: Duration = Duration::from_secs(1);
const PHI: IntegerPhi<32, 2> = IntegerPhi::new(&Settings::new(SECOND), [1.0, 8.0]);
const FIXED: FixedTimeout<2> = FixedTimeout::new(SECOND, [1.0, 3.5]);
const LEARNED: Jacobson<2> = Jacobson::new(SECOND, SECOND, SECOND, [1.0, 3.5]);

#[unsafe(no_mangle)]
extern "C" fn watch(micros: u64) -> bool {
    watches(PHI, micros) | watches(FIXED, micros) | watches(LEARNED, micros)
}

// All but suspicion().
fn watches(mut peer: impl FailureDetector, micros: u64) -> bool {
    let at = Duration::from_micros(micros);
    peer.heartbeat(Beat::at(at));
    peer.heartbeat(Beat::at(at + at).with_sequence(micros).with_sent(at).with_epoch(micros));
    peer.witness(at);
    peer.observe_local_gap(at);
    peer.deadline(1).is_some_and(|deadline| peer.is_suspect(deadline, 0))
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}
END
    with_rust "$newest" cargo build --quiet -Z build-std=core,alloc --target "$target" \
        --manifest-path "$folder/Cargo.toml"
    arm-none-eabi-ld --gc-sections --entry watch -o "$folder/program" \
        "target/targets/$target/debug/libwithout_floats.a"
    local symbols floats
    symbols=$(arm-none-eabi-nm "$folder/program" | awk '{ print $NF }')
    grep -qx watch <<<"$symbols" || fail "nothing was linked"
    # The names that ARM's ABI has for them (Run-time ABI, section 4.1), and those of libgcc.
    floats=$(grep -E '^__aeabi_(c?[df]|u?[il]2[df])|^__[a-z]+[ds]f' <<<"$symbols" || true)
    [ -z "$floats" ] || fail "floats were linked:" "$floats"
}

# Without the dev-dependencies: those of the tests may ask for a newer compiler than the crates do.
oldest_compiler() {
    heading "check with Rust $oldest"
    local features
    for features in --no-default-features --features=default --all-features; do
        # shellcheck disable=SC2046
        with_rust "$oldest" cargo check --quiet --locked $(packages "${libraries[@]}") "$features"
    done
}

# run_tests TARGET WHICH...: tests on a machine of another kind.
run_tests() {
    local target=$1
    shift
    heading "tests on $target"
    with_rust "$newest" cargo test --quiet --no-fail-fast -Z build-std --target "$target" --all-features "$@"
}

# 32-bit code runs on the kernel itself (qemu-i386 hangs in the test harness), big-endian code in qemu.
export CARGO_TARGET_I686_UNKNOWN_LINUX_GNU_LINKER=i686-linux-gnu-gcc
export CARGO_TARGET_I686_UNKNOWN_LINUX_GNU_RUNNER="/usr/i686-linux-gnu/lib/ld-linux.so.2 --library-path /usr/i686-linux-gnu/lib"
export CARGO_TARGET_S390X_UNKNOWN_LINUX_GNU_LINKER=s390x-linux-gnu-gcc
export CARGO_TARGET_S390X_UNKNOWN_LINUX_GNU_RUNNER="timeout 120 qemu-s390x -L /usr/s390x-linux-gnu"

# with_rust VERSION COMMAND...: runs it with the unpacked compiler, and for features that only nightly has by name.
with_rust() {
    local toolchain=$tools/rust-$1
    shift
    PATH=$toolchain/bin:$PATH LD_LIBRARY_PATH=$toolchain/lib RUSTC_BOOTSTRAP=1 \
        CARGO_TARGET_DIR=$PWD/target/targets "$@"
}

# unpack_rust VERSION [PACKAGE...]: Debian's compiler, cargo and standard library as a toolchain folder. Installing them
# would put a second rustc on the PATH of this machine.
unpack_rust() {
    local minor=$1 folder=$tools/rust-$1 part=$tools/rust-$1.part version
    [ -d "$folder" ] && return
    shift
    apt_update
    # The latest revision that Debian has of this version.
    version=$(apt-cache madison rustc-web | awk -v minor="$minor." 'index($3, minor) == 1 { print $3; exit }')
    [ -n "$version" ] || fail "Debian has no rustc-web $minor: see apt-cache madison rustc-web"

    rm -rf "$part"
    mkdir -p "$part/debs/partial" "$part/root/lib" "$part/rust/lib"
    local names=(rustc-web cargo-web libstd-rust-web-dev "libstd-rust-web-$minor" "$@")
    # Downloads them and those of the libraries they need that this machine lacks.
    as_root apt-get install -y -qq --download-only --no-install-recommends \
        -o "Dir::Cache::archives=$part/debs" "${names[@]/%/=$version}" >/dev/null
    local deb
    for deb in "$part"/debs/*.deb; do
        dpkg -x "$deb" "$part/root"
    done

    mv "$part/root/usr/bin" "$part/rust/bin"
    find "$part/root/lib" "$part/root/usr/lib" -name '*.so*' -not -path '*/rustlib/*' -exec mv -t "$part/rust/lib" {} +
    mv "$part/root/usr/lib/rustlib" "$part/rust/lib/rustlib"
    if [ $# -gt 0 ]; then
        # A link that leads out of the folder is there.
        rm -rf "$part/rust/lib/rustlib/src/rust"
        mkdir -p "$part/rust/lib/rustlib/src/rust"
        mv "$part/root"/usr/src/rustc-*/library "$part/rust/lib/rustlib/src/rust/library"
    fi
    mv "$part/rust" "$folder"
    rm -rf "$part"
}

heading() {
    printf '\n-- %s (%d s)\n' "$1" "$SECONDS"
}

# The `rust-version` of the libraries, and the newest compiler that Debian stable carries.
oldest=1.85
newest=1.96

main
