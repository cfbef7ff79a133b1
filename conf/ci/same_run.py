"""Ends with 1 unless two result folders of `sft` hold the same bytes of weights and the same log, but for times and memory.

    python3 conf/ci/same_run.py FOLDER FOLDER
"""

import filecmp
import json
import os
import sys


def weights(folder):
    names = [name for name in os.listdir(folder) if name.endswith(".safetensors")]
    return sorted(os.path.join(folder, name) for name in names)


def log(folder):
    with open(os.path.join(folder, "trainer_state.json"), encoding="utf-8") as file:
        rows = json.load(file)["log_history"]
    measured = ("_runtime", "_per_second")
    return [
        {name: value for name, value in row.items() if not name.endswith(measured) and not name.startswith("peak_memory")}
        for row in rows
    ]


def main(first, second):
    pairs = list(zip(weights(first), weights(second), strict=True))
    if not pairs:
        sys.exit(f"  {first} holds no weights")
    for one, other in pairs:
        if not filecmp.cmp(one, other, shallow=False):
            sys.exit(f"  {one} and {other} differ")
    rows, others = log(first), log(second)
    differing = [(row, other) for row, other in zip(rows, others) if row != other]
    if differing or len(rows) != len(others):
        sys.exit(f"  logs differ: {len(rows)} and {len(others)} rows, first difference {differing[:1]}")
    values = sum(len(row) for row in rows)
    size = sum(os.path.getsize(one) for one, _ in pairs)
    print(f"  equal: {size:,} bytes of weights, {values} logged values in {len(rows)} rows")


if __name__ == "__main__":
    main(*sys.argv[1:])
