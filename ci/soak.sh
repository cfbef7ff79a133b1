#!/usr/bin/env bash
# Trains and generates again and again while, at random, executors and drivers are killed, data nodes of an HDFS go away, the
# disk fills, two runs aim at one folder and Airflow tries again. Whatever happened, weights, tables and logs are the
# undisturbed run's to the last bit, with nothing half-written left. At the end a table of what happened; at the first
# difference it stops, says which, and keeps all folders. Not a part of .ci/run, but of .ci/run --nightly.
#
#   ci/soak.sh [MINUTES] [SEED] [RECIPE]   20 minutes unless told; the seed decides what is planned, not its exact moments; a recipe's
#                                          name (ci/soak/recipes.py) for that one alone
#
# A standalone cluster of two workers, an HDFS of three data nodes and the driver take 5 GB. The disk that fills is a file
# system in memory where one may be mounted. Which Spark is used: see ci/spark_home.sh.
set -euo pipefail
# shellcheck source=ci/spark_cluster.sh
. "$(dirname "${BASH_SOURCE[0]}")/spark_cluster.sh"
trap 'stop_daemons; umount "$WORK/small" 2>/dev/null || true; rm -rf "$WORK"' EXIT
MINUTES=${1:-20}
SEED=${2:-$((RANDOM * 32768 + RANDOM))}
RECIPE=${3:-}

"$ROOT/bin/spark-lora" --help >/dev/null # builds where that is due
AIRFLOW=$("$ROOT/ci/venv.sh" airflow) || AIRFLOW=
PYTHON=$("$ROOT/ci/venv.sh" notebooks) # with pyarrow
export SPARK_HOME=$SPARK
start_master
start_worker one
start_worker two
echo "soak of $MINUTES minutes with seed $SEED in $WORK, on $MASTER"
status=0
"$PYTHON" "$ROOT/ci/soak" "$ROOT" "$WORK" "$MASTER" "$(hdfs_class_path)" "$AIRFLOW" "$MINUTES" "$SEED" "$RECIPE" || status=$?
((status == 0)) || trap stop_daemons EXIT # all is kept
exit "$status"
