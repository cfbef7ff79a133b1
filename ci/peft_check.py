"""Loads an adapter and a merged checkpoint with PEFT and transformers and compares log-probabilities.

usage: peft_check.py BASE ADAPTER MERGED SCORES.jsonl
SCORES holds rows of `spark-lora score`: input_ids and logprobs, one per token after the first.
"""

import json
import sys

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

# Float32 sums in another order over a few layers; observed differences are about 1e-5.
TOLERANCE = 1e-3


def log_probs(model, input_ids):
    with torch.no_grad():
        logits = model(torch.tensor([input_ids])).logits[0].float()
    targets = torch.tensor(input_ids[1:])
    return torch.log_softmax(logits[:-1], dim=-1).gather(1, targets[:, None])[:, 0]


def main(base, adapter, merged, scores):
    tokenizer = AutoTokenizer.from_pretrained(base)
    models = {
        "PEFT": PeftModel.from_pretrained(
            AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32), adapter
        ),
        "merged": AutoModelForCausalLM.from_pretrained(merged, dtype=torch.float32),
    }
    rows = [json.loads(line) for line in open(scores)]
    failed = False
    for row in rows:
        ids = row["input_ids"]
        if "text" in row and "messages" not in row:
            failed |= tokenizer(row["text"])["input_ids"] != ids
        ours = torch.tensor([value for value in row["logprobs"] if value is not None])
        for name, model in models.items():
            # A merged checkpoint may be stored in bfloat16, which rounds each weight to 8 bits.
            bound = TOLERANCE if name == "PEFT" else 50 * TOLERANCE
            difference = (log_probs(model, ids) - ours).abs().max().item()
            print(f"{name}: {len(ids)} tokens, largest difference of a log-probability {difference:.1e}")
            failed |= difference > bound
    print("FAILED" if failed else "passed")
    sys.exit(failed)


if __name__ == "__main__":
    main(*sys.argv[1:])
