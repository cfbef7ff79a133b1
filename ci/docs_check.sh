#!/usr/bin/env bash
# The documents: their site builds and every link leads somewhere (docs/site.sh), a browser draws every diagram, the page of all
# flags is what the declaration gives, commands have the flags that are written there, and every shell block marked with
# <!-- run --> runs.
# Two minutes on an idle machine.
set -euo pipefail
ROOT=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

"$ROOT/docs/site.sh"
if python=$("$ROOT/ci/venv.sh" report) && chromium=$("$ROOT/ci/chromium.sh"); then
  "$python" "$ROOT/ci/docs_diagrams.py" "$ROOT/target/site" "$chromium"
else
  echo "Diagrams are not looked at: there is no browser, see above"
fi
"$ROOT/ci/python_configs.sh" --check
java -cp "$ROOT/spark-job/target/spark-lora.jar:$ROOT/spark-job/target/spark/*" \
  org.sparklora.pipeline.config.FlagsJson >"$WORK/flags.json"
unset SPARK_HOME # as on a fresh machine
cd "$ROOT"
# No page's name has blanks.
# shellcheck disable=SC2046
python3 ci/docs_flags.py "$WORK/flags.json" $(find README.md CONTRIBUTING.md notebooks docs -name '*.md')
mkdir "$WORK/reader"
# shellcheck disable=SC2046
python3 ci/docs_commands.py "$ROOT" "$WORK/reader" $(grep -rl --include='*.md' '^<!-- run -->$' README.md docs | sort)
