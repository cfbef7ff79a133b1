#!/usr/bin/env bash
# Builds docker/Dockerfile where no registry can be reached, and lets the image's command run: on a base made on the spot, of
# Debian 12 by debootstrap with a JDK 17, and Spark of the Python package; with buildah, whose chroot isolation needs no daemon.
#
#   docker/try.sh cpu      the base stands for Spark's image
#   docker/try.sh gpu      and a bare Debian for NVIDIA's: whether the Dockerfile brings all that Spark needs
#
# Wants root, debootstrap, buildah, a built checkout, and Debian's and Python's package indexes. 3 GB in $WORK. What no real registry
# was asked for is not tried: Spark's and NVIDIA's images themselves, and CUDA.
set -euo pipefail
PROCESSOR=${1:-cpu}
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
WORK=${WORK:-/var/tmp/spark-lora-image}
SPARK=$("$ROOT/ci/spark_home.sh")
MIRROR=${MIRROR:-} # debootstrap has one of its own
export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=${STORAGE_DRIVER:-vfs}
buildah() { command buildah --root "$WORK/storage" --runroot "$WORK/run" "$@"; }
mkdir -p "$WORK"

# ---------------------------------------------------------------------------------------------------------------------
# Bases

debian() { # NAME PACKAGES: an image NAME of Debian 12 with them
  [[ -f $WORK/$1.whole ]] || {
    rm -rf "${WORK:?}/$1"
    debootstrap --variant=minbase --include="ca-certificates,$2" bookworm "$WORK/$1" ${MIRROR:+"$MIRROR"}
    rm -rf "$WORK/$1"/var/cache/apt/archives/*.deb
    touch "$WORK/$1.whole"
  }
}

image_of() { # FOLDER NAME
  local container
  [[ -z $(buildah images --quiet --filter "reference=localhost/$2") ]] || return 0
  # What this machine trusts, such as its proxy.
  cp "${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}" "$WORK/$1/etc/ssl/certs/ca-certificates.crt"
  container=$(buildah from scratch)
  buildah add --quiet "$container" "$WORK/$1" / >/dev/null
  if [[ $1 == spark ]]; then
    buildah config --env SPARK_HOME=/opt/spark --env JAVA_HOME=/usr/lib/jvm/java-17-openjdk-amd64 "$container"
  fi
  buildah commit --quiet --rm "$container" "$2" >/dev/null
}

# As Spark's image has it: the distribution, a user 185, an entry point, of which this stands in for the part that is tried.
add_spark() { # FOLDER
  local folder=$WORK/$1 part
  [[ ! -d $folder/opt/spark ]] || return 0
  mkdir -p "$folder/opt/spark/python/lib" "$folder/opt/spark/conf"
  for part in bin sbin jars; do cp -r "$SPARK/$part" "$folder/opt/spark/"; done
  mkdir "$folder/opt/spark/python/pyspark"
  (cd "$SPARK" && tar -cf - --exclude=./jars --exclude=./bin --exclude=./sbin --exclude=./data --exclude=./work --exclude=./examples .) \
    | tar -xf - -C "$folder/opt/spark/python/pyspark"
  cp "$SPARK"/python/lib/py4j-*-src.zip "$folder/opt/spark/python/lib/"
  chroot "$folder" useradd --system --uid 185 --user-group --home-dir /opt/spark spark
  cat >"$folder/opt/entrypoint.sh" <<'ENTRY'
#!/bin/bash
set -e
case $1 in
  driver) shift; set -- "$SPARK_HOME/bin/spark-submit" --conf "spark.driver.bindAddress=$SPARK_DRIVER_BIND_ADDRESS" --deploy-mode client "$@" ;;
esac
exec tini -s -- "$@"
ENTRY
  chmod +x "$folder/opt/entrypoint.sh"
}

# ---------------------------------------------------------------------------------------------------------------------
# The image, and what it runs

in_image() { # COMMAND…: with the image's own entry point, user and environment
  local container=$1 entry
  shift
  entry=$(buildah inspect --format '{{index .OCIv1.Config.Entrypoint 0}}' "$container")
  # Without a daemon nobody tells the container its own name, by which Spark would look for its address.
  buildah run --env SPARK_LOCAL_IP=127.0.0.1 "$container" -- "$entry" "$@"
}

started=$SECONDS
debian spark gosu,openjdk-17-jre-headless,procps,python3,python3-pip,tini
add_spark spark
image_of spark spark-base
arguments=(--build-arg SPARK_IMAGE=localhost/spark-base --build-arg CUDA_IMAGE=localhost/spark-base)
if [[ $PROCESSOR == gpu ]]; then
  debian bare passwd
  image_of bare bare-base
  arguments=(--build-arg SPARK_IMAGE=localhost/spark-base --build-arg CUDA_IMAGE=localhost/bare-base)
fi
echo "bases after $((SECONDS - started)) s"
# buildah builds a stage that is not gone on from as well, so with cpu that one is taken out.
sed -e "$([[ $PROCESSOR == gpu ]] || echo '/^FROM .* AS gpu/,/^ENV JAVA_HOME/d')" "$ROOT/docker/Dockerfile" >"$WORK/Dockerfile"
buildah bud --quiet --format docker "${arguments[@]}" --build-arg "PROCESSOR=$PROCESSOR" -f "$WORK/Dockerfile" -t "spark-lora-$PROCESSOR" "$ROOT"
echo "image after $((SECONDS - started)) s"

container=$(buildah from "localhost/spark-lora-$PROCESSOR")
trap 'buildah rm "$container" >/dev/null' EXIT
in_image "$container" bash -c 'id; spark-submit --version 2>&1 | grep -m 1 version; python3 -c "import pyspark, spark_lora; print(pyspark.__version__, spark_lora.jar())"'
in_image "$container" --version
in_image "$container" driver --class org.sparklora.spark.cli.Main local:///opt/spark-lora/spark-lora.jar --version
in_image "$container" quickstart --output_dir /tmp/quickstart | tail -n 30
echo "quickstart after $((SECONDS - started)) s"
