#!/usr/bin/env bash
# Prints the folder of a Spark 3.5 (Scala 2.12): SPARK_HOME where that is set, else the PyPI package pyspark 3.5.9 in a
# virtual environment that is made once (a download of 300 megabytes) under $SPARK_LORA_CI_CACHE, ~/.cache/spark-lora-ci
# unless told. Without Python, or without a package index, it says so on standard error and ends with 1.
set -euo pipefail
VERSION=3.5.9

if [[ -n ${SPARK_HOME:-} ]]; then
  echo "$SPARK_HOME"
  exit
fi
CACHE=${SPARK_LORA_CI_CACHE:-${HOME:-/tmp}/.cache/spark-lora-ci}
ENVIRONMENT=$CACHE/pyspark-$VERSION
mkdir -p "$CACHE"
# Two builds of one machine share it: the second waits, and finds it whole or makes it again.
exec 9>"$ENVIRONMENT.lock"
if command -v flock >/dev/null; then flock 9; fi
if [[ ! -f $ENVIRONMENT/whole ]]; then
  rm -rf "$ENVIRONMENT"
  {
    python3 -m venv "$ENVIRONMENT" && "$ENVIRONMENT/bin/pip" install -q --disable-pip-version-check "pyspark==$VERSION" \
      && touch "$ENVIRONMENT/whole"
  } >"$ENVIRONMENT.log" 2>&1 || {
    echo "Cannot install pyspark $VERSION: $(tail -n 1 "$ENVIRONMENT.log")" >&2
    exit 1
  }
fi
echo "$ENVIRONMENT"/lib/python3*/site-packages/pyspark
