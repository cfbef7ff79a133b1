#!/usr/bin/env bash
# The image for processors, built on a base made on the spot (docker/try.sh), trains with the quickstart's recipe for three steps: its
# entry point, user, Python package and Spark. Wants root, debootstrap and buildah, Debian's and Python's package indexes; where one of
# them is not to be had, it is skipped. The base is made once, outside the clone. A part of .ci/run --nightly.
#
#   ci/image_check.sh [RESULTS]   RESULTS gets "passed", "failed" or "skipped image_check"
set -euo pipefail
RESULTS=${1:-/dev/null}
ROOT=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
QUICKSTART=/opt/spark-lora/conf/quickstart
CANNOT=3 # try.sh's exit status

status=0
WORK=${SPARK_LORA_CI_CACHE:-${HOME:-/tmp}/.cache/spark-lora-ci}/image "$ROOT/docker/try.sh" cpu \
  sft --config "$QUICKSTART/sft.yaml" --model_name_or_path "$QUICKSTART/base" --dataset_name "$QUICKSTART/gsm8k_heldout.jsonl.gz" \
  --max_steps 3 --output_dir /tmp/adapter || status=$?
case $status in
  0) echo "passed image_check" >>"$RESULTS" ;;
  "$CANNOT")
    echo "The check image_check is skipped, see above"
    echo "skipped image_check" >>"$RESULTS"
    ;;
  *)
    echo "failed image_check" >>"$RESULTS"
    exit 1
    ;;
esac
