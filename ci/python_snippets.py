"""Runs the guide's two snippets as they stand, then pushes what each has trained.

usage: python_snippets.py NAME, with HF_ENDPOINT and HF_TOKEN; the repositories are called NAME-sft and NAME-grpo
"""

import os
import runpy
import sys
from pathlib import Path

name = sys.argv[1]
for method in ("sft", "grpo"):
    trainer = runpy.run_path(str(Path(__file__).with_name("guide_python") / f"{method}.py"))["trainer"]
    steps, rows = trainer.state.global_step, trainer.state.log_history
    assert steps > 0 and rows[-1]["step"] == steps and "train_loss" in rows[-1], rows
    trainer.args.hub_model_id = f"{name}-{method}"
    where = trainer.push_to_hub()
    print(f"ok      the guide's {method} snippet, {name}: {steps} steps, pushed to {where}")
    os.rename("trainer_output", method)  # where both go, unless told
trainer.spark.stop()
