#!/usr/bin/env bash
# Makes the tables and figures of docs/grpo.md, "What staleness costs", "At a cluster's pace" and "What a teacher saves", on the quickstart's
# model and 665 sums and differences. Five minutes a part and seed on two idle cores.
#
#   ci/grpo_variants.sh FOLDER PART [SEED…]     PART: staleness, pace or teacher; seeds 1 2 3 unless told; FOLDER keeps the runs,
#                                               results.txt and the figures
#
# The runs at a cluster's pace are on two executors of one thread, which are JVMs of their own: the machine must be idle for their seconds to
# mean anything. Which Spark is used: see ci/spark_home.sh.
set -euo pipefail
ROOT=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
[[ ${2:-} =~ ^(staleness|pace|teacher)$ ]] || { echo "usage: ci/grpo_variants.sh FOLDER staleness|pace|teacher [SEED…]" >&2 && exit 2; }
mkdir -p "$1"
FOLDER=$(CDPATH='' cd "$1" && pwd -P) PART=$2
shift 2
(($# > 0)) || set -- 1 2 3
cd "$ROOT"
BASE=conf/quickstart/base
RUN=(--dataset_name conf/sweeps/arithmetic --reward_funcs accuracy_reward --num_generations 8 --max_completion_length 24
  --gradient_checkpointing false --logging_steps 1 --save_strategy no --overwrite_output_dir)
LORA=(--use_peft --lora_r 1 --lora_alpha 32 --lora_target_modules all-linear --learning_rate 1e-3 --lr_scheduler_type constant)
EVALUATED=(--eval_strategy steps --num_generations_eval 4)
SMALL=("${EVALUATED[@]}" --per_device_train_batch_size 16 --max_steps 120 --eval_steps 5)
LARGE=("${EVALUATED[@]}" --per_device_train_batch_size 128 --max_steps 60 --eval_steps 5)
CLUSTER=(--master 'local-cluster[2,1,2048]' --num_workers 2 --conf spark.executor.memory=1500m
  --conf spark.executor.extraJavaOptions=-Dlora.threads=1 --per_device_train_batch_size 64 --gradient_accumulation_steps 2 --max_steps 64)
SPARK_HOME=$(ci/spark_home.sh)
export SPARK_HOME

grpo() { # NAME FLAGS…
  bin/spark-lora grpo --model_name_or_path "$BASE" "${RUN[@]}" --seed "$seed" --output_dir "$at/$1" "${@:2}" >"$at/$1.log" 2>&1 ||
    { tail -n 5 "$at/$1.log" >&2 && exit 1; }
}

staleness() {
  local k
  for k in 0 1 4; do grpo "stale-$k" "${LORA[@]}" "${LARGE[@]}" --max_staleness "$k"; done
  for k in 1 4; do
    grpo "stale-$k-uncorrected" "${LORA[@]}" "${LARGE[@]}" --max_staleness "$k" --vllm_importance_sampling_correction false
  done
}

# A step of 128 completions a round; eight such steps a round, with gradients added up or averaged once; a round drawn by one executor while
# the other trains on the round before.
pace() {
  grpo pace-steps "${LORA[@]}" "${CLUSTER[@]}"
  grpo pace-stages "${LORA[@]}" "${CLUSTER[@]}" --generation_batch_size 1024
  grpo pace-local "${LORA[@]}" "${CLUSTER[@]}" --generation_batch_size 1024 --local_steps 8
  grpo pace-outer "${LORA[@]}" "${CLUSTER[@]}" --generation_batch_size 1024 --local_steps 8 --outer_optimizer nesterov
  grpo pace-ahead "${LORA[@]}" "${CLUSTER[@]}" --max_staleness 1 --num_generators 1
}

# The teacher has learnt from rewards, with all weights; its student starts where it did.
teacher() {
  grpo teacher "${EVALUATED[@]}" --learning_rate 1e-4 --lr_scheduler_type cosine --per_device_train_batch_size 128 --max_steps 200 --eval_steps 20
  grpo rewarded "${LORA[@]}" "${LARGE[@]}"
  grpo taught "${LORA[@]}" "${LARGE[@]}" --teacher_model_name_or_path "$at/teacher"
  grpo rewarded-small "${LORA[@]}" "${SMALL[@]}"
  grpo taught-small "${LORA[@]}" "${SMALL[@]}" --teacher_model_name_or_path "$at/teacher"
}

for seed; do
  at=$FOLDER/$PART-$seed
  mkdir -p "$at"
  "$PART"
  python3 - "$at" "$seed" <<'PYTHON' | tee -a "$FOLDER/results.txt"
import json, os, sys
at, seed = sys.argv[1:]
print(f"seed {seed}")
for name in sorted(one for one in os.listdir(at) if os.path.exists(f"{at}/{one}/metrics.jsonl")):
    rows = [json.loads(line) for line in open(f"{at}/{name}/metrics.jsonl")]
    steps = [row for row in rows if "step_time" in row]
    if name.startswith("pace"): # not evaluated, which would take time from some runs and not from others
        drawn = [(row["reward"], sum(one["step_time"] for one in steps[:i + 1])) for i, row in enumerate(steps) if "reward" in row]
        few = 4 if len(drawn) == len(steps) else 1 # four rounds of 128 completions, or one of 1024
        means = [(sum(reward for reward, _ in drawn[i - few:i]) / few, drawn[i - 1][1]) for i in range(few, len(drawn) + 1)]
        reached = {least: next((round(seconds) for mean, seconds in means if mean >= least), None) for least in (0.7, 0.8, 0.9)}
        total = sum(row["step_time"] for row in steps)
        print(f"  {name}: seconds to a mean reward of {reached}, {total:.0f} s for {len(steps)} steps, at the end {means[-1][0]:.3f}")
        continue
    batch = 16 if name.endswith("-small") else 128
    curve = {row["step"] * batch: row["eval_reward"] for row in rows if "eval_reward" in row}
    reached = {least: next((done for done, reward in curve.items() if reward >= least), None) for least in (0.7, 0.8, 0.9)}
    sizes = [row["sampling/effective_sample_size"] for row in steps if "sampling/effective_sample_size" in row]
    size = f", effective sample size {min(sizes):.3f} to {max(sizes):.3f}" if sizes else ""
    values = list(curve.values())
    print(f"  {name}: completions to a reward of {reached}, mean of the last three evaluations {sum(values[-3:]) / 3:.3f}{size}")
PYTHON
done
first=$FOLDER/$PART-$1
case $PART in
  staleness)
    bin/spark-lora report "$first"/stale-{0,1,1-uncorrected,4,4-uncorrected} --labels "staleness 0" "1" "1, uncorrected" "4" "4, uncorrected" \
      --title "GRPO on completions of earlier policies" --output_dir "$FOLDER/figure-staleness"
    ;;
  teacher)
    bin/spark-lora report "$first"/{rewarded,taught}{,-small} --labels "rewards" "rewards, 16 a step" "teacher" "teacher, 16 a step" \
      --title "On-policy distillation" --output_dir "$FOLDER/figure-teacher"
    ;;
esac
