#!/usr/bin/env bash
# Compares curate with datasketch's MinHashLSH on documents with planted near duplicates: F1 and time, in one run. A part of .ci/run.
#
#   ci/curate_check.sh [DOCUMENTS [text-dedup]]     20000 unless told; also beside text-dedup, with its defaults and at its fastest
#   SPARK_LORA_PYTHON=.../bin/python   a Python with datasketch and pyarrow; unset: one with ci/curate-requirements.txt is made, once
set -euo pipefail
ROOT=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

SPARK_LORA_PYTHON=${SPARK_LORA_PYTHON:-$("$ROOT/ci/venv.sh" curate)}
TEXT_DEDUP=
[[ -z ${2:-} ]] || TEXT_DEDUP=$("$ROOT/ci/venv.sh" text_dedup)
"$SPARK_LORA_PYTHON" "$ROOT/ci/curate_check.py" "$ROOT" "$WORK" "${1:-20000}" ${TEXT_DEDUP:+"$TEXT_DEDUP"}
