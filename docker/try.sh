#!/usr/bin/env bash
# Builds docker/Dockerfile where no registry can be reached, and lets the image's command run: on a base made on the spot, of
# Debian 12 by debootstrap with a JDK 17, and Spark of the Python package; with buildah, whose chroot isolation needs no daemon.
#
#   docker/try.sh cpu [COMMAND…]   the base stands for Spark's image
#   docker/try.sh gpu [COMMAND…]   and for NVIDIA's a bare Debian with the CUDA 13, cuDNN 9 and NCCL of Python's package index, without
#                                  CUPTI, as NVIDIA's has it: whether the Dockerfile brings all else that Spark and libtorch need
#
# COMMAND is spark-lora's, the quickstart unless told. Wants root, debootstrap, buildah, a built checkout (for gpu: mvn -Pcuda package; unzip)
# and Debian's and Python's package indexes; ends with 3, and the reason, where one of them is not to be had. Takes 3 GB, for gpu 12,
# in $WORK, and keeps there what it downloaded, 0.6 GB and 2.6 GB. Not tried: Spark's and NVIDIA's images themselves, and a GPU.
set -euo pipefail
PROCESSOR=${1:-cpu}
COMMAND=("${@:2}")
((${#COMMAND[@]})) || COMMAND=(quickstart --output_dir /tmp/quickstart)
ROOT=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
WORK=${WORK:-/var/tmp/spark-lora-image}
MIRROR=${MIRROR:-} # debootstrap has one of its own
case $PROCESSOR in
  cpu) JAR=spark-lora.jar ;;
  gpu) JAR=spark-lora-cuda.jar ;;
  *) echo "usage: docker/try.sh cpu|gpu [COMMAND…]" >&2 && exit 2 ;;
esac

cannot() { # REASON
  echo "docker/try.sh cannot be run here: $1" >&2
  exit 3
}

((EUID == 0)) || cannot "it has to be root, for debootstrap"
for program in debootstrap buildah; do
  command -v $program >/dev/null || cannot "there is no $program; apt-get install debootstrap buildah"
done
[[ $PROCESSOR == cpu ]] || command -v unzip >/dev/null || cannot "there is no unzip; apt-get install unzip"
[[ -f $ROOT/spark-job/target/$JAR ]] || cannot "spark-job/target/$JAR is not built"
SPARK=$("$ROOT/ci/spark_home.sh") || cannot "there is no Spark, see above"
mkdir -p "$WORK"
exec 9>"$WORK/lock"
flock 9 # another one may be at it

STORE=$(mktemp -d "$WORK/storage.XXXXXX")
export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=overlay
buildah() { command buildah --root "$STORE/root" --runroot "$STORE/run" "$@"; }
clean_up() {
  buildah umount --all >/dev/null 2>&1 || true
  buildah rm --all >/dev/null 2>&1 || true
  ! mountpoint -q "$STORE/root/overlay" || umount "$STORE/root/overlay"
  rm -rf "$STORE"
}
trap clean_up EXIT
python3 -m pip download -q --disable-pip-version-check --no-deps --dest "$STORE/index" 'setuptools>=61' >/dev/null \
  || cannot "Python's package index does not answer, see above"
# Within another container there may be no overlay; copies of whole folders take longer.
buildah from scratch >/dev/null 2>&1 || export STORAGE_DRIVER=vfs

# ---------------------------------------------------------------------------------------------------------------------
# Bases

