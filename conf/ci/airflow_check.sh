#!/usr/bin/env bash
# The DAGs of conf/airflow in a real Airflow: they parse, hold what they should, and `reproducibility` runs through a real
# spark-submit on the quickstart's model: to green against a baseline of the same recipe in one JVM, and to red after the
# baseline is changed. About two minutes.
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
PYTHON=$("$ROOT/conf/ci/venv.sh" airflow)
SPARK_HOME=$("$ROOT/conf/ci/spark_home.sh")
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
TOKEN=hf_secret_of_the_airflow_check

record() {
  unset SPARK_HOME
  "$ROOT/bin/spark-lora" sft --config "$ROOT/conf/airflow/reproducibility.yaml" --seed 1 --output_dir "$WORK/recorded" \
    --model_name_or_path "$ROOT/conf/quickstart/base" --dataset_name "$ROOT/conf/quickstart/gsm8k_heldout.jsonl.gz"
  "$ROOT/bin/spark-lora" verify-run "$WORK/recorded" --baseline "$WORK/baseline.json" --write_baseline
}
(record) >"$WORK/log" 2>&1 || { tail -40 "$WORK/log"; exit 1; }

export SPARK_HOME PATH="$SPARK_HOME/bin:$PATH" SPARK_LOCAL_IP=127.0.0.1
export AIRFLOW_HOME=$WORK/airflow AIRFLOW__CORE__LOAD_EXAMPLES=False AIRFLOW__CORE__DAGS_FOLDER=$ROOT/conf/airflow
export AIRFLOW__LOGGING__LOGGING_LEVEL=WARNING PYTHONPATH=$ROOT/conf/airflow PYTHONDONTWRITEBYTECODE=1
export AIRFLOW_CONN_SPARK_DEFAULT='{"conn_type": "spark", "host": "local[2]"}'
export AIRFLOW_CONN_HUGGINGFACE="{\"conn_type\": \"generic\", \"password\": \"$TOKEN\"}"

"$PYTHON" -m airflow db migrate >"$WORK/log" 2>&1 || { cat "$WORK/log"; exit 1; }
"$PYTHON" "$ROOT/conf/ci/airflow_check.py" "$ROOT" "$WORK" 2>&1 | tee "$WORK/log"
if grep -rqF "$TOKEN" "$WORK"; then
  echo "FAILED: the hub's token is in $(grep -rlF "$TOKEN" "$WORK" | tr '\n' ' ')"
  exit 1
fi
