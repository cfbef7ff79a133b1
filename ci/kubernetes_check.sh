#!/usr/bin/env bash
# conf/kubernetes against the schemas of Kubernetes' API and of the Spark operator's resource, with kubeconform; and that what they
# name exists: files of the image, flags of the commands, settings of Spark. No cluster is needed, and none was there. A part of
# .ci/run.
#
#   ci/kubernetes_check.sh [RESULTS]   RESULTS gets a line "passed NAME" or "failed NAME" for each check
#
# kubeconform and the schemas come once from the Go module proxy, with its checksums; without Go all is skipped.
set -euo pipefail
RESULTS=${1:-/dev/null}
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
KUBECONFORM=github.com/yannh/kubeconform@v0.7.0
OPERATOR=github.com/kubeflow/spark-operator/v2@v2.3.0
KUBERNETES=k8s.io/kubernetes@v1.34.1
CACHE=${SPARK_LORA_CI_CACHE:-${HOME:-/tmp}/.cache/spark-lora-ci}/kubernetes-0.7.0-2.3.0-1.34.1
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

if ! command -v go >/dev/null; then
  echo "The check kubernetes_check is skipped: there is no go, which fetches kubeconform and the schemas"
  echo "skipped kubernetes_check" >>"$RESULTS"
  exit
fi
PYTHON=$("$ROOT/ci/venv.sh" hub) # it has PyYAML

fetch() { # MODULE@VERSION: prints its folder
  (cd "$WORK" && go mod download -json "$1") | sed -n 's/^\t"Dir": "\(.*\)",*$/\1/p'
}

mkdir -p "$CACHE"
exec 9>"$CACHE.lock"
flock 9
if [[ ! -f $CACHE/whole ]]; then
  {
    GOBIN=$CACHE go install "${KUBECONFORM/@//cmd/kubeconform@}"
    "$PYTHON" "$ROOT/ci/kubernetes_schemas.py" "$(fetch $KUBERNETES)/api/openapi-spec/swagger.json" \
      "$(fetch $OPERATOR)/config/crd/bases/sparkoperator.k8s.io_sparkapplications.yaml" "$CACHE/schemas"
    touch "$CACHE/whole"
  } >"$CACHE.log" 2>&1 || {
    tail -n 3 "$CACHE.log"
    echo "The check kubernetes_check is skipped: its schemas cannot be fetched, see above"
    echo "skipped kubernetes_check" >>"$RESULTS"
    exit
  }
fi
flock -u 9

valid() { # FILES…
  "$CACHE/kubeconform" -strict -summary -schema-location \
    "$CACHE/schemas/{{ .ResourceKind }}{{ .KindSuffix }}.json" "$@"
}

# ---------------------------------------------------------------------------------------------------------------------
# Checks

manifests_are_those_of_the_api() {
  valid "$ROOT"/conf/kubernetes/*.yaml
}

a_field_that_is_misspelt_is_found() {
  sed 's/mountPath:/mountpath:/' "$ROOT/conf/kubernetes/sft.yaml" >"$WORK/operator.yaml"
  sed 's/fsGroup:/fsgroup:/' "$ROOT/conf/kubernetes/executor-pod.yaml" >"$WORK/pod.yaml"
  local file
  for file in operator pod; do
    if valid "$WORK/$file.yaml" >"$WORK/$file.log"; then
      echo "  $file.yaml passes"
      return 1
    fi
    grep -o -i -E "additional propert.*'?(mountpath|fsgroup)'?.*not allowed" "$WORK/$file.log"
  done
}

what_they_name_exists() {
  "$PYTHON" "$ROOT/ci/kubernetes_names.py" "$ROOT"
}

# shellcheck source=ci/checks.sh
. "$ROOT/ci/checks.sh"
check manifests_are_those_of_the_api
check a_field_that_is_misspelt_is_found
check what_they_name_exists
exit $FAILED