debian() { # NAME PACKAGES: a container of Debian 12 with them; its root is $FOLDER
  local tar
  tar=$WORK/$1-$(cksum <<<"$2" | tr -d ' ').tar
  if [[ ! -f $tar ]]; then
    debootstrap --variant=minbase --include="ca-certificates,$2" bookworm "$STORE/$1" ${MIRROR:+"$MIRROR"} >"$WORK/$1.log" 2>&1 \
      || cannot "debootstrap says: $(tail -n 1 "$WORK/$1.log")"
    rm -rf "$STORE/$1"/var/cache/apt/archives/*.deb "$STORE/$1"/var/lib/apt/lists/*
    tar -C "$STORE/$1" -cf "$tar.part" --exclude=./dev --exclude=./proc --exclude=./sys .
    mv "$tar.part" "$tar"
    rm -rf "${STORE:?}/$1"
  fi
  CONTAINER=$(buildah from scratch)
  FOLDER=$(buildah mount "$CONTAINER")
  tar -C "$FOLDER" -xf "$tar"
  mkdir -p "$FOLDER"/{dev,proc,sys}
  # What this machine trusts, such as its proxy.
  cp "${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}" "$FOLDER/etc/ssl/certs/ca-certificates.crt"
}

commit() { # NAME
  buildah umount "$CONTAINER" >/dev/null
  buildah commit --quiet --rm "$CONTAINER" "$1" >/dev/null
}

# As Spark's image has it: the distribution, a user 185, an entry point, of which this stands in for the part that is tried.
spark_base() {
  local part
  debian spark gosu,openjdk-17-jre-headless,procps,python3,python3-pip,tini
  mkdir -p "$FOLDER/opt/spark/python/lib" "$FOLDER/opt/spark/python/pyspark" "$FOLDER/opt/spark/conf"
  for part in bin sbin jars; do cp -r "$SPARK/$part" "$FOLDER/opt/spark/"; done
  tar -C "$SPARK" -cf - --exclude=./jars --exclude=./bin --exclude=./sbin --exclude=./data --exclude=./work --exclude=./examples . \
    | tar -C "$FOLDER/opt/spark/python/pyspark" -xf -
  cp "$SPARK"/python/lib/py4j-*-src.zip "$FOLDER/opt/spark/python/lib/"
  chroot "$FOLDER" useradd --system --uid 185 --user-group --home-dir /opt/spark spark
  cat >"$FOLDER/opt/entrypoint.sh" <<'ENTRY'
#!/bin/bash
set -e
case $1 in
  driver) shift; set -- "$SPARK_HOME/bin/spark-submit" --conf "spark.driver.bindAddress=$SPARK_DRIVER_BIND_ADDRESS" --deploy-mode client "$@" ;;
esac
exec tini -s -- "$@"
ENTRY
  chmod +x "$FOLDER/opt/entrypoint.sh"
  buildah config --env SPARK_HOME=/opt/spark --env JAVA_HOME=/usr/lib/jvm/java-17-openjdk-amd64 "$CONTAINER"
  commit spark-base
}

# The libraries of docs/gpu.md as NVIDIA's runtime image has them, where the linker finds them.
cuda_base() {
  local wheel
  debian bare passwd
  mkdir -p "$WORK/cuda" "$FOLDER/usr/local/cuda/lib64"
  python3 -m pip download -q --disable-pip-version-check --only-binary :all: --dest "$WORK/cuda" nvidia-cudnn-cu13 nvidia-nccl-cu13 \
    'cuda-toolkit[cublas,cudart,cufft,cufile,curand,cusparse,nvjitlink]==13.0.*' || cannot "CUDA's libraries cannot be downloaded, see above"
  for wheel in "$WORK"/cuda/nvidia_*.whl; do
    unzip -q -j -o "$wheel" '*/lib/*.so*' -d "$FOLDER/usr/local/cuda/lib64"
  done
  echo /usr/local/cuda/lib64 >"$FOLDER/etc/ld.so.conf.d/cuda.conf"
  chroot "$FOLDER" ldconfig
  commit cuda-base
}

# ---------------------------------------------------------------------------------------------------------------------
# The image, and what it runs

in_image() { # COMMAND…: with the image's own entry point and environment, as its user, or as the one that $AS names
  local entry
  entry=$(buildah inspect --format '{{index .OCIv1.Config.Entrypoint 0}}' "$CONTAINER")
  # Without a daemon nobody tells the container its own name, by which Spark would look for its address.
  buildah run ${AS:+"--user=$AS"} --env SPARK_LOCAL_IP=127.0.0.1 "$CONTAINER" -- "$entry" "$@"
}

# Told to use a GPU, it misses nothing but the driver: with an nvidia-smi that pretends one, so that libraries are looked for.
misses_the_driver_alone() {
  local arguments=(sft --engine torch --config /opt/spark-lora/conf/quickstart/sft.yaml --max_steps 1 --output_dir /tmp/on-gpu)
  arguments+=(--model_name_or_path /opt/spark-lora/conf/quickstart/base --dataset_name /opt/spark-lora/conf/quickstart/gsm8k_heldout.jsonl.gz)
  in_image "${arguments[@]}" >"$STORE/says" 2>&1 || true # it is refused
  grep "Cannot use GPU 0: nvidia-smi cannot be run here" "$STORE/says"
  printf '#!/bin/sh\necho "0, NVIDIA H100, 9.0, 580.65"\n' >"$STORE/nvidia-smi"
  chmod +x "$STORE/nvidia-smi"
  buildah add --quiet "$CONTAINER" "$STORE/nvidia-smi" /usr/local/bin/nvidia-smi >/dev/null
  in_image "${arguments[@]}" >"$STORE/says" 2>&1 || true
  grep "finds no libcuda.so.1 (NVIDIA's driver) in" "$STORE/says" || {
    cat "$STORE/says"
    return 1
  }
}

started=$SECONDS
spark_base
arguments=(--build-arg SPARK_IMAGE=localhost/spark-base --build-arg CUDA_IMAGE=localhost/cuda-base)
[[ $PROCESSOR != gpu ]] || cuda_base
echo "bases after $((SECONDS - started)) s"
# buildah builds a stage that is not gone on from as well, so with cpu that one is taken out.
sed -e "$([[ $PROCESSOR == gpu ]] || echo '/^FROM .* AS gpu/,/^ENV JAVA_HOME/d')" "$ROOT/docker/Dockerfile" >"$STORE/Dockerfile"
buildah bud --quiet --format docker "${arguments[@]}" --build-arg "PROCESSOR=$PROCESSOR" --build-arg "JAR=$JAR" -f "$STORE/Dockerfile" \
  -t "spark-lora-$PROCESSOR" "$ROOT"
echo "image after $((SECONDS - started)) s"

CONTAINER=$(buildah from "localhost/spark-lora-$PROCESSOR")
in_image bash -c 'id; spark-submit --version 2>&1 | grep -m 1 version; python3 -c "import pyspark, spark_lora; print(pyspark.__version__, spark_lora.jar())"'
in_image bash -c '[[ $(id -u) == 185 && ! -w /opt/spark-lora && ! -w /opt/spark && -z $(find /opt/spark-lora ! -readable) ]]'
AS=54321:0 in_image bash -c '[[ $(id -u) == 54321 && -w . && -w $HOME && ! -w /opt/spark-lora ]]'
in_image --version
# In one JVM, since the file names no cluster.
in_image bash -c 'echo "spark.ui.enabled false" >/tmp/spark.conf
  SPARK_LORA_JAVA_OPTS=-showversion /opt/spark-lora/entrypoint.sh --version --properties-file /tmp/spark.conf 2>&1 | grep "^openjdk version"'
in_image driver --class org.sparklora.spark.cli.Main local:///opt/spark-lora/lib/spark-lora.jar --version
if [[ $PROCESSOR == gpu ]]; then
  in_image bash -c 'compgen -G "/usr/lib/*/libnss_wrapper.so"' # for users without a name
  misses_the_driver_alone
fi
in_image "${COMMAND[@]}" | tail -n 30
echo "${COMMAND[0]} after $((SECONDS - started)) s"
