#!/usr/bin/env bash
# A run of the quickstart's model that tells a real MLflow server, is killed, and is resumed; one whose server is away; one
# that is told later, into a run that somebody else has made, and by a profile of Databricks; and a sweep. What the server has
# is read back with MLflow's own client and must be the rows of metrics.jsonl, each once. About two minutes.
#
#   MLFLOW_CHECK_PAUSE=1   waits before it ends the server, for a look at its pages
set -euo pipefail
ROOT=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
PYTHON=$("$ROOT/ci/venv.sh" mlflow)
WORK=$(mktemp -d)
STEPS=40
SAVE_STEPS=15
KILL_AFTER_ROWS=20
PORT=$("$PYTHON" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
export MLFLOW_EXPERIMENT_NAME=check MLFLOW_TAGS='{"team": "ci"}'
unset MLFLOW_RUN_ID MLFLOW_EXPERIMENT_ID MLFLOW_PARENT_RUN_ID MLFLOW_NESTED_RUN HF_MLFLOW_LOG_ARTIFACTS

cd "$WORK" # where the server leaves what it is not told to put elsewhere
set -m # the server and its workers are one group, to be ended as one
"$(dirname "$PYTHON")/mlflow" server --host 127.0.0.1 --port "$PORT" --workers 1 \
  --backend-store-uri "sqlite:///$WORK/mlflow.db" --artifacts-destination "$WORK/artifacts" >"$WORK/server.log" 2>&1 &
SERVER=$!
set +m
end() {
  if [[ -n ${MLFLOW_CHECK_PAUSE:-} ]]; then read -rp "MLflow runs at http://127.0.0.1:$PORT; Enter ends it "; fi
  kill -- -$SERVER 2>/dev/null || true
  wait $SERVER 2>/dev/null || true
  rm -rf "$WORK"
}
trap end EXIT

mkdir "$WORK/data"
gzip -dc "$ROOT/conf/quickstart/gsm8k_heldout.jsonl.gz" >"$WORK/rows"
head -150 "$WORK/rows" >"$WORK/data/train.jsonl"
tail -20 "$WORK/rows" >"$WORK/data/test.jsonl"

train() { # RUN MORE…
  unset SPARK_HOME
  exec "$ROOT/bin/spark-lora" sft --config "$ROOT/conf/quickstart/sft.yaml" --max_steps $STEPS --logging_steps 1 \
    --per_device_train_batch_size 1 --gradient_accumulation_steps 1 --sync gradients --save_steps $SAVE_STEPS \
    --eval_strategy steps --eval_steps $SAVE_STEPS --report_to mlflow --run_name "$1" \
    --model_name_or_path "$ROOT/conf/quickstart/base" --dataset_name "$WORK/data" --output_dir "$WORK/$1" "${@:2}"
}

"$ROOT/bin/spark-lora" --help >/dev/null # builds what is not built yet, in a process that nobody kills
for _ in $(seq 600); do
  curl -sf "http://127.0.0.1:$PORT/health" >/dev/null && break
  kill -0 $SERVER 2>/dev/null || { cat "$WORK/server.log"; exit 1; }
  sleep 0.1
done
export MLFLOW_TRACKING_URI=http://127.0.0.1:$PORT

(train resumed) >"$WORK/log" 2>&1 & run=$!
until [[ -f $WORK/resumed/metrics.jsonl ]] && (($(wc -l <"$WORK/resumed/metrics.jsonl") >= KILL_AFTER_ROWS)); do
  kill -0 $run 2>/dev/null || { cat "$WORK/log"; exit 1; }
  sleep 0.05
done
kill -KILL $run
wait $run 2>/dev/null || true
echo "killed after $(wc -l <"$WORK/resumed/metrics.jsonl") rows"
killed=$("$PYTHON" "$ROOT/ci/mlflow_check.py" killed resumed "$WORK/resumed")
(train resumed --resume_from_checkpoint true --registered_model_name gsm8k-adapter) >>"$WORK/log" 2>&1 ||
  { tail -40 "$WORK/log"; exit 1; }

# Nobody answers at port 1: the run goes on, and is told of later, twice, into a run that lies below another.
(MLFLOW_TRACKING_URI=http://127.0.0.1:1 train away --max_steps 2 --eval_strategy no) >"$WORK/log" 2>&1 ||
  { tail -40 "$WORK/log"; exit 1; }
[[ $(grep -c 'MLflow cannot be told of this run' "$WORK/log") == [12] ]] || { cat "$WORK/log"; exit 1; }
read -r parent given < <("$PYTHON" "$ROOT/ci/mlflow_check.py" make)
for _ in 1 2; do
  MLFLOW_RUN_ID=$given MLFLOW_PARENT_RUN_ID=$parent "$ROOT/bin/spark-lora" track "$WORK/away" --report_to mlflow
done

# A workspace of Databricks: the same server behind one that asks who is there, as a profile of the user's says it.
"$PYTHON" "$ROOT/ci/mlflow_check.py" workspace "$MLFLOW_TRACKING_URI" dapi0123 >"$WORK/workspace" & workspace=$!
until [[ -s $WORK/workspace ]]; do sleep 0.1; done
printf '[DEFAULT]\nhost = http://127.0.0.1:1\ntoken = other\n[ci]\nhost = http://127.0.0.1:%s/\ntoken = dapi0123\n' \
  "$(cat "$WORK/workspace")" >"$WORK/databrickscfg"
DATABRICKS_CONFIG_FILE=$WORK/databrickscfg MLFLOW_TRACKING_URI=databricks://ci MLFLOW_EXPERIMENT_NAME=/Users/ci/away \
  "$ROOT/bin/spark-lora" track "$WORK/away" --report_to mlflow
kill $workspace

# A sweep of two trials, and the same again, which finds all of it done.
cat >"$WORK/sweep.yaml" <<YAML
finding: none
command: sft
base:
  model_name_or_path: $ROOT/conf/quickstart/base
  dataset_name: $WORK/data
  use_peft: true
  max_steps: 3
  logging_steps: 1
  max_length: 128
axes:
  learning_rate: [1e-4, 1e-3]
metric: {name: train_loss, goal: min}
YAML
for _ in 1 2; do
  "$ROOT/bin/spark-lora" sweep --config "$WORK/sweep.yaml" --output_dir "$WORK/rates" --report_to mlflow >"$WORK/log" 2>&1 ||
    { tail -40 "$WORK/log"; exit 1; }
done

"$PYTHON" "$ROOT/ci/mlflow_check.py" read "$WORK/resumed" "$killed" "$WORK/away" "$parent" "$given" "$WORK/rates"
