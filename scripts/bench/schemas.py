#!/usr/bin/env python3
"""Asks PyPI's jsonschema-rs and buz-cdc's engine the same schemas and instances.

  scripts/bench.sh schemas                 times side by side, as one table
  scripts/bench.sh schemas differ [SEED]   every disagreement of the two: schemas of Iglu Central, when BUZ_SHARED names the folder that
                                           holds data/iglu-central, and combinations of all keywords of five dialects
"""
import json
import os
import statistics
import subprocess
import sys
import time

import jsonschema_rs

from schema_instances import Maker, mutations
from schema_keywords import combined
from schema_sets import sets

VALIDATORS = {"4": jsonschema_rs.Draft4Validator, "6": jsonschema_rs.Draft6Validator, "7": jsonschema_rs.Draft7Validator,
              "2019": jsonschema_rs.Draft201909Validator, "2020": jsonschema_rs.Draft202012Validator}


def ours(asked, mode):
    """One answer for each (name, schema, dialect, formats, instances)."""
    lines = []
    for _, schema, dialect, formats, instances in asked:
        lines += [json.dumps(schema), f"{dialect} {'formats' if formats else 'annotations'}"]
        lines += [json.dumps(instance) for instance in instances] + [""]
    program = subprocess.run([os.environ["BUZ_SCHEMA_BENCH"], mode], input="\n".join(lines) + "\n", text=True, capture_output=True)
    answers = [json.loads(line) for line in program.stdout.splitlines()]
    if program.returncode != 0 or len(answers) != len(asked):
        raise SystemExit(f"SchemaBench ended with {program.returncode} after {len(answers)} of {len(asked)} schemas: {program.stderr[-500:]}")
    return answers


# Formats that a later dialect brought: ours asserts them in each, as Iglu's schemas mean them; theirs is told to.
LATER = {name: VALIDATORS["2020"]({"format": name}, validate_formats=True).is_valid
         for name in ("date", "time", "duration", "uuid", "iri", "json-pointer", "uri-reference", "uri-template", "regex")}


def theirs(schema, dialect, formats):
    return VALIDATORS[dialect](schema, validate_formats=formats, formats=LATER if formats and dialect in "467" else None)


def iglu():
    """Every schema of Iglu Central with valid and mutated instances; its metaschema is draft 4's with one more member."""
    root = os.path.join(os.environ.get("BUZ_SHARED", ""), "data/iglu-central/schemas")
    if not os.environ.get("BUZ_SHARED") or not os.path.isdir(root):
        print("Iglu Central: SKIPPED, set BUZ_SHARED to the folder that holds data/iglu-central")
        return
    for folder, _, names in sorted(os.walk(root)):
        for name in sorted(names):
            if os.path.basename(folder) != "jsonschema" and "/jsonschema" not in folder:
                continue
            with open(os.path.join(folder, name)) as file:
                schema = json.load(file)
            schema.pop("$schema", None)
            yield os.path.relpath(os.path.join(folder, name), root), schema


def explained(schema, dialect, given, passes):
    """Where the specification is on our side, and why."""
    text = json.dumps(schema)
    # 2019-09, Core, section 9.3.1.3: there what `contains` found is not evaluated; it is so since 2020-12.
    return dialect == "2019" and '"contains"' in text and '"unevaluatedItems"' in text and given == "0" and passes


def differ(seed):
    asked = []
    remote = 0
    for name, schema in iglu():
        if '"$ref": "http' in json.dumps(schema):
            remote += 1
            continue
        maker = Maker(schema, seed)
        instances = []
        for _ in range(6):
            instance = maker.make()
            instances += [instance] + mutations(instance, maker.random)
        asked.append((name, schema, "4", True, instances))
    if asked:
        print(f"Iglu Central: {len(asked)} schemas, {remote} left out because they refer to others by address")
    asked += list(combined(seed))
    answers = ours(asked, "answers")
    compared = disagreed = valid = refused = known = 0
    for (name, schema, dialect, formats, instances), answer in zip(asked, answers):
        try:
            validator = theirs(schema, dialect, formats)
        except Exception as error:  # theirs refuses the schema: so must ours
            refused += 1
            if "error" not in answer:
                disagreed += 1
                print(f"{name}: refused by jsonschema-rs only: {str(error).splitlines()[0][:150]}: {json.dumps(schema)[:300]}")
            continue
        if "error" in answer:
            disagreed += 1
            print(f"{name}: refused by buz-cdc only: {answer['error']}: {json.dumps(schema)[:300]}")
            continue
        for instance, given in zip(instances, answer["answers"]):
            passes = validator.is_valid(instance)
            compared += 1
            valid += passes
            if given != ("1" if passes else "0") and explained(schema, dialect, given, passes):
                known += 1
            elif given != ("1" if passes else "0"):
                disagreed += 1
                why = "" if passes else "; ".join(f"{e.message} at {e.schema_path}" for e in list(validator.iter_errors(instance))[:2])
                shown = json.dumps(schema)[:400] if name.startswith("draft") else ""
                print(f"{name}: buz-cdc {given}, jsonschema-rs {int(passes)}: {json.dumps(instance)[:300]} {why[:300]} {shown}")
    print(f"{len(asked)} schemas ({refused} refused by jsonschema-rs), {compared} instances ({valid} valid): {disagreed} disagreements,"
          f" {known} explained")
    return 1 if disagreed else 0


