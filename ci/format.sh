#!/usr/bin/env bash
# Formatting, as rustfmt has it.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

cargo fmt --all --check
