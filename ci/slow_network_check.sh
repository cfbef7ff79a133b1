#!/usr/bin/env bash
# How much a slow network costs `sft` with an outer optimizer. Master and driver, and two workers of a standalone cluster with one executor
# of one thread each, are in network namespaces that a bridge joins; each link is limited in both directions (tc's token bucket filter).
# One worker and two train on an unlimited network, at 1 Gb/s and at 100 Mb/s; at 1 Gb/s also two with `--sync gradients`, for a few steps,
# two of which one has half the speed (a CPU quota of its control group), and two of which one is stopped for a minute, both with
# `--deal_by_speed`. Prints a table: tokens a second, the time that averaging takes, and bytes a token, by Spark's REST API and on the
# links. Not a part of .ci/run, but of .ci/run --nightly.
#
#   ci/slow_network_check.sh [RESULTS] [ROUNDS] [STEPS]   RESULTS gets a line "passed NAME" or "failed NAME" for each check, or
#                                                        "skipped slow_network_check"; 4 measured rounds of 30 steps unless told
#
# Trains the quickstart's base model with rank 502: as many trained parameters as SmolLM2-135M has at rank 16 (4.9 million), with about
# a seventeenth of its arithmetic a token. So averaging takes a larger share here than on the real model with as many tokens a round.
# Speeds are printed, not judged, since they depend on the machine; what can fail is a run, a link faster than its limit, and bytes.
# Needs root, python3, ip and tc (iproute2) and a kernel with network namespaces, veth, bridge and tbf; without them it is skipped. About
# 30 minutes and 5 GB of memory. Which Spark is used: see ci/spark_home.sh.
set -euo pipefail
RESULTS=${1:-/dev/null}
ROUNDS=${2:-4}
STEPS=${3:-30}
export ROUNDS_LEFT_OUT=2 # in which executors fetch the jar, load the model and compile; slow_network.py reads it
RANK=502
ROWS_PER_STEP=4
GRADIENT_STEPS=4
PREFIX=lora$$ # of names of namespaces and of the control group
HOSTS=(driver one two)
declare -A ADDRESS=([driver]=10.0.0.1 [one]=10.0.0.2 [two]=10.0.0.3)
GROUP= # the control group, once made
WORK=

# ---------------------------------------------------------------------------------------------------------------------
# What goes with the script

namespace_pids() {
  local name
  for name in switch "${HOSTS[@]}"; do ip netns pids "$PREFIX-$name" 2>/dev/null || true; done
}

# The driver is given no time to save: it is killed where it does not end at once.
clean_up() {
  trap '' INT TERM HUP
  local name patience=50
  # A word is a process.
  # shellcheck disable=SC2046
  kill $(namespace_pids) 2>/dev/null || true
  until [[ -z $(namespace_pids) ]] || ((patience-- == 0)); do sleep 0.1; done
  # shellcheck disable=SC2046
  kill -KILL $(namespace_pids) 2>/dev/null || true
  wait
  for name in switch "${HOSTS[@]}"; do ip netns del "$PREFIX-$name" 2>/dev/null || true; done
  [[ -z $GROUP ]] || rmdir "$GROUP" 2>/dev/null || true
  [[ -z $WORK ]] || rm -rf "$WORK"
}

skip() { # REASON
  echo "The check slow_network_check is skipped: $1"
  echo "skipped slow_network_check" >>"$RESULTS"
  exit 0
}

# ---------------------------------------------------------------------------------------------------------------------
# Network

in_namespace() { # NAME COMMAND…
  local name=$1
  shift
  exec ip netns exec "$PREFIX-$name" env SPARK_LOCAL_IP="${ADDRESS[$name]}" "$@"
}

make_switch() {
  ip netns add "$PREFIX-switch"
  ip -n "$PREFIX-switch" link add name bridge0 type bridge
  ip -n "$PREFIX-switch" link set bridge0 up
}

plug() { # NAME
  ip netns add "$PREFIX-$1"
  ip -n "$PREFIX-switch" link add name "to-$1" type veth peer name eth0 netns "$PREFIX-$1"
  ip -n "$PREFIX-switch" link set "to-$1" master bridge0 up
  ip -n "$PREFIX-$1" address add "${ADDRESS[$1]}/24" dev eth0
  ip -n "$PREFIX-$1" link set lo up
  ip -n "$PREFIX-$1" link set eth0 up
}

