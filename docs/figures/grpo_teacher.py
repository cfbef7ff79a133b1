"""Draws the rewards on held-out problems by completions drawn, of the runs of ci/grpo_variants.sh's part "teacher".

    pip install matplotlib; python docs/figures/grpo_teacher.py OUT.png FOLDER/teacher-SEED...
"""
import json
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

RUNS = {
    "rewarded": ("rewards, 128 completions a step", "tab:blue"),
    "rewarded-small": ("rewards, 16 a step", "tab:purple"),
    "taught": ("teacher, 128 a step", "tab:orange"),
    "taught-small": ("teacher, 16 a step", "tab:green"),
}


def read(run):
    with open(run / "metrics.jsonl", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    a_step = 16 if run.name.endswith("-small") else 128
    return zip(*((row["step"] * a_step, row["eval_reward"]) for row in rows if "eval_reward" in row))


def main():
    out, *folders = sys.argv[1:]
    figure, axes = plt.subplots(figsize=(9, 4))
    for folder in map(Path, folders):
        for name, (label, colour) in RUNS.items():
            completions, rewards = read(folder / name)
            axes.plot(completions, rewards, color=colour, linewidth=1.2, marker=".", label=label)
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(handles[: len(RUNS)], labels[: len(RUNS)], frameon=False, loc="lower right")
    axes.set_xscale("log")
    ticks = [80, 160, 320, 640, 1280, 2560, 5120]
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel("completions drawn")
    axes.set_title("Reward on held-out problems", loc="left")
    axes.grid(alpha=0.3)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.tight_layout()
    figure.savefig(out, dpi=110)


main()
