#!/usr/bin/env bash
# sweep through a real spark-submit with executors as JVMs of their own: two executors with one thread each find what one
# JVM finds, to the last bit of results.json; also when an executor is killed while it trains a trial.
#
#   ci/sweep_check.sh [RESULTS]   RESULTS gets a line "passed NAME" or "failed NAME" for each check
#
# Which Spark is used: see ci/spark_home.sh.
set -euo pipefail
RESULTS=${1:-/dev/null}
# shellcheck source=ci/spark_cluster.sh
. "$(dirname "${BASH_SOURCE[0]}")/spark_cluster.sh"

cat >"$WORK/sweep.yaml" <<YAML
finding: learning-rate
command: sft
base:
  model_name_or_path: $ROOT/conf/quickstart/base
  dataset_name: $WORK/data
  lora_target_modules: all-linear
  max_length: 128
  packing: true
  max_steps: 6
  per_device_train_batch_size: 4
  lr_scheduler_type: constant
  logging_steps: 1
  eval_strategy: steps
  eval_steps: 3
  save_steps: 2
axes:
  learning_rate: [1e-3, 1e-2]
zip:
  - use_peft: [true, false]
    lora_r: [4, null]
metric: {name: eval_loss, goal: min}
YAML

on_cluster() { # NAME
  on_local_cluster 2 1 2048 "$1" sweep --config "$WORK/sweep.yaml" --output_dir "$WORK/$1"
}

same_results() { # NAME NAME
  cmp "$WORK/$1/results.json" "$WORK/$2/results.json"
}

trains() { # NAME
  compgen -G "$WORK/$1/trials/*/checkpoint-2" >/dev/null
}

sweep_is_the_same_on_executors() {
  lora sweep-local sweep --config "$WORK/sweep.yaml" --output_dir "$WORK/sweep-local" --master 'local[1]'
  on_cluster sweep-cluster
  same_results sweep-local sweep-cluster
}

sweep_outlives_an_executor() {
  kill_an_executor sweep-killed trains sweep-killed &
  local killer=$!
  on_cluster sweep-killed
  wait $killer
  lost_one sweep-killed
  same_results sweep-local sweep-killed
}

mkdir "$WORK/data"
zcat "$ROOT/conf/quickstart/gsm8k_train.jsonl.gz" | sed -n '1,100p' >"$WORK/data/train.jsonl"
zcat "$ROOT/conf/quickstart/gsm8k_train.jsonl.gz" | sed -n '101,120p' >"$WORK/data/test.jsonl"
# shellcheck source=ci/checks.sh
. "$ROOT/ci/checks.sh"
check sweep_is_the_same_on_executors
check sweep_outlives_an_executor
exit $FAILED
