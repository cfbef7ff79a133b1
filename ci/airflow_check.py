"""Looks at the DAGs of conf/airflow and runs them: see airflow_check.sh, which makes what they are given.

usage: airflow_check.py ROOT WORK
"""

import json
import os
import signal
import sys
import threading
import urllib.request
from datetime import datetime, timedelta, timezone
from pathlib import Path

import psutil
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import BaseHook

from same_run import main as require_same_run

SECONDS_TO_PARSE = 2.0
EDGES = {
    "lora_sft": [("prep", "sft"), ("sft", "eval"), ("eval", "push")],
    "lora_grpo": [("prompts", "rounds"), ("rounds", "eval"), ("eval", "report")],
    "reproducibility": [("train", "verify")],
}
RETRIES = {"verify": 0}
DEFAULT_RETRIES = 2
ROWS_BEFORE_THE_KILL = 12  # of a run of 40 steps that saves every 5
HELD_OUT = 8


def require(condition, what):
    if not condition:
        sys.exit(f"FAILED: {what}")


def check_dags(bag):
    require(bag.import_errors == {}, f"import errors {bag.import_errors}")
    for file in bag.dagbag_stats:
        seconds = file.duration.total_seconds()
        require(seconds < SECONDS_TO_PARSE, f"{file.file} takes {seconds} s to parse")
        print(f"{file.file}: {seconds:.2f} s to parse")
    require(set(bag.dags) == set(EDGES), f"DAGs {sorted(bag.dags)}")
    for name, dag in bag.dags.items():
        edges = sorted((task.task_id, below) for task in dag.tasks for below in task.downstream_task_ids)
        require(edges == sorted(EDGES[name]), f"edges of {name}: {edges}")
        require(dag.max_active_runs == 1 and dag.catchup is False, f"{name} may run twice at once or catch up")
        for task in dag.tasks:
            require(task.retries == RETRIES.get(task.task_id, DEFAULT_RETRIES), f"{task.task_id}: {task.retries} retries")
            require(task.owner == "spark-lora", f"{task.task_id}: owner {task.owner}")
            resumes = task.application_args[-2:] == ["--resume_from_checkpoint", "true"]
            trains = task.application_args[0] in ("sft", "grpo")
            require(resumes == trains, f"{task.task_id}: a second attempt does not go on: {task.application_args}")
            require("--packed_dir" not in task.application_args, f"{dag.dag_id}.{task.task_id} uses a table of an earlier DAG run")
    require(bag.dags["reproducibility"].schedule == "@weekly", "reproducibility does not run every week")


def check_flags(bag, root):
    """Every task's command takes its flags, as the catalogue has them."""
    catalogue = Path(root) / "pipeline/src/main/resources/org/sparklora/pipeline/config/flags.tsv"
    rows = [line.split("\t") for line in catalogue.read_text().splitlines() if not line.startswith("#")]
    commands = {row[0]: row[4].split() for row in rows}
    for dag in bag.dags.values():
        for task in dag.tasks:
            command, *words = task.application_args
            for flag in (word[2:] for word in words if word.startswith("--")):
                require(command in commands.get(flag, []), f"{dag.dag_id}.{task.task_id}: {command} takes no --{flag}")


def check_command(bag):
    """What spark-submit is given, and how the token gets there."""
    from spark_lora_operator import hub_environment, java_options, quoted, without_empty

    task = bag.dags["lora_sft"].get_task("sft")
    task.env_vars = hub_environment()
    hook = task._get_hook()
    command = hook._build_spark_submit_command(task.application)
    require(command[0] == "spark-submit" and command[command.index("--master") + 1] == "local[2]", f"{command}")
    require(command[command.index("--class") + 1] == "org.sparklora.spark.cli.Main", f"no class in {command}")
    require("--add-opens=java.base/java.nio=ALL-UNNAMED" in java_options(), f"Spark's own option is not in {java_options()}")
    for side in ("driver", "executor"):
        option = f"spark.{side}.defaultJavaOptions={java_options()}"
        require(any(word.startswith(option) for word in command), f"no {option} in {command}")
    word = quoted('-Da=b c "d"')
    require(word == '"-Da=b c \\"d\\""', f"{word} is not one word of Spark's")
    require(command[-len(task.application_args):] == task.application_args, f"the arguments do not come last in {command}")
    require(hook._env == task.env_vars and set(hook._env) == {"HF_TOKEN", "HF_ENDPOINT"}, "the driver is not told of the hub")
    require(task.env_vars["HF_TOKEN"] not in " ".join(command), "the token is in spark-submit's arguments")
    require(without_empty(["sft", "--a", "", "--b", "", "--c", "1"]) == ["sft", "--c", "1"], "empty parameters are passed")


def check_mistake(bag, work):
    """A user's mistake fails at the first attempt, though a task has more."""
    dag = bag.dags["lora_sft"]
    conf = {"model_name_or_path": f"{work}/not there", "dataset_name": f"{work}/rows.jsonl", "output_root": f"{work}/mistakes"}
    run = dag.test(run_conf=conf)
    tries = {task.task_id: task.try_number for task in run.get_task_instances()}
    require(str(run.state) == "failed" and tries["prep"] == 1, f"a mistake was tried again: {run.state}, {tries}")


def states(dag, conf):
    run = dag.test(run_conf=conf)
    return str(run.state), {task.task_id: str(task.state) for task in run.get_task_instances()}


def run_to_green(dag, conf):
    """How often each task was tried."""
    run = dag.test(run_conf=conf)
    tasks = run.get_task_instances()
    require(str(run.state) == "success", f"{dag.dag_id}: {run.state}, {[(t.task_id, str(t.state)) for t in tasks]}")
    require(all(str(task.state) == "success" for task in tasks), f"{dag.dag_id}: a task was skipped")
    return {task.task_id: task.try_number for task in tasks}


