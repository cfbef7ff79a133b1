"""Reads runs back with MLflow's client from the server of MLFLOW_TRACKING_URI and compares them with their metrics.jsonl.

usage: mlflow_check.py make
       mlflow_check.py read RESUMED AWAY PARENT GIVEN
make makes a run and one below it, and prints their ids. RESUMED is the folder of run `resumed`, AWAY that of a run that was
told into the run GIVEN, whose parent is the run PARENT.
"""

import json
import sys
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.entities import ViewType

EXPERIMENT = "check"
MODEL = "gsm8k-adapter"


def require(condition, what):
    if not condition:
        sys.exit(f"FAILED: {what}")


def logged(folder):
    """By name, the (step, value) of every number in metrics.jsonl."""
    points = {}
    for line in (Path(folder) / "metrics.jsonl").read_text().splitlines():
        row = json.loads(line)
        for name, value in row.items():
            if isinstance(value, (int, float)) and name != "step":
                points.setdefault(name, []).append((row["step"], value))
    return points


def shown(client, run):
    points = {}
    for name in run.data.metrics:
        history = sorted(client.get_metric_history(run.info.run_id, name), key=lambda value: value.timestamp)
        points[name] = [(value.step, value.value) for value in history]
    return points


def check_values(client, run, folder):
    expected, found = logged(folder), shown(client, run)
    require(sorted(found) == sorted(expected), f"metrics {sorted(found)}, logged {sorted(expected)}")
    for name, points in expected.items():
        require(found[name] == points, f"MLflow shows {name} as {found[name]}, the log as {points}")
    return expected


def make(client):
    experiment = client.get_experiment_by_name(EXPERIMENT).experiment_id
    parent = client.create_run(experiment, run_name="sweep").info.run_id
    print(parent, client.create_run(experiment, run_name="given").info.run_id)


def check_resumed(client, folder):
    experiment = client.get_experiment_by_name(EXPERIMENT)
    require(experiment is not None, "there is no experiment of the name that was told")
    runs = client.search_runs([experiment.experiment_id], "attributes.run_name = 'resumed'")
    require(len(runs) == 1, f"{len(runs)} runs are shown as resumed")
    run = runs[0]
    expected = check_values(client, run, folder)
    steps = [step for step, _ in expected["loss"]]
    require(steps == list(range(1, steps[-1] + 1)), f"the resumed run's steps are not one curve: {steps}")
    require(run.info.status == "FINISHED", f"status {run.info.status}")
    require(run.data.params["lora_r"] == "64" and run.data.tags["team"] == "ci", "settings or tags are missing")
    trash = client.search_runs([experiment.experiment_id], run_view_type=ViewType.DELETED_ONLY)
    require(len(trash) == 1, f"{len(trash)} runs lie in the trash; the killed attempt's should")

    names = {file.path for file in client.list_artifacts(run.info.run_id)}
    require({"loss.png", "sft_config.yaml", "model"} <= names, f"artifacts {names}")
    versions = client.search_model_versions(f"name = '{MODEL}'")
    require([version.run_id for version in versions] == [run.info.run_id], f"versions {versions}")
    local = Path(mlflow.artifacts.download_artifacts(f"models:/{MODEL}/1"))
    for name in ("adapter_model.safetensors", "adapter_config.json"):
        require((local / name).read_bytes() == (Path(folder) / name).read_bytes(), f"{name} differs in the registry")
    return len(expected), sum(len(points) for points in expected.values())


def check_given(client, folder, parent, given):
    run = client.get_run(given)
    check_values(client, run, folder)
    require(run.data.tags["mlflow.parentRunId"] == parent, "the run is not below its parent")
    require(run.info.status == "FINISHED" and run.info.run_name == "given", f"{run.info}")
    names = {file.path for file in client.list_artifacts(given)}
    require("loss.png" in names and "model" not in names, f"artifacts {names}")


def main(what, *words):
    client = MlflowClient()
    if what == "make":
        make(client)
        return
    resumed, away, parent, given = words
    metrics, values = check_resumed(client, resumed)
    check_given(client, away, parent, given)
    print(f"MLflow shows {metrics} metrics, {values} values: as logged")


if __name__ == "__main__":
    main(*sys.argv[1:])
