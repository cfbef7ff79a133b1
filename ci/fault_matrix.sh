#!/usr/bin/env bash
# Every command that works on executors, on a standalone cluster of three workers of 1, 1 and 2 cores, with each thing that may
# happen to it or be set for it: an executor is killed, stopped for half a minute, its disk fills, one comes late, the driver is killed;
# dynamic allocation, speculation, Kryo, authentication with encryption. Each result must be the undisturbed run's to the last
# bit, or, on a full disk, the command may end with one line that says why. Prints the table that docs/cluster.md has. A part of
# .ci/run --nightly.
#
#   ci/fault_matrix.sh [COMMANDS] [FAULTS]   all unless told; such as "grpo,eval" "executor killed,late"; faults by how their names begin
#
# Master, workers, executors and driver take 5 GB. Which Spark is used: see ci/spark_home.sh.
set -euo pipefail
# shellcheck source=ci/spark_cluster.sh
. "$(dirname "${BASH_SOURCE[0]}")/spark_cluster.sh"
trap 'umount "$WORK"/*/small 2>/dev/null || true; rm -rf "$WORK"' EXIT

"$ROOT/bin/spark-lora" --help >/dev/null # builds where that is due
PYTHON=$("$ROOT/ci/venv.sh" notebooks) # with pyarrow
export SPARK_HOME=$SPARK SPARK_DAEMON_MEMORY=256m
status=0
"$PYTHON" "$ROOT/ci/fault_matrix" "$ROOT" "$WORK" "${1:-}" "${2:-}" || status=$?
((status == 0)) || trap - EXIT # all is kept
exit "$status"
