#!/usr/bin/env bash
# Verdicts a second of the reward module and of Python's Math-Verify, one after the other, each on one core of this machine.
# usage: compare_with_math_verify.sh [CASES.jsonl [PYTHON]]
#   CASES   rows with completion, solution, reward; unset: the test resources' cases
#   PYTHON  an interpreter with math-verify 0.9.0 (pip install "math-verify[antlr4_13_2]==0.9.0"); unset: python3
set -euo pipefail
root=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cases=${1:-}
python=${2:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [[ -z $cases ]]; then
  cases=$work/cases.jsonl
  gzip -dc "$root/reward/src/test/resources/math/reward_cases.jsonl.gz" >"$cases"
fi
cd "$root"
mvn -q -B -pl reward -am -DskipTests test-compile dependency:build-classpath -Dmdep.outputFile="$work/class-path" \
  -Dmdep.includeScope=test >"$work/build.log" || { cat "$work/build.log"; exit 1; }
one_core() { if command -v taskset >/dev/null; then taskset -c 0 "$@"; else "$@"; fi; }
echo "math-verify  $(one_core "$python" reward/bench/mathverify_reward.py "$cases" | tee "$work/peer")"
echo "spark-lora   $(one_core java -Xmx512m -cp "reward/target/test-classes:reward/target/classes:$(cat "$work/class-path")" \
  org.sparklora.reward.math.MathRewardSpeed "$cases" | tee "$work/ours")"
"$python" - "$work/peer" "$work/ours" <<'PYTHON'
import json, sys
peer, ours = (json.load(open(path)) for path in sys.argv[1:])
print(f"ratio        warm {ours['warm_per_s'] / peer['per_s']:.1f}, cold JVM {ours['cold_per_s'] / peer['per_s']:.1f}")
PYTHON
