"""What the DAGs of this folder share: their settings and parameters, and a task that runs a command of spark-lora by spark-submit.

Settings of an installation, as environment variables of the Airflow workers:
  SPARK_LORA_HOME             the project's folder; the one this file lies in unless told
  SPARK_LORA_JAR              the application jar; spark-lora.jar in SPARK_LORA_HOME's lib, or spark-job/target, unless told
  SPARK_LORA_PROPERTIES_FILE  spark-submit's properties, for example conf/spark-cluster-gpu.conf in SPARK_LORA_HOME; none unless told

Connections:
  spark_default   where to submit to, as SparkSubmitOperator has it
  huggingface     the hub's token as its password, and as its host another endpoint; may be missing. The token reaches the
                  driver as the environment variable HF_TOKEN: never as an argument, nor in a rendered template
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.sdk import DAG, BaseHook, Param
from airflow.sdk.exceptions import AirflowFailException, AirflowNotFoundException, AirflowSkipException

HOME = Path(os.environ.get("SPARK_LORA_HOME") or Path(__file__).resolve().parents[2])
LIB = HOME / "lib" if (HOME / "lib").is_dir() else HOME / "spark-job/target"
JAR = os.environ.get("SPARK_LORA_JAR") or str(LIB / "spark-lora.jar")
PROPERTIES = os.environ.get("SPARK_LORA_PROPERTIES_FILE")
PROPERTIES_FILE = str(HOME / PROPERTIES) if PROPERTIES else None
HUB_CONNECTION = "huggingface"

# A run that is tried again goes on from its checkpoints, so trying is cheap.
DEFAULT_ARGS = {"owner": "spark-lora", "retries": 2, "retry_delay": timedelta(minutes=5)}

# The exit code of spark-lora for what a user has to correct, as a flag, a path or a model: trying again changes nothing.
MISUSED = 2

# Parameters have the names of the flags they set, as far as there is one. What may be left out is None.
OPTIONAL_TEXT = ["null", "string"]
OUTPUT_ROOT = Param("hdfs:///spark-lora", type="string", description="Hadoop folder of all runs")
MODEL = [
    "--model_name_or_path", "{{ params.model_name_or_path }}",
    "--model_revision", "{{ params.model_revision or '' }}",
]

# Flags of a table must be those that training asks for; the recipe itself has flags that prep does not take.
TABLE_CONFIG = ["--config", "{{ params.table_config or '' }}"]

# The folder of one DAG run: the same for all tasks and all attempts, another one for each DAG run. Hadoop's paths have no colons.
RUN = "{{ params.output_root }}/{{ dag.dag_id }}/{{ run_id | replace(':', '') | replace('+', '_') }}"
ADAPTER = RUN + "/adapter"


def lora_dag(dag_id: str, *, model: str, dataset: str, config: str, params: dict[str, Param], **kwargs) -> DAG:
    """A DAG of this folder: one run at a time, nothing is caught up, every task may be tried again.

    :param model: default of `model_name_or_path`
    :param dataset: default of `dataset_name`
    :param config: default of `config`, a recipe of this project
    :param params: what it has besides
    """
    return DAG(
        dag_id,
        start_date=datetime(2026, 1, 1),
        catchup=False,
        max_active_runs=1,
        default_args=DEFAULT_ARGS,
        tags=["spark-lora"],
        params={
            "model_name_or_path": Param(model, type="string", description="folder or repository of the hub"),
            "model_revision": Param(None, type=OPTIONAL_TEXT, description="branch, tag or commit of the model; none: main"),
            "dataset_name": Param(dataset, type="string", description="folder or file, or repository of the hub"),
            "config": Param(str(HOME / config), type="string", description="recipe: a YAML file on the driver"),
            **params,
        },
        **kwargs,
    )


def training_params() -> dict[str, Param]:
    """Parameters of a DAG that trains by hand."""
    return {
        "table_config": Param(None, type=OPTIONAL_TEXT, description="YAML file on the driver with the recipe's flags of prep"),
        "num_workers": Param(None, type=["null", "integer"], minimum=1, description="executors that train; none: all"),
        "output_root": OUTPUT_ROOT,
        "results_root": Param("/var/lib/spark-lora", type="string", description="the driver's local folder for results"),
    }


def hub_environment() -> dict[str, str]:
    """HF_TOKEN and HF_ENDPOINT of the hub's connection; nothing where there is none."""
    try:
        connection = BaseHook.get_connection(HUB_CONNECTION)
    except AirflowNotFoundException:
        return {}
    environment = {"HF_TOKEN": connection.password, "HF_ENDPOINT": connection.host}
    return {name: value for name, value in environment.items() if value}


