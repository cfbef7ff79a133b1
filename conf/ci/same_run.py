"""Ends with 1 unless two result folders of `sft` hold the same bytes of weights and the same log, but for what tells of machines
and clocks (MachineMetrics.java has the same rule).

    python3 conf/ci/same_run.py FOLDER FOLDER
"""

import filecmp
import json
import os
import sys

PREFIXES = ("peak_memory_", "executors/", "averaging_")
SUFFIXES = ("_runtime", "_per_second", "step_time")


def weights(folder):
    return sorted(name for name in os.listdir(folder) if name.endswith(".safetensors"))


def log(folder):
    with open(os.path.join(folder, "trainer_state.json"), encoding="utf-8") as file:
        rows = json.load(file)["log_history"]
    return [
        {name: value for name, value in row.items() if not name.startswith(PREFIXES) and not name.endswith(SUFFIXES)}
        for row in rows
    ]


def main(first, second):
    names = weights(first)
    if not names or names != weights(second):
        sys.exit(f"  {first} holds {names}, {second} holds {weights(second)}")
    for name in names:
        if not filecmp.cmp(os.path.join(first, name), os.path.join(second, name), shallow=False):
            sys.exit(f"  {name} differs between {first} and {second}")
    rows, others = log(first), log(second)
    differing = [(row, other) for row, other in zip(rows, others) if row != other]
    if differing or len(rows) != len(others):
        sys.exit(f"  logs differ: {len(rows)} and {len(others)} rows, first difference {differing[:1]}")
    values = sum(len(row) for row in rows)
    size = sum(os.path.getsize(os.path.join(first, name)) for name in names)
    print(f"  equal: {size:,} bytes of weights, {values} logged values in {len(rows)} rows")


if __name__ == "__main__":
    main(*sys.argv[1:])