# A queue discipline limits what a device sends: so the host's end and the switch's end both have one.
limit_links() { # MEGABITS a second, or unlimited
  local name end namespace device
  for name in "${HOSTS[@]}"; do
    for end in "$PREFIX-$name eth0" "$PREFIX-switch to-$name"; do
      read -r namespace device <<<"$end"
      tc -n "$namespace" qdisc del dev "$device" root 2>/dev/null || true
      [[ $1 == unlimited ]] || tc -n "$namespace" qdisc add dev "$device" root tbf rate "${1}mbit" burst 128kb latency 20ms
    done
  done
}

make_network() {
  local name
  set -e
  make_switch
  for name in "${HOSTS[@]}"; do plug "$name"; done
  limit_links 1000 # whether that can be
  limit_links unlimited
}

# ---------------------------------------------------------------------------------------------------------------------
# Control group

# Half of one CPU for all that the process and its later children do. Control groups are version 2 or 1.
make_half_a_cpu() {
  local root=/sys/fs/cgroup
  if [[ -f $root/cgroup.controllers ]]; then
    grep -q -w cpu "$root/cgroup.subtree_control" || echo +cpu >"$root/cgroup.subtree_control" || return
    mkdir "$root/$PREFIX" && GROUP=$root/$PREFIX && echo "50000 100000" >"$GROUP/cpu.max"
  else
    mkdir "$root/cpu/$PREFIX" && GROUP=$root/cpu/$PREFIX && echo 100000 >"$GROUP/cpu.cfs_period_us" \
      && echo 50000 >"$GROUP/cpu.cfs_quota_us"
  fi
}

# ---------------------------------------------------------------------------------------------------------------------
# Begin

[[ $(id -u) == 0 ]] || skip "network namespaces need root"
for tool in ip tc python3; do command -v "$tool" >/dev/null || skip "there is no $tool (ip and tc are parts of iproute2)"; done
trap clean_up EXIT
set +e # in a condition bash would not stop at the first error
said=$(make_network 2>&1)
made=$?
set -e
((made == 0)) || skip "no limited network can be made here: $(tail -n 1 <<<"$said")"

# shellcheck source=ci/spark_cluster.sh
. "$(dirname "${BASH_SOURCE[0]}")/spark_cluster.sh"
trap clean_up EXIT # not that script's
PATIENCE_SECONDS=300 # daemons start slowly on a busy machine
TOOL=$ROOT/ci/slow_network.py
MASTER=spark://${ADDRESS[driver]}:7077
"$ROOT/bin/spark-lora" --help >/dev/null # builds where that is due
export SPARK_HOME=$SPARK SPARK_DAEMON_MEMORY=256m

start_daemon() { # NAME LOG CLASS ARGUMENTS…
  local name=$1 log=$2
  shift 2
  (in_namespace "$name" "$SPARK/bin/spark-class" "$@") >"$WORK/$log.log" 2>&1 &
}

start_daemon driver master org.apache.spark.deploy.master.Master --host "${ADDRESS[driver]}" --port 7077 --webui-port 0
await_line "$WORK/master.log" 'I have been elected leader' >/dev/null
for name in one two; do
  start_daemon $name $name org.apache.spark.deploy.worker.Worker --host "${ADDRESS[$name]}" --port 0 --webui-port 0 --cores 1 \
    --memory 2g --work-dir "$WORK/$name/work" "$MASTER"
done
WORKER_TWO=$!
for name in one two; do await_line "$WORK/$name.log" 'Successfully registered with master' >/dev/null; done

# ---------------------------------------------------------------------------------------------------------------------
# Runs

OUTER=(--sync parameters --outer_optimizer nesterov --averaging_frequency "$STEPS"
  --averaging_dtype int8 --logging_steps "$STEPS" --max_steps $((STEPS * (ROUNDS_LEFT_OUT + ROUNDS)))
  --per_device_train_batch_size "$ROWS_PER_STEP")
# A global batch of as many rows as two workers' steps have.
GRADIENTS=(--sync gradients --logging_steps 1 --max_steps $((ROUNDS_LEFT_OUT + GRADIENT_STEPS))
  --per_device_train_batch_size "$ROWS_PER_STEP" --gradient_accumulation_steps 2)

