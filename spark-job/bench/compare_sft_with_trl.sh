#!/usr/bin/env bash
# Trained tokens a second and peak memory of LoRA SFT on packed rows of 1024 tokens, 4 a step, of TRL and of spark-lora, each
# in float32 and, where the CPU multiplies bfloat16, in that too, one run after the other on this machine, all of it several
# times: medians and ratios. Nobody's first step counts.
# usage: compare_sft_with_trl.sh MODEL_DIR DATA.jsonl [RANK [REPETITIONS [STEPS [PYTHON]]]]
#   DATA.jsonl   rows with messages, or with question and answer, as of GSM8K; at least STEPS x 4096 tokens
#   RANK         of the adapter of all linear layers; 256
#   REPETITIONS  3
#   STEPS        of each run; 4
#   PYTHON       an interpreter with trl 1.16.0 and peft; unset: one that is made, of ci/trl-requirements.txt (several
#                gigabytes, once); "none" leaves the peer out
set -euo pipefail
root=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
model=$(realpath "$1") data=$(realpath "$2") rank=${3:-256} repetitions=${4:-3} steps=${5:-4} python=${6:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$root"
if [[ -z $python ]]; then python=$(ci/venv.sh trl); fi
bin/spark-lora --help >"$work/help" # builds what is missing
has_bfloat16=$(grep -cE 'avx512_bf16|amx_bf16' /proc/cpuinfo || true) # 0: both would imitate it, slower than float32

peer() { # TYPE
  "$python" spark-job/bench/trl_sft.py "$model" "$data" --steps "$steps" --rank "$rank" --dtype "$1" --out "$work/trl" \
    >"$work/peer" 2>"$work/peer.log" || { cat "$work/peer.log"; exit 1; }
  grep '"peer"' "$work/peer" >>"$work/runs.jsonl"
}

ours() { # TYPE [FLAG]
  SPARK_LORA_HEAP=2g bin/spark-lora sft --model_name_or_path "$model" --dataset_name "$data" --output_dir "$work/run" \
    --overwrite_output_dir --max_length 1024 --packing --per_device_train_batch_size 1 --gradient_accumulation_steps 4 \
    --max_steps "$steps" --logging_steps 1 --averaging_frequency 1 --use_peft --lora_r "$rank" --lora_alpha 16 --lora_dropout 0 \
    --lora_target_modules all-linear --learning_rate 2e-4 --save_strategy no --seed 0 "${@:2}" \
    >"$work/ours.log" 2>&1 || { cat "$work/ours.log"; exit 1; }
  python3 - "$work/run/metrics.jsonl" "$1" "$rank" >>"$work/runs.jsonl" <<'PYTHON'
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
steps = [row for row in rows if "tokens_per_second" in row]
tokens = [b["num_tokens"] - a["num_tokens"] for a, b in zip(steps, steps[1:])]
seconds = [count / row["tokens_per_second"] for count, row in zip(tokens, steps[1:])]
print(json.dumps({"peer": "spark-lora", "dtype": sys.argv[2], "rank": int(sys.argv[3]),
    "tokens_per_s": round(sum(tokens) / sum(seconds), 1), "step_s": [round(s, 2) for s in seconds],
    "loss": [round(row["loss"], 4) for row in steps], "peak_rss_mib": rows[-1]["peak_memory_process"] >> 20}))
PYTHON
  rm -rf "$work/run"
}

for ((repetition = 0; repetition < repetitions; repetition++)); do
  if [[ $python != none ]]; then peer float32; fi
  if [[ $python != none && $has_bfloat16 != 0 ]]; then peer bfloat16; fi
  ours float32
  if [[ $has_bfloat16 != 0 ]]; then ours bfloat16 --bf16; fi
  echo "load after repetition $((repetition + 1)): $(cut -d' ' -f1-3 /proc/loadavg 2>/dev/null || echo unknown)"
done

python3 - "$work/runs.jsonl" <<'PYTHON'
import json, statistics, sys
runs = {}
for line in open(sys.argv[1]):
    run = json.loads(line)
    runs.setdefault((run["peer"], run["dtype"]), []).append(run)
    print(line, end="")
median = {key: {name: statistics.median(run[name] for run in of) for name in ("tokens_per_s", "peak_rss_mib")} for key, of in runs.items()}
for (who, dtype), value in median.items():
    print(f"{who} {dtype}: {value['tokens_per_s']:.1f} tokens a second, {value['peak_rss_mib']:.0f} MiB")
peers = [value for (who, _), value in median.items() if who == "trl"]
if peers:
    best = max(peers, key=lambda value: value["tokens_per_s"])
    for (who, dtype), value in median.items():
        if who != "trl":
            print(f"ratio, {who} {dtype} to TRL's faster type: {value['tokens_per_s'] / best['tokens_per_s']:.2f} of its tokens a second, "
                  f"{value['peak_rss_mib'] / best['peak_rss_mib']:.2f} of its memory")
PYTHON
