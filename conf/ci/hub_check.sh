#!/usr/bin/env bash
# Drives the loopback hub of the tests with the official huggingface_hub client, which proves that it behaves as the real
# one, and lets that client and ours download, resume and push the same repositories; each must find the other's cache
# whole. Takes half a minute.
#
#   conf/ci/hub_check.sh                         makes a virtual environment under a temporary folder
#   SPARK_LORA_PYTHON=.../bin/python conf/ci/hub_check.sh   uses one that holds conf/ci/hub_requirements.txt already
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
WORK=$(mktemp -d)
source "$ROOT/conf/ci/loopback_hub.sh"
trap 'stop_loopback_hub; rm -rf "$WORK"' EXIT

if [[ -z ${SPARK_LORA_PYTHON:-} ]]; then
  python3 -m venv "$WORK/venv"
  "$WORK/venv/bin/pip" install -q -r "$ROOT/conf/ci/hub_requirements.txt"
  SPARK_LORA_PYTHON=$WORK/venv/bin/python
fi

TOKEN=hf_LoopbackSecret0123456789
start_loopback_hub --token "$TOKEN=ada" --page_size 4 --part_bytes 4000000
export HF_ENDPOINT=$LOOPBACK_ENDPOINT HF_TOKEN=$TOKEN HF_HOME=$WORK/home
# the loopback hub has no Xet storage, as mirrors have none
export HF_HUB_DISABLE_XET=1 HF_HUB_DISABLE_PROGRESS_BARS=1 HF_HUB_DISABLE_TELEMETRY=1 HF_HUB_DISABLE_UPDATE_CHECK=1
export HUB_CLIENT="java -cp $LOOPBACK_CLASS_PATH org.sparklora.pipeline.hub.loopback.HubClientMain"

"$SPARK_LORA_PYTHON" "$ROOT/conf/ci/hub_check.py" "$WORK" 2>&1 | tee "$WORK/check.log"
if grep -q "$TOKEN" "$WORK/check.log" "$WORK/hub.log"; then
  echo "the token is in a log"
  exit 1
fi
