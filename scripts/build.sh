#!/usr/bin/env bash
# Builds buz-cdc.   scripts/build.sh release|debug   (release: .build-release/release/buz-cdc)
set -euo pipefail
cd "$(dirname "$0")/.."
case ${1:-release} in
release) swift build -c release --product buz-cdc --scratch-path .build-release ;;
debug) swift build --product buz-cdc ;;
*) echo "usage: scripts/build.sh release|debug" >&2; exit 2 ;;
esac
