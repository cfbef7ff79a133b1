"""Reads runs back with Trackio's command line and TensorBoard's reader and compares them with their metrics.jsonl.

usage: tracking_check.py RESUMED FAILED
RESUMED is the folder of run `resumed` of Trackio's project `check`, FAILED that of run `failed`, which raised an alert.
"""

import json
import math
import struct
import subprocess
import sys
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

PROJECT = "check"
TABLE = "completions"


def trackio(*words):
    command = [str(Path(sys.executable).parent / "trackio"), *words, "--project", PROJECT, "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def shown(name):
    """transformers' rewrite_logs."""
    return "eval/" + name[5:] if name.startswith("eval_") else "train/" + name


def curves(run):
    """By shown name, the (step, value) of every number in metrics.jsonl."""
    points = {}
    for line in (Path(run) / "metrics.jsonl").read_text().splitlines():
        row = json.loads(line)
        for name, value in row.items():
            if isinstance(value, (int, float)) and name != "step":
                points.setdefault(shown(name), []).append((row["step"], value))
    return points


def float32(value):
    return struct.unpack("f", struct.pack("f", value))[0]


def require(condition, what):
    if not condition:
        sys.exit(f"FAILED: {what}")


def check_trackio(name, expected):
    require(name in json.dumps(trackio("list", "runs")), f"trackio list runs shows no {name}")
    run = trackio("get", "run", "--run", name)
    metrics = sorted(set(run["metrics"]) - {TABLE})
    require(metrics == sorted(expected), f"trackio get run of {name}: {run['metrics']}")
    sql = f"SELECT step, metrics FROM metrics WHERE run_name = '{name}' ORDER BY id"
    found = {}
    tables = []
    for row in trackio("query", "project", "--sql", sql)["rows"]:
        values = json.loads(row["metrics"])
        tables += [(row["step"], values.pop(TABLE))] if TABLE in values else []
        for metric, value in values.items():
            found.setdefault(metric, []).append((row["step"], value))
    require(found == expected, f"Trackio's rows of {name} are not those of metrics.jsonl")
    return run, tables


def check_tensorboard(folder, expected):
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0, "tensors": 0})
    events.Reload()
    require(sorted(events.Tags()["scalars"]) == sorted(expected), f"TensorBoard's tags in {folder}: {events.Tags()}")
    for tag, points in expected.items():
        found = [(event.step, event.value) for event in events.Scalars(tag)]
        rounded = [(step, float32(value)) for step, value in points]
        require(found == rounded, f"TensorBoard shows {tag} as {found}, the log as {rounded}")
    return events


def main(resumed, failed):
    expected = curves(resumed)
    steps = [step for step, _ in expected["train/loss"]]
    require(steps == list(range(1, steps[-1] + 1)), f"the resumed run's steps are not one curve: {steps}")
    run, _ = check_trackio("resumed", expected)
    require(run["config"]["lora_r"] == 64, "the configuration lacks lora_r")
    values = trackio("get", "metric", "--run", "resumed", "--metric", "train/loss")["values"]
    require([(v["step"], v["value"]) for v in values] == expected["train/loss"], "trackio get metric differs")
    events = check_tensorboard(Path(resumed) / "runs" / "resumed", expected)
    require("args/text_summary" in events.Tags()["tensors"], "TensorBoard lacks the settings")

    expected_of_failed = curves(failed)
    _, tables = check_trackio("failed", expected_of_failed)
    rows = [{"prompt": "3 + 4 =", "completion": "7", "advantage": 0.5}]
    require(tables == [(2, {"_type": "trackio.table", "_value": rows})], f"tables {tables}")
    events = check_tensorboard(Path(failed) / "runs" / "failed", expected_of_failed)
    require(TABLE in events.Tags()["tensors"], "TensorBoard lacks the completions")
    alerts = trackio("list", "alerts")["alerts"]
    require(
        [(a["run"], a["level"], a["step"], a["title"]) for a in alerts] == [("failed", "error", 2, "Loss is not finite")],
        f"trackio list alerts: {alerts}",
    )
    count = sum(len(points) for points in expected.values())
    require(count > 0 and all(math.isfinite(v) for p in expected.values() for _, v in p), "values are missing")
    print(f"Trackio and TensorBoard show {len(expected)} metrics, {count} values, {steps[-1]} steps: as logged")


if __name__ == "__main__":
    main(*sys.argv[1:])
