#!/usr/bin/env bash
# Writes what follows from the one declaration of flags: python/spark_lora/configs.py, the settings of Python's trainers, with
# a copy of the table of other names beside it, and docs/reference/flags.md, the page of all flags.
#
#   ci/python_configs.sh            writes them
#   ci/python_configs.sh --check    fails where a file is not what the declaration gives
set -euo pipefail
ROOT=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
NAMES=$ROOT/pipeline/src/main/resources/org/sparklora/pipeline/config/other_names.tsv
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

"$ROOT/bin/spark-lora" --help >/dev/null # builds when something has changed
java -cp "$ROOT/spark-job/target/spark-lora.jar:$ROOT/spark-job/target/spark/*" \
  org.sparklora.pipeline.config.FlagsJson >"$WORK/flags.json"

generated() { # FILE COMMAND…
  "${@:2}" >"$WORK/generated"
  if [[ $MODE == --check ]]; then
    diff -u "$ROOT/$1" "$WORK/generated" >"$WORK/diff" || {
      head -n 20 "$WORK/diff"
      echo "$1 is not what the declaration of flags gives; run ci/python_configs.sh"
      return 1
    }
  else
    cp "$WORK/generated" "$ROOT/$1"
  fi
}

MODE=${1:-}
generated python/spark_lora/configs.py python3 "$ROOT/python/generate_configs.py" "$WORK/flags.json"
generated python/spark_lora/other_names.tsv cat "$NAMES"
generated docs/reference/flags.md python3 "$ROOT/ci/flags_page.py" "$WORK/flags.json" "$NAMES"
