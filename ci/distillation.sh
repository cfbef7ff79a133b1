#!/usr/bin/env bash
# Makes the two tables of docs/data.md, "What selection gains", on the quickstart's model: SFT on its own correct answers, and GRPO on all
# prompts beside GRPO on those of some pass rate. Three minutes a seed on two idle cores.
#
#   ci/distillation.sh FOLDER [SEED…]     1 2 3 unless told; FOLDER keeps tables, adapters and results.txt
set -euo pipefail
ROOT=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
(($# > 0)) || { echo "usage: ci/distillation.sh FOLDER [SEED…]" >&2 && exit 2; }
mkdir -p "$1"
FOLDER=$(CDPATH='' cd "$1" && pwd -P)
shift
(($# > 0)) || set -- 1 2 3
cd "$ROOT"
BASE=conf/quickstart/base
SUMS=conf/sweeps/arithmetic
DRAWN=(--num_generations 8 --temperature 1.0 --max_completion_length 24)
SFT=(--use_peft --lora_r 16 --lora_target_modules all-linear --learning_rate 2e-3 --num_train_epochs 3 --per_device_train_batch_size 16
  --gradient_checkpointing false --logging_steps 20 --save_strategy no)
GRPO=(--use_peft --lora_r 1 --lora_alpha 32 --lora_target_modules all-linear --learning_rate 1e-3 --lr_scheduler_type constant
  --reward_funcs accuracy_reward --num_generations 8 --per_device_train_batch_size 128 --max_completion_length 24 --max_steps 60
  --gradient_checkpointing false --logging_steps 5 --eval_strategy steps --eval_steps 5 --save_strategy no)

lora() { # COMMAND FLAGS…
  bin/spark-lora "$@" >>"$at/log" 2>&1 || { tail -n 5 "$at/log" >&2 && exit 1; }
}

judged() { # DATASET TO: eight completions of each prompt, with verdicts
  lora prep --task grpo --model_name_or_path "$BASE" --dataset_name "$1" --output_dir "$2/prompts"
  lora generate --model_name_or_path "$BASE" --input "$2/prompts" --output "$2/generations" "${DRAWN[@]}" --seed "$seed"
  lora reward --input "$2/generations" --output_dir "$2/judged" --reward_funcs accuracy_reward
}

evaluated() { # NAME FLAGS…
  lora eval --model_name_or_path "$BASE" "${@:2}" --dataset_name "$SUMS" "${DRAWN[@]}" --reward_funcs accuracy_reward --seed "$seed" \
    --output_dir "$at/$1"
}

for seed; do
  at=$FOLDER/seed-$seed
  rm -rf "$at"
  mkdir -p "$at"/{sums,mixed,hard,solvable}
  judged "$SUMS" "$at/sums"
  lora select --input "$at/sums/judged" --output_dir "$at/distilled" --max_completions_per_prompt 4
  lora sft --model_name_or_path "$BASE" --dataset_name "$at/distilled" "${SFT[@]}" --seed "$seed" --output_dir "$at/adapter"
  evaluated before
  evaluated after --adapter "$at/adapter"

  # As many prompts again that the model never solves: sums of numbers from 30 to 99.
  python3 - "$seed" "$SUMS/train.jsonl" "$at/mixed/train.jsonl" <<'PYTHON'
import json, random, sys
numbers = random.Random(int(sys.argv[1]))
rows = open(sys.argv[2]).read().splitlines()
for _ in list(rows):
    a, b = numbers.randint(30, 99), numbers.randint(30, 99)
    rows.append(json.dumps({"prompt": [{"role": "user", "content": f"What is {a} + {b}?"}], "solution": str(a + b)}))
open(sys.argv[3], "w").write("\n".join(rows) + "\n")
PYTHON
  judged "$at/mixed/train.jsonl" "$at/hard"
  lora select --task grpo --input "$at/hard/judged" --output_dir "$at/hard/selected" --output_format jsonl --min_pass_rate 0.1 --max_pass_rate 0.9
  cat "$at"/hard/selected/part-*.jsonl >"$at/solvable/train.jsonl"
  for prompts in mixed solvable; do
    cp "$SUMS/test.jsonl" "$at/$prompts/"
    lora grpo --model_name_or_path "$BASE" --dataset_name "$at/$prompts" "${GRPO[@]}" --seed "$seed" --output_dir "$at/grpo-$prompts"
  done
  python3 - "$at" "$seed" <<'PYTHON' | tee -a "$FOLDER/results.txt"
import json, sys
at, seed = sys.argv[1:]
read = lambda name: json.load(open(f"{at}/{name}"))
share = lambda name: "{value:.3f} [{low:.3f}, {high:.3f}]".format(**read(f"{name}/_eval_summary.json")["pass@1"])
print(f"seed {seed}: pass@1 {share('before')} -> {share('after')} on {read('distilled/_select_summary.json')['rows']} rows")
for prompts in ("mixed", "solvable"):
    rows = [json.loads(line) for line in open(f"{at}/grpo-{prompts}/metrics.jsonl")]
    curve = {row["step"]: row["eval_reward"] for row in rows if "eval_reward" in row}
    reached = {least: next((step * 128 for step, reward in curve.items() if reward >= least), None) for least in (0.7, 0.8, 0.9)}
    print(f"  grpo on {prompts}: completions to a reward of {reached}, at the end {list(curve.values())[-1]:.3f}, curve {curve}")
PYTHON
done
