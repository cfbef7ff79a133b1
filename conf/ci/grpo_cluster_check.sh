#!/usr/bin/env bash
# grpo through a real spark-submit with executors as JVMs of their own: on the quickstart's model the completions, rewards,
# log and adapter of two executors with one thread each are those of one JVM with two threads, to the last bit; also when
# an executor is killed while it generates, and when one is killed while it computes gradients.
#
#   conf/ci/grpo_cluster_check.sh [RESULTS]   RESULTS gets a line "passed NAME" or "failed NAME" for each check
#
# Which Spark is used: see conf/ci/spark_home.sh.
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
RESULTS=${1:-/dev/null}
CLUSTER_SPARK=$("$ROOT/conf/ci/spark_home.sh")
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
STEPS=3
COMPLETIONS=256
PATIENCE_SECONDS=120

export SPARK_LOCAL_IP=127.0.0.1
unset SPARK_HOME # the embedded run has none

# The workers of a local cluster write under SPARK_HOME: so it is a folder of links.
mkdir "$WORK/spark"
for entry in "$CLUSTER_SPARK"/*; do
  [[ $entry == */work ]] || ln -s "$entry" "$WORK/spark/"
done

# The model solves some of these problems. Rounds are large: there is time to kill an executor in.
train() { # NAME MORE…
  local name=$1
  shift
  "$ROOT/bin/spark-lora" grpo --model_name_or_path "$ROOT/conf/quickstart/base" \
    --dataset_name "$WORK/problems.jsonl" --prompts_dir "$WORK/prompts" --output_dir "$WORK/$name" \
    --use_peft --lora_r 4 --lora_target_modules all-linear --learning_rate 1e-3 \
    --num_generations 8 --per_device_train_batch_size 8 --gradient_accumulation_steps 32 --max_completion_length 48 \
    --max_steps $STEPS --logging_steps 1 --log_completions --save_strategy no "$@" >"$WORK/$name.log" 2>&1 || {
    tail -n 40 "$WORK/$name.log"
    return 1
  }
}

on_cluster() { # NAME
  rm -rf "$WORK/spark/work" # of the run before
  SPARK_HOME=$WORK/spark train "$1" --master 'local-cluster[2,1,3072]' --executor-memory 2g --num_workers 2 \
    --conf "spark.executor.extraJavaOptions=-Dlora.threads=1 -Dcheck.run=$WORK/$1"
}

# ---------------------------------------------------------------------------------------------------------------------
# Faults

kill_an_executor() { # NAME WHEN…: as soon as WHEN holds
  local name=$1 executor ends=$((SECONDS + PATIENCE_SECONDS))
  shift
  until "$@"; do
    ((SECONDS < ends)) || return 1
    sleep 0.02
  done
  executor=$(pgrep -f -- "java.*-Dcheck.run=$WORK/$name .*CoarseGrainedExecutorBackend" | head -n 1)
  kill -KILL "$executor"
  echo "  killed executor process $executor of $name, $*"
}

# The second round has begun when the first step is logged, and is generated first.
generates() { # NAME
  [[ -f $WORK/$1/metrics.jsonl ]] && (($(wc -l <"$WORK/$1/metrics.jsonl") == 1))
}

# The update begins when the round's advantages are there.
updates() { # NAME
  [[ -d $WORK/$1/rounds/round-0001/advantages ]]
}

lost_one() { # NAME: else it was killed too late to matter
  grep -q "Lost executor" "$WORK/$1.log" || {
    echo "  no executor of $1 was lost"
    return 1
  }
}

# ---------------------------------------------------------------------------------------------------------------------
# Comparisons

# Every completion with its rewards, as the run prints them.
completions() { # NAME
  grep -E '^(step [0-9]+, |  prompt  |  completion  )' "$WORK/$1.log"
}

same() { # NAME NAME
  (($(completions "$1" | wc -l) == 3 * STEPS * COMPLETIONS))
  cmp <(completions "$1") <(completions "$2")
  cmp "$WORK/$1/adapter_model.safetensors" "$WORK/$2/adapter_model.safetensors"
  python3 - "$WORK/$1/trainer_state.json" "$WORK/$2/trainer_state.json" <<'PYTHON'
import json, sys

def rows(path):
    measured = ("_runtime", "_per_second", "step_time")
    return [{name: value for name, value in row.items() if not name.endswith(measured) and not name.startswith("peak_memory")}
            for row in json.load(open(path))["log_history"]]

first, second = map(rows, sys.argv[1:])
if not any(row.get("reward_std", 0) > 0 and row.get("grad_norm", 0) > 0 for row in first):
    sys.exit("  there was nothing to learn: the check is worth nothing")
differing = [(a, b) for a, b in zip(first, second) if a != b]
if differing or len(first) != len(second):
    sys.exit(f"  logs differ: {len(first)} and {len(second)} rows, first difference {differing[:1]}")
print(f"  {len(first)} rows of the log, all completions and the adapter are the same")
PYTHON
}

# ---------------------------------------------------------------------------------------------------------------------
# Checks

grpo_is_the_same_on_executors() {
  train grpo-local --master 'local[1]'
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

FAILED=0
check() { # NAME MORE…: a function of this name
  local status=0 started=$SECONDS
  echo "$*"
  set +e # in a condition bash would not stop a check at its first error
  (set -e; "$@")
  status=$?
  set -e
  if ((status == 0)); then
    echo "  passed in $((SECONDS - started)) s"
    echo "passed $*" >>"$RESULTS"
  else
    echo "  FAILED after $((SECONDS - started)) s"
    echo "failed $*" >>"$RESULTS"
    FAILED=1
  fi
}

for ((first = 1; first < 10; first++)); do
  for ((second = 1; second < 10; second++)); do
    echo "{\"question\": \"Ada has $first coins and buys $second more. How many coins does Ada have now?\", \"answer\": \"#### $((first + second))\"}"
  done
done >"$WORK/problems.jsonl"
check grpo_is_the_same_on_executors
check grpo_outlives_an_executor_that generates
check grpo_outlives_an_executor_that updates
exit $FAILED
