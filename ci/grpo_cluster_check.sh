#!/usr/bin/env bash
# grpo through a real spark-submit with executors as JVMs of their own: on the quickstart's model the completions, rewards,
# log and adapter of two executors with one thread each are those of one JVM with two threads, to the last bit; also when
# an executor is killed while it generates, and when one is killed while it computes gradients.
#
#   ci/grpo_cluster_check.sh [RESULTS]   RESULTS gets a line "passed NAME" or "failed NAME" for each check
#
# Which Spark is used: see ci/spark_home.sh.
set -euo pipefail
RESULTS=${1:-/dev/null}
# shellcheck source=ci/spark_cluster.sh
. "$(dirname "${BASH_SOURCE[0]}")/spark_cluster.sh"
STEPS=3

# The model solves some of these problems. Rounds are large: there is time to kill an executor in.
grpo() { # NAME: its arguments
  echo grpo --model_name_or_path "$ROOT/conf/quickstart/base" \
    --dataset_name "$WORK/problems.jsonl" --prompts_dir "$WORK/prompts" --output_dir "$WORK/$1" \
    --use_peft --lora_r 4 --lora_target_modules all-linear --learning_rate 1e-3 \
    --num_generations 8 --per_device_train_batch_size 8 --gradient_accumulation_steps 32 --max_completion_length 48 \
    --max_steps $STEPS --logging_steps 1 --log_completions --num_completions_to_print 0 --save_strategy no
}

on_cluster() { # NAME
  on_local_cluster 2 1 2048 "$1" $(grpo "$1") --num_workers 2
}

# ---------------------------------------------------------------------------------------------------------------------
# Faults

# The second round has begun when the first step is logged, and is generated first.
generates() { # NAME
  [[ -f $WORK/$1/metrics.jsonl ]] && (($(wc -l <"$WORK/$1/metrics.jsonl") == 1))
}

# The update begins when the round's advantages are there.
updates() { # NAME
  [[ -d $WORK/$1/rounds/round-0001/advantages ]]
}

# ---------------------------------------------------------------------------------------------------------------------
# Comparisons

# All completions with their rewards are in tables. Those of the rounds also hold how long each took to judge.
same() { # NAME NAME
  rm -rf "$WORK/$1/rounds" "$WORK/$2/rounds"
  same_run "$1" "$2"
}

learns() { # NAME: else the check is worth nothing
  python3 - "$WORK/$1/metrics.jsonl" <<'PYTHON'
import json, sys

rows = map(json.loads, open(sys.argv[1]))
if not any(row.get("reward_std", 0) > 0 and row.get("grad_norm", 0) > 0 for row in rows):
    sys.exit("  there was nothing to learn")
PYTHON
}

# ---------------------------------------------------------------------------------------------------------------------
# Checks

grpo_is_the_same_on_executors() {
  lora grpo-local $(grpo grpo-local) --master 'local[1]'
  learns grpo-local
  on_cluster grpo-cluster
  same grpo-local grpo-cluster
}

grpo_outlives_an_executor_that() { # generates | updates
  kill_an_executor "grpo-$1" "$1" "grpo-$1" &
  local killer=$!
  on_cluster "grpo-$1"
  wait $killer
  lost_one "grpo-$1"
  same grpo-local "grpo-$1"
}

for ((first = 1; first < 10; first++)); do
  for ((second = 1; second < 10; second++)); do
    echo "{\"question\": \"Ada has $first coins and buys $second more. How many coins does Ada have now?\", \"answer\": \"#### $((first + second))\"}"
  done
done >"$WORK/problems.jsonl"
# shellcheck source=ci/checks.sh
. "$ROOT/ci/checks.sh"
# A word of arguments has no blanks as long as the folders have none.
# shellcheck disable=SC2046
check grpo_is_the_same_on_executors
check grpo_outlives_an_executor_that generates
check grpo_outlives_an_executor_that updates
exit $FAILED
