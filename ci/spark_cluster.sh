# For the scripts beside it that need executors as processes: defines ROOT, SPARK (which one: see spark_home.sh) and WORK, a
# temporary folder that goes with the script, and what the scripts do with runs and clusters. Sourced first.
ROOT=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
SPARK=$("$ROOT/ci/spark_home.sh")
WORK=$(mktemp -d)
DAEMONS=()
PATIENCE_SECONDS=600 # machines that stand still for minutes are not dead
trap 'stop_daemons; rm -rf "$WORK"' EXIT
export SPARK_LOCAL_IP=127.0.0.1
# Daemons do little and live for a minute: compiling their methods for speed takes a third of their processor time.
DAEMON_OPTIONS=(-XX:TieredStopAtLevel=1 -XX:+UseSerialGC)
export SPARK_DAEMON_JAVA_OPTS=${DAEMON_OPTIONS[*]}
# One kernel thread an executor; the options that ci/all_checks.sh sets for drivers.
EXECUTOR_OPTIONS="-Dlora.threads=1 ${SPARK_SUBMIT_OPTS:-}"
unset SPARK_HOME # embedded runs have none

stop_daemons() {
  kill ${DAEMONS[@]+"${DAEMONS[@]}"} 2>/dev/null || true
  wait
}

await() { # CONDITION…
  local ends=$((SECONDS + PATIENCE_SECONDS))
  until "$@"; do
    if ((SECONDS >= ends)); then
      echo "  not within $PATIENCE_SECONDS s: $*" >&2
      return 1
    fi
    sleep 0.02
  done
}

must_fail() { # COMMAND…: in place of !, whose result bash would not stop a check at
  if "$@"; then
    echo "  did not fail: $*" >&2
    return 1
  fi
}

# ---------------------------------------------------------------------------------------------------------------------
# Runs

# What it prints goes into WORK/NAME.log, and is shown where it fails.
lora() { # NAME COMMAND MORE…
  local name=$1
  shift
  "$ROOT/bin/spark-lora" "$@" >"$WORK/$name.log" 2>&1 || {
    tail -n 40 "$WORK/$name.log"
    return 1
  }
}

# The workers of a local cluster write under SPARK_HOME, their executors' logs and a copy of the jar for each: so it is
# a folder of links. One kernel thread an executor, as there are two: which shows that Spark lets executors have our Java
# properties, too.
on_local_cluster() { # EXECUTORS CORES MEGABYTES NAME COMMAND MORE…
  local executors=$1 cores=$2 megabytes=$3 name=$4 entry
  shift 4
  if [[ ! -d $WORK/spark ]]; then
    mkdir "$WORK/spark"
    for entry in "$SPARK"/*; do
      [[ $entry == */work ]] || ln -s "$entry" "$WORK/spark/"
    done
  fi
  rm -rf "$WORK/spark/work" # of the run before
  SPARK_HOME=$WORK/spark lora "$name" "$@" \
    --master "local-cluster[$executors,$cores,$megabytes]" --executor-memory "${megabytes}m" \
    --conf "spark.executor.extraJavaOptions=$EXECUTOR_OPTIONS"
}

# ---------------------------------------------------------------------------------------------------------------------
# Faults

# Waits until a run has come so far, then kills one of its executors.
kill_an_executor() { # NAME PROGRESS…
  local name=$1 executor
  shift
  await "$@"
  executor=$(pgrep -f -- "java.*-Dcheck.run=$WORK/$name .*CoarseGrainedExecutorBackend" | head -n 1)
  kill -KILL "$executor"
  echo "  killed executor process $executor of $name: $*"
}

# An executor that is lost is said so in the driver's log: else it was killed too late to matter.
lost_one() { # NAME
  grep -q "Lost executor" "$WORK/$1.log" || {
    echo "  no executor of $1 was lost"
    return 1
  }
}

# ---------------------------------------------------------------------------------------------------------------------
# Comparisons

same_run() { # NAME NAME
  python3 "$ROOT/ci/same_run.py" "$WORK/$1" "$WORK/$2"
}

# ---------------------------------------------------------------------------------------------------------------------
# A standalone cluster, master and workers as processes

has_line() { # FILE PATTERN
  grep -q -E "$2" "$1" 2>/dev/null
}

await_line() { # FILE PATTERN: prints the first match
  await has_line "$@" || {
    tail -n 20 "$1" >&2
    return 1
  }
  grep -o -m 1 -E "$2" "$1"
}

start_master() { # sets MASTER
  SPARK_HOME=$SPARK SPARK_DAEMON_MEMORY=256m "$SPARK/bin/spark-class" org.apache.spark.deploy.master.Master \
    --host 127.0.0.1 --port 0 --webui-port 0 >"$WORK/master.log" 2>&1 &
  DAEMONS+=($!)
  MASTER=$(await_line "$WORK/master.log" 'spark://127\.0\.0\.1:[0-9]+')
}

# Two cores and two gigabytes; SPARK_WORKER_OPTS and PATH are the caller's.
start_worker() { # NAME
  mkdir -p "$WORK/$1"
  SPARK_HOME=$SPARK SPARK_DAEMON_MEMORY=256m "$SPARK/bin/spark-class" org.apache.spark.deploy.worker.Worker \
    --host 127.0.0.1 --port 0 --webui-port 0 --cores 2 --memory 2g --work-dir "$WORK/$1/work" "$MASTER" \
    >"$WORK/$1.log" 2>&1 &
  DAEMONS+=($!)
  await_line "$WORK/$1.log" 'Successfully registered with master' >/dev/null
}

# ---------------------------------------------------------------------------------------------------------------------
# HDFS

hdfs_class_path() {
  echo "$ROOT/spark-job/target/test-classes:$(<"$ROOT/spark-job/target/test.classpath")"
}

start_hdfs() { # DATA NODES: sets HDFS, its address
  local main=org.sparklora.spark.cli.HdfsProcess
  coproc HDFS_PROCESS { exec java "${DAEMON_OPTIONS[@]}" -Xmx400m -cp "$(hdfs_class_path)" $main "$WORK/dfs" "$1" 2>"$WORK/dfs.log"; }
  DAEMONS+=("$HDFS_PROCESS_PID")
  # of their own numbers: a subshell, as checks are, has no right to the coprocess's
  exec {HDFS_ANSWERS}<&"${HDFS_PROCESS[0]}" {HDFS_COMMANDS}>&"${HDFS_PROCESS[1]}"
  read -r -t "$PATIENCE_SECONDS" -u "$HDFS_ANSWERS" HDFS || {
    tail -n 20 "$WORK/dfs.log"
    return 1
  }
}

# One of HdfsProcess's commands; prints what it answers. One at a time, also of a script's background jobs.
hdfs() { # COMMAND…
  local answer
  exec {HDFS_LOCK}>"$WORK/dfs.lock"
  flock "$HDFS_LOCK"
  echo "$@" >&"$HDFS_COMMANDS"
  read -r -t "$PATIENCE_SECONDS" -u "$HDFS_ANSWERS" answer
  exec {HDFS_LOCK}>&-
  [[ $answer == ok* ]] || {
    echo "  hdfs $*: $answer" >&2
    return 1
  }
  echo "${answer#ok }"
}

hdfs_has() { # PATH
  [[ $(hdfs exists "$1") == true ]]
}
