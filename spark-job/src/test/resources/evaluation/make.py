"""Writes trainer_state.json: TRL's own run with evaluation, checkpoints and the best model at the end.

python make.py MODEL_FOLDER, where MODEL_FOLDER is the llama-tiny checkpoint with its tokenizer.
"""

import json
import os
import sys

from datasets import load_dataset
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig, SFTTrainer

data = load_dataset("json", data_files={split: f"data/{split}.jsonl" for split in ("train", "test")})
args = SFTConfig(
    output_dir="out", use_cpu=True, bf16=False, gradient_checkpointing=False, report_to="none", disable_tqdm=True,
    dataloader_pin_memory=False, learning_rate=1e-3, lr_scheduler_type="constant", max_steps=7,
    per_device_train_batch_size=3, logging_steps=2, train_sampling_strategy="sequential",
    eval_strategy="steps", eval_steps=2, per_device_eval_batch_size=4, eval_on_start=True,
    save_strategy="steps", save_steps=2, save_total_limit=2, load_best_model_at_end=True, metric_for_best_model="entropy", greater_is_better=False,
)
tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
model = AutoModelForCausalLM.from_pretrained(sys.argv[1], dtype="float32")
trainer = SFTTrainer(model=model, args=args, train_dataset=data["train"], eval_dataset=data["test"], processing_class=tokenizer)
trainer.train()
trainer.save_state()
state = json.load(open("out/trainer_state.json"))
state["checkpoints"] = sorted(name for name in os.listdir("out") if name.startswith("checkpoint-"))
json.dump(state, open("trainer_state.json", "w"), indent=2)
