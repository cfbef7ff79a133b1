#!/usr/bin/env bash
# ci/dist.sh [JAR]: an installation for every user of a machine, as target/spark-lora-VERSION.tar.gz: bin, conf, lib, python. Of this
# checkout, which is built if it must be; JAR, of spark-job/target, stands in it as lib/spark-lora.jar, spark-lora.jar unless told.
# The same bytes of the same build, whoever makes it, and readable for all whatever the umask; docs/install.md.
set -euo pipefail
CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.."
JAR=spark-job/target/${1:-spark-lora.jar}
[[ -n ${1:-} ]] || env -u SPARK_LORA_JAR -u SPARK_HOME bin/spark-lora --version >/dev/null
[[ -f $JAR ]] || { echo "Cannot use $JAR: there is no such file; mvn -Pcuda -DskipTests package makes spark-lora-cuda.jar" >&2 && exit 1; }
VERSION=$(sed -n 's|^  <version>\(.*\)</version>|\1|p' pom.xml | head -n 1)
TIME=$(sed -n 's|.*<project.build.outputTimestamp>\(.*\)</project.*|\1|p' pom.xml)
NAME=spark-lora-$VERSION
[[ -z ${1:-} ]] || NAME=$(basename "$JAR" .jar)-$VERSION
# tar's own patterns: the folder of the build is lib, all of it is in one folder of the version.
tar -cf - --sort=name --mtime="$TIME" --owner=0 --group=0 --numeric-owner --mode='u=rwX,go=rX' --exclude='__pycache__' \
  --transform="s|^$JAR\$|lib/spark-lora.jar|" --transform='s|^spark-job/target/spark\b|lib/spark|' --transform="s|^|$NAME/|" \
  LICENSE NOTICE bin conf python/spark_lora "$JAR" spark-job/target/spark | gzip -1 -n >"target/$NAME.tar.gz.part"
mv "target/$NAME.tar.gz.part" "target/$NAME.tar.gz"
echo "target/$NAME.tar.gz"
