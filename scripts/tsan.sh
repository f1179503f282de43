#!/usr/bin/env bash
# Runs SchemaStressTests under the thread sanitizer, with a mutex that the sanitizer knows in place of Swift's: then every report is a
# race. Ends with 0 when there is none.
set -euo pipefail
cd "$(dirname "$0")/.."
package=.build-tsan/package
rm -rf "$package/Sources" "$package/Tests"
mkdir -p "$package/Sources" "$package/Tests/StressTests"
cp -a scripts/tsan/Package.swift "$package/"
for target in CLibYAML CSQLite CLinux CoreIngest; do cp -a "Sources/$target" "$package/Sources/"; done
cp -a Tests/CoreIngestTests/SchemaStressTests.swift Tests/CoreIngestTests/RecordingRegistry.swift "$package/Tests/StressTests/"
for module in Sources/CoreIngest Tests/StressTests; do cp -a scripts/tsan/Mutex.swift "$package/$module/"; done
TSAN_OPTIONS="exitcode=66 ${TSAN_OPTIONS:-}" swift test --sanitize=thread --package-path "$package"
