"""PEFT loads the adapters that the guide's Python snippets pushed to the loopback hub."""

import sys

import torch
from huggingface_hub import snapshot_download
from peft import PeftModel
from transformers import AutoModelForCausalLM

for name in ("embedded", "cluster"):
    for method, base in (("sft", "Qwen/Qwen2.5-3B-Instruct"), ("grpo", "Qwen/Qwen3-0.6B")):
        model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
        model = PeftModel.from_pretrained(model, snapshot_download(f"ada/{name}-{method}"))
        trained = [p.abs().max().item() for n, p in model.named_parameters() if "lora_B" in n]
        # a random model solves no problem, so that its rewards teach nothing
        holds = len(trained) == 14 and (method == "grpo" or min(trained) > 0)
        print(f"{'ok     ' if holds else 'failed '} PEFT loads ada/{name}-{method}: {len(trained)} layers")
        sys.exit(1) if not holds else None
