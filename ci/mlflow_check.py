"""Reads runs back with MLflow's client from the server of MLFLOW_TRACKING_URI and compares them with their metrics.jsonl.

usage: mlflow_check.py make
       mlflow_check.py killed NAME FOLDER
       mlflow_check.py workspace SERVER TOKEN
       mlflow_check.py read RESUMED KILLED AWAY PARENT GIVEN SWEEP
make makes a run and one below it, and prints their ids; killed prints a run's id and the last step that its log in FOLDER has,
as one word. workspace hands to SERVER what comes with TOKEN, until it is killed, and prints its port first. RESUMED is the
folder of run `resumed`, of which KILLED was printed when it had been killed; AWAY that of a run that was told into the run GIVEN, whose parent is the run PARENT; SWEEP that of a sweep.
"""

import json
import re
import sys
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.entities import ViewType

EXPERIMENT = "check"
MODEL = "gsm8k-adapter"
SAVED = 15  # the step from which the killed run goes on
# What two attempts at the same step differ in; all else is the same to the last bit.
MEASURED = re.compile("runtime|per_second|seconds|memory|bytes|timestamp|flos")


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


def check_values(client, run, folder, again=()):
    """`again`: steps that were computed a second time, of which the first attempt's measurements stand."""
    expected, found = logged(folder), shown(client, run)
    require(sorted(found) == sorted(expected), f"metrics {sorted(found)}, logged {sorted(expected)}")
    for name, points in expected.items():
        of = [(step, None if step in again and MEASURED.search(name) else value) for step, value in points]
        seen = [(step, value if wanted is not None else None) for (step, value), (_, wanted) in zip(found[name], of)]
        require(len(found[name]) == len(of) and seen == of, f"MLflow shows {name} as {found[name]}, the log as {points}")
    return expected


def make(client):
    experiment = client.get_experiment_by_name(EXPERIMENT).experiment_id
    parent = client.create_run(experiment, run_name="sweep").info.run_id
    print(parent, client.create_run(experiment, run_name="given").info.run_id)


def named(client, name):
    experiment = client.get_experiment_by_name(EXPERIMENT).experiment_id
    (run,) = client.search_runs([experiment], f"attributes.run_name = '{name}'")
    return run


def killed_at(client, name, folder):
    rows = [json.loads(line) for line in (Path(folder) / "metrics.jsonl").read_text().splitlines()]
    print(f"{named(client, name).info.run_id}:{rows[-1]['step']}")


def workspace(server, token):
    class Forwards(BaseHTTPRequestHandler):
        def do_GET(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, content = 401, b"{}"
            if self.headers.get("Authorization") == f"Bearer {token}":
                kinds = {"Content-Type": self.headers.get("Content-Type", "application/octet-stream")}
                asked = urllib.request.Request(server + self.path, body or None, kinds, method=self.command)
                try:
                    with urllib.request.urlopen(asked) as answer:
                        status, content = answer.status, answer.read()
                except urllib.error.HTTPError as refused:
                    status, content = refused.code, refused.read()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_PUT = do_GET

        def log_message(self, *_):
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Forwards)
    print(listening.server_port, flush=True)
    listening.serve_forever()


def check_sweep(client, folder):
    parent = named(client, "rates")
    require(parent.info.status == "FINISHED", f"the sweep is {parent.info.status}")
    require(set(parent.data.metrics) == {"trials", "best_train_loss"}, f"the sweep has {parent.data.metrics}")
    for name in parent.data.metrics:
        require(len(client.get_metric_history(parent.info.run_id, name)) == 1, f"{name} was told twice")
    varied = [float(rate) for rate in parent.data.params["learning_rate"].split(",")]
    require(varied == [1e-4, 1e-3] and "best_learning_rate" in parent.data.params, f"the sweep has {parent.data.params}")
    names = {file.path for file in client.list_artifacts(parent.info.run_id)}
    require({"report.html", "results.json", "trials.csv"} <= names, f"the sweep's artifacts are {names}")
    below = f"tags.mlflow.parentRunId = '{parent.info.run_id}'"
    trials = client.search_runs([parent.info.experiment_id], below)
    rates = sorted(float(run.data.params["learning_rate"]) for run in trials)
    require(rates == [1e-4, 1e-3], f"below the sweep there are {rates}")
    folders = {}
    for log in Path(folder).glob("trials/*/metrics.jsonl"):
        folders[json.loads(log.read_text().splitlines()[0])["run_id"]] = log.parent
    for run in trials:
        check_values(client, run, folders[run.data.tags["spark_lora.run_id"]])
        require(run.info.status == "FINISHED", f"trial {run.info.run_name} is {run.info.status}")


def check_resumed(client, folder, killed):
    experiment = client.get_experiment_by_name(EXPERIMENT)
    require(experiment is not None, "there is no experiment of the name that was told")
    runs = client.search_runs([experiment.experiment_id], "attributes.run_name = 'resumed'")
    require(len(runs) == 1, f"{len(runs)} runs are shown as resumed")
    run = runs[0]
    before, step = killed.split(":")
    require(run.info.run_id == before, "the resumed run is another one")
    again = range(SAVED + 1, int(step) + 1)
    require(len(again) > 0, "no step was lost with the kill")
    expected = check_values(client, run, folder, again)
    steps = [step for step, _ in expected["loss"]]
    require(steps == list(range(1, steps[-1] + 1)), f"the resumed run's steps are not one curve: {steps}")
    require(run.info.status == "FINISHED", f"status {run.info.status}")
    require(run.data.params["lora_r"] == "64" and run.data.tags["team"] == "ci", "settings or tags are missing")
    trash = client.search_runs([experiment.experiment_id], run_view_type=ViewType.DELETED_ONLY)
    require(not trash, f"{len(trash)} runs lie in the trash")

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
    if what != "read":
        {
            "make": lambda: make(client),
            "killed": lambda name, folder: killed_at(client, name, folder),
            "workspace": workspace,
        }[what](*words)
        return
    resumed, killed, away, parent, given, sweep = words
    metrics, values = check_resumed(client, resumed, killed)
    check_given(client, away, parent, given)
    experiment = client.get_experiment_by_name("/Users/ci/away").experiment_id
    (told,) = client.search_runs([experiment])
    check_values(client, told, away)
    check_sweep(client, sweep)
    print(f"MLflow shows {metrics} metrics, {values} values: as logged")


if __name__ == "__main__":
    main(*sys.argv[1:])
