#!/usr/bin/env bash
# Measures buz-cdc against pg_recvlogical in the same run, on the same slots' contents, and prints one table of ratios.
#   scripts/bench.sh [--changes N] [--repeats N] [--workloads big,small,tpcb,huge] [--latency N, 0 for none] [--keep]
#   scripts/bench.sh http [--seconds N] [--connections N] [--repeats N]   the collector against nginx, on one core each
#                         [--events N] its memory over so many events   [--idle N] what so many idle connections cost
# Starts a Postgres of its own in a temporary folder (about 4 GB of WAL for a million changes a workload).
#   scripts/bench.sh beside [--repeats N]   what a flood of collected events costs changes of Postgres in the same sink
#   scripts/bench.sh schemas [differ [SEED]]
# Asks jsonschema-rs and buz-cdc's engine the same schemas and instances: times, or every answer in which they differ.
#   scripts/bench.sh sinks [--changes N] [--rows N] [--hang SECONDS] [--sinks NAME,…]
# Each destination beside the sink blackhole: ratios, what bounds them, memory while it hangs, and one changed cell of a million rows found by verify.
#   scripts/bench.sh schemas rows
# Times rows against contracts, read as JSON and by their columns.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ "${1:-}" = schemas ]; then
    shift
    packages=$(scripts/install.sh schemas)
    BUZ_BENCH=1 swift build -c release --product SchemaBench --scratch-path .build-bench -Xswiftc -enable-testing >&2
    export BUZ_SCHEMA_BENCH=$PWD/.build-bench/release/SchemaBench PYTHONPATH=$packages
    if [ "${1:-}" = rows ]; then exec "$BUZ_SCHEMA_BENCH" rows; fi
    exec python3 scripts/bench/schemas.py "$@"
fi
scripts/install.sh bench
[ -n "${BUZ_BINARY:-}" ] || scripts/build.sh release
export BUZ_BINARY=${BUZ_BINARY:-$PWD/.build-release/release/buz-cdc}
if [ "${1:-}" = http ]; then
    shift
    exec python3 scripts/bench/http.py "$@"
fi
if [ "${1:-}" = beside ]; then
    shift
    exec /usr/bin/python3 scripts/bench/beside.py "$@"
fi
if [ "${1:-}" = sinks ]; then
    shift
    scripts/install.sh test
    exec /usr/bin/python3 scripts/bench/sinks.py "$@"
fi
# The system's python, which has the psycopg2 of apt.
exec /usr/bin/python3 scripts/bench/bench.py "$@"
