#!/usr/bin/env bash
# python/ under the real PySpark 3.5: the wheel installs; the guide's two Python snippets, imports replaced and nothing
# else, run by the hub's names against the loopback hub, embedded and on a standalone cluster of two workers, and push;
# PEFT loads what they pushed;
# rewards in Python give what the built-in ones give; bad ones are told. A few minutes.
#
#   SPARK_LORA_PYTHON=.../bin/python   a Python with PEFT; unset: one with ci/peft-requirements.txt is made, once
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/spark_cluster.sh"
source "$ROOT/ci/loopback_hub.sh"
trap 'stop_loopback_hub; stop_daemons; rm -rf "$WORK"' EXIT
PYTHON=$("$ROOT/ci/venv.sh" python)
BASE=$ROOT/conf/quickstart/base

"$ROOT/ci/python_configs.sh" --check

# ---------------------------------------------------------------------------------------------------------------------
# The wheel, and the Spark that it runs on

"$PYTHON" -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation --target "$WORK/site" "$ROOT/python"
rm -rf "$ROOT/python/build" "$ROOT"/python/*.egg-info # setuptools leaves them
# pyspark of that very Spark: a distribution has it in its folder, the package of PyPI is it.
if [[ -f $SPARK/python/pyspark/sql/__init__.py ]]; then
  PYSPARK_PATH=$SPARK/python:$(echo "$SPARK"/python/lib/py4j-*.zip)
else
  PYSPARK_PATH=${SPARK%/pyspark}
fi
export PYTHONPATH=$WORK/site:$PYSPARK_PATH:$ROOT/ci/guide_python SPARK_HOME=$SPARK PYSPARK_PYTHON=$PYTHON
echo "ok      the wheel is installed and finds $("$PYTHON" -m spark_lora)"

# ---------------------------------------------------------------------------------------------------------------------
# The hub: tiny models and a few rows under the guide's names

stand_in() { # NAME MODEL
  local folder=$WORK/hub/models/$1
  mkdir -p "$folder"
  cp "$ROOT/model/src/test/resources/golden/models/$2"/* "$ROOT/text/src/test/resources/text/templates/tiny"/* "$folder"
  gunzip -c "$ROOT/text/src/test/resources/text/tokenizers/tiny.json.gz" >"$folder/tokenizer.json"
}
stand_in Qwen/Qwen2.5-3B-Instruct qwen2-tiny
stand_in Qwen/Qwen3-0.6B qwen3-tiny
"$PYTHON" "$ROOT/ci/guide_stand_ins.py" "$ROOT/conf/quickstart/gsm8k_heldout.jsonl.gz" "$WORK/hub/datasets" 8
TOKEN=hf_LoopbackSecret0123456789
start_loopback_hub --root "$WORK/hub" --token "$TOKEN=ada"
export HF_ENDPOINT=$LOOPBACK_ENDPOINT HF_HOME=$WORK/home HF_TOKEN=$TOKEN TRACKIO_DIR=$WORK/trackio
export HF_HUB_DISABLE_XET=1 HF_HUB_DISABLE_TELEMETRY=1

python() { # NAME SCRIPT…: in a folder of its own
  local name=$1
  shift
  mkdir -p "$WORK/$name"
  (cd "$WORK/$name" && "$PYTHON" "$@") >"$WORK/$name.log" 2>&1 || {
    grep -v '^	at ' "$WORK/$name.log" | tail -n 30
    echo "failed  $name"
    return 1
  }
  grep -oE 'ok {6}[^ ].*' "$WORK/$name.log" || true # wherever a progress bar has left the line
}

# ---------------------------------------------------------------------------------------------------------------------

python settings "$ROOT/ci/python_settings.py" "$ROOT"
python snippets "$ROOT/ci/python_snippets.py" embedded
python checks "$ROOT/ci/python_check.py" "$BASE"
python data "$ROOT/ci/python_data.py" "$BASE"

start_master
start_worker one
start_worker two
PYSPARK_SUBMIT_ARGS="--master $MASTER --conf spark.executor.memory=1g --conf spark.driver.memory=1g pyspark-shell" \
  python cluster "$ROOT/ci/python_snippets.py" cluster
(($(ls -d "$WORK"/{one,two}/work/app-* | wc -l) == 2)) || { echo "failed  not both workers had executors"; exit 1; }

if PEFT=${SPARK_LORA_PYTHON:-$("$ROOT/ci/venv.sh" peft)}; then
  env -u PYTHONPATH "$PEFT" "$ROOT/ci/python_peft.py" 2>"$WORK/peft.log" || { tail -5 "$WORK/peft.log"; exit 1; }
else
  echo "skipped PEFT loads what was pushed: its packages cannot be installed, see above"
fi
if grep -l -a -F "$TOKEN" -r "$WORK" --exclude-dir=site; then
  echo "failed  the token is in the files above"
  exit 1
fi
