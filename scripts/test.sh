#!/usr/bin/env bash
# Installs what is missing, checks the format, builds once, and runs all tests. Arguments go to `swift test` (e.g. --filter Lane).
#   BUZ_SHARED   folder with material that only the project's own machines have (JSON-Schema-Test-Suite …); tests that need it say when they skip
#   BUZ_KEEP     keep the temporary folders of tests
set -euo pipefail
cd "$(dirname "$0")/.."
BUZ_PG_ROOT=$(scripts/install.sh test)
export BUZ_PG_ROOT
export BUZ_CLIENTS=${BUZ_CLIENTS:-$(dirname "$BUZ_PG_ROOT")/clients}
export BUZ_EMULATORS=${BUZ_EMULATORS:-$(dirname "$BUZ_PG_ROOT")/emulators}
export BUZ_BIGQUERY=${BUZ_BIGQUERY:-$(dirname "$BUZ_PG_ROOT")/bigquery}
export BUZ_SNOWFLAKE=${BUZ_SNOWFLAKE:-$(dirname "$BUZ_PG_ROOT")/snowflake}
export BUZ_DUCKDB=${BUZ_DUCKDB:-$(dirname "$BUZ_PG_ROOT")/duckdb}
export BUZ_SQLFLUFF=${BUZ_SQLFLUFF:-$(dirname "$BUZ_PG_ROOT")/sqlfluff}
export BUZ_CLICKHOUSE=${BUZ_CLICKHOUSE:-$(dirname "$BUZ_PG_ROOT")/clickhouse}
export BUZ_MYSQL=${BUZ_MYSQL:-$(dirname "$BUZ_PG_ROOT")/mysql}
export BUZ_TIMESCALE=${BUZ_TIMESCALE:-$(dirname "$BUZ_PG_ROOT")/timescale}
if [ -z "${BUZ_SHARED:-}" ] && [ -d ../shared/data ]; then BUZ_SHARED=$(cd ../shared && pwd); export BUZ_SHARED; fi

swift format lint --strict --recursive Sources Tests Fuzz/Sources Package.swift
scripts/build.sh release
swift build --build-tests
BUZ_BINARY=${BUZ_BINARY:-$PWD/.build-release/release/buz-cdc}
export BUZ_BINARY
if [ $# -gt 0 ]; then
  swift test --skip-build "$@"
  exit
fi
# One process per target, one after the other: tests that wait for servers block threads, and must not starve the timers of others.
status=0
# Emulators of warehouses need the whole machine: their suites come last, one after the other.
warehouses='^IntegrationTests\.(BigQuery|ClickHouse|Promotion|Snowflake)'
for target in $(cd Tests && ls -d *Tests | sort); do
  swift test --skip-build --filter "^$target\\." --skip "$warehouses" || status=1
done
swift test --skip-build --no-parallel --filter "$warehouses" || status=1
exit $status
