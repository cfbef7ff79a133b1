#!/usr/bin/env bash
# Completion tokens a second over whole GRPO steps, and peak memory, of TRL and of spark-lora, each in float32 and, where the
# CPU multiplies bfloat16, in that too, one run after the other on this machine, all of it several times: medians and ratios.
# LoRA of rank 1, one prompt a step, 8 completions. Nobody's first step counts.
# usage: compare_grpo_with_trl.sh MODEL_DIR PROMPTS.jsonl [LENGTHS [REPETITIONS [STEPS [PYTHON]]]]
#   PROMPTS.jsonl  rows with question and answer, as of GSM8K
#   LENGTHS        tokens of a completion; "64 256"
#   REPETITIONS    3
#   STEPS          of each run; 4
#   PYTHON         an interpreter with trl 1.16.0, peft and math-verify; unset: one that is made, of ci/trl-requirements.txt
#                  (several gigabytes, once); "none" leaves the peer out
set -euo pipefail
root=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
model=$(realpath "$1") prompts=$(realpath "$2") lengths=${3:-64 256} repetitions=${4:-3} steps=${5:-4} python=${6:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$root"
if [[ -z $python ]]; then python=$(ci/venv.sh trl); fi
bin/spark-lora --help >"$work/help" # builds what is missing
[[ -d spark-job/target/test-classes ]] || mvn -q -B -ntp -DskipTests -pl spark-job -am test-compile
has_bfloat16=$(grep -cE 'avx512_bf16|amx_bf16' /proc/cpuinfo || true) # 0: both would imitate it, slower than float32
export MALLOC_ARENA_MAX=2 SPARK_LOCAL_IP=127.0.0.1

peer() { # LENGTH TYPE
  "$python" spark-job/bench/trl_grpo.py "$model" "$prompts" --steps "$steps" --rank 1 --generations 8 --completion "$1" \
    --dtype "$2" >"$work/peer" 2>"$work/peer.log" || { cat "$work/peer.log"; exit 1; }
  python3 - "$work/peer" "$1" >>"$work/runs.jsonl" <<'PYTHON'
import json, sys
run = json.loads([line for line in open(sys.argv[1]) if '"peer"' in line][-1])
print(json.dumps({"peer": "trl", "length": int(sys.argv[2]), **{name: run[name] for name in ("dtype", "completion_tokens_per_s", "step_s", "peak_rss_mib")}}))
PYTHON
}

# As bin/spark-lora does, with the tests' classes for a reward of their own: a group of completions that all get the same
# reward is not trained on here, while TRL computes it all the same. Mathematics is judged as well, as the peer's is.
ours() { # LENGTH TYPE [FLAG]
  java @conf/jvm.options -Xmx2g -Xms64m -XX:+UseSerialGC "-Dlora.home=$root" \
    "-Dlog4j2.configurationFile=file:$root/conf/log4j2.properties" \
    -cp "spark-job/target/test-classes:spark-job/target/spark-lora.jar:spark-job/target/spark/*" \
    org.sparklora.spark.cli.Main grpo --model_name_or_path "$model" --dataset_name "$prompts" --output_dir "$work/run" \
    --use_peft --lora_r 1 --lora_alpha 32 --lora_dropout 0 --lora_target_modules all-linear --learning_rate 1e-5 --beta 0 \
    --per_device_train_batch_size 8 --gradient_accumulation_steps 1 --num_generations 8 --max_completion_length "$1" \
    --max_steps "$steps" --logging_steps 1 --save_strategy no --seed 0 \
    --reward_funcs accuracy_reward 'org.sparklora.spark.grpo.GrpoRun$Variety' --reward_weights 1 1 "${@:3}" \
    >"$work/ours.log" 2>&1 || { cat "$work/ours.log"; exit 1; }
  python3 - "$work/run/metrics.jsonl" "$1" "$2" >>"$work/runs.jsonl" <<'PYTHON'
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
steps = [row for row in rows if "step_time" in row]
assert all(row["reward_std"] > 0 and row["grad_norm"] > 0 for row in steps), "a step had nothing to train on"
counted = steps[1:]
tokens = sum(8 * row["completions/mean_length"] for row in counted)
print(json.dumps({"peer": "spark-lora", "length": int(sys.argv[2]), "dtype": sys.argv[3],
    "completion_tokens_per_s": round(tokens / sum(row["step_time"] for row in counted), 1),
    "step_s": [round(row["step_time"], 2) for row in steps], "peak_rss_mib": rows[-1]["peak_memory_process"] >> 20}))
PYTHON
  rm -rf "$work/run"
}

for ((repetition = 0; repetition < repetitions; repetition++)); do
  for length in $lengths; do
    if [[ $python != none ]]; then peer "$length" float32; fi
    if [[ $python != none && $has_bfloat16 != 0 ]]; then peer "$length" bfloat16; fi
    ours "$length" float32
    if [[ $has_bfloat16 != 0 ]]; then ours "$length" bfloat16 --bf16; fi
  done
  echo "load after repetition $((repetition + 1)): $(cut -d' ' -f1-3 /proc/loadavg 2>/dev/null || echo unknown)"
done

python3 - "$work/runs.jsonl" <<'PYTHON'
import json, statistics, sys
runs = {}
for line in open(sys.argv[1]):
    run = json.loads(line)
    runs.setdefault((run["length"], run["peer"], run["dtype"]), []).append(run)
    print(line, end="")
median = {key: {name: statistics.median(run[name] for run in of) for name in ("completion_tokens_per_s", "peak_rss_mib")} for key, of in runs.items()}
for (length, who, dtype), value in median.items():
    print(f"8 x {length}, {who} {dtype}: {value['completion_tokens_per_s']:.1f} completion tokens a second, {value['peak_rss_mib']:.0f} MiB")
for (length, who, dtype), value in median.items():
    peers = [other for (of, name, _), other in median.items() if of == length and name == "trl"]
    if who != "trl" and peers:
        best = max(peers, key=lambda peer: peer["completion_tokens_per_s"])
        print(f"ratio, 8 x {length}, {who} {dtype} to TRL's faster type: {value['completion_tokens_per_s'] / best['completion_tokens_per_s']:.2f} "
              f"of its tokens a second, {value['peak_rss_mib'] / best['peak_rss_mib']:.2f} of its memory")
PYTHON
