"""Downloads pushed adapters with huggingface_hub, loads them with PEFT, and compares log-probabilities with ours.

usage: guide_by_name.py SCORES.jsonl, with HF_ENDPOINT and HF_HOME
SCORES holds rows of `spark-lora score` for the first adapter: input_ids and logprobs, one per token after the first.
"""

import json
import sys

import torch
from huggingface_hub import HfApi, ModelCard, snapshot_download
from peft import PeftModel
from transformers import AutoModelForCausalLM

# Float32 sums in another order over a few layers.
TOLERANCE = 1e-3


def check(what, holds):
    print(("ok      " if holds else "failed  ") + what)
    if not holds:
        sys.exit(1)


def load(base, adapter):
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    return PeftModel.from_pretrained(model, snapshot_download(adapter))


sft = "ada/Qwen2.5-3B-OpenThoughts-LoRA"
model = load("Qwen/Qwen2.5-3B-Instruct", sft)
differences = []
for row in map(json.loads, open(sys.argv[1])):
    ids = torch.tensor(row["input_ids"])
    with torch.no_grad():
        logits = model(ids[None]).logits[0].float()
    theirs = torch.log_softmax(logits[:-1], -1).gather(1, ids[1:, None])[:, 0]
    ours = torch.tensor([value for value in row["logprobs"] if value is not None])
    differences.append((theirs - ours).abs().max().item())
check(
    f"PEFT loads {sft}: largest difference of a log-probability {max(differences):.1e} over {len(differences)} rows",
    max(differences) < TOLERANCE,
)
trained = [p.abs().max().item() for n, p in model.named_parameters() if "lora_B" in n]
check(f"it is trained: {len(trained)} layers", bool(trained) and all(value > 0 for value in trained))

grpo = "ada/grpo-lora-qwen3-0.6b"
check(f"PEFT loads {grpo}", len([n for n, _ in load("Qwen/Qwen3-0.6B", grpo).named_parameters() if "lora_" in n]) > 0)

for name, tag, plot in [(sft, "sft", "loss.png"), (grpo, "grpo", "reward.png")]:
    card = ModelCard.load(name).data
    files = HfApi().list_repo_files(name)
    check(
        f"the card of {name} names base model, dataset and method",
        card.base_model.startswith("Qwen/") and len(card.datasets) == 1 and {"peft", "lora", tag} <= set(card.tags),
    )
    check(f"{name} has its curves and settings", {plot, f"{tag}_config.yaml", "trainer_state.json"} <= set(files))
