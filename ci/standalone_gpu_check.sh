#!/usr/bin/env bash
# A real standalone cluster, a master and two workers as processes, whose discovery script (conf/gpu-discovery.sh) finds
# two GPUs on each worker: an nvidia-smi that only pretends. Tasks that run at the same time must each have an address of
# their own, and so must the executors of `sft` with conf/spark-cluster-gpu.conf. A part of .ci/run.
#
#   ci/standalone_gpu_check.sh [RESULTS]   RESULTS gets a line "passed NAME" or "failed NAME" for each check
#
# Which Spark is used: see ci/spark_home.sh.
set -euo pipefail
RESULTS=${1:-/dev/null}
# shellcheck source=ci/spark_cluster.sh
. "$(dirname "${BASH_SOURCE[0]}")/spark_cluster.sh"
export SPARK_HOME=$SPARK
GPUS=4

start_gpu_worker() { # NAME DEVICES…
  local name=$1
  shift
  mkdir -p "$WORK/$name/tools"
  printf '#!/bin/sh\nprintf "%s"\n' "$(printf '%s\\n' "$@")" >"$WORK/$name/tools/nvidia-smi"
  chmod +x "$WORK/$name/tools/nvidia-smi"
  PATH=$WORK/$name/tools:$PATH \
    SPARK_WORKER_OPTS="-Dspark.worker.resource.gpu.amount=$# -Dspark.worker.resource.gpu.discoveryScript=$ROOT/conf/gpu-discovery.sh" \
    start_worker "$name"
}

start_master
start_gpu_worker one 0 1
start_gpu_worker two 2 3
echo "$MASTER with two workers of two GPUs"

# Sizes of a model of a megabyte, one core an executor.
SMALL=(--conf spark.executor.instances=$GPUS --conf spark.cores.max=$GPUS --conf spark.executor.cores=1 --conf spark.task.cpus=1
  --conf spark.executor.memory=600m --conf spark.driver.memory=1g)

# ---------------------------------------------------------------------------------------------------------------------
# Checks

are_all_addresses() { # reads one address a line
  [[ $(sort -n | paste -s -d ' ' -) == "0 1 2 3" ]]
}

# Tasks of a barrier stage run all at once.
tasks_have_addresses_of_their_own() {
  cat >"$WORK/addresses.py" <<'PYTHON'
from pyspark import BarrierTaskContext
from pyspark.sql import SparkSession


def address(_):
    context = BarrierTaskContext.get()
    context.barrier()
    return context.resources()["gpu"].addresses


spark = SparkSession.builder.getOrCreate()
tasks = spark.conf.get("spark.executor.instances")
for found in spark.sparkContext.parallelize(range(int(tasks)), int(tasks)).barrier().mapPartitions(address).collect():
    print("address", found)
PYTHON
  "$SPARK/bin/spark-submit" --master "$MASTER" "${SMALL[@]}" --conf spark.executor.resource.gpu.amount=1 \
    --conf spark.task.resource.gpu.amount=1 --conf spark.scheduler.minRegisteredResourcesRatio=1 "$WORK/addresses.py" \
    >"$WORK/addresses.txt" 2>"$WORK/addresses.log" || {
    tail -n 20 "$WORK/addresses.log"
    return 1
  }
  sed -n 's/^address //p' "$WORK/addresses.txt" | are_all_addresses
}

# A build for processors says which device it was given and leaves it alone.
executors_of_sft_have_devices_of_their_own() {
  rm -rf "$WORK"/*/work/*
  "$ROOT/bin/spark-lora" sft --master "$MASTER" --properties-file "$ROOT/conf/spark-cluster-gpu.conf" "${SMALL[@]}" \
    --conf spark.files="$ROOT/conf/gpu-discovery.sh" --conf spark.scheduler.minRegisteredResourcesRatio=1 \
    --conf spark.executor.extraJavaOptions="$EXECUTOR_OPTIONS" \
    --config "$ROOT/conf/quickstart/sft.yaml" --model_name_or_path "$ROOT/conf/quickstart/base" --max_steps 4 \
    --dataset_name "$ROOT/conf/quickstart/gsm8k_heldout.jsonl.gz" --output_dir "$WORK/adapter" --num_workers $GPUS \
    >"$WORK/sft.log" 2>&1 || {
    tail -n 20 "$WORK/sft.log"
    return 1
  }
  [[ -f $WORK/adapter/adapter_model.safetensors ]]
  sed -n 's/.*GPU \([0-9]*\) is assigned to this process.*/\1/p' "$WORK"/*/work/*/*/stderr | are_all_addresses
}

shares_of_a_gpu_are_refused() {
  local status=0
  "$ROOT/bin/spark-lora" sft --master "$MASTER" --properties-file "$ROOT/conf/spark-cluster-gpu.conf" "${SMALL[@]}" \
    --conf spark.files="$ROOT/conf/gpu-discovery.sh" --conf spark.task.resource.gpu.amount=0.5 \
    --config "$ROOT/conf/quickstart/sft.yaml" --model_name_or_path "$ROOT/conf/quickstart/base" --max_steps 4 \
    --dataset_name "$ROOT/conf/quickstart/gsm8k_heldout.jsonl.gz" --output_dir "$WORK/none" >"$WORK/refused.log" 2>&1 || status=$?
  ((status != 0))
  grep -q "spark.task.resource.gpu.amount = 0.5" "$WORK/refused.log" || {
    tail -n 20 "$WORK/refused.log"
    return 1
  }
}

# shellcheck source=ci/checks.sh
. "$ROOT/ci/checks.sh"
check tasks_have_addresses_of_their_own
check executors_of_sft_have_devices_of_their_own
check shares_of_a_gpu_are_refused
exit $FAILED
