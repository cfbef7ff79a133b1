#!/usr/bin/env bash
# What the image runs:
#
#   driver … or executor …                       as Spark on Kubernetes starts it: Spark's own entry point
#   bash, sh, python3, pyspark, spark-…, /PATH   that program
#   anything else                                spark-lora with these arguments
#
# A command of spark-lora runs in one JVM unless --master names a cluster; then through spark-submit.
set -euo pipefail
SPARK_ENTRY_POINT=/opt/entrypoint.sh

start() { # PROGRAM…
  # A user that Kubernetes made up gets a name there, which Hadoop wants.
  getent passwd "$(id -u)" >/dev/null || exec "$SPARK_ENTRY_POINT" "$@"
  # As process 1 it would have to hand on signals and to wait for orphans.
  if [[ $$ == 1 ]] && command -v tini >/dev/null; then exec tini -s -- "$@"; fi
  exec "$@"
}

names_a_cluster() { # ARGUMENTS…
  while (($#)); do
    case $1 in
      --master) [[ ${2:-local} != local* || ${2:-} == local-cluster* ]] && return ;;
      --master=*) [[ $1 != --master=local* || $1 == --master=local-cluster* ]] && return ;;
      --properties-file | --properties-file=*) return ;; # it may name one
    esac
    shift
  done
  return 1
}

case ${1:---help} in
  driver | executor) exec "$SPARK_ENTRY_POINT" "$@" ;;
  spark-lora) shift ;;
  bash | sh | python3 | pyspark | spark-* | /*) start "$@" ;;
esac
names_a_cluster "$@" || unset SPARK_HOME
start /opt/spark-lora/bin/spark-lora "$@"
