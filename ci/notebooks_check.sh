#!/usr/bin/env bash
# Executes the notebooks: those that train, and those that read, over runs of the quickstart's model, which it makes first: one of
# sft with two workers that average, two of grpo, LoRA and full fine-tuning. About four minutes.
#
#   ci/notebooks_check.sh [FOLDER]   FOLDER receives the executed notebooks
set -euo pipefail
ROOT=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
PYTHON=$("$ROOT/ci/venv.sh" notebooks)
SPARK=$("$ROOT/ci/spark_home.sh")
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
EXECUTED=${1:-$WORK/executed}
BASE=$ROOT/conf/quickstart/base
export SPARK_LOCAL_IP=127.0.0.1

lora() { # NAME COMMAND…
  local name=$1
  shift
  SPARK_HOME='' "$ROOT/bin/spark-lora" "$@" --model_name_or_path "$BASE" --output_dir "$WORK/$name" --logging_steps 1 \
    >"$WORK/$name.log" 2>&1 || {
    tail -40 "$WORK/$name.log"
    return 1
  }
}

grpo() { # NAME MORE…
  local name=$1
  shift
  lora "$name" grpo --dataset_name "$WORK/problems.jsonl" --reward_funcs accuracy_reward --num_generations 8 \
    --per_device_train_batch_size 32 --gradient_accumulation_steps 1 --max_completion_length 24 --max_steps 12 \
    --lr_scheduler_type constant --gradient_checkpointing false --save_strategy no --rounds_total_limit 3 "$@"
}

mkdir "$WORK/data"
gzip -dc "$ROOT/conf/quickstart/gsm8k_heldout.jsonl.gz" >"$WORK/rows"
head -150 "$WORK/rows" >"$WORK/data/train.jsonl"
tail -20 "$WORK/rows" >"$WORK/data/test.jsonl"
for a in 3 12 25 31; do
  for b in 4 7 11 14; do
    printf '{"prompt": [{"role": "user", "content": "What is %d + %d?"}], "solution": "%d"}\n' $a $b $((a + b))
  done
done >"$WORK/problems.jsonl"

lora sft sft --config "$ROOT/conf/quickstart/sft.yaml" --dataset_name "$WORK/data" --max_steps 24 --num_workers 2 \
  --averaging_frequency 3 --per_device_train_batch_size 2 --gradient_accumulation_steps 1 --eval_strategy steps --eval_steps 6 \
  --master 'local[2]'
grpo lora --use_peft --lora_r 8 --lora_alpha 32 --lora_dropout 0.0 --lora_target_modules all-linear --learning_rate 1e-3
grpo full --learning_rate 1e-4

# pyspark of that very Spark: a distribution has it in its folder, the package of PyPI is it.
if [[ -f $SPARK/python/pyspark/sql/__init__.py ]]; then export PYTHONPATH=$SPARK/python; else export PYTHONPATH=${SPARK%/pyspark}; fi
export PYTHONPATH=$ROOT/python:$PYTHONPATH SPARK_LORA_RUNS=$WORK/runs
export SPARK_HOME=$SPARK PYSPARK_PYTHON=$PYTHON SPARK_LORA_HOME=$ROOT
export SPARK_LORA_TABLE=$WORK/sft.packed SPARK_LORA_RUN=$WORK/sft SPARK_LORA_LORA_RUN=$WORK/lora SPARK_LORA_FULL_RUN=$WORK/full
before=$(cd "$WORK" && find sft sft.packed lora full -type f -exec cksum {} + | sort)
mkdir -p "$EXECUTED"
for notebook in dataframe_to_adapter own_reward packed_table sft_run grpo_comparison; do
  "$PYTHON" -m jupyter nbconvert --to notebook --execute --ExecutePreprocessor.timeout=300 --output-dir "$EXECUTED" \
    "$ROOT/notebooks/$notebook.ipynb" >"$WORK/$notebook.log" 2>&1 || {
    tail -40 "$WORK/$notebook.log"
    exit 1
  }
  figures=$(grep -c '"image/png"' "$EXECUTED/$notebook.ipynb") || true
  ((figures > 0)) || { echo "FAILED: $notebook draws nothing"; exit 1; }
  echo "$notebook: executed, $figures figures"
done
after=$(cd "$WORK" && find sft sft.packed lora full -type f -exec cksum {} + | sort)
[[ $before == "$after" ]] || { echo "FAILED: a notebook changed what it read"; exit 1; }