def nanoseconds(work, least=0.001, runs=15):
    calls = 1
    while True:
        begin = time.thread_time_ns()
        for _ in range(calls):
            work()
        if time.thread_time_ns() - begin > least * 1e9:
            break
        calls *= 2
    times = []
    for _ in range(runs):
        begin = time.thread_time_ns()
        for _ in range(calls):
            work()
        times.append((time.thread_time_ns() - begin) / calls)
    return statistics.median(times)


def bench():
    asked = [(name, schema, dialect, False, instances) for name, dialect, schema, instances in sets()]
    for count, (name, schema) in enumerate(iglu()):
        if count % 40 == 0 and '"$ref": "http' not in json.dumps(schema):
            maker = Maker(schema, 7)
            instances = [instance for instance in (maker.make() for _ in range(30)) if theirs(schema, "4", False).is_valid(instance)]
            if instances:
                asked.append((os.path.dirname(os.path.dirname(name)).replace("/", " "), schema, "4", False, instances))
    answers = ours(asked, "time")
    print("nanoseconds for one instance, processor time, in the median of 15 runs; compiling in microseconds")
    print("'theirs' takes Python's objects; what a schema that passes all takes is subtracted in 'less'. 'ours' checks what was read.")
    print(f"{'set':44} {'bytes':>6} {'ours':>8} {'theirs':>8} {'less':>8} {'ratio':>6} {'to less':>7} {'reading':>8} {'both':>8} {'json':>8}"
          f" {'compile':>8} {'theirs':>8}")
    ratios, strict = [], []
    for (name, schema, dialect, formats, instances), answer in zip(asked, answers):
        if "error" in answer:
            print(f"{name}: {answer['error']}")
            continue
        validator, everything = theirs(schema, dialect, formats), theirs(True if dialect != "4" else {}, dialect, formats)
        expected = "".join("1" if validator.is_valid(instance) else "0" for instance in instances)
        if expected != answer["answers"]:
            print(f"{name}: answers differ: ours {answer['answers']}, theirs {expected}")
            continue

        def all_of(one):
            def work():
                for instance in instances:
                    one(instance)
            return nanoseconds(work) / len(instances)

        texts = [json.dumps(instance) for instance in instances]
        empty = all_of(everything.is_valid)
        time_theirs = all_of(validator.is_valid)
        less = max(time_theirs - empty, 0)
        parse = nanoseconds(lambda: [json.loads(text) for text in texts]) / len(texts)
        compiling = nanoseconds(lambda: theirs(schema, dialect, formats))
        ratios.append(answer["checking"] / time_theirs)
        strict.append(answer["checking"] / less if less > 0 else float("inf"))
        size = sum(map(len, texts)) // len(texts)
        print(f"{name[-44:]:44} {size:6} {answer['checking']:8.0f} {time_theirs:8.0f} {less:8.0f} {ratios[-1]:6.2f} {strict[-1]:7.2f}"
              f" {answer['reading']:8.0f} {answer['both']:8.0f} {parse:8.0f} {answer['compiling'] / 1000:8.0f} {compiling / 1000:8.0f}")
    print(f"median ratio ours / theirs: {statistics.median(ratios):.2f}; to theirs less the conversion: {statistics.median(strict):.2f};"
          f" {len(ratios)} sets")


if __name__ == "__main__":
    if sys.argv[1:2] == ["differ"]:
        sys.exit(differ(int(sys.argv[2]) if len(sys.argv) > 2 else 1))
    bench()
