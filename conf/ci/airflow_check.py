"""Looks at the DAGs of conf/airflow and runs one of them: see airflow_check.sh.

usage: airflow_check.py ROOT WORK
"""

import json
import sys
from pathlib import Path

from airflow.dag_processing.dagbag import DagBag

SECONDS_TO_PARSE = 2.0
EDGES = {
    "lora_sft": [("prep", "sft"), ("sft", "eval"), ("eval", "push")],
    "lora_grpo": [("prompts", "rounds"), ("rounds", "eval"), ("eval", "report")],
    "reproducibility": [("train", "verify")],
}
RETRIES = {"verify": 0}
DEFAULT_RETRIES = 2


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
    from spark_lora import hub_environment, without_empty

    task = bag.dags["lora_sft"].get_task("sft")
    task.env_vars = hub_environment()
    hook = task._get_hook()
    command = hook._build_spark_submit_command(task.application)
    require(command[0] == "spark-submit" and command[command.index("--master") + 1] == "local[2]", f"{command}")
    require(command[command.index("--class") + 1] == "org.sparklora.spark.Main", f"no class in {command}")
    for side in ("driver", "executor"):
        option = f"spark.{side}.defaultJavaOptions="
        require(any(w.startswith(option) and "jdk.incubator.vector" in w for w in command), f"no {option} in {command}")
    require(command[-len(task.application_args):] == task.application_args, f"the arguments do not come last in {command}")
    require(hook._env == {"HF_TOKEN": task.env_vars["HF_TOKEN"]}, "the token is no environment variable of the driver")
    require(task.env_vars["HF_TOKEN"] not in " ".join(command), "the token is in spark-submit's arguments")
    require(without_empty(["sft", "--a", "", "--b", "", "--c", "1"]) == ["sft", "--c", "1"], "empty parameters are passed")


def states(dag, conf):
    run = dag.test(run_conf=conf)
    return str(run.state), {task.task_id: str(task.state) for task in run.get_task_instances()}


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
    print("the DAGs are as they should be")


if __name__ == "__main__":
    main(*sys.argv[1:])