def only(folder, pattern):
    found = list(Path(folder).glob(pattern))
    require(len(found) == 1, f"{pattern} in {folder}: {found}")
    return found[0]


def lines(file):
    return Path(file).read_text().splitlines()


class Killer(threading.Thread):
    """Kills the first spark-submit that has logged so many rows."""

    def __init__(self, folder):
        super().__init__(daemon=True)
        self.folder = folder
        self.killed_at = None

    def run(self):
        while not any(len(lines(log)) >= ROWS_BEFORE_THE_KILL for log in self.folder.glob("*/adapter/metrics.jsonl")):
            threading.Event().wait(0.02)
        for child in psutil.Process().children(recursive=True):
            if child.name() == "java":
                self.killed_at = datetime.now(timezone.utc)
                os.kill(child.pid, signal.SIGKILL)


def check_sft(bag, work):
    """The first attempt at training is killed half-way; Airflow's second goes on and gives the bits of a run that was not."""
    dag = bag.dags["lora_sft"]
    dag.get_task("sft").retry_delay = timedelta(0)
    killer = Killer(Path(work) / "runs/lora_sft")
    killer.start()
    tries = run_to_green(
        dag,
        {
            "model_name_or_path": f"{work}/model",
            "dataset_name": f"{work}/rows.jsonl",
            "max_length": 512,
            "config": f"{work}/sft.yaml",
            "table_config": f"{work}/table.yaml",
            "num_workers": 1,
            "eval_dataset": f"{work}/held_out.jsonl",
            "hub_model_id": "ada/sft-by-airflow",
            "output_root": f"{work}/runs",
            "results_root": f"{work}/results",
        },
    )
    require(killer.killed_at is not None, "no attempt was killed")
    require(tries == {"prep": 1, "sft": 2, "eval": 1, "push": 1}, f"lora_sft was tried {tries}")
    adapter = only(work, "runs/lora_sft/*/adapter")
    require_same_run(f"{work}/undisturbed", str(adapter))
    begun = datetime.fromisoformat(json.loads(lines(adapter / "metrics.jsonl")[0])["timestamp"])
    require(begun < killer.killed_at, "the second attempt began again in place of going on")
    scores = [json.loads(line) for line in lines(only(work, "results/*.scores.jsonl"))]
    require(len(scores) == HELD_OUT and all(score["nll"] > 0 for score in scores), f"scores {scores}")

    hub = BaseHook.get_connection("huggingface")
    weights = urllib.request.Request(f"{hub.host}/ada/sft-by-airflow/resolve/main/adapter_model.safetensors")
    weights.add_unredirected_header("Authorization", f"Bearer {hub.password}")  # storage takes its own signature only
    with urllib.request.urlopen(weights) as response:
        pushed = response.read()
    require(pushed == (adapter / "adapter_model.safetensors").read_bytes(), "the hub has another adapter")
    print(f"lora_sft, killed after {ROWS_BEFORE_THE_KILL} rows and tried again: green, as if nothing had been")


def check_grpo(bag, work):
    tries = run_to_green(
        bag.dags["lora_grpo"],
        {
            "model_name_or_path": f"{work}/model",
            "dataset_name": f"{work}/problems.jsonl",
            "max_prompt_length": 64,
            "config": f"{work}/grpo.yaml",
            "eval_dataset": f"{work}/problems.jsonl",
            "output_root": f"{work}/runs",
            "results_root": f"{work}/results",
        },
    )
    require(set(tries.values()) == {1}, f"lora_grpo was tried {tries}")
    adapter = only(work, "runs/lora_grpo/*/adapter")
    require((adapter / "adapter_config.json").is_file(), "lora_grpo left no adapter")
    solved = json.loads(only(work, "runs/lora_grpo/*/eval/_eval_summary.json").read_text())
    require(solved["problems"] == len(lines(f"{work}/problems.jsonl")), f"eval: {solved}")
    require(only(work, "results/*.report/report.png").stat().st_size > 0, "the report is empty")
    print("lora_grpo: green")


def check_reproducibility(bag, work):
    dag = bag.dags["reproducibility"]
    require(Path(dag.params["baseline"]).is_file(), f"there is no {dag.params['baseline']}")
    recorded = Path(work) / "baseline.json"
    conf = {"output_root": f"{work}/runs", "baseline": str(recorded)}
    found = states(dag, conf)
    require(found == ("success", {"train": "success", "verify": "success"}), f"as recorded: {found}")
    print("reproducibility as recorded: green")

    baseline = json.loads(recorded.read_text())
    points = baseline["metrics"]["loss"]["points"]
    points[-1][1] += 2 * (baseline["metrics"]["loss"]["absolute"] + baseline["metrics"]["loss"]["relative"] * points[-1][1])
    changed = Path(work) / "changed.json"
    changed.write_text(json.dumps(baseline))
    found = states(dag, {**conf, "baseline": str(changed)})
    require(found == ("failed", {"train": "success", "verify": "failed"}), f"with a changed baseline: {found}")
    print("reproducibility with a changed baseline: red")


def main(root, work):
    bag = DagBag(dag_folder=f"{root}/conf/airflow")
    check_dags(bag)
    check_flags(bag, root)
    check_command(bag)
    check_reproducibility(bag, work)
    check_mistake(bag, work)
    check_sft(bag, work)
    check_grpo(bag, work)
    print("the DAGs are as they should be")


if __name__ == "__main__":
    main(*sys.argv[1:])
