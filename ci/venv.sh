#!/usr/bin/env bash
# ci/venv.sh NAME: prints the python of a virtual environment with ci/NAME-requirements.txt. It is made where
# there is none yet, outside the clone, and used again by every later check with the same requirements:
#
#   SPARK_LORA_CI_CACHE   where they lie; ~/.cache/spark-lora-ci unless told
set -euo pipefail
NAME=$1
REQUIREMENTS=$(dirname "${BASH_SOURCE[0]}")/$NAME-requirements.txt
CACHE=${SPARK_LORA_CI_CACHE:-${HOME:-/tmp}/.cache/spark-lora-ci}
WANTED=$({ python3 --version; cat "$REQUIREMENTS"; } | cksum | tr ' ' '-')
FOLDER=$CACHE/$NAME-$WANTED

mkdir -p "$CACHE"
exec 9>"$FOLDER.lock"
if command -v flock >/dev/null; then flock 9; fi # two checks may want the same one
if [[ ! -f $FOLDER/whole ]]; then
  rm -rf "$FOLDER"
  echo "installing $REQUIREMENTS into $FOLDER ..." >&2
  python3 -m venv "$FOLDER" >&2
  # shellcheck disable=SC2046 # options of its own stand in the file
  "$FOLDER/bin/pip" install -q --disable-pip-version-check \
    $(sed -n 's/^# pip: //p' "$REQUIREMENTS") -r "$REQUIREMENTS" >&2
  case $NAME in
    peft | vllm | lm_eval) "$FOLDER/bin/python" "$(dirname "$REQUIREMENTS")/torch_without_cuda.py" "$FOLDER"/lib/python*/site-packages ;;
  esac
  touch "$FOLDER/whole"
fi
echo "$FOLDER/bin/python"
