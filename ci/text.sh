#!/usr/bin/env bash
# Spelling, everywhere; and shellcheck for the scripts.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

apt_install shellcheck
shellcheck ci/*.sh .ci/run

pypi typos 1.52.0
typos
