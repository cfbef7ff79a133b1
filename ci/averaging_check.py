"""Recomputes a run with an outer optimizer from runs of single workers. Called by averaging_check.sh with the repository and a
scratch folder."""

import gzip
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

WORKERS = 3
STEPS = 4  # of a round
ROUNDS = 2
RATE = 0.7
MOMENTUM = 0.5
LARGEST_DIFFERENCE = 1e-6

root, work = Path(sys.argv[1]), Path(sys.argv[2])


def sft(name, rows, *more):
    """A run whose worker, or workers in turn, take a row a step."""
    places = ["--model_name_or_path", root / "conf/quickstart/base", "--dataset_name", work / f"{rows}.jsonl",
              "--packed_dir", work / f"{rows}.packed", "--output_dir", work / name]  # fmt: skip
    flags = """--use_peft --lora_r 8 --lora_target_modules all-linear --lora_dropout 0 --train_sampling_strategy sequential
        --per_device_train_batch_size 1 --lr_scheduler_type constant --learning_rate 1e-3 --logging_steps 1
        --gradient_checkpointing false"""
    log = work / f"{name}.log"
    with log.open("w") as out:
        code = subprocess.run([root / "bin/spark-lora", "sft", *places, *flags.split(), *more], stdout=out, stderr=out).returncode
    if code:
        sys.exit(f"sft {name} failed:\n{log.read_text()}")
    return work / name


def parameters(folder):
    return load_file(folder / "adapter_model.safetensors")


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = CRC_TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return f"{crc ^ 0xFFFFFFFF:08x}"


def crc_entry(byte):
    for _ in range(8):
        byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
    return byte


CRC_TABLE = [crc_entry(byte) for byte in range(256)]


def put_parameters(checkpoint, values):
    """Replaces a checkpoint's parameters; its moments stay."""
    file = checkpoint / "adapter_model.safetensors"
    save_file(values, file)
    state_file = checkpoint / "resume_state.json"
    state = json.loads(state_file.read_text())
    data = file.read_bytes()
    state["files"][file.name] = {"bytes": len(data), "crc32c": crc32c(data)}
    state_file.write_text(json.dumps(state))


def target_tokens(folder, first, end):
    """Tokens of the steps [first, end) but each row's first, which nothing predicts."""
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    tokens = [0] + [row["num_tokens"] for row in rows if "loss" in row]
    return sum(tokens[step + 1] - tokens[step] - 1 for step in range(first, end))


def worker_round(worker, number, start):
    """A worker's parameters and weight after a round that begins at `start`."""
    end = STEPS * (number + 1)
    name = f"worker-{worker}-round-{number}"
    more = ["--max_steps", str(end), "--save_steps", str(STEPS)]
    if number > 0:
        checkpoint = f"checkpoint-{STEPS * number}"
        (work / name).mkdir()
        shutil.copytree(work / f"worker-{worker}-round-{number - 1}" / checkpoint, work / name / checkpoint)
        put_parameters(work / name / checkpoint, start)
        more += ["--resume_from_checkpoint", "true"]
    folder = sft(name, f"rows-{worker}", *more)
    return parameters(folder), target_tokens(folder, end - STEPS, end)


with gzip.open(root / "conf/quickstart/gsm8k_heldout.jsonl.gz", "rt") as lines:
    rows = sorted(lines, key=len)[: WORKERS * STEPS * ROUNDS]
(work / "rows.jsonl").write_text("".join(rows))
for worker in range(WORKERS):
    (work / f"rows-{worker}.jsonl").write_text("".join(rows[worker::WORKERS]))

together = sft(
    "together", "rows", "--num_workers", str(WORKERS), "--averaging_frequency", str(STEPS), "--max_steps", str(STEPS * ROUNDS),
    "--outer_optimizer", "nesterov", "--outer_learning_rate", str(RATE), "--outer_momentum", str(MOMENTUM), "--save_strategy", "no",
)  # fmt: skip
# a step so small that it changes nothing
current = parameters(sft("initial", "rows", "--max_steps", "1", "--learning_rate", "1e-30", "--save_strategy", "no"))
initial = current
buffer = {name: np.zeros(value.shape) for name, value in current.items()}
for number in range(ROUNDS):
    trained = [worker_round(worker, number, current) for worker in range(WORKERS)]
    all_tokens = sum(tokens for _, tokens in trained)
    after = {}
    for name, value in current.items():
        gradient = sum(tokens / all_tokens * (value.astype(float) - theirs[name]) for theirs, tokens in trained)
        buffer[name] = MOMENTUM * buffer[name] + gradient
        after[name] = (value - RATE * (gradient + MOMENTUM * buffer[name])).astype(np.float32)
    current = after
    print(f"round {number + 1}: workers trained on {', '.join(f'{tokens:.0f}' for _, tokens in trained)} target tokens")

theirs = parameters(together)
assert theirs.keys() == current.keys(), (sorted(theirs), sorted(current))
difference = max(np.abs(theirs[name].astype(float) - current[name]).max() for name in current)
moved = max(np.abs(theirs[name].astype(float) - initial[name]).max() for name in current)
print(f"largest difference {difference:.2g}, at most {LARGEST_DIFFERENCE:.0e}; parameters changed by up to {moved:.2g}")
sys.exit(int(not difference <= LARGEST_DIFFERENCE or moved < 1e-3))
