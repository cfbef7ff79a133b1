#!/usr/bin/env bash
# YARN and HDFS as processes: a resource manager, two node managers that start containers and end those that take more
# memory than they were given, two data nodes. `prep`, `sft` and `grpo` through `spark-submit --master yarn`, driver here
# and driver in a container; the results are those of a run on this machine, also when a container is killed. A part of
# .ci/run.
#
#   ci/yarn_check.sh [RESULTS]   RESULTS gets a line "passed NAME" or "failed NAME" for each check
#
# Which Spark is used: see ci/spark_home.sh. It must have YARN's jars, as the PyPI package has.
set -euo pipefail
RESULTS=${1:-/dev/null}
# shellcheck source=ci/spark_cluster.sh
. "$(dirname "${BASH_SOURCE[0]}")/spark_cluster.sh"
BASE=$ROOT/conf/quickstart/base
ROWS=$ROOT/conf/quickstart/gsm8k_heldout.jsonl.gz

start_yarn() { # NODES: sets YARN_CONF, the folder that HADOOP_CONF_DIR has to name
  local main=org.sparklora.spark.cli.YarnProcess
  # JAXB for the servers' pages: Spark has it, Hadoop's own jar does not
  java "${DAEMON_OPTIONS[@]}" --add-opens java.base/java.lang=ALL-UNNAMED -Xmx500m -cp "$(hdfs_class_path):$SPARK/jars/*" \
    $main "$WORK/yarn" "$1" "$HDFS" >"$WORK/yarn.out" 2>"$WORK/yarn.log" &
  DAEMONS+=($!)
  YARN_CONF=$(await_line "$WORK/yarn.out" '^/.*') || {
    tail -n 20 "$WORK/yarn.log"
    return 1
  }
}

# ---------------------------------------------------------------------------------------------------------------------
# Runs

# Spark's own jars are on each node, so that they need not be sent there for each run.
on_yarn() { # DEPLOY_MODE NAME COMMAND MORE…
  local mode=$1 name=$2
  shift 2
  SPARK_HOME=$SPARK HADOOP_CONF_DIR=$YARN_CONF lora "$name" "$@" --master yarn --deploy-mode "$mode" --conf "spark.yarn.jars=local:$SPARK/jars/*" \
    --conf spark.driver.memory=900m --conf spark.driver.memoryOverhead=800m \
    --conf spark.executor.instances=2 --conf spark.executor.memory=640m --conf spark.executor.memoryOverhead=900m \
    --conf "spark.executor.extraJavaOptions=$EXECUTOR_OPTIONS -Dcheck.run=$WORK/$name"
}

sft() { # MODEL ROWS FOLDER
  echo sft --config "$ROOT/conf/quickstart/sft.yaml" --max_steps 8 --save_steps 2 --logging_steps 1 --num_workers 2 \
    --model_name_or_path "$1" --dataset_name "$2" --packed_dir "$3/packed" --output_dir "$3/out"
}

grpo() { # MODEL PROMPTS FOLDER
  echo grpo --model_name_or_path "$1" --dataset_name "$2" --prompts_dir "$3/prompts" --output_dir "$3/out" \
    --use_peft --lora_r 4 --lora_target_modules all-linear --learning_rate 1e-3 --num_workers 2 \
    --num_generations 8 --per_device_train_batch_size 8 --gradient_accumulation_steps 8 --max_completion_length 16 \
    --max_steps 2 --logging_steps 1 --save_strategy no
}

prep() { # MODEL ROWS FOLDER
  echo prep --model_name_or_path "$1" --dataset_name "$2" --packing --max_length 128 --output_dir "$3/packed"
}

from_hdfs() { # NAME
  hdfs get "/$1" "$WORK/$1" >/dev/null
}

# ---------------------------------------------------------------------------------------------------------------------
# Checks

# The driver of one is a process of this machine, that of the other a container.
prep_is_the_same_on_yarn() { # DEPLOY_MODE
  [[ -d $WORK/prep-local ]] || lora prep-local $(prep "$BASE" "$ROWS" "$WORK/prep-local") --master 'local[2]'
  on_yarn "$1" "prep-$1" $(prep "$HDFS/models/base" "$HDFS/data/rows.jsonl.gz" "$HDFS/prep-$1")
  from_hdfs "prep-$1"
  same_run prep-local "prep-$1"
}

sft_is_the_same_on_yarn() { # DEPLOY_MODE
  [[ -d $WORK/sft-local ]] || on_local_cluster 2 1 1024 sft-local $(sft "$BASE" "$ROWS" "$WORK/sft-local")
  on_yarn "$1" "sft-$1" $(sft "$HDFS/models/base" "$HDFS/data/rows.jsonl.gz" "$HDFS/sft-$1")
  from_hdfs "sft-$1"
  same_run sft-local "sft-$1"
}

has_a_checkpoint() { # NAME
  hdfs_has "/$1/out/checkpoint-2"
}

# With the driver here.
sft_outlives_a_container() {
  kill_an_executor sft-killed has_a_checkpoint sft-killed &
  local killer=$!
  on_yarn client sft-killed $(sft "$HDFS/models/base" "$HDFS/data/rows.jsonl.gz" "$HDFS/sft-killed")
  wait $killer
  lost_one sft-killed
  from_hdfs sft-killed
  same_run sft-local sft-killed
}

grpo_is_the_same_on_yarn() { # DEPLOY_MODE
  [[ -d $WORK/grpo-local ]] || lora grpo-local $(grpo "$BASE" "$WORK/problems.jsonl" "$WORK/grpo-local") --master 'local[1]'
  on_yarn "$1" "grpo-$1" $(grpo "$HDFS/models/base" "$HDFS/data/problems.jsonl" "$HDFS/grpo-$1")
  from_hdfs "grpo-$1"
  rm -rf "$WORK/grpo-local/out/rounds" "$WORK/grpo-$1/out/rounds" # how long each completion took to judge
  same_run grpo-local "grpo-$1"
}

for ((first = 1; first < 10; first++)); do
  echo "{\"question\": \"Ada has $first coins and buys 3 more. How many coins does Ada have now?\", \"answer\": \"#### $((first + 3))\"}"
done >"$WORK/problems.jsonl"
start_hdfs 2
start_yarn 2
hdfs put "$BASE" /models/base >/dev/null
hdfs put "$ROWS" /data/rows.jsonl.gz >/dev/null
hdfs put "$WORK/problems.jsonl" /data/problems.jsonl >/dev/null
echo "YARN with two nodes, $HDFS with two data nodes"
# shellcheck source=ci/checks.sh
. "$ROOT/ci/checks.sh"
# A word of arguments has no blanks as long as the folders have none.
# shellcheck disable=SC2046
check prep_is_the_same_on_yarn client
check sft_is_the_same_on_yarn cluster
check sft_outlives_a_container
check grpo_is_the_same_on_yarn cluster
exit $FAILED
