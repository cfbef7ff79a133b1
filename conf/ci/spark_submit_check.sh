#!/usr/bin/env bash
# Real spark-submit, executors as JVMs of their own (local-cluster): prepares and trains on the quickstart's model, with
# both kinds of --sync, under both of Spark's serialisers, while executors are killed, with several tasks in one JVM.
# Whatever happens on the way, tables and adapters are the undisturbed run's to the last bit. A part of .ci/run.
#
#   conf/ci/spark_submit_check.sh [RESULTS]   RESULTS gets a line "passed NAME" or "failed NAME" for each check
#
# Which Spark is used: see conf/ci/spark_home.sh.
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
RESULTS=${1:-/dev/null}
CLUSTER_SPARK=$("$ROOT/conf/ci/spark_home.sh")
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
STEPS=16
KILL_AFTER_ROWS=5
KILL_AFTER_FILES=4
PREP_FILES=40
ROWS_A_FILE=1000
PATIENCE_SECONDS=120
KRYO=(--conf spark.serializer=org.apache.spark.serializer.KryoSerializer)

export SPARK_LOCAL_IP=127.0.0.1
unset SPARK_HOME # the embedded runs have none

# The workers of a local cluster write under SPARK_HOME, their executors' logs and a copy of the jar for each: so it is
# a folder of links.
mkdir "$WORK/spark"
for entry in "$CLUSTER_SPARK"/*; do
  [[ $entry == */work ]] || ln -s "$entry" "$WORK/spark/"
done

# ---------------------------------------------------------------------------------------------------------------------
# Runs

lora() { # NAME COMMAND MORE…
  local name=$1 command=$2
  shift 2
  "$ROOT/bin/spark-lora" "$command" --model_name_or_path "$ROOT/conf/quickstart/base" --output_dir "$WORK/$name" "$@" \
    >"$WORK/$name.log" 2>&1 || {
    tail -n 40 "$WORK/$name.log"
    return 1
  }
}

# One kernel thread an executor, as there are two: which shows that Spark lets executors have our Java properties, too.
on_cluster() { # EXECUTORS CORES NAME COMMAND MORE…
  local executors=$1 cores=$2 name=$3
  shift 2
  rm -rf "$WORK/spark/work" # of the run before
  SPARK_HOME=$WORK/spark lora "$@" \
    --master "local-cluster[$executors,$cores,1536]" --executor-memory 1536m \
    --conf "spark.executor.extraJavaOptions=-Dlora.threads=1 -Dcheck.run=$WORK/$name"
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

# Waits until a run has come so far, then kills one of its executors.
kill_an_executor() { # NAME PROGRESS…
  local name=$1 executor ends=$((SECONDS + PATIENCE_SECONDS))
  shift
  until "$@"; do
    ((SECONDS < ends)) || return 1
    sleep 0.1
  done
  executor=$(pgrep -f -- "java.*-Dcheck.run=$WORK/$name .*CoarseGrainedExecutorBackend" | head -n 1)
  kill -KILL "$executor"
  echo "  killed executor process $executor of $name"
}

has_logged() { # NAME ROWS
  [[ -f $WORK/$1/metrics.jsonl ]] && (($(wc -l <"$WORK/$1/metrics.jsonl") >= $2))
}

has_tokenized() { # NAME FILES
  (($(find "$WORK" -path "*/.$1.inprogress-*/_documents/documents-*" 2>/dev/null | wc -l) >= $2))
}

# An executor that is lost is said so in the driver's log: else it was killed too late to matter.
lost_one() { # NAME
  grep -q "Lost executor" "$WORK/$1.log" || {
    echo "  no executor of $1 was lost"
    return 1
  }
}

# ---------------------------------------------------------------------------------------------------------------------
# Comparisons

same_run() { # NAME NAME
  python3 "$ROOT/conf/ci/same_run.py" "$WORK/$1" "$WORK/$2"
}

# The rows' bytes. A file's footer lists the encodings of a column in an order that Parquet takes from the JVM's hash codes.
same_table() { # NAME NAME
  local file count=0 size footer
  for file in "$WORK/$1"/*.parquet; do
    size=$(wc -c <"$file")
    footer=$(od -An -t u4 -j $((size - 8)) -N 4 "$file")
    cmp -n $((size - 8 - footer)) "$file" "$WORK/$2/$(basename "$file")"
    ((size == $(wc -c <"$WORK/$2/$(basename "$file")")))
    count=$((count + 1))
  done
  ((count > 0 && count == $(find "$WORK/$2" -name '*.parquet' | wc -l)))
}

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
  lora table-local prep $(prep) --master 'local[2]'
  on_cluster 2 1 table-cluster prep $(prep)
  same_table table-local table-cluster
}

prep_outlives_an_executor_under_kryo() {
  kill_an_executor table-killed has_tokenized table-killed $KILL_AFTER_FILES &
  local killer=$!
  on_cluster 2 1 table-killed prep $(prep) "${KRYO[@]}"
  wait $killer
  lost_one table-killed
  same_table table-local table-killed
}

sft_is_the_same_on_executors() { # SYNC
  SPARK_LORA_JAVA_OPTS=-Dlora.threads=1 lora "$1-local" sft $(sft "$1") --master 'local[2]'
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

three_executors_resume_to_the_last_bit() { # SYNC
  on_cluster 3 1 "$1-three" sft $(sft "$1") --num_workers 3 --averaging_frequency 3 --save_steps $((STEPS / 2))
  mkdir "$WORK/$1-resumed"
  cp -r "$WORK/$1-three/checkpoint-$((STEPS / 2))" "$WORK/$1-resumed"
  on_cluster 3 1 "$1-resumed" sft $(sft "$1") --num_workers 3 --averaging_frequency 3 --save_steps $((STEPS / 2)) \
    --resume_from_checkpoint true
  same_run "$1-three" "$1-resumed"
}

# shellcheck source=conf/ci/checks.sh
. "$ROOT/conf/ci/checks.sh"
# A word of arguments has no blanks as long as the folders have none.
# shellcheck disable=SC2046
check prep_is_the_same_on_executors
check prep_outlives_an_executor_under_kryo
for sync in parameters gradients; do
  check sft_is_the_same_on_executors $sync
  check sft_outlives_an_executor_under_kryo $sync
  check tasks_of_an_executor_share_its_base $sync
  check three_executors_resume_to_the_last_bit $sync
done
exit $FAILED
