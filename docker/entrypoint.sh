#!/usr/bin/env bash
# What the image runs:
#
#   driver … or executor …                       as Spark on Kubernetes starts it: Spark's own entry point
#   bash, sh, python3, pyspark, spark-…, /PATH   that program
#   anything else                                spark-lora with these arguments
#
# A command of spark-lora runs in one JVM, but through spark-submit if --master, --conf or --properties-file names a cluster, or if there
# are --packages, which spark-submit fetches.
set -euo pipefail
SPARK_ENTRY_POINT=/opt/entrypoint.sh
SUBMITTED='^[[:space:]]*spark\.(jars\.packages|master[[:space:]=:]+([^l[:space:]=:]|local-cluster))'

start() { # PROGRAM…
  # A user that Kubernetes made up gets a name there, which Hadoop wants.
  getent passwd "$(id -u)" >/dev/null || exec "$SPARK_ENTRY_POINT" "$@"
  # As process 1 it would have to hand on signals and to wait for orphans.
  if [[ $$ == 1 ]] && command -v tini >/dev/null; then exec tini -s -- "$@"; fi
  exec "$@"
}

needs_spark_submit() { # ARGUMENTS…
  while (($#)); do
    case $1 in
      --master) [[ ${2:-local} != local* || ${2:-} == local-cluster* ]] && return ;;
      --master=*) [[ $1 != --master=local* || $1 == --master=local-cluster* ]] && return ;;
      --conf | -c) [[ ${2:-} =~ $SUBMITTED ]] && return ;;
      --conf=*) [[ ${1#*=} =~ $SUBMITTED ]] && return ;;
      --properties-file) grep -Eqs "$SUBMITTED" "${2:-}" && return ;;
      --properties-file=*) grep -Eqs "$SUBMITTED" "${1#*=}" && return ;;
      --packages | --packages=*) return ;;
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
needs_spark_submit "$@" || unset SPARK_HOME
start /opt/spark-lora/bin/spark-lora "$@"
