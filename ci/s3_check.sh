#!/usr/bin/env bash
# Model, dataset, table and results in an S3 bucket, by hadoop-aws and an S3 server on loopback (moto), whose keys are in a
# --properties-file alone. The folder of a run that goes on is refused to another, its claim is renewed, its log is seen
# before any checkpoint, and what comes out is what a run on the local disk gives. All commands find the bucket. A part of
# .ci/run.
#
#   ci/s3_check.sh [RESULTS]   RESULTS gets a line "passed NAME" or "failed NAME" for each check
#
# Needs Python's venv module and a package index, and Maven's registry (a download of 300 megabytes, kept beside
# ci/venv.sh's). Which Spark is used: see ci/spark_home.sh.
set -euo pipefail
RESULTS=${1:-/dev/null}
# shellcheck source=ci/spark_cluster.sh
. "$(dirname "${BASH_SOURCE[0]}")/spark_cluster.sh"
BASE=$ROOT/conf/quickstart/base
ROWS=$ROOT/conf/quickstart/gsm8k_heldout.jsonl.gz
HADOOP_VERSION=3.3.4 # of Spark 3.5
PYTHON=$("$ROOT/ci/venv.sh" s3)

hadoop_aws() { # prints its jars, with commas
  local folder=${SPARK_LORA_CI_CACHE:-${HOME:-/tmp}/.cache/spark-lora-ci}/hadoop-aws-$HADOOP_VERSION
  if [[ ! -f $folder/whole ]]; then
    mvn -q -f "$ROOT/ci/hadoop-aws.xml" -Dhadoop.version=$HADOOP_VERSION dependency:copy-dependencies \
      -DoutputDirectory="$folder" >&2
    touch "$folder/whole"
  fi
  printf '%s\n' "$folder"/*.jar | paste -sd, -
}

start_s3() { # sets ENDPOINT
  "$(dirname "$PYTHON")/moto_server" -H 127.0.0.1 -p 0 >"$WORK/s3.log" 2>&1 &
  DAEMONS+=($!)
  ENDPOINT=$(await_line "$WORK/s3.log" 'http://127\.0\.0\.1:[0-9]+')
  bucket make
}

bucket() { # COMMAND…
  "$PYTHON" "$ROOT/ci/s3_bucket.py" "$ENDPOINT" "$@"
}

# Through spark-submit, on this machine.
s3() { # NAME COMMAND MORE…
  SPARK_HOME=$SPARK lora "$@" --master 'local[1]' --jars "$JARS" --properties-file "$WORK/s3.conf"
}

sft() { # NAME MODEL ROWS FOLDER MORE…
  local name=$1 model=$2 rows=$3 folder=$4
  shift 4
  s3 "$name" sft --config "$ROOT/conf/quickstart/sft.yaml" --logging_steps 1 --num_workers 1 \
    --model_name_or_path "$model" --dataset_name "$rows" --packed_dir "$folder/packed" --output_dir "$folder/out" \
    --staging_dir "$WORK/staging" "$@"
}

has_object() { # PREFIX
  [[ -n $(bucket list "$1") ]]
}

# ---------------------------------------------------------------------------------------------------------------------
# Checks

results_in_a_bucket_are_those_of_the_disk() {
  sft here "$BASE" "$ROWS" "$WORK/here" --max_steps 4 --save_steps 2
  sft there s3a://lora/models/base "s3a://lora/data/$(basename "$ROWS")" s3a://lora/there --max_steps 4 --save_steps 2
  bucket get there "$WORK/there"
  same_run here there
}

a_living_run_keeps_its_folder() {
  local mark=-Dcheck.run=$WORK/living age
  sft living "$BASE" "$ROWS" s3a://lora/living --max_steps 400 --save_strategy no --driver-java-options "$mark" >/dev/null &
  local run=$!
  await has_object living/out/metrics.jsonl
  echo "  $(bucket cat living/out/metrics.jsonl | wc -l) rows of the log are seen before any checkpoint"
  must_fail has_object living/out/checkpoint-
  sleep 25
  age=$(bucket age "$(bucket list living/out/.run.lock-)")
  echo "  its claim was renewed $age s ago"
  ((age < 20))
  must_fail sft second "$BASE" "$ROWS" s3a://lora/living --max_steps 400 --save_strategy no >/dev/null
  grep -q 'has been writing to it since' "$WORK/second.log"
  kill "$(pgrep -f -- "java.*$mark" | head -n 1)" # it went on until now
  wait $run || true
  must_fail grep -q 'took it over' "$WORK/living.log"
}

every_command_finds_the_bucket() {
  local model=s3a://lora/models/base run=s3a://lora/there/out
  echo '{"text": "What is 2 + 3?"}' >"$WORK/texts.jsonl"
  echo '{"prompt": "What is 2 + 3?"}' >"$WORK/prompts.jsonl"
  s3 tokenize tokenize --model_name_or_path $model --input "$WORK/texts.jsonl" --output "$WORK/tokens.jsonl"
  s3 score score --model_name_or_path $model --input "$WORK/texts.jsonl" --output "$WORK/scores.jsonl"
  s3 generate generate --model_name_or_path $model --adapter $run --input "$WORK/prompts.jsonl" \
    --output "$WORK/completions.jsonl" --max_completion_length 4
  s3 check check --config "$ROOT/conf/quickstart/sft.yaml" --model_name_or_path $model
  s3 merge merge --model_name_or_path $model --adapter $run --output_dir "$WORK/merged"
  s3 report report --runs $run --output_dir "$WORK/report"
  s3 track track $run --report_to tensorboard
  s3 record verify-run $run --baseline "$WORK/baseline.json" --write_baseline
  s3 verify verify-run $run --baseline "$WORK/baseline.json"
}

JARS=$(hadoop_aws)
start_s3
bucket put "$BASE" models/base
bucket put "$ROWS" data
cat >"$WORK/s3.conf" <<CONF
spark.hadoop.fs.s3a.endpoint               $ENDPOINT
spark.hadoop.fs.s3a.access.key             key
spark.hadoop.fs.s3a.secret.key             secret
spark.hadoop.fs.s3a.path.style.access      true
spark.hadoop.fs.s3a.connection.ssl.enabled false
CONF

# shellcheck source=ci/checks.sh
. "$ROOT/ci/checks.sh"
check results_in_a_bucket_are_those_of_the_disk
check a_living_run_keeps_its_folder
check every_command_finds_the_bucket
exit $FAILED
