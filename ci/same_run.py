"""Ends with 1 unless two folders of runs are the same: the same files, in them the same bytes of weights, the same tables and
the same log, but for what tells of machines and clocks (MachineMetrics.java has the same rule). Tables that hold times
(`judge_seconds`) are told apart only where pyarrow is installed.

    python3 ci/same_run.py FOLDER FOLDER
"""

import json
import os
import sys

PREFIXES = ("peak_memory_", "executors/", "averaging_")
SUFFIXES = ("_runtime", "_per_second", "step_time")
TRACKED = ("timestamp", "run_id")  # a run's own
PARQUET = b"PAR1"


class Difference(Exception):
    """What is not the same, and where."""


def require(condition, what):
    if not condition:
        raise Difference(what)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def files(folder):
    """Of all files below a folder, hidden ones too, the names; but for trackers' files, which bear the time."""
    found = set()
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if os.path.join(place, name) != os.path.join(folder, "runs")]
        found |= {os.path.relpath(os.path.join(place, name), folder) for name in names}
    return found


def same_bytes(first, second):
    require(read(first) == read(second), f"{first} differs from {second}")


def table(path):
    """A whole Parquet file's rows and its footer, both as bytes.

    The footer lists the encodings of a column in an order that Parquet takes from the JVM's hash codes: it is sorted here.
    """
    data = read(path)
    length = int.from_bytes(data[-8:-4], "little")
    whole = data[:4] == PARQUET == data[-4:] and 12 + length <= len(data)
    require(whole, f"{path} is no whole Parquet file: {len(data)} bytes")
    return data[: -8 - length], sorted(data[-8 - length :])


def same_table(first, second):
    if table(first) == table(second):
        return
    mine, others = columns(first), columns(second)
    differing = sorted(name for name in mine.keys() | others.keys() if mine.get(name) != others.get(name))
    require(not differing, f"{first} and {second} differ in the columns {differing}")


def columns(path):
    """The values of a table, but for what was measured."""
    try:
        from pyarrow import parquet
    except ImportError:
        raise Difference(f"{path} has other bytes; only with pyarrow installed could be told whether other values") from None
    return {name: repr(values) for name, values in parquet.read_table(path).to_pydict().items() if not name.endswith("_seconds")}


def unmeasured(row):
    return {
        name: value
        for name, value in row.items()
        if not name.startswith(PREFIXES) and not name.endswith(SUFFIXES) and name not in TRACKED
    }


def same_rows(first, second, rows):
    mine, others = ([unmeasured(row) for row in rows(path)] for path in (first, second))
    for number, (row, other) in enumerate(zip(mine, others), 1):
        names = [name for name in sorted(row.keys() | other.keys()) if row.get(name) != other.get(name)]
        changes = [f"{name}: {row.get(name)} and {other.get(name)}" for name in names]
        require(not changes, f"row {number} of {first} and {second}: {'; '.join(changes)[:500]}")
    require(len(mine) == len(others), f"{first} has {len(mine)} rows, {second} has {len(others)}")


def history(path):
    return json.loads(read(path))["log_history"]


def lines(path):
    data = read(path)
    require(data.endswith(b"\n") or not data, f"{path} ends in the middle of a line")
    rows = [json.loads(line) for line in data.splitlines()]
    ids = {row["run_id"] for row in rows if "run_id" in row}  # a row that was taken from a checkpoint has none
    require(len(ids) <= 1, f"{path} holds rows of several runs: {ids}")
    return rows


def compare(first, second):
    """Describes what is the same.

    :raises Difference: if anything is not
    """
    names = files(first)
    odd = sorted(names ^ files(second))
    require(not odd, f"only one of {first} and {second} holds {odd}")
    weights = [name for name in names if name.endswith(".safetensors")]
    tables = [name for name in names if name.endswith(".parquet")]
    require(weights or tables, f"{first} holds neither weights nor tables")
    for name in sorted(names):
        pair = os.path.join(first, name), os.path.join(second, name)
        if name in weights:
            same_bytes(*pair)
        elif name in tables:
            same_table(*pair)
        elif os.path.basename(name) == "trainer_state.json":
            same_rows(*pair, history)
        elif os.path.basename(name) == "metrics.jsonl":
            same_rows(*pair, lines)
    size = sum(os.path.getsize(os.path.join(first, name)) for name in weights)
    return f"equal: {len(names)} files, {size:,} bytes of weights, {len(tables)} tables"


def main(first, second):
    try:
        print(" ", compare(first, second))
    except Difference as difference:
        sys.exit(f"  {difference}")


if __name__ == "__main__":
    main(*sys.argv[1:])
