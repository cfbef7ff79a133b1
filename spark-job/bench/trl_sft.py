"""The peer to beat: TRL + PEFT LoRA SFT on CPU, as a user of the guide would run it.

usage: trl_sft.py MODEL_DIR DATA.jsonl [--steps 4] [--dtype float32|bfloat16] [--rank 256] [--length 1024] [--accum 4] [--full] [--ckpt] [--out DIR]
DATA.jsonl: one {"messages": [{"role","content"}...]} or GSM8K {"question","answer"} a line.
Prints one JSON line: trained tokens a second over the steps after the first, and a second of processor; loss per step, peak RSS.
"""
import argparse, json, os, resource, time
os.environ.setdefault("HF_HUB_OFFLINE", "1"); os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
ap = argparse.ArgumentParser(); ap.add_argument("model"); ap.add_argument("data")
ap.add_argument("--steps", type=int, default=4); ap.add_argument("--dtype", default="float32"); ap.add_argument("--rank", type=int, default=256)
ap.add_argument("--length", type=int, default=1024); ap.add_argument("--accum", type=int, default=4); ap.add_argument("--full", action="store_true"); ap.add_argument("--ckpt", action="store_true"); ap.add_argument("--out", default="/tmp/trl_sft_out")
a = ap.parse_args()
import torch
from datasets import load_dataset
from peft import LoraConfig
from transformers import AutoModelForCausalLM, TrainerCallback
from trl import SFTConfig, SFTTrainer
ds = load_dataset("json", data_files=a.data, split="train").select(range(2000)) if sum(1 for _ in open(a.data)) > 2000 else load_dataset("json", data_files=a.data, split="train")
if "question" in ds.column_names:
    ds = ds.map(lambda r: {"messages": [{"role": "user", "content": r["question"]}, {"role": "assistant", "content": r["answer"]}]}, remove_columns=ds.column_names)
model = AutoModelForCausalLM.from_pretrained(a.model, dtype=getattr(torch, a.dtype))
class Clock(TrainerCallback):
    def __init__(self): self.t = []
    def on_step_begin(self, *_, **__): self.t.append([time.perf_counter(), None, time.process_time(), None])
    def on_step_end(self, *_, **__): self.t[-1][1], self.t[-1][3] = time.perf_counter(), time.process_time()
clock = Clock()
cfg = SFTConfig(output_dir=a.out, per_device_train_batch_size=1, gradient_accumulation_steps=a.accum, max_steps=a.steps, learning_rate=2e-4,
    packing=True, max_length=a.length, logging_steps=1, save_strategy="no", report_to=[], use_cpu=True, bf16=a.dtype == "bfloat16", gradient_checkpointing=a.ckpt, seed=0)
tr = SFTTrainer(model=model, args=cfg, train_dataset=ds, peft_config=None if a.full else LoraConfig(r=a.rank, lora_alpha=16, target_modules="all-linear"), callbacks=[clock])
tr.train()
steps = [e - s for s, e, _, _ in clock.t if e][1:]
processor = [e - s for _, _, s, e in clock.t if e][1:]
print(json.dumps({"peer": "trl", "dtype": a.dtype, "rank": None if a.full else a.rank, "tokens_per_s": round(a.length * a.accum * len(steps) / sum(steps), 1), "tokens_per_processor_s": round(a.length * a.accum * len(steps) / sum(processor), 1), "step_s": [round(x, 2) for x in steps],
    "loss": [round(h["loss"], 4) for h in tr.state.log_history if "loss" in h], "threads": torch.get_num_threads(), "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}))
