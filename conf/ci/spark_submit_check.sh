#!/usr/bin/env bash
# Real spark-submit, executors as JVMs of their own: prepares and trains on the quickstart's model under
# local-cluster[2,1,2048] with both kinds of --sync, and again while an executor is killed: that adapter must equal the
# undisturbed run's to the last bit, and both must equal that of one JVM up to rounding (its kernels share the cores
# otherwise). Not a part of .ci/run: pyspark is a download of 300 megabytes.
#
#   conf/ci/spark_submit_check.sh                    installs pyspark into a virtual environment under a temporary folder
#   SPARK_HOME=/opt/spark conf/ci/spark_submit_check.sh   uses a Spark 3.5 (Scala 2.12) that is there already
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
STEPS=20
KILL_AFTER_ROWS=6

if [[ -z ${SPARK_HOME:-} ]]; then
  python3 -m venv "$WORK/venv"
  "$WORK/venv/bin/pip" install -q pyspark==3.5.9
  SPARK_HOME=$(echo "$WORK"/venv/lib/python3*/site-packages/pyspark)
fi
# Each worker of a local cluster runs from a folder under SPARK_WORKER_DIR.
export SPARK_LOCAL_IP=127.0.0.1 SPARK_WORKER_DIR=$WORK/workers

train() { # NAME SYNC MORE…
  local name=$1 sync=$2
  shift 2
  "$ROOT/bin/spark-lora" sft --config "$ROOT/conf/quickstart/sft.yaml" --max_steps $STEPS --logging_steps 1 --sync "$sync" \
    --num_workers 2 --model_name_or_path "$ROOT/conf/quickstart/base" \
    --dataset_name "$ROOT/conf/quickstart/gsm8k_heldout.jsonl.gz" --output_dir "$WORK/$name" "$@" >"$WORK/$name.log" 2>&1 \
    || { tail -40 "$WORK/$name.log"; return 1; }
}

on_cluster() { # NAME SYNC
  SPARK_HOME=$SPARK_HOME train "$1" "$2" --master 'local-cluster[2,1,2048]' --executor-memory 2g \
    --conf "spark.executor.extraJavaOptions=-Dcheck.run=$WORK/$1"
}

kill_an_executor() { # NAME
  local log=$WORK/$1/metrics.jsonl executor
  until [[ -f $log ]] && (($(wc -l <"$log") >= KILL_AFTER_ROWS)); do sleep 0.2; done
  executor=$(pgrep -f -- "java.*-Dcheck.run=$WORK/$1 .*CoarseGrainedExecutorBackend" | head -1)
  kill -KILL "$executor"
  echo "  killed executor process $executor after $(wc -l <"$log") steps"
}

same() { # NAME NAME
  cmp "$WORK/$1/adapter_model.safetensors" "$WORK/$2/adapter_model.safetensors"
  echo "  $1 = $2"
}

same_but_for_rounding() { # NAME NAME
  python3 - "$WORK/$1/adapter_model.safetensors" "$WORK/$2/adapter_model.safetensors" <<'PYTHON'
import array, struct, sys

def numbers(path):
    data = open(path, "rb").read()
    header = struct.unpack("<Q", data[:8])[0]
    return array.array("f", data[8 + header:])

first, second = map(numbers, sys.argv[1:])
distance = sum((a - b) ** 2 for a, b in zip(first, second)) ** 0.5 / sum(a * a for a in first) ** 0.5
print(f"  {distance:.1e} of the adapter's norm between one JVM and two executors")
sys.exit(distance > 1e-5 or len(first) != len(second))
PYTHON
}

for sync in parameters gradients; do
  echo "--sync $sync"
  (unset SPARK_HOME && train "$sync-one-jvm" "$sync" --master 'local[2]')
  on_cluster "$sync-cluster" "$sync"
  same_but_for_rounding "$sync-one-jvm" "$sync-cluster"
  kill_an_executor "$sync-killed" & killer=$!
  on_cluster "$sync-killed" "$sync"
  wait $killer
  same "$sync-cluster" "$sync-killed"
done
echo "all adapters are as they should be"
