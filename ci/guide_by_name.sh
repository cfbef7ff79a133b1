#!/usr/bin/env bash
# The guide's two SFT and two GRPO commands, models and datasets by their names of the hub, against the loopback hub: it
# holds tiny stand-ins under those names. Ends in adapters on that hub which huggingface_hub downloads and PEFT loads, and
# in a search for the token in everything that the runs left. Not a part of
# .ci/run, which has the guide's Python. A minute or two.
#
#   SPARK_LORA_PYTHON=.../bin/python   a Python with PEFT; unset: one with ci/peft-requirements.txt is made, once
set -euo pipefail
ROOT=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
WORK=$(mktemp -d)
source "$ROOT/ci/loopback_hub.sh"
trap 'stop_loopback_hub; rm -rf "$WORK"' EXIT

SPARK_LORA_PYTHON=${SPARK_LORA_PYTHON:-$("$ROOT/ci/venv.sh" peft)}

# ---------------------------------------------------------------------------------------------------------------------
# The hub: models of the tests, GSM8K's rows in the guide's datasets

MODELS=$ROOT/model/src/test/resources/golden/models
TEXT=$ROOT/text/src/test/resources/text
stand_in() { # NAME MODEL
  local folder=$WORK/hub/models/$1
  mkdir -p "$folder"
  cp "$MODELS/$2"/* "$TEXT/templates/tiny"/* "$folder"
  gunzip -c "$TEXT/tokenizers/tiny.json.gz" >"$folder/tokenizer.json"
}
stand_in Qwen/Qwen2.5-3B-Instruct qwen2-tiny
stand_in Qwen/Qwen3-0.6B qwen3-tiny
"$SPARK_LORA_PYTHON" "$ROOT/ci/guide_stand_ins.py" "$ROOT/conf/quickstart/gsm8k_heldout.jsonl.gz" "$WORK/hub/datasets"

TOKEN=hf_LoopbackSecret0123456789
start_loopback_hub --root "$WORK/hub" --token "$TOKEN=ada"
export HF_ENDPOINT=$LOOPBACK_ENDPOINT HF_HOME=$WORK/home HF_HUB_DISABLE_XET=1 HF_HUB_DISABLE_TELEMETRY=1
mkdir -p "$WORK/runs" "$WORK/events" "$HF_HOME"

# ---------------------------------------------------------------------------------------------------------------------
# The commands, word for word from `--model_name_or_path` on

SFT_ON_JOBS="--model_name_or_path Qwen/Qwen2.5-3B-Instruct --dataset_name open-thoughts/OpenThoughts-114k
  --learning_rate 2.0e-5 --num_train_epochs 1 --packing --per_device_train_batch_size 2 --gradient_accumulation_steps 16
  --use_peft --lora_r 256 --lora_alpha 16 --lora_target_modules all-linear --output_dir Qwen2.5-3B-OpenThoughts-LoRA
  --report_to trackio --push_to_hub"
SFT_LOCAL="--model_name_or_path Qwen/Qwen2.5-3B-Instruct --dataset_name open-thoughts/OpenThoughts-114k
  --learning_rate 2.0e-5 --num_train_epochs 1 --packing --per_device_train_batch_size 2 --gradient_accumulation_steps 16
  --gradient_checkpointing --eval_strategy no --use_peft --lora_r 256 --lora_alpha 16
  --lora_target_modules all-linear --output_dir Qwen2.5-3B-OpenThoughts-LoRA --report_to trackio --push_to_hub"
GRPO="--model_name_or_path Qwen/Qwen3-0.6B --dataset_name HuggingFaceH4/OpenR1-Math-220k-default-verified
  --output_dir grpo-full-qwen3-0.6b --learning_rate 1.0e-6 --lr_scheduler_type cosine --warmup_ratio 0.0
  --max_grad_norm 1.0 --beta 0.0 --max_prompt_length 1024 --max_completion_length 4096 --num_generations 16
  --generation_batch_size 16 --gradient_accumulation_steps 8 --per_device_train_batch_size 1 --num_train_epochs 1
  --lora_r 1 --lora_alpha 32 --lora_dropout 0.0 --lora_target_modules all-linear --vllm_mode colocate
  --save_strategy steps --save_steps 50 --save_total_limit 1 --logging_steps 1 --max_steps 200 --report_to trackio"
# the guide's 200 steps of 16 completions of 4096 tokens are for an A100; the last of equal flags wins
SHORTER="--max_steps 4 --max_completion_length 32 --save_steps 2"
# the stand-in's rows make a single step, of which the guide's ten steps a log row would draw no curve
LOGGED="--logging_steps 1"

run() { # NAME COMMAND FLAGS
  local name=$1
  shift
  mkdir -p "$WORK/runs/$name"
  (cd "$WORK/runs/$name" && "$ROOT/bin/spark-lora" "$@") >"$WORK/runs/$name.log" 2>&1 \
    || { tail -20 "$WORK/runs/$name.log"; echo "failed  $name"; return 1; }
  echo "ok      $name: $(tail -n 1 "$WORK/runs/$name.log")"
}

prompts() { # ROWS DATASET FLAGS: a prompts table of a configuration and split has so many rows
  local name
  name=prompts-$1-$(basename "$2")
  run "$name" prep --task grpo --model_name_or_path Qwen/Qwen3-0.6B --dataset_name "$2" "${@:3}" --output_dir table
  grep -q "\"rows_in\" *: *$1\b" "$WORK/runs/$name/table/_prompts_manifest.json" \
    || { grep rows_in "$WORK/runs/$name/table/_prompts_manifest.json"; echo "failed  $name: not $1 rows"; return 1; }
}

# Word splitting of the commands is wanted. The token comes by each of its ways.
# shellcheck disable=SC2086
{
  HF_TOKEN=$TOKEN run sft-on-jobs sft $SFT_ON_JOBS $LOGGED
  run sft-local sft $SFT_LOCAL $LOGGED --hub_token "$TOKEN" \
    --conf spark.eventLog.enabled=true --conf "spark.eventLog.dir=file:$WORK/events"
  printf '%s\n' "$TOKEN" >"$HF_HOME/token"
  run grpo-on-jobs grpo $GRPO $SHORTER
  run grpo-local grpo $GRPO $SHORTER --use_peft --push_to_hub --hub_model_id grpo-lora-qwen3-0.6b
  prompts 40 open-r1/OpenR1-Math-220k
  prompts 24 open-r1/OpenR1-Math-220k --dataset_config extended
  prompts 14 openai/gsm8k --dataset_config main --dataset_train_split test
  run score score --model_name_or_path Qwen/Qwen2.5-3B-Instruct --adapter ada/Qwen2.5-3B-OpenThoughts-LoRA \
    --input "$ROOT/spark-job/src/test/resources/sft/linear_w0/dataset.jsonl" --output "$WORK/scores.jsonl"
}

"$SPARK_LORA_PYTHON" "$ROOT/ci/guide_by_name.py" "$WORK/scores.jsonl" 2>"$WORK/python.log" \
  || { tail -5 "$WORK/python.log"; exit 1; }

# ---------------------------------------------------------------------------------------------------------------------
# Logs, manifests, tables, results, trackers' files, Spark's event log, the cache, the hub's own log

rm "$HF_HOME/token"
files=$(find "$WORK" -type f -not -path "$WORK/venv/*" | wc -l)
if grep -r --exclude-dir=venv -l -a -F "$TOKEN" "$WORK"; then
  echo "failed  the token is in the files above"
  exit 1
fi
[[ -n $(ls "$WORK/events") ]] || { echo "failed  there is no event log to search"; exit 1; }
echo "ok      the token is in none of $files files"
