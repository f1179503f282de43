#!/usr/bin/env bash
# Installs what is missing, builds buz-cdc, and shows it: a throwaway Postgres with a sample shop, streamed to files and a mirror.
# Arguments go to `buz-cdc demo` (--seconds N, --keep).
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/install.sh demo
scripts/build.sh release
exec .build-release/release/buz-cdc demo "$@"
