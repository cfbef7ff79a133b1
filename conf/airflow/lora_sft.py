"""Supervised fine-tuning: prep → sft → eval → push.

`prep` uses the packed table of an earlier attempt again, `sft` goes on from the latest checkpoint, `eval` and `push` write
the same once more: each task may be tried again at any time.
"""

from __future__ import annotations

import sys
from pathlib import Path

from airflow.sdk import Param

sys.path.append(str(Path(__file__).parent))  # Airflow looks for modules in the folder of all DAGs alone
from spark_lora_operator import ADAPTER, MODEL, OPTIONAL_TEXT, RUN, TABLE_CONFIG, SparkLoraOperator, lora_dag, training, training_params

with lora_dag(
    "lora_sft",
    description="Fine-tunes a LoRA adapter on a dataset",
    schedule=None,
    doc_md=__doc__,
    model="Qwen/Qwen2.5-3B-Instruct",
    dataset="open-thoughts/OpenThoughts-114k",
    config="conf/sft/openthoughts-qwen2.5-3b.yaml",
    params={
        "max_length": Param(1024, type="integer", minimum=1, description="tokens a row"),
        "eval_dataset": Param(None, type=OPTIONAL_TEXT, description="JSON lines of held-out conversations, a file on the driver; none: no eval"),
        "hub_model_id": Param(None, type=OPTIONAL_TEXT, description="repository to push to; none: no push"),
        **training_params(),
    },
) as dag:
    rows = ["--max_length", "{{ params.max_length }}", "--packing"]
    packed = RUN + "/packed"

    prep = SparkLoraOperator(
        task_id="prep",
        arguments=["prep", *TABLE_CONFIG, *MODEL, *rows, "--dataset_name", "{{ params.dataset_name }}", "--output_dir", packed],
    )
    sft = training("sft", "sft", table=packed, flags=rows)
    # Log-probabilities of held-out rows; each has its nll.
    evaluate = SparkLoraOperator(
        task_id="eval",
        needs="{{ params.eval_dataset or '' }}",
        arguments=[
            "score", *MODEL,
            "--adapter", ADAPTER,
            "--input", "{{ params.eval_dataset }}",
            "--output", "{{ params.results_root }}/{{ run_id }}.scores.jsonl",
            "--overwrite_output_dir",
        ],
    )
    push = SparkLoraOperator(
        task_id="push",
        needs="{{ params.hub_model_id or '' }}",
        trigger_rule="none_failed",
        arguments=["push", "--input", ADAPTER, "--hub_model_id", "{{ params.hub_model_id }}"],
    )
    prep >> sft >> evaluate >> push
