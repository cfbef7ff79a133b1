#!/usr/bin/env bash
# A real standalone cluster and an HDFS of three data nodes, all as processes: dataset, packed table, model and results of
# `sft` lie on HDFS, one of whose data nodes goes away when the first checkpoint is there. What comes back is what a run on
# the local disk gives. A part of .ci/run.
#
#   ci/standalone_hdfs_check.sh [RESULTS]   RESULTS gets a line "passed NAME" or "failed NAME" for the check
#
# Which Spark is used: see ci/spark_home.sh.
set -euo pipefail
RESULTS=${1:-/dev/null}
# shellcheck source=ci/spark_cluster.sh
. "$(dirname "${BASH_SOURCE[0]}")/spark_cluster.sh"
export SPARK_HOME=$SPARK
BASE=$ROOT/conf/quickstart/base
ROWS=$ROOT/conf/quickstart/gsm8k_heldout.jsonl.gz

start_master
start_worker one
start_worker two
start_hdfs 3
echo "$MASTER with two workers, $HDFS with three data nodes"

sft() { # NAME MODEL ROWS FOLDER
  lora "$1" sft --master "$MASTER" --conf spark.cores.max=2 --conf spark.executor.cores=1 --conf spark.executor.memory=640m \
    --conf spark.driver.memory=1g --conf spark.hadoop.dfs.replication=2 --conf spark.executor.extraJavaOptions=-Dlora.threads=1 \
    --config "$ROOT/conf/quickstart/sft.yaml" --max_steps 8 --save_steps 2 --logging_steps 1 --num_workers 2 \
    --model_name_or_path "$2" --dataset_name "$3" --packed_dir "$4/packed" --output_dir "$4/out" --staging_dir "$WORK/staging"
}

kill_a_data_node() {
  await hdfs_has /disturbed/out/checkpoint-2
  echo "  data node $(hdfs kill 1) goes away"
}

results_on_hdfs_outlive_a_data_node() {
  sft undisturbed "$BASE" "$ROWS" "$WORK/undisturbed"
  hdfs put "$BASE" /models/base >/dev/null
  hdfs put "$ROWS" "/data/$(basename "$ROWS")" >/dev/null
  kill_a_data_node &
  local killer=$!
  sft disturbed "$HDFS/models/base" "$HDFS/data/$(basename "$ROWS")" "$HDFS/disturbed"
  wait $killer
  hdfs get /disturbed "$WORK/disturbed" >/dev/null
  same_run undisturbed disturbed
}

# shellcheck source=ci/checks.sh
. "$ROOT/ci/checks.sh"
check results_on_hdfs_outlive_a_data_node
exit $FAILED
