"""Draws the project's figure from runs of GRPO with and without an adapter: rewards, pass@1 before and after, memory.

    pip install matplotlib pyyaml; python docs/figures/arithmetic_smollm2.py OUT.png RUN_FOLDER...

A run's folder is one of grpo, or a trial's of a sweep (SWEEP/trials/*): trainer_state.json and grpo_config.yaml.
"""
import json
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import yaml

NAMES = {True: "LoRA, rank 1", False: "full fine-tuning"}
COLOURS = {True: "tab:blue", False: "0.25"}
GIBIBYTE = 2**30


def read(folder):
    log = json.loads((folder / "trainer_state.json").read_text())["log_history"]
    settings = yaml.safe_load((folder / "grpo_config.yaml").read_text())
    evaluated = [row["eval_reward"] for row in log if "eval_reward" in row]
    return {
        "adapter": bool(settings.get("use_peft")),
        "rewards": [row["reward"] for row in log if "reward" in row],
        "before": evaluated[0],
        "after": evaluated[-1],
        "memory": max(row.get("peak_memory_process", 0) for row in log) / GIBIBYTE,
    }


def mean(values):
    return sum(values) / len(values)


def draw(runs, out):
    figure, (rewards, solved, memory) = plt.subplots(1, 3, figsize=(9, 3), width_ratios=[2.2, 1.2, 1])
    for place, adapter in enumerate((True, False)):
        own = [run for run in runs if run["adapter"] == adapter]
        colour = COLOURS[adapter]
        for run in own:
            rewards.plot(range(1, len(run["rewards"]) + 1), run["rewards"], color=colour, alpha=0.25, lw=0.8)
        means = [mean(step) for step in zip(*(run["rewards"] for run in own))]
        rewards.plot(range(1, len(means) + 1), means, color=colour, lw=1.8, label=f"{NAMES[adapter]} ({len(own)} seeds)")
        for at, key in ((0, "before"), (1, "after")):
            values = [run[key] for run in own]
            solved.bar(at + (place - 0.5) * 0.38, mean(values), 0.36, color=colour, alpha=0.8)
            solved.plot([at + (place - 0.5) * 0.38] * len(values), values, "_", color="tab:orange", ms=9)
            solved.text(at + (place - 0.5) * 0.38, 0.03, f"{mean(values):.2f}", ha="center", color="white", fontsize=8)
        most = max(run["memory"] for run in own)
        memory.bar(place, most, 0.7, color=colour, alpha=0.8)
        memory.text(place, most + 0.05, f"{most:.1f}", ha="center", fontsize=8)
    rewards.set(title="training reward", xlabel="step", ylim=(0, 1.03))
    rewards.legend(frameon=False, loc="lower right", fontsize=8)
    solved.set(title="pass@1 of held-out sums", ylim=(0, 1.03), xticks=[0, 1], xticklabels=["before", "after"])
    memory.set(title="peak memory, GiB", xticks=[0, 1], xticklabels=["LoRA", "full"])
    for axes in (rewards, solved, memory):
        axes.spines[["top", "right"]].set_visible(False)
        axes.title.set_fontsize(10)
    figure.tight_layout()
    figure.savefig(out, dpi=110)


if __name__ == "__main__":
    draw([read(Path(folder)) for folder in sys.argv[2:]], sys.argv[1])
