"""Reproducibility: every week the same recipe, with its seed and its model's revision pinned, must give the recorded run.

`train` runs the recipe, `verify` compares its log with the baseline inside the baseline's tolerances. Where they differ,
`verify` fails, and its log says in which metric and step and by how much. A new baseline is recorded from a run with
`bin/spark-lora verify-run RUN --baseline FILE --write_baseline`, and reviewed like any other change.
"""

from __future__ import annotations

from datetime import datetime

from airflow.sdk import DAG, Param

from spark_lora import DEFAULT_ARGS, HOME, RUN, SparkLoraOperator

with DAG(
    "reproducibility",
    description="Trains a pinned recipe and compares the run with a recorded one",
    schedule="@weekly",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=["spark-lora"],
    doc_md=__doc__,
    params={
        "model": Param(str(HOME / "conf/quickstart/base"), type="string", description="folder or repository of the hub"),
        "model_revision": Param("", type="string", description="commit of a model of the hub; a folder has none"),
        "dataset": Param(str(HOME / "conf/quickstart/gsm8k_heldout.jsonl.gz"), type="string"),
        "config": Param(str(HOME / "conf/airflow/reproducibility.yaml"), type="string", description="recipe, on the driver"),
        "seed": Param(1, type="integer"),
        "baseline": Param(str(HOME / "conf/airflow/baselines/quickstart.json"), type="string"),
        "output_root": Param("hdfs:///spark-lora", type="string", description="Hadoop folder of all runs"),
    },
) as dag:
    train = SparkLoraOperator(
        task_id="train",
        arguments=[
            "sft", "--config", "{{ params.config }}",
            "--model_name_or_path", "{{ params.model }}",
            "--model_revision", "{{ params.model_revision }}",
            "--dataset_name", "{{ params.dataset }}",
            "--packed_dir", "{{ params.output_root }}/reproducibility/packed",
            "--seed", "{{ params.seed }}",
            "--output_dir", RUN,
            "--resume_from_checkpoint", "true",
        ],
    )
    verify = SparkLoraOperator(
        task_id="verify",
        retries=0,  # the same files would give the same answer
        arguments=["verify-run", RUN, "--baseline", "{{ params.baseline }}"],
    )
    train >> verify
