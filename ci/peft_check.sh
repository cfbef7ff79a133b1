#!/usr/bin/env bash
# Trains an adapter on the quickstart's model, loads it with transformers and PEFT, and compares their log-probabilities
# with `score`'s and with those of the merged checkpoint. Not a part of .ci/run: torch alone is a download of several gigabytes.
#
#   ci/peft_check.sh                         makes a virtual environment under a temporary folder
#   SPARK_LORA_PYTHON=.../bin/python ci/peft_check.sh   uses one that holds ci/requirements.txt already
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

if [[ -z ${SPARK_LORA_PYTHON:-} ]]; then
  python3 -m venv "$WORK/venv"
  "$WORK/venv/bin/pip" install -q -r "$ROOT/ci/requirements.txt"
  SPARK_LORA_PYTHON=$WORK/venv/bin/python
fi

BASE=$ROOT/conf/quickstart/base
"$ROOT/bin/spark-lora" sft --config "$ROOT/conf/quickstart/sft.yaml" --max_steps 4 \
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
