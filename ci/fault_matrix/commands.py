"""The commands that work on executors, and how their results are compared."""

import json
import os
import sys

sys.path.append(os.path.join(os.path.dirname(__file__), ".."))
from same_run import Difference, compare, lines, read, require, same_bytes, same_rows  # noqa: E402

WORKERS = 3
SWEEP = """
finding: learning-rate
command: sft
base: {model_name_or_path: %(home)s/conf/quickstart/base, dataset_name: %(data)s/split, lora_target_modules: all-linear,
  packing: true, max_length: 128, max_steps: 12, per_device_train_batch_size: 4, lr_scheduler_type: constant,
  logging_steps: 1, eval_strategy: steps, eval_steps: 6, save_steps: 3, gradient_checkpointing: false}
axes: {learning_rate: [1e-3, 3e-3, 1e-2]}
zip: [{use_peft: [true, false], lora_r: [4, null]}]
metric: {name: eval_loss, goal: min}
"""


class Command:
    """A command with its flags; `{root}` in them is the run's folder."""

    trains = True  # for the soak's stages
    progress = 3  # rows of the log after which something may happen

    def __init__(self, name, arguments):
        self.name = name
        self.arguments = tuple(map(str, arguments))

    def command(self, root):
        return [argument.replace("{root}", root) for argument in self.arguments]

    def works(self, root, loaded):
        """Whether executors work on it; `loaded` says on how many the model is."""
        log = f"{root}/out/metrics.jsonl"
        return os.path.exists(log) and len(read(log).splitlines()) >= self.progress

    def compare(self, reference, folder):
        return compare(reference, folder)


class Rounds(Command):
    progress = 1


class Evaluation(Command):
    def works(self, root, loaded):
        return loaded >= WORKERS

    def compare(self, reference, folder):
        mine, other = (json.loads(read(f"{root}/out/_eval_summary.json")) for root in (reference, folder))
        differing = [key for key in mine.keys() | other.keys() if mine.get(key) != other.get(key) and "second" not in key]
        require(not differing, f"_eval_summary.json of {reference} and {folder} differ in {differing}")
        return compare(reference, folder)


class Sweep(Command):
    def works(self, root, loaded):
        trials = f"{root}/out/trials"
        return os.path.isdir(trials) and any(os.path.exists(f"{trials}/{one}/metrics.jsonl") for one in os.listdir(trials))

    def compare(self, reference, folder):
        same_bytes(f"{reference}/out/results.json", f"{folder}/out/results.json")
        trials = sorted(os.listdir(f"{reference}/out/trials"))
        require(trials == sorted(os.listdir(f"{folder}/out/trials")), f"{folder} has other trials than {reference}")
        for trial in trials:
            same_rows(*(f"{root}/out/trials/{trial}/metrics.jsonl" for root in (reference, folder)), lines)
        return f"equal: results.json and {len(trials)} trials"


def commands(home, data):
    base = ["--model_name_or_path", f"{home}/conf/quickstart/base"]
    output = ["--output_dir", "{root}/out"]
    workers = ["--num_workers", WORKERS]
    resumes = [*output, *workers, "--resume_from_checkpoint", "true", "--logging_steps", "1"]
    lora = ["--use_peft", "--lora_r", "8", "--lora_target_modules", "all-linear", "--lora_dropout", "0.05"]
    sft = [
        "sft", *base, *lora, *resumes, "--dataset_name", f"{data}/rows/part-0.jsonl", "--packed_dir", "{root}/packed", "--packing",
        "--max_length", "256", "--max_steps", "24", "--save_steps", "6", "--save_total_limit", "2",
        "--per_device_train_batch_size", "4", "--gradient_checkpointing", "false", "--learning_rate", "5e-3",
    ]
    grpo = [
        "grpo", *base, *lora, *resumes, "--dataset_name", f"{data}/problems.jsonl", "--prompts_dir", "{root}/prompts",
        "--max_steps", "4", "--save_steps", "2", "--save_total_limit", "2", "--num_generations", "8",
        "--per_device_train_batch_size", "8", "--gradient_accumulation_steps", "8", "--max_completion_length", "48",
        "--learning_rate", "1e-3", "--log_completions", "--num_completions_to_print", "0",
    ]
    evaluation = [
        "eval", *base, *output, *workers, "--overwrite_output_dir", "--dataset_name", f"{data}/problems.jsonl",
        "--prompts_dir", "{root}/prompts", "--pass_k", "1", "--num_generations", "32", "--temperature", "1.0",
        "--max_completion_length", "64",
    ]
    with open(f"{data}/sweep.yaml", "w", encoding="utf-8") as file:
        file.write(SWEEP % {"home": home, "data": data})
    return [
        Command("sft --sync parameters", [*sft, "--sync", "parameters", "--averaging_frequency", "3"]),
        Command(
            "sft --outer_optimizer nesterov",
            [*sft, "--outer_optimizer", "nesterov", "--averaging_frequency", "3", "--averaging_dtype", "int8"],
        ),
        Command("sft --sync gradients", [*sft, "--sync", "gradients"]),
        Rounds("grpo", grpo),
        Evaluation("eval", evaluation),
        Sweep("sweep", ["sweep", "--config", f"{data}/sweep.yaml", *output]),
    ]


def write_split(data):
    """Rows to train and to test on, of those that the soak has."""
    os.makedirs(f"{data}/split")
    with open(f"{data}/rows/part-0.jsonl", encoding="utf-8") as file:
        rows = file.readlines()
    for name, some in (("train", rows[:100]), ("test", rows[100:120])):
        with open(f"{data}/split/{name}.jsonl", "w", encoding="utf-8") as file:
            file.writelines(some)


__all__ = ["Difference", "commands", "write_split"]