# In the background, since bash sees to a signal only when its foreground command has ended.
train() { # NAME WORKERS FLAGS…
  local name=$1 workers=$2 run watch status=0
  shift 2
  (in_namespace driver python3 "$TOOL" watch "http://${ADDRESS[driver]}:4040" "$WORK/$name.measured" "$PREFIX-switch") &
  watch=$!
  (in_namespace driver "$ROOT/bin/spark-lora" sft --model_name_or_path "$ROOT/conf/quickstart/base" \
    --dataset_name "$ROOT/conf/quickstart/gsm8k_train.jsonl.gz" --packed_dir "$WORK/packed" --output_dir "$WORK/$name" \
    --packing --max_length 512 --use_peft --lora_r "$RANK" --lora_alpha 32 --lora_target_modules all-linear --learning_rate 2e-4 \
    --gradient_checkpointing false --save_strategy no --master "$MASTER" --num_workers "$workers" \
    --conf "spark.cores.max=$workers" --conf spark.executor.cores=1 --conf spark.executor.memory=1g --conf spark.driver.memory=1g \
    --conf spark.executor.extraJavaOptions=-Dlora.threads=1 --conf spark.ui.enabled=true --conf spark.ui.port=4040 "$@") \
    >"$WORK/$name.log" 2>&1 &
  run=$!
  wait "$run" || status=$?
  kill "$watch" 2>/dev/null && wait "$watch" 2>/dev/null || true
  ((status == 0)) || {
    tail -n 40 "$WORK/$name.log"
    return 1
  }
  mv "$WORK/$name.measured" "$WORK/$name.samples" # a run that failed is not in the table
}

# The rate is checked from above alone: a busy machine may not reach it.
links_are_limited() { # MEGABITS
  local rate
  limit_links "$1"
  (in_namespace driver python3 "$TOOL" receive "${ADDRESS[driver]}" 7000) &
  rate=$(in_namespace one python3 "$TOOL" send "${ADDRESS[driver]}" 7000 $(($1 * 250000)) )
  wait
  echo "  $rate Mb/s from worker one to the driver"
  ((rate <= $1 * 11 / 10))
}

trains_on() { # MEGABITS WORKERS
  limit_links "$1"
  train "$1-$2" "$2" "${OUTER[@]}"
}

trains_with_gradients() {
  limit_links 1000
  train gradients 2 "${GRADIENTS[@]}"
}

# A hundredth with rounds of 30 steps, which is what the run is made for.
sends_a_hundredth_of_the_bytes() {
  python3 "$TOOL" ratio "$WORK" 1000-2 gradients $((STEPS * 100 / 30))
}

trains_with_a_worker_of_half_the_speed() {
  limit_links 1000
  train half 2 "${OUTER[@]}" --deal_by_speed
  echo "$WORKER_TWO" >"${GROUP%/*}/cgroup.procs"
}

rounds_of() { # NAME
  local log=$WORK/$1/metrics.jsonl
  grep -c tokens_per_second "$log" 2>/dev/null || [[ -f $log ]] || echo 0
}

# Stops the executor on host two for a minute when the measured rounds have begun, and continues it.
stop_for_a_minute() { # NAME
  local pids
  until (($(rounds_of "$1") >= ROUNDS_LEFT_OUT)); do sleep 0.2; done
  sleep 2
  pids=$(ip netns pids "$PREFIX-two" | while read -r pid; do
    ! grep -q -a CoarseGrainedExecutorBackend "/proc/$pid/cmdline" || echo "$pid"
  done)
  # A word is a process.
  # shellcheck disable=SC2086
  kill -STOP $pids && sleep 60
  # shellcheck disable=SC2086
  kill -CONT $pids
}

trains_while_an_executor_is_stopped_for_a_minute() {
  local stopper
  limit_links 1000
  stop_for_a_minute stopped &
  stopper=$!
  train stopped 2 "${OUTER[@]}" --deal_by_speed
  wait "$stopper"
  grep -h -o 'The round up to step .*' "$WORK/stopped.log" || true
  python3 "$TOOL" rounds "$WORK" stopped
}

prints_the_table() {
  python3 "$TOOL" table "$WORK"
}

# shellcheck source=ci/checks.sh
. "$ROOT/ci/checks.sh"
lscpu | grep -E '^(Model name|CPU\(s\)|Thread|Core|Socket|Hypervisor)' || true
# A virtual machine may be told nothing of cores.
echo "CPUs by core: $(cat /sys/devices/system/cpu/cpu*/topology/thread_siblings_list | sort -u | paste -s -d ' ')"
check trains_on unlimited 1
check trains_on unlimited 2
for megabits in 1000 100; do
  check links_are_limited $megabits
  check trains_on $megabits 1
  check trains_on $megabits 2
done
check trains_with_gradients
check sends_a_hundredth_of_the_bytes
if make_half_a_cpu 2>"$WORK/group.log" && echo "$WORKER_TWO" >"$GROUP/cgroup.procs"; then
  check trains_with_a_worker_of_half_the_speed
else
  echo "No run with a worker of half the speed, since no CPU quota can be set here: $(tail -n 1 "$WORK/group.log")"
fi
check trains_while_an_executor_is_stopped_for_a_minute
check prints_the_table
exit $FAILED
