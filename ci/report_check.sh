#!/usr/bin/env bash
# The run page in a headless Chromium: a short grpo run of the quickstart's model is looked at while it goes on, curves are
# zoomed, completions filtered, themes changed, all of it by mouse and by keyboard; axe finds nothing, the browser's console
# is silent and nothing is asked for outside of loopback. Then the same of the page as a file. About a minute.
#
#   REPORT_CHECK_KEEP=FOLDER   keeps pictures of the page in both themes there
set -euo pipefail
ROOT=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
PYTHON=$("$ROOT/ci/venv.sh" report)
CHROMIUM=$("$ROOT/ci/chromium.sh")
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
unset SPARK_HOME

# Problems of the kind that the model was made on: it solves some of them.
for a in {1..20}; do
  for b in {1..10}; do
    echo "{\"prompt\": [{\"role\": \"user\", \"content\": \"What is $a + $b?\"}], \"solution\": \"$((a + b))\"}"
  done
done >"$WORK/train.jsonl"
"$ROOT/bin/spark-lora" --help >/dev/null # builds what is not built yet
"$PYTHON" "$ROOT/ci/report_check.py" "$ROOT" "$CHROMIUM" "$WORK" || {
  tail -n 20 "$WORK"/*.log 2>/dev/null
  exit 1
}
