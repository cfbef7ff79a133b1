"""Writes lr_schedules_with_kwargs.json: learning rates of transformers' schedules that take lr_scheduler_kwargs.

usage: python lr_schedules_with_kwargs.py > lr_schedules_with_kwargs.json   (transformers 5.24, torch)
"""

import json

import torch
from transformers.optimization import get_scheduler

PEAK = 2e-4
CASES = [
    ("cosine", 10, 1, {"num_cycles": 1.5}),
    ("cosine_with_restarts", 10, 0, {}),
    ("cosine_with_restarts", 17, 4, {"num_cycles": 3}),
    ("cosine_with_min_lr", 10, 0, {"min_lr": 1e-5}),
    ("cosine_with_min_lr", 17, 4, {"min_lr_rate": 0.1}),
    ("cosine_with_min_lr", 17, 4, {"min_lr_rate": 0.1, "num_cycles": 1}),
    ("cosine_warmup_with_min_lr", 17, 4, {"min_lr_rate": 0.1}),
    ("cosine_warmup_with_min_lr", 17, 4, {"min_lr": 2e-5, "warmup_lr_rate": 0.25}),
    ("cosine_warmup_with_min_lr", 10, 1, {"min_lr": 0.0, "warmup_lr_rate": 0.25}),
    ("polynomial", 10, 0, {}),
    ("polynomial", 17, 4, {"power": 2.0}),
    ("polynomial", 17, 4, {"power": 0.5, "lr_end": 1e-5}),
    ("inverse_sqrt", 10, 0, {}),
    ("inverse_sqrt", 17, 4, {}),
    ("inverse_sqrt", 17, 4, {"timescale": 2}),
    ("warmup_stable_decay", 17, 4, {"num_decay_steps": 5}),
    ("warmup_stable_decay", 17, 0, {"num_decay_steps": 5, "num_stable_steps": 3, "min_lr_ratio": 0.1}),
    ("warmup_stable_decay", 17, 4, {"num_decay_steps": 6, "warmup_type": "cosine", "decay_type": "linear"}),
    ("warmup_stable_decay", 17, 4, {"num_decay_steps": 6, "warmup_type": "1-sqrt", "decay_type": "1-sqrt", "min_lr_ratio": 0.2}),
    ("warmup_stable_decay", 10, 4, {"num_decay_steps": 9, "num_cycles": 1.5}),
    ("warmup_stable_decay", 10, 4, {"num_decay_steps": 0}),
]


def rates(scheduler, total, warmup, kwargs):
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=PEAK)
    schedule = get_scheduler(scheduler, optimizer, warmup, total, kwargs)
    taken = []
    for _ in range(total + 2):
        taken.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    return taken


print("[")
for number, (scheduler, total, warmup, kwargs) in enumerate(CASES):
    case = {
        "id": number, "scheduler": scheduler, "total_steps": total, "warmup_steps": warmup, "kwargs": kwargs, "peak_lr": PEAK,
        "lr_for_step_1_to_total_plus_2": rates(scheduler, total, warmup, kwargs),
    }  # fmt: skip
    print(json.dumps(case) + ("," if number + 1 < len(CASES) else ""))
print("]")
