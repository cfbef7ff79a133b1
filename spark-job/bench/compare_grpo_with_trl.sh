#!/usr/bin/env bash
# Completion tokens a second over whole GRPO steps, and peak memory, of TRL and of spark-lora, one after the other on this
# machine: float32, LoRA of rank 1, one prompt a step, 8 completions of 64 tokens. Neither's first step counts.
# usage: compare_grpo_with_trl.sh MODEL_DIR PROMPTS.jsonl [PYTHON [STEPS]]
#   PROMPTS.jsonl  rows with question and answer, as of GSM8K
#   PYTHON         an interpreter with trl 1.16.0, peft and math-verify; unset: python3; "none" leaves the peer out
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
model=$1 prompts=$2 python=${3:-python3} steps=${4:-3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$root"
bin/spark-lora --help >"$work/help" # builds what is missing
if [[ $python != none ]]; then
  "$python" spark-job/bench/trl_grpo.py "$model" "$prompts" --steps "$steps" --rank 1 --generations 8 --completion 64 \
    >"$work/peer" 2>"$work/peer.log" || { cat "$work/peer.log"; exit 1; }
  grep '"peer"' "$work/peer" | tee "$work/peer.json"
fi
# As bin/spark-lora does, with the tests' classes for a reward of their own: a group of completions that all get the same
# reward is not trained on here, while TRL computes it all the same. Mathematics is judged as well, as the peer's is.
export MALLOC_ARENA_MAX=2 SPARK_LOCAL_IP=127.0.0.1
java @conf/jvm.options -Xmx2g -Xms64m -XX:+UseSerialGC "-Dlora.home=$root" \
  "-Dlog4j2.configurationFile=file:$root/conf/log4j2.properties" \
  -cp "spark-job/target/test-classes:spark-job/target/spark-lora.jar:$(<spark-job/target/embedded.classpath)" \
  org.sparklora.spark.cli.Main grpo --model_name_or_path "$model" --dataset_name "$prompts" --output_dir "$work/run" \
  --use_peft --lora_r 1 --lora_alpha 32 --lora_dropout 0 --lora_target_modules all-linear --learning_rate 1e-5 --beta 0 \
  --per_device_train_batch_size 8 --gradient_accumulation_steps 1 --num_generations 8 --max_completion_length 64 \
  --max_steps "$((steps + 1))" --logging_steps 1 --save_strategy no --seed 0 \
  --reward_funcs accuracy_reward 'org.sparklora.spark.grpo.GrpoRun$Variety' --reward_weights 1 1 \
  >"$work/ours.log" 2>&1 || { cat "$work/ours.log"; exit 1; }
cat "$work/run/metrics.jsonl" >"$work/metrics.jsonl"
if [[ $python == none ]]; then python=python3; fi
"$python" - "$work" <<'PYTHON'
import json, os, sys
work = sys.argv[1]
rows = [json.loads(line) for line in open(f"{work}/metrics.jsonl")]
steps = [row for row in rows if "step_time" in row]
assert all(row["reward_std"] > 0 and row["grad_norm"] > 0 for row in steps), "a step had nothing to train on"
counted = steps[1:]
ours = {
    "step_s": [round(row["step_time"], 2) for row in steps],
    "completion_tokens_per_s": round(sum(8 * row["completions/mean_length"] for row in counted) / sum(row["step_time"] for row in counted), 1),
    "peak_rss_mib": rows[-1]["peak_memory_process"] >> 20,
}
print(json.dumps({"spark-lora": ours}))
if os.path.exists(f"{work}/peer.json"):
    peer = json.load(open(f"{work}/peer.json"))
    print(f"ratio: {ours['completion_tokens_per_s'] / peer['completion_tokens_per_s']:.2f} of the peer's tokens a second, "
          f"{ours['peak_rss_mib'] / peer['peak_rss_mib']:.2f} of its memory")
PYTHON
