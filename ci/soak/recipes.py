"""What the soak runs: preparation, SFT and GRPO on the quickstart's model, each with a fixed outcome."""

import gzip
import json
import os
from dataclasses import dataclass

QUICKSTART = "conf/quickstart"
STEPS = 12
ROUNDS = 4
FILES = 12


@dataclass(frozen=True)
class Recipe:
    """A command; `{root}` in its arguments is the run's folder."""

    name: str
    arguments: tuple
    stages: tuple  # in which something of it can be hit

    @property
    def trains(self):
        return self.name != "prep"

    def command(self, root):
        return [argument.replace("{root}", root) for argument in self.arguments]


def recipes(home, data):
    base = ["--model_name_or_path", f"{home}/{QUICKSTART}/base"]
    resumes = ["--output_dir", "{root}/out", "--resume_from_checkpoint", "true", "--logging_steps", "1", "--num_workers", "2"]
    prep = ["prep", *base, "--dataset_name", f"{data}/rows", "--packing", "--max_length", "512", "--output_dir", "{root}/packed"]
    sft = [
        "sft", *base, *resumes, "--dataset_name", f"{data}/rows/part-0.jsonl", "--packed_dir", "{root}/packed", "--packing",
        "--max_length", "512", "--max_steps", STEPS, "--save_steps", "4", "--save_total_limit", "2",
        "--per_device_train_batch_size", "4", "--gradient_checkpointing", "false",
    ]
    grpo = [
        "grpo", *base, *resumes, "--dataset_name", f"{data}/problems.jsonl", "--prompts_dir", "{root}/prompts",
        "--max_steps", ROUNDS, "--save_steps", "2", "--save_total_limit", "2", "--num_generations", "8",
        "--per_device_train_batch_size", "8", "--gradient_accumulation_steps", "8", "--max_completion_length", "48",
        "--log_completions", "--num_completions_to_print", "0",
    ]
    lora = ["--use_peft", "--lora_r", "8", "--lora_target_modules", "all-linear", "--lora_dropout", "0.05"]
    sft_stages = ("preparing", "training")
    grpo_stages = ("preparing", "generating", "updating")
    made = [
        ("prep", prep, ("preparing",)),
        ("sft LoRA", sft + lora + ["--learning_rate", "5e-3", "--sync", "parameters", "--averaging_frequency", "3"], sft_stages),
        (
            "sft local steps",
            sft + lora + ["--learning_rate", "5e-3", "--outer_optimizer", "nesterov", "--averaging_frequency", "3"]
            + ["--averaging_dtype", "int8"],
            sft_stages,
        ),
        ("sft full", sft + ["--learning_rate", "1e-3", "--sync", "gradients"], sft_stages),
        ("grpo LoRA", grpo + lora + ["--learning_rate", "1e-3"], grpo_stages),
        ("grpo full", grpo + ["--learning_rate", "1e-4", "--beta", "0.02"], grpo_stages),
    ]
    return [Recipe(name, tuple(map(str, arguments)), stages) for name, arguments, stages in made]


def write_data(home, data):
    """Rows of GSM8K in several files, and sums of which the model solves some."""
    os.makedirs(f"{data}/rows")
    with gzip.open(f"{home}/{QUICKSTART}/gsm8k_heldout.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = file.read()
    for part in range(FILES):
        with open(f"{data}/rows/part-{part}.jsonl", "w", encoding="utf-8") as file:
            file.write(rows)
    with open(f"{data}/problems.jsonl", "w", encoding="utf-8") as file:
        for first in range(1, 10):
            for second in range(1, 10):
                question = f"Ada has {first} coins and buys {second} more. How many coins does Ada have now?"
                print(json.dumps({"question": question, "answer": f"#### {first + second}"}), file=file)
