#!/usr/bin/env bash
# Trains an adapter on the quickstart's model, with other ranks and alphas in some layers, loads it with transformers and PEFT, and compares
# their log-probabilities with `score`'s and with those of the merged checkpoint.
#
#   SPARK_LORA_PYTHON=.../bin/python   a Python with PEFT; unset: one with ci/peft-requirements.txt is made, once
set -euo pipefail
ROOT=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

SPARK_LORA_PYTHON=${SPARK_LORA_PYTHON:-$("$ROOT/ci/venv.sh" peft)}

BASE=$ROOT/conf/quickstart/base
"$ROOT/bin/spark-lora" sft --config "$ROOT/conf/quickstart/sft.yaml" --max_steps 4 \
  --lora_rank_pattern '{"v_proj": 4}' --lora_alpha_pattern '{"q_proj": 64, "layers.0.mlp.up_proj": 8}' \
  --model_name_or_path "$BASE" --dataset_name "$ROOT/conf/quickstart/gsm8k_heldout.jsonl.gz" --output_dir "$WORK/adapter"
"$ROOT/bin/spark-lora" merge --model_name_or_path "$BASE" --adapter "$WORK/adapter" --output_dir "$WORK/merged"

cat >"$WORK/rows.jsonl" <<'ROWS'
{"text": "Tom has 12 apples and buys 7 more. How many apples does Tom have now?"}
{"messages": [{"role": "user", "content": "What is 31 - 14?"}, {"role": "assistant", "content": "31 - 14 = 17\n#### 17"}]}
ROWS
"$ROOT/bin/spark-lora" tokenize --model_name_or_path "$BASE" --input "$WORK/rows.jsonl" --output "$WORK/tokens.jsonl"
"$ROOT/bin/spark-lora" score --model_name_or_path "$BASE" --adapter "$WORK/adapter" \
  --input "$WORK/tokens.jsonl" --output "$WORK/scores.jsonl"

"$SPARK_LORA_PYTHON" "$ROOT/ci/peft_check.py" "$BASE" "$WORK/adapter" "$WORK/merged" "$WORK/scores.jsonl"
