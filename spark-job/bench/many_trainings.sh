#!/usr/bin/env bash
# Trains COUNT times in one JVM, one step a run, and prints the resident memory after each run, by owner. Fails if the native
# memory of the last run is more than 5 % above the tenth's: what a run allocates outside the Java heap must be freed when it
# ends. Classes and compiled code are counted apart: the JVM goes on compiling for some forty runs, and loads no more classes.
# Java's heap is all there from the start, so that what grows lies outside it.
# usage: many_trainings.sh [COUNT [MODEL_DIR [FLAG...]]]    60 trainings of the quickstart's model unless told
set -euo pipefail
root=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
count=${1:-60} model=${2:-$root/conf/quickstart/base}
shift $(($# < 2 ? $# : 2))
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$root"
bin/spark-lora --help >/dev/null # builds what is missing
[[ -d spark-job/target/test-classes ]] || mvn -q -B -ntp -DskipTests -pl spark-job -am test-compile
export MALLOC_ARENA_MAX=2 SPARK_LOCAL_IP=127.0.0.1
java @conf/jvm.options -Xmx512m -Xms512m -XX:+AlwaysPreTouch -XX:+UseSerialGC "-Dlora.home=$root" \
  "-Dlog4j2.configurationFile=file:$root/conf/log4j2.properties" \
  -cp "spark-job/target/test-classes:spark-job/target/spark-lora.jar:spark-job/target/spark/*" \
  org.sparklora.spark.cli.TrainingsInOneJvm "$count" "$work" sft --model_name_or_path "$model" \
  --dataset_name "$root/conf/quickstart/gsm8k_train.jsonl.gz" --packed_dir "$work/packed" --max_length 512 \
  --use_peft --lora_r 16 --learning_rate 2e-4 --max_steps 1 --per_device_train_batch_size 8 --save_strategy no \
  --disable_tqdm "$@" >"$work/log" 2>&1 && failed=no || failed=yes
grep -E '^(run [0-9]+|after [0-9]+ runs)' "$work/log" || true
[[ $failed == no ]] || { tail -n 20 "$work/log"; exit 1; }
