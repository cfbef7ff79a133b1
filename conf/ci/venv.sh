#!/usr/bin/env bash
# conf/ci/venv.sh NAME: prints the python of a virtual environment with conf/ci/NAME-requirements.txt. It is made where
# there is none yet, outside the clone, and used again by every later check with the same requirements:
#
#   SPARK_LORA_CHECK_ENVIRONMENTS   where they lie; ~/.cache/spark-lora-checks unless told
#   SPARK_LORA_CHECK_PYTHON         the Python (3.10 to 3.13) to make them with; python3 unless told
set -euo pipefail
NAME=$1
REQUIREMENTS=$(dirname "${BASH_SOURCE[0]}")/$NAME-requirements.txt
HOME_OF_ALL=${SPARK_LORA_CHECK_ENVIRONMENTS:-${XDG_CACHE_HOME:-$HOME/.cache}/spark-lora-checks}
PYTHON=${SPARK_LORA_CHECK_PYTHON:-python3}
WANTED=$({ "$PYTHON" --version; cat "$REQUIREMENTS"; } | cksum | tr ' ' '-')
FOLDER=$HOME_OF_ALL/$NAME-$WANTED

mkdir -p "$HOME_OF_ALL"
exec 9>"$FOLDER.lock"
flock 9 # two checks may want the same one
if [[ ! -f $FOLDER/complete ]]; then
  rm -rf "$FOLDER"
  echo "installing $REQUIREMENTS into $FOLDER ..." >&2
  "$PYTHON" -m venv "$FOLDER" >&2
  "$FOLDER/bin/pip" install -q --disable-pip-version-check -r "$REQUIREMENTS" >&2
  touch "$FOLDER/complete"
fi
echo "$FOLDER/bin/python"
