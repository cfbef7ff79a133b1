#!/usr/bin/env bash
# What the application jar is built of: a line for each file, with its checksum, size and name. Maven keeps it beside the jar, and
# bin/spark-lora compares: times would tell nothing of a checkout that was copied.
set -euo pipefail
CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LC_ALL=C
find pom.xml */pom.xml */src/main conf/jvm.options spark-job/src/license -type f -print0 | xargs -0 cksum | sort
