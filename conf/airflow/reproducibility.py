"""Reproducibility: every week the same recipe, with its seed and its model's revision pinned, must give the recorded run.

`train` runs the recipe, `verify` compares its log with the baseline inside the baseline's tolerances. Where they differ,
`verify` fails, and its log says in which metric and step and by how much. A new baseline is recorded from a run with
`bin/spark-lora verify-run RUN --baseline FILE --write_baseline`, and reviewed like any other change.

Model and dataset are files of this project, so on a cluster every machine must have the project at the same path; or set the
parameters to copies on shared storage.
"""

from __future__ import annotations

import sys
from pathlib import Path

from airflow.sdk import Param

sys.path.append(str(Path(__file__).parent))  # Airflow looks for modules in the folder of all DAGs alone
from spark_lora_operator import HOME, MODEL, OUTPUT_ROOT, RUN, SparkLoraOperator, lora_dag

with lora_dag(
    "reproducibility",
    description="Trains a pinned recipe and compares the run with a recorded one",
    schedule="@weekly",
    doc_md=__doc__,
    model=str(HOME / "conf/quickstart/base"),
    # A path without file:// lies on the cluster's default file system.
    dataset=f"file://{HOME.absolute()}/conf/quickstart/gsm8k_heldout.jsonl.gz",
    config="conf/airflow/reproducibility.yaml",
    params={
        "seed": Param(1, type="integer"),
        "baseline": Param(str(HOME / "conf/airflow/baselines/quickstart.json"), type="string"),
        "output_root": OUTPUT_ROOT,
    },
) as dag:
    train = SparkLoraOperator(
        task_id="train",
        arguments=[
            "sft", "--config", "{{ params.config }}", *MODEL,
            "--dataset_name", "{{ params.dataset_name }}",
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
