#!/usr/bin/env bash
# conf/kubernetes against the schemas of Kubernetes' API and of the Spark operator's resource, with kubeconform; that what they name
# exists: files of the image, flags of the commands; and the driver's pod as a real spark-submit asks for it, of an API server that
# is pretended. No cluster is needed, and none was there. A part of .ci/run.
#
#   ci/kubernetes_check.sh [RESULTS]   RESULTS gets a line "passed NAME" or "failed NAME" for each check
#
# Which Spark is used: see ci/spark_home.sh. kubeconform and the schemas come once from the Go module proxy, with its checksums; without Go all is skipped.
set -euo pipefail
RESULTS=${1:-/dev/null}
ROOT=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
KUBECONFORM=github.com/yannh/kubeconform@v0.7.0
OPERATOR=github.com/kubeflow/spark-operator/v2@v2.3.0
KUBERNETES=k8s.io/kubernetes@v1.34.1
CACHE=${SPARK_LORA_CI_CACHE:-${HOME:-/tmp}/.cache/spark-lora-ci}/kubernetes-0.7.0-2.3.0-1.34.1-$(cksum <"$ROOT/ci/kubernetes_schemas.py" | tr -d " ")
WORK=$(mktemp -d)
API=
trap '[[ -z $API ]] || kill "$API"; rm -rf "$WORK"' EXIT

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
if command -v flock >/dev/null; then flock 9; fi
if [[ ! -f $CACHE/whole ]]; then
  # In a condition bash does not stop at the first error.
  {
    GOBIN=$CACHE go install "${KUBECONFORM/@//cmd/kubeconform@}" \
      && "$PYTHON" "$ROOT/ci/kubernetes_schemas.py" "$(fetch $KUBERNETES)/api/openapi-spec/swagger.json" \
        "$(fetch $OPERATOR)/config/crd/bases/sparkoperator.k8s.io_sparkapplications.yaml" "$CACHE/schemas" \
      && touch "$CACHE/whole"
  } >"$CACHE.log" 2>&1 || {
    tail -n 3 "$CACHE.log"
    echo "The check kubernetes_check is skipped: its schemas cannot be fetched, see above"
    echo "skipped kubernetes_check" >>"$RESULTS"
    exit
  }
fi
exec 9>&-

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

spark_submit_asks_for_the_pod() {
  local spark address pod
  spark=$("$ROOT/ci/spark_home.sh")
  address=$(<"$WORK/address")
  (cd "$ROOT" && SPARK_HOME=$spark SPARK_LOCAL_IP=127.0.0.1 KUBECONFIG=/dev/null "$spark/bin/spark-submit" \
    --master "k8s://$address" --deploy-mode cluster --name spark-lora-sft --class org.sparklora.spark.cli.Main \
    --properties-file conf/kubernetes/spark.conf --conf spark.kubernetes.submission.waitAppCompletion=false \
    local:///opt/spark-lora/lib/spark-lora.jar sft --num_workers 4) >"$WORK/submit.log" 2>&1 || {
    tail -n 20 "$WORK/submit.log"
    return 1
  }
  valid "$WORK"/created/*.json
  pod=$(ls "$WORK"/created/Pod-spark-lora-sft-*-driver.json)
  "$PYTHON" - "$pod" <<'PYTHON'
import json, sys
pod = json.load(open(sys.argv[1]))["spec"]
[driver] = pod["containers"]
print("  driver's arguments:", " ".join(driver["args"]))
assert driver["args"][:1] == ["driver"] and driver["args"][-3:] == ["sft", "--num_workers", "4"]
assert driver["image"] == "registry.example.com/spark-lora:0.1.0-cuda" and pod["serviceAccountName"] == "spark-lora"
assert {"/shared", "/scratch", "/tmp", "/opt/spark/work-dir"} <= {mount["mountPath"] for mount in driver["volumeMounts"]}
assert driver["securityContext"]["readOnlyRootFilesystem"]
assert driver["resources"]["requests"]["ephemeral-storage"] == "102Gi"
assert pod["securityContext"] == {"fsGroup": 185, "fsGroupChangePolicy": "OnRootMismatch", "seccompProfile": {"type": "RuntimeDefault"}}
assert driver["securityContext"]["capabilities"] == {"drop": ["ALL"]} and driver["securityContext"]["runAsUser"] == 185
assert driver["resources"]["limits"]["memory"] == "22528Mi"  # 12g + 10g
assert {"name": "SPARK_LOCAL_DIRS", "value": "/scratch"} in driver["env"]
assert [entry["valueFrom"] for entry in driver["env"] if entry["name"] == "HF_TOKEN"]
PYTHON
}

python3 "$ROOT/ci/kubernetes_api.py" "$WORK/created" >"$WORK/address" &
API=$!
until [[ -s $WORK/address ]]; do
  kill -0 $API
  sleep 0.05
done
# shellcheck source=ci/checks.sh
. "$ROOT/ci/checks.sh"
check manifests_are_those_of_the_api
check a_field_that_is_misspelt_is_found
check what_they_name_exists
check spark_submit_asks_for_the_pod
exit $FAILED
