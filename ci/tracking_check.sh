#!/usr/bin/env bash
# A run of the quickstart's model that tells Trackio and TensorBoard, is killed, and is resumed: what both show is read back
# with their own packages and must be the rows of metrics.jsonl, each once. About a minute.
set -euo pipefail
ROOT=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
PYTHON=$("$ROOT/ci/venv.sh" tracking)
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
export TRACKIO_DIR=$WORK/trackio
STEPS=60
SAVE_STEPS=20
KILL_AFTER_ROWS=30

mkdir "$WORK/data"
gzip -dc "$ROOT/conf/quickstart/gsm8k_heldout.jsonl.gz" >"$WORK/rows"
head -150 "$WORK/rows" >"$WORK/data/train.jsonl"
tail -20 "$WORK/rows" >"$WORK/data/test.jsonl"

train() { # MORE…
  unset SPARK_HOME
  exec "$ROOT/bin/spark-lora" sft --config "$ROOT/conf/quickstart/sft.yaml" --max_steps $STEPS --logging_steps 1 \
    --per_device_train_batch_size 1 --gradient_accumulation_steps 1 --sync gradients --save_steps $SAVE_STEPS \
    --eval_strategy steps --eval_steps $SAVE_STEPS --report_to trackio tensorboard --project check --run_name resumed \
    --model_name_or_path "$ROOT/conf/quickstart/base" --dataset_name "$WORK/data" --output_dir "$WORK/run" "$@"
}

"$ROOT/bin/spark-lora" --help >/dev/null # builds what is not built yet, in a process that nobody kills
(train) >"$WORK/log" 2>&1 & run=$!
until [[ -f $WORK/run/metrics.jsonl ]] && (($(wc -l <"$WORK/run/metrics.jsonl") >= KILL_AFTER_ROWS)); do
  kill -0 $run 2>/dev/null || { cat "$WORK/log"; exit 1; }
  sleep 0.1
done
kill -KILL $run
wait $run 2>/dev/null || true
echo "killed after $(wc -l <"$WORK/run/metrics.jsonl") rows"
(train --resume_from_checkpoint true) >>"$WORK/log" 2>&1 || { tail -40 "$WORK/log"; exit 1; }

# Another run of the project, known from its log alone, which has logged completions and raised an alert.
mkdir "$WORK/failed"
cat >"$WORK/failed/metrics.jsonl" <<'ROWS'
{"step":1,"loss":2.5,"reward":0.5,"timestamp":"2026-01-01T00:00:00.000+00:00","run_id":"0123456789abcdef0123456789abcdef"}
{"step":2,"loss":null,"reward":0.25,"timestamp":"2026-01-01T00:00:01.000+00:00","run_id":"0123456789abcdef0123456789abcdef","completions":[{"prompt":"3 + 4 =","completion":"7","advantage":0.5}],"alerts":[{"level":"error","title":"Loss is not finite","text":"loss is NaN"}]}
ROWS
"$ROOT/bin/spark-lora" track "$WORK/failed" --report_to all --project check

"$PYTHON" "$ROOT/ci/tracking_check.py" "$WORK/run" "$WORK/failed"
if [[ -n ${TRACKING_CHECK_KEEP:-} ]]; then cp -r "$TRACKIO_DIR" "$WORK/run" "$TRACKING_CHECK_KEEP"; fi
