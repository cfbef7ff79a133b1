"""Reinforcement learning on verifiable rewards: prompts → rounds → eval → report.

`prompts` uses the table of an earlier attempt again; `rounds` (generation, rewards and updates, whose tables lie in the run's
folder) goes on from the latest checkpoint, also in the middle of a round: each task may be tried again at any time.
"""

from __future__ import annotations

from datetime import datetime

from airflow.sdk import DAG, Param

from spark_lora import DEFAULT_ARGS, RUN, SparkLoraOperator

with DAG(
    "lora_grpo",
    description="Trains a LoRA adapter on rewards of its own completions",
    schedule=None,
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=["spark-lora"],
    doc_md=__doc__,
    params={
        "model": Param("HuggingFaceTB/SmolLM3-3B", type="string", description="folder or repository of the hub"),
        "model_revision": Param("", type="string", description="commit of the model; empty: main"),
        "dataset": Param("HuggingFaceH4/OpenR1-Math-220k-default-verified", type="string", description="folder or repository"),
        "max_prompt_length": Param(1024, type="integer", minimum=1),
        "config": Param("conf/grpo/openr1-smollm3-3b-lora.yaml", type="string", description="recipe, on the driver"),
        "eval_dataset": Param("", type="string", description="held-out problems with their solutions; empty: no eval"),
        "output_root": Param("hdfs:///spark-lora", type="string", description="Hadoop folder of all runs"),
        "results_root": Param("/var/lib/spark-lora", type="string", description="the driver's local folder for results"),
        "num_workers": Param("", type="string", description="executors that train; empty: all"),
    },
) as dag:
    model = ["--model_name_or_path", "{{ params.model }}", "--model_revision", "{{ params.model_revision }}"]
    data = ["--max_prompt_length", "{{ params.max_prompt_length }}"]

    prompts = SparkLoraOperator(
        task_id="prompts",
        arguments=[
            "prep", "--task", "grpo", *model, *data,
            "--dataset_name", "{{ params.dataset }}",
            "--output_dir", RUN + "/prompts",
        ],
    )
    rounds = SparkLoraOperator(
        task_id="rounds",
        arguments=[
            "grpo", "--config", "{{ params.config }}", *model, *data,
            "--dataset_name", RUN + "/prompts",
            "--num_workers", "{{ params.num_workers }}",
            "--output_dir", RUN + "/adapter",
            "--run_name", "{{ run_id }}",
            "--resume_from_checkpoint", "true",
        ],
    )
    # How many held-out problems the likeliest completions solve.
    evaluate = SparkLoraOperator(
        task_id="eval",
        needs="{{ params.eval_dataset }}",
        arguments=[
            "eval", *model, *data,
            "--adapter", RUN + "/adapter",
            "--dataset_name", "{{ params.eval_dataset }}",
            "--num_workers", "{{ params.num_workers }}",
            "--output_dir", RUN + "/eval",
            "--overwrite_output_dir",
        ],
    )
    report = SparkLoraOperator(
        task_id="report",
        trigger_rule="none_failed",
        arguments=["report", RUN + "/adapter", "--output_dir", "{{ params.results_root }}/{{ run_id }}.report"],
    )
    prompts >> rounds >> evaluate >> report
