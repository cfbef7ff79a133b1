#!/usr/bin/env bash
# Real spark-submit, executors as JVMs of their own (local-cluster): prepares and trains on the quickstart's model, with
# both kinds of --sync, under both of Spark's serialisers, while executors are killed, with several tasks in one JVM.
# Whatever happens on the way, tables and adapters are the undisturbed run's to the last bit. A part of .ci/run.
#
#   ci/spark_submit_check.sh [RESULTS]   RESULTS gets a line "passed NAME" or "failed NAME" for each check
#
# Which Spark is used: see ci/spark_home.sh.
set -euo pipefail
RESULTS=${1:-/dev/null}
# shellcheck source=ci/spark_cluster.sh
. "$(dirname "${BASH_SOURCE[0]}")/spark_cluster.sh"
STEPS=16
KILL_AFTER_ROWS=5
KILL_AFTER_FILES=4
PREP_FILES=40
ROWS_A_FILE=1000
KRYO=(--conf spark.serializer=org.apache.spark.serializer.KryoSerializer)

# ---------------------------------------------------------------------------------------------------------------------
# Runs

run() { # NAME COMMAND MORE…
  local name=$1 command=$2
  shift 2
  lora "$name" "$command" --model_name_or_path "$ROOT/conf/quickstart/base" --output_dir "$WORK/$name" "$@"
}

on_cluster() { # EXECUTORS CORES NAME COMMAND MORE…
  local executors=$1 cores=$2 name=$3 command=$4
  shift 4
  on_local_cluster "$executors" "$cores" 1536 "$name" "$command" --model_name_or_path "$ROOT/conf/quickstart/base" \
    --output_dir "$WORK/$name" "$@"
}

sft() { # SYNC: arguments of a training run
  echo --config "$ROOT/conf/quickstart/sft.yaml" --dataset_name "$ROOT/conf/quickstart/gsm8k_heldout.jsonl.gz" \
    --packed_dir "$WORK/packed" --max_steps $STEPS --logging_steps 1 --num_workers 2 --sync "$1"
}

prep() { # arguments of a preparation
  echo --dataset_name "$WORK/rows" --packing --max_length 512
}

make_rows() {
  mkdir "$WORK/rows"
  gzip -dc "$ROOT/conf/quickstart/gsm8k_heldout.jsonl.gz" >"$WORK/heldout.jsonl"
  local copies=$((ROWS_A_FILE / $(wc -l <"$WORK/heldout.jsonl"))) file copy
  for ((file = 0; file < PREP_FILES; file++)); do
    for ((copy = 0; copy < copies; copy++)); do cat "$WORK/heldout.jsonl"; done >"$WORK/rows/part-$file.jsonl"
  done
}

# ---------------------------------------------------------------------------------------------------------------------
# Faults

has_logged() { # NAME ROWS
  [[ -f $WORK/$1/metrics.jsonl ]] && (($(wc -l <"$WORK/$1/metrics.jsonl") >= $2))
}

has_tokenized() { # NAME FILES
  (($(find "$WORK" -path "*/.$1.inprogress-*/_documents/documents-*" 2>/dev/null | wc -l) >= $2))
}

# ---------------------------------------------------------------------------------------------------------------------
# Comparisons

same_but_for_rounding() { # NAME NAME
  python3 - "$WORK/$1/adapter_model.safetensors" "$WORK/$2/adapter_model.safetensors" <<'PYTHON'
import array, struct, sys

def numbers(path):
    data = open(path, "rb").read()
    header = struct.unpack("<Q", data[:8])[0]
    return array.array("f", data[8 + header:])

first, second = map(numbers, sys.argv[1:])
distance = sum((a - b) ** 2 for a, b in zip(first, second)) ** 0.5 / sum(a * a for a in first) ** 0.5
print(f"  {distance:.1e} of the adapter's norm between one JVM and two executors")
sys.exit(distance > 1e-5 or len(first) != len(second))
PYTHON
}

# ---------------------------------------------------------------------------------------------------------------------
# Checks

prep_is_the_same_on_executors() {
  make_rows
  run table-local prep $(prep) --master 'local[2]'
  on_cluster 2 1 table-cluster prep $(prep)
  same_run table-local table-cluster
}

prep_outlives_an_executor_under_kryo() {
  kill_an_executor table-killed has_tokenized table-killed $KILL_AFTER_FILES &
  local killer=$!
  on_cluster 2 1 table-killed prep $(prep) "${KRYO[@]}"
  wait $killer
  lost_one table-killed
  same_run table-local table-killed
}

sft_is_the_same_on_executors() { # SYNC
  SPARK_LORA_JAVA_OPTS=-Dlora.threads=1 run "$1-local" sft $(sft "$1") --master 'local[2]'
  on_cluster 2 1 "$1-cluster" sft $(sft "$1")
  same_but_for_rounding "$1-local" "$1-cluster"
}

sft_outlives_an_executor_under_kryo() { # SYNC
  kill_an_executor "$1-killed" has_logged "$1-killed" $KILL_AFTER_ROWS &
  local killer=$!
  on_cluster 2 1 "$1-killed" sft $(sft "$1") "${KRYO[@]}"
  wait $killer
  lost_one "$1-killed"
  same_run "$1-cluster" "$1-killed"
}

tasks_of_an_executor_share_its_base() { # SYNC
  on_cluster 1 2 "$1-shared" sft $(sft "$1")
  same_run "$1-cluster" "$1-shared"
  local loaded
  loaded=$(cat "$WORK"/spark/work/*/*/stderr | grep -c "Loaded the base model")
  echo "  one executor, two tasks at a time: base loaded $loaded time(s)"
  ((loaded == 1))
}

three_executors_resume_to_the_last_bit() { # SYNC [FLAG...]
  local name=$1${2:-} flags
  flags="$(sft "$1") --num_workers 3 --averaging_frequency 3 --save_steps $((STEPS / 2)) ${*:2}"
  on_cluster 3 1 "$name-three" sft $flags
  mkdir "$WORK/$name-resumed"
  cp -r "$WORK/$name-three/checkpoint-$((STEPS / 2))" "$WORK/$name-resumed"
  on_cluster 3 1 "$name-resumed" sft $flags --resume_from_checkpoint true
  same_run "$name-three" "$name-resumed"
}

# shellcheck source=ci/checks.sh
. "$ROOT/ci/checks.sh"
# A word of arguments has no blanks as long as the folders have none.
# shellcheck disable=SC2046,SC2086
check prep_is_the_same_on_executors
check prep_outlives_an_executor_under_kryo
for sync in parameters gradients; do
  check sft_is_the_same_on_executors $sync
  check sft_outlives_an_executor_under_kryo $sync
  check tasks_of_an_executor_share_its_base $sync
  check three_executors_resume_to_the_last_bit $sync
done
check three_executors_resume_to_the_last_bit parameters --averaging_dtype bfloat16
exit $FAILED
