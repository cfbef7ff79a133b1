#!/usr/bin/env bash
# Drives the loopback hub of the tests with the official huggingface_hub client, which proves that it behaves as the real
# one, and lets that client and ours download, resume and push the same repositories; each must find the other's cache
# whole. Half a minute.
set -euo pipefail
ROOT=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
PYTHON=$("$ROOT/ci/venv.sh" hub)
WORK=$(mktemp -d)
source "$ROOT/ci/loopback_hub.sh"
trap 'stop_loopback_hub; rm -rf "$WORK"' EXIT

TOKEN=hf_LoopbackSecret0123456789
start_loopback_hub --token "$TOKEN=ada" --page_size 4 --part_bytes 4000000
export HF_ENDPOINT=$LOOPBACK_ENDPOINT HF_TOKEN=$TOKEN HF_HOME=$WORK/home
# the loopback hub has no Xet storage, as mirrors have none
export HF_HUB_DISABLE_XET=1 HF_HUB_DISABLE_PROGRESS_BARS=1 HF_HUB_DISABLE_TELEMETRY=1 HF_HUB_DISABLE_UPDATE_CHECK=1
export HUB_CLIENT="java -cp $LOOPBACK_CLASS_PATH org.sparklora.hub.loopback.HubClientMain"

"$PYTHON" "$ROOT/ci/hub_check.py" "$WORK" 2>&1 | tee "$WORK/check.log"
if grep -q "$TOKEN" "$WORK/check.log" "$WORK/hub.log"; then
  echo "the token is in a log"
  exit 1
fi
