#!/usr/bin/env bash
# A real standalone cluster of two workers: who trains when nobody says how many, with and without dynamic allocation; a plain
# spark-submit, without bin/spark-lora's flags; the driver on the cluster, and what it must be given. A part of .ci/run.
#
#   ci/standalone_check.sh [RESULTS]   RESULTS gets a line "passed NAME" or "failed NAME" for each check
#
# Which Spark is used: see ci/spark_home.sh.
set -euo pipefail
RESULTS=${1:-/dev/null}
# shellcheck source=ci/spark_cluster.sh
. "$(dirname "${BASH_SOURCE[0]}")/spark_cluster.sh"
export SPARK_HOME=$SPARK
BASE=$ROOT/conf/quickstart/base
ROWS=$ROOT/conf/quickstart/gsm8k_heldout.jsonl.gz
SMALL=(--conf spark.executor.memory=640m --conf spark.driver.memory=640m --conf "spark.executor.extraJavaOptions=$EXECUTOR_OPTIONS")

start_master
start_worker one
start_worker two
echo "$MASTER with two workers of two cores"

sft() { # NAME: its arguments
  echo --config "$ROOT/conf/quickstart/sft.yaml" --dataset_name "$ROWS" --packed_dir "$WORK/packed" --max_steps 2 \
    --logging_steps 1 --model_name_or_path "$BASE" --output_dir "$WORK/$1"
}

on_standalone() { # NAME MORE…
  local name=$1
  shift
  lora "$name" sft $(sft "$name") --master "$MASTER" "${SMALL[@]}" "$@"
}

# Each executor that trains loads the base model once.
trained() { # NAME: prints how many executors
  cat "$WORK"/{one,two}/work/*/*/stderr | grep -c "Loaded the base model" || true
  rm -rf "$WORK"/{one,two}/work/*
}

expect_trained() { # COUNT NAME
  local count
  count=$(trained)
  echo "  $count executors worked: $(grep -h -o '[0-9]* workers, .*' "$WORK/$2.log" || true)"
  ((count == $1))
}

# ---------------------------------------------------------------------------------------------------------------------
# Checks

all_executors_of_a_cluster_train() {
  on_standalone all
  expect_trained 2 all
}

all_executors_generate() {
  local problem
  for problem in {1..16}; do echo "{\"prompt\": \"What is $problem + 3?\"}"; done >"$WORK/prompts.jsonl"
  lora generate generate --master "$MASTER" "${SMALL[@]}" --model_name_or_path "$BASE" --input "$WORK/prompts.jsonl" \
    --output "$WORK/completions" --num_generations 32 --max_completion_length 8
  expect_trained 2 generate
}

dynamic_allocation_gives_as_many_as_it_may() {
  on_standalone dynamic --conf spark.dynamicAllocation.enabled=true \
    --conf spark.dynamicAllocation.shuffleTracking.enabled=true --conf spark.dynamicAllocation.maxExecutors=2 \
    --conf spark.executor.cores=1
  expect_trained 2 dynamic
}

more_workers_than_slots_are_refused() {
  must_fail on_standalone many --num_workers 3 --conf spark.cores.max=2 --conf spark.executor.cores=1
  grep 'num_workers = 3' "$WORK/many.log"
}

plain_spark_submit_computes_with_vectors() {
  "$SPARK/bin/spark-submit" --class org.sparklora.spark.cli.Main --master "$MASTER" "${SMALL[@]}" --conf spark.cores.max=2 \
    --conf spark.executor.cores=1 "$ROOT/spark-job/target/spark-lora.jar" sft $(sft plain) >"$WORK/plain.log" 2>&1
  grep -h -o 'Computing with .*' "$WORK/plain.log" "$WORK"/{one,two}/work/*/*/stderr | sort | uniq -c
  must_fail grep -q -i 'reference engine' "$WORK/plain.log" "$WORK"/{one,two}/work/*/*/stderr
  expect_trained 2 plain
}

# Spark hands such a driver the JVM's options only where they are called extra; its submission waits, and says how it went.
a_driver_on_the_cluster_trains_the_same() {
  on_local_cluster 2 1 1024 here sft $(sft here) --num_workers 2
  "$SPARK/bin/spark-submit" --class org.sparklora.spark.cli.Main --master "$MASTER" --deploy-mode cluster "${SMALL[@]}" \
    --conf spark.standalone.submit.waitAppCompletion=true --conf spark.cores.max=2 --conf spark.executor.cores=1 \
    --conf "spark.driver.extraJavaOptions=$(grep -v '^#' "$ROOT/conf/jvm.options" | tr '\n' ' ')" \
    "$ROOT/spark-job/target/spark-lora.jar" sft $(sft there) --num_workers 2 >"$WORK/there.log" 2>&1
  grep -h -o 'State of driver .* is FINISHED' "$WORK/there.log"
  find "$WORK" -path '*/work/driver-*/stderr' -exec cat {} + | grep -o '2 workers, .*'
  same_run here there
}

a_driver_on_the_cluster_is_refused_with_the_reason() {
  must_fail on_standalone driver --deploy-mode cluster
  # and one that a plain spark-submit starts there says what it lacks
  "$SPARK/bin/spark-submit" --class org.sparklora.spark.cli.Main --master "$MASTER" --deploy-mode cluster "${SMALL[@]}" \
    --conf spark.standalone.submit.waitAppCompletion=true "$ROOT/spark-job/target/spark-lora.jar" sft $(sft bare) \
    >"$WORK/bare.log" 2>&1 || true
  # on whichever of the two workers it was
  find "$WORK" -path '*/work/driver-*/stderr' -exec cat {} + | grep 'spark-lora: Cannot use'
}

# shellcheck source=ci/checks.sh
. "$ROOT/ci/checks.sh"
# A word of arguments has no blanks as long as the folders have none.
# shellcheck disable=SC2046
check all_executors_of_a_cluster_train
check all_executors_generate
check dynamic_allocation_gives_as_many_as_it_may
check more_workers_than_slots_are_refused
check plain_spark_submit_computes_with_vectors
check a_driver_on_the_cluster_trains_the_same
check a_driver_on_the_cluster_is_refused_with_the_reason
exit $FAILED
