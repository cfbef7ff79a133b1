#!/usr/bin/env bash
# The DAGs of conf/airflow in a real Airflow: they parse, hold what they should, and run through a real spark-submit on the
# quickstart's model. `reproducibility`: to green against a baseline of the same recipe in one JVM, and to red after the
# baseline is changed. `lora_sft`: to green, though its first attempt at training is killed, with the adapter of a run in one
# JVM, pushed to the loopback hub. `lora_grpo`: to green. About four minutes.
set -euo pipefail
ROOT=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
PYTHON=$("$ROOT/ci/venv.sh" airflow)
SPARK_HOME=$("$ROOT/ci/spark_home.sh")
WORK=$(mktemp -d)
source "$ROOT/ci/loopback_hub.sh"
trap 'stop_loopback_hub; rm -rf "$WORK"' EXIT
TOKEN=hf_secret_of_the_airflow_check

# ---------------------------------------------------------------------------------------------------------------------
# What the DAGs are given

ln -s "$ROOT/conf/quickstart/base" "$WORK/model"
gzip -dc "$ROOT/conf/quickstart/gsm8k_heldout.jsonl.gz" >"$WORK/rows.jsonl"
python3 - "$WORK" <<'PYTHON'
import json, pathlib, sys

work = pathlib.Path(sys.argv[1])
rows = [json.loads(line) for line in (work / "rows.jsonl").read_text().splitlines()[:8]]
turns = [[{"role": "user", "content": row["question"]}, {"role": "assistant", "content": row["answer"]}] for row in rows]
(work / "held_out.jsonl").write_text("".join(json.dumps({"messages": messages}) + "\n" for messages in turns))
problems = [(f"What is {a} + {b}?", f"{a + b}") for a in (3, 12) for b in (4, 7, 11, 14)]
(work / "problems.jsonl").write_text(
    "".join(json.dumps({"prompt": [{"role": "user", "content": q}], "solution": s}) + "\n" for q, s in problems)
)
PYTHON
{
  grep -vE '^(max_steps|learning_rate):' "$ROOT/conf/airflow/reproducibility.yaml"
  printf '%s\n' 'max_steps: 40' 'learning_rate: 1.0e-3' 'seed: 1' 'packing_strategy: bfd_split'
} >"$WORK/sft.yaml"
grep '^packing_strategy:' "$WORK/sft.yaml" >"$WORK/table.yaml"
{
  grep -vE '^(max_steps|save_strategy|per_device_train_batch_size|logging_steps):' "$ROOT/conf/quickstart/grpo.yaml"
  printf '%s\n' 'use_peft: true' 'max_steps: 3' 'save_steps: 1' 'per_device_train_batch_size: 64' 'logging_steps: 1'
} >"$WORK/grpo.yaml"

record() { # in a condition bash does not stop at the first error
  unset SPARK_HOME
  "$ROOT/bin/spark-lora" sft --config "$ROOT/conf/airflow/reproducibility.yaml" --seed 1 --output_dir "$WORK/recorded" \
    --model_name_or_path "$ROOT/conf/quickstart/base" --dataset_name "$ROOT/conf/quickstart/gsm8k_heldout.jsonl.gz" \
    && "$ROOT/bin/spark-lora" verify-run "$WORK/recorded" --baseline "$WORK/baseline.json" --write_baseline \
    && "$ROOT/bin/spark-lora" sft --config "$WORK/sft.yaml" --output_dir "$WORK/undisturbed" \
      --model_name_or_path "$WORK/model" --dataset_name "$WORK/rows.jsonl"
}
(record) >"$WORK/log" 2>&1 || { tail -40 "$WORK/log"; exit 1; }

start_loopback_hub --token "$TOKEN=ada"

# ---------------------------------------------------------------------------------------------------------------------
# Airflow

export SPARK_HOME PATH="$SPARK_HOME/bin:$PATH" SPARK_LOCAL_IP=127.0.0.1
export AIRFLOW_HOME=$WORK/airflow AIRFLOW__CORE__LOAD_EXAMPLES=False AIRFLOW__CORE__DAGS_FOLDER=$ROOT/conf/airflow
export AIRFLOW__LOGGING__LOGGING_LEVEL=WARNING PYTHONDONTWRITEBYTECODE=1
# As where the DAGs lie in a folder of their own below that of all DAGs, and the Python package is installed.
export PYTHONPATH=$ROOT/ci:$ROOT/python
export AIRFLOW_CONN_SPARK_DEFAULT='{"conn_type": "spark", "host": "local[2]"}'
export AIRFLOW_CONN_HUGGINGFACE="{\"conn_type\": \"generic\", \"host\": \"$LOOPBACK_ENDPOINT\", \"password\": \"$TOKEN\"}"

"$PYTHON" -m airflow db migrate >"$WORK/log" 2>&1 || { cat "$WORK/log"; exit 1; }
"$PYTHON" "$ROOT/ci/airflow_check.py" "$ROOT" "$WORK" 2>&1 | tee "$WORK/log"
if grep -rqF "$TOKEN" "$WORK"; then
  echo "FAILED: the hub's token is in $(grep -rlF "$TOKEN" "$WORK" | tr '\n' ' ')"
  exit 1
fi
