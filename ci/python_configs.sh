#!/usr/bin/env bash
# Writes python/spark_lora/configs.py, the settings of Python's trainers, from the one declaration of flags.
#
#   ci/python_configs.sh            writes it
#   ci/python_configs.sh --check    fails where the file is not what the declaration gives
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
FILE=$ROOT/python/spark_lora/configs.py
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

"$ROOT/bin/spark-lora" --help >/dev/null # builds when something has changed
java -cp "$ROOT/spark-job/target/spark-lora.jar:$(<"$ROOT/spark-job/target/embedded.classpath")" \
  org.sparklora.pipeline.config.FlagsJson >"$WORK/flags.json"
python3 "$ROOT/python/generate_configs.py" "$WORK/flags.json" \
  "$ROOT/pipeline/src/main/resources/org/sparklora/pipeline/config/other_names.tsv" >"$WORK/configs.py"
if [[ ${1:-} == --check ]]; then
  diff -u "$FILE" "$WORK/configs.py" >"$WORK/diff" || {
    head -n 20 "$WORK/diff"
    echo "python/spark_lora/configs.py is not what flags.tsv gives; run ci/python_configs.sh"
    exit 1
  }
else
  cp "$WORK/configs.py" "$FILE"
fi