def java_options() -> str:
    """The JVM's flags that bin/spark-lora passes, too: one a line of conf/jvm.options."""
    lines = (HOME / "conf/jvm.options").read_text().splitlines()
    return " ".join(line for line in lines if line and not line.startswith("#"))


class SparkLoraOperator(SparkSubmitOperator):
    """`spark-lora ARGUMENTS` as a Spark application.

    :param arguments: the command and its flags (templated); a flag whose value is empty is left out
    :param needs: a setting without which there is nothing to do (templated): the task is skipped where it is empty
    """

    template_fields = (*SparkSubmitOperator.template_fields, "needs")

    def __init__(self, *, arguments: list[str], needs: str = "always", **kwargs):
        self.needs = needs
        options = java_options()
        super().__init__(
            application=JAR,
            java_class="org.sparklora.spark.cli.Main",
            application_args=arguments,
            name=kwargs.pop("name", "spark-lora {{ task.task_id }}"),
            conf={
                "spark.driver.defaultJavaOptions": f"{options} {quoted(f'-Dlora.home={HOME}')}",
                "spark.executor.defaultJavaOptions": options,
                **kwargs.pop("conf", {}),
            },
            properties_file=PROPERTIES_FILE,
            **kwargs,
        )

    def execute(self, context):
        if not self.needs:
            raise AirflowSkipException(f"{self.task_id}: nothing to do, the parameter is empty")
        self.application_args = without_empty(self.application_args)
        self.env_vars = {**(self.env_vars or {}), **hub_environment()}
        try:
            return super().execute(context)
        except Exception as failure:
            if exit_code(self._hook) == MISUSED:
                raise AirflowFailException(f"{self.task_id}: its settings cannot be used, as its log says") from failure
            raise


def exit_code(hook) -> int | None:
    """What the driver ended with, as far as the provider's hook knows: spark-submit's own code in client mode, else Spark's."""
    submitted = getattr(getattr(hook, "_submit_sp", None), "returncode", None)
    reported = getattr(hook, "_spark_exit_code", None)
    return MISUSED if MISUSED in (submitted, reported) else submitted


def quoted(option: str) -> str:
    """An option of the JVM as one word of Spark's, whatever blanks and quotes it has."""
    escaped = option.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def without_empty(arguments: list[str]) -> list[str]:
    """Leaves `--flag ''` out: what a parameter does not set is not passed."""
    kept = []
    for argument in arguments:
        if argument == "" and kept and kept[-1].startswith("--"):
            kept.pop()
        else:
            kept.append(argument)
    return kept


def training(task_id: str, command: str, *, table: str, flags: list[str]) -> SparkLoraOperator:
    """A task that trains on a prepared table, and goes on from the latest checkpoint when it is tried again."""
    return SparkLoraOperator(
        task_id=task_id,
        arguments=[
            command, "--config", "{{ params.config }}", *MODEL, *flags,
            "--dataset_name", table,
            "--num_workers", "{{ params.num_workers or '' }}",
            "--output_dir", ADAPTER,
            "--run_name", "{{ run_id }}",
            "--resume_from_checkpoint", "true",
        ],
    )
