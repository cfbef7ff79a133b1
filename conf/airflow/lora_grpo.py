"""Reinforcement learning on verifiable rewards: prompts → rounds → eval → report.

`prompts` uses the table of an earlier attempt again; `rounds` (generation, rewards and updates, whose tables lie in the run's
folder) goes on from the latest checkpoint, also in the middle of a round: each task may be tried again at any time.
"""

from __future__ import annotations

import sys
from pathlib import Path

from airflow.sdk import Param

sys.path.append(str(Path(__file__).parent))  # Airflow looks for modules in the folder of all DAGs alone
from spark_lora_operator import ADAPTER, MODEL, OPTIONAL_TEXT, RUN, TABLE_CONFIG, SparkLoraOperator, lora_dag, training, training_params

with lora_dag(
    "lora_grpo",
    description="Trains a LoRA adapter on rewards of its own completions",
    schedule=None,
    doc_md=__doc__,
    model="HuggingFaceTB/SmolLM3-3B",
    dataset="HuggingFaceH4/OpenR1-Math-220k-default-verified",
    config="conf/grpo/openr1-smollm3-3b-lora.yaml",
    params={
        "max_prompt_length": Param(1024, type="integer", minimum=1, description="longer prompts are left out; in tokens"),
        "eval_dataset": Param(None, type=OPTIONAL_TEXT, description="held-out problems with their solutions; none: no eval"),
        **training_params(),
    },
) as dag:
    lengths = ["--max_prompt_length", "{{ params.max_prompt_length }}"]
    table = RUN + "/prompts"

    prompts = SparkLoraOperator(
        task_id="prompts",
        arguments=[
            "prep", "--task", "grpo", *TABLE_CONFIG, *MODEL, *lengths,
            "--dataset_name", "{{ params.dataset_name }}",
            "--output_dir", table,
        ],
    )
    rounds = training("rounds", "grpo", table=table, flags=lengths)
    # How many held-out problems the likeliest completions solve.
    evaluate = SparkLoraOperator(
        task_id="eval",
        needs="{{ params.eval_dataset or '' }}",
        arguments=[
            "eval", *TABLE_CONFIG, *MODEL, *lengths,
            "--adapter", ADAPTER,
            "--dataset_name", "{{ params.eval_dataset }}",
            "--num_workers", "{{ params.num_workers or '' }}",
            "--output_dir", RUN + "/eval",
            "--overwrite_output_dir",
        ],
    )
    report = SparkLoraOperator(
        task_id="report",
        trigger_rule="none_failed",
        arguments=["report", ADAPTER, "--output_dir", "{{ params.results_root }}/{{ run_id }}.report"],
    )
    prompts >> rounds >> evaluate >> report
