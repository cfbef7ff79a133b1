#!/usr/bin/env bash
# Recomputes a run of three workers with an outer optimizer from runs of a single worker each: numpy takes the outer steps (DiLoCo's, with
# torch's Nesterov momentum), spark-lora only the steps of each worker by itself. A part of .ci/run.
#
#   ci/averaging_check.sh
#   SPARK_LORA_PYTHON=.../bin/python   a Python with numpy and safetensors; unset: one with ci/peft-requirements.txt is made, once
set -euo pipefail
ROOT=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

SPARK_LORA_PYTHON=${SPARK_LORA_PYTHON:-$("$ROOT/ci/venv.sh" peft)}
"$SPARK_LORA_PYTHON" "$ROOT/ci/averaging_check.py" "$ROOT" "$WORK"
