"""Supervised fine-tuning: prep → sft → eval → push.

`prep` uses the packed table of an earlier attempt again, `sft` goes on from the latest checkpoint, `eval` and `push` write
the same once more: each task may be tried again at any time.
"""

from __future__ import annotations

from datetime import datetime

from airflow.sdk import DAG, Param

from spark_lora import DEFAULT_ARGS, RUN, SparkLoraOperator

with DAG(
    "lora_sft",
    description="Fine-tunes a LoRA adapter on a dataset",
    schedule=None,
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=["spark-lora"],
    doc_md=__doc__,
    params={
        "model": Param("Qwen/Qwen2.5-3B-Instruct", type="string", description="folder or repository of the hub"),
        "model_revision": Param("", type="string", description="commit of the model; empty: main"),
        "dataset": Param("open-thoughts/OpenThoughts-114k", type="string", description="folder or repository of the hub"),
        "max_length": Param(2048, type="integer", minimum=1),
        "config": Param("conf/sft/openthoughts-qwen2.5-3b.yaml", type="string", description="recipe, on the driver"),
        "eval_file": Param("", type="string", description="JSON lines of held-out conversations; empty: no eval"),
        "hub_model_id": Param("", type="string", description="repository to push to; empty: no push"),
        "output_root": Param("hdfs:///spark-lora", type="string", description="Hadoop folder of all runs"),
        "results_root": Param("/var/lib/spark-lora", type="string", description="the driver's local folder for results"),
        "num_workers": Param("", type="string", description="executors that train; empty: all"),
    },
) as dag:
    model = ["--model_name_or_path", "{{ params.model }}", "--model_revision", "{{ params.model_revision }}"]
    data = ["--max_length", "{{ params.max_length }}", "--packing"]

    prep = SparkLoraOperator(
        task_id="prep",
        arguments=["prep", *model, *data, "--dataset_name", "{{ params.dataset }}", "--output_dir", RUN + "/packed"],
    )
    sft = SparkLoraOperator(
        task_id="sft",
        arguments=[
            "sft", "--config", "{{ params.config }}", *model, *data,
            "--dataset_name", RUN + "/packed",
            "--num_workers", "{{ params.num_workers }}",
            "--output_dir", RUN + "/adapter",
            "--run_name", "{{ run_id }}",
            "--resume_from_checkpoint", "true",
        ],
    )
    # Log-probabilities of held-out rows; each has its nll.
    evaluate = SparkLoraOperator(
        task_id="eval",
        needs="{{ params.eval_file }}",
        arguments=[
            "score", *model,
            "--adapter", RUN + "/adapter",
            "--input", "{{ params.eval_file }}",
            "--output", "{{ params.results_root }}/{{ run_id }}.scores.jsonl",
        ],
    )
    push = SparkLoraOperator(
        task_id="push",
        needs="{{ params.hub_model_id }}",
        trigger_rule="none_failed",
        arguments=["push", "--input", RUN + "/adapter", "--hub_model_id", "{{ params.hub_model_id }}"],
    )
    prep >> sft >> evaluate >> push
