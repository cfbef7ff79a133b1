#!/usr/bin/env bash
# The quickstart's model through `--engine torch` on processors: `sft` and `grpo` on two executors of a local cluster must
# have the curves of one process with the vector engine. libtorch comes beside the application's jar, as --jars. A part of
# .ci/run.
#
#   ci/torch_check.sh [RESULTS]   RESULTS gets a line "passed NAME" or "failed NAME" for each check
set -euo pipefail
RESULTS=${1:-/dev/null}
# shellcheck source=ci/spark_cluster.sh
. "$(dirname "${BASH_SOURCE[0]}")/spark_cluster.sh"
SFT_STEPS=12
GRPO_STEPS=6

# What a build with -Ptorch has in its jar besides; Maven has brought it for the engine's tests. The repository may hold other
# platforms' as well, and CUDA's.
torch_jars() {
  local version platform repository=${MAVEN_REPOSITORY:-$HOME/.m2/repository}/org/bytedeco/pytorch
  version=$(basename "$(ls -d "$repository"/[0-9]* | tail -n 1)")
  platform=$(uname -s | sed 's/Darwin/macosx/; s/Linux/linux/')-$(uname -m)
  ls "$ROOT"/engine-torch/target/spark-lora-engine-torch-*[0-9].jar "$repository/$version/pytorch-$version.jar" \
    "$repository/$version/pytorch-$version-$platform.jar" | paste -sd,
}

both() { # NAME COMMAND MORE…: with the vector engine here, with libtorch on two executors
  local name=$1 command=$2
  shift 2
  lora "$name-vector" "$command" --master 'local[2]' --engine vector --output_dir "$WORK/$name-vector" "$@"
  on_local_cluster 2 1 2048 "$name-torch" "$command" --jars "$JARS" --engine torch --num_workers 2 \
    --output_dir "$WORK/$name-torch" "$@"
  grep -q 'Computing with libtorch' "$WORK"/spark/work/*/*/stderr || {
    echo "  no executor computed with libtorch"
    return 1
  }
}

same_curves() { # NAME LOSS_BOUND METRIC…
  python3 - "$WORK/$1-vector" "$WORK/$1-torch" "${@:2}" <<'PYTHON'
import json, sys

first, second, bound, *metrics = sys.argv[1:]
rows = [json.load(open(f"{run}/trainer_state.json"))["log_history"] for run in (first, second)]
assert len(rows[0]) == len(rows[1]) > 1, [len(log) for log in rows]
pairs = [(name, a[name], b[name]) for a, b in zip(*rows) for name in metrics if name in a]
worst = max((abs(a - b), name) for name, a, b in pairs)
print(f"  {len(pairs)} values of {', '.join(metrics)}: the largest difference is {worst[0]:.1e} ({worst[1]})")
sys.exit(worst[0] > float(bound))
PYTHON
}

sft_has_the_same_curve() {
  both sft sft --model_name_or_path "$ROOT/conf/quickstart/base" --config "$ROOT/conf/quickstart/sft.yaml" \
    --dataset_name "$ROOT/conf/quickstart/gsm8k_heldout.jsonl.gz" --packed_dir "$WORK/packed" --sync gradients \
    --max_steps $SFT_STEPS --logging_steps 1
  same_curves sft 1e-4 loss entropy
}

# Sums as the quickstart's, which its model solves now and then.
grpo_has_the_same_curve() {
  local first second
  for first in 1 2 3 4 5 6 7 8; do
    for second in 1 3 5; do
      echo "{\"prompt\": [{\"role\": \"user\", \"content\": \"What is $first + $second?\"}], \"solution\": \"$((first + second))\"}"
    done
  done >"$WORK/sums.jsonl"
  both grpo grpo --model_name_or_path "$ROOT/conf/quickstart/base" --config "$ROOT/conf/quickstart/grpo.yaml" --use_peft \
    --dataset_name "$WORK/sums.jsonl" --prompts_dir "$WORK/prompts" --max_steps $GRPO_STEPS --logging_steps 1
  same_curves grpo 1e-4 loss reward entropy
}

JARS=$(torch_jars) || {
  echo "libtorch is not in Maven's local repository; MAVEN_REPOSITORY says where that is" >&2
  exit 1
}
# shellcheck source=ci/checks.sh
. "$ROOT/ci/checks.sh"
check sft_has_the_same_curve
check grpo_has_the_same_curve
exit $FAILED
