#!/usr/bin/env bash
# Builds the fuzz targets with libFuzzer and the address sanitizer, and feeds them.
#   scripts/fuzz.sh                    every target for 60 s each
#   scripts/fuzz.sh TARGET [SECONDS]   one target: messages array composite hstore copy json pattern schema yaml batches names protobuf, and the collector's
#                                      selfDescribing snowplow cloudevents webhook pixel segment amplitude, and requests, their heads and bodies; `all` for every one
# What libFuzzer finds grows in .build-fuzz/corpus; Fuzz/Corpus holds the seeds with names. A crash leaves a file in Fuzz/Artifacts and ends
# the run: give it a name in Fuzz/Corpus, and a test, with its mending.
#   scripts/fuzz.sh seeds              writes the seeds again that are made by program
set -euo pipefail
cd "$(dirname "$0")/.."
all="messages array composite hstore copy json pattern schema yaml batches names protobuf selfDescribing snowplow cloudevents webhook pixel segment amplitude requests"
target=${1:-all}
seconds=${2:-60}
case " $all all seeds " in *" $target "*) ;; *) echo "usage: scripts/fuzz.sh [$all all seeds] [SECONDS]" >&2; exit 2 ;; esac

# Both in one flag, the last one: of several the compiler takes that.
BUZ_FUZZ=1 swift build -c release --sanitize=fuzzer -Xswiftc -sanitize=fuzzer,address -Xswiftc -enable-testing --scratch-path .build-fuzz --product Fuzz
fuzz=.build-fuzz/release/Fuzz
# Swift's own handler of crashes would take the signal before libFuzzer can write the input to a file.
export SWIFT_BACKTRACE=enable=no
export ASAN_OPTIONS=detect_leaks=0

if [ "$target" = seeds ]; then
    for name in messages batches protobuf; do BUZ_FUZZ_TARGET=$name BUZ_FUZZ_SEEDS=Fuzz/Corpus/$name $fuzz; done
    exit 0
fi
[ "$target" = all ] || all=$target
mkdir -p Fuzz/Artifacts
for name in $all; do
    mkdir -p ".build-fuzz/corpus/$name"
    BUZ_FUZZ_TARGET=$name $fuzz ".build-fuzz/corpus/$name" "Fuzz/Corpus/$name" -max_total_time="$seconds" -max_len=4096 -timeout=20 \
        -rss_limit_mb=2048 -artifact_prefix="Fuzz/Artifacts/$name-" -print_final_stats=1 2>".build-fuzz/$name.log" || {
        echo "$name: a finding in Fuzz/Artifacts; the log is .build-fuzz/$name.log" >&2
        grep -E "broken promise|Fatal error|ERROR|SUMMARY|Test unit written" ".build-fuzz/$name.log" >&2 || tail -5 ".build-fuzz/$name.log" >&2
        exit 1
    }
    echo "$name: $(grep -E '^Done|DONE' ".build-fuzz/$name.log" | tr '\n' ' ')"
done
