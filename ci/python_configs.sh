#!/usr/bin/env bash
# Writes what follows from the one declaration of flags: python/spark_lora/configs.py, the settings of Python's trainers, and
# docs/reference/flags.md, the page of all flags.
#
#   ci/python_configs.sh            writes both
#   ci/python_configs.sh --check    fails where a file is not what the declaration gives
set -euo pipefail
ROOT=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
NAMES=$ROOT/pipeline/src/main/resources/org/sparklora/pipeline/config/other_names.tsv
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

"$ROOT/bin/spark-lora" --help >/dev/null # builds when something has changed
java -cp "$ROOT/spark-job/target/spark-lora.jar:$ROOT/spark-job/target/spark/*" \
  org.sparklora.pipeline.config.FlagsJson >"$WORK/flags.json"

generated() { # SCRIPT FILE
  python3 "$ROOT/$1" "$WORK/flags.json" "$NAMES" >"$WORK/generated"
  if [[ $MODE == --check ]]; then
    diff -u "$ROOT/$2" "$WORK/generated" >"$WORK/diff" || {
      head -n 20 "$WORK/diff"
      echo "$2 is not what flags.tsv gives; run ci/python_configs.sh"
      return 1
    }
  else
    cp "$WORK/generated" "$ROOT/$2"
  fi
}

MODE=${1:-}
generated python/generate_configs.py python/spark_lora/configs.py
generated ci/flags_page.py docs/reference/flags.md
