"""Writes golden/gemma3-270m.json: greedy tokens of the model that ci/make_gemma3.py makes, and log-probabilities of prompt and tokens, in float32.

    python gemma3_270m.py FOLDER
"""
import json
import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

TOKENS = 64
SEA = "The tide came in and went out again, and nobody in the village counted how often. "
TEXTS = [
    "The capital of France is",
    "def fibonacci(n):\n    ",
    "Ein kurzes Gedicht über das Meer:\n",
    SEA * 40 + "One morning",  # longer than the window of 512 tokens
]

folder = sys.argv[1]
tokenizer = AutoTokenizer.from_pretrained(folder)
model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
cases = []
for text in TEXTS:
    prompt = tokenizer(text)["input_ids"]
    ids = torch.tensor([prompt])
    with torch.no_grad():
        output = model.generate(
            ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=TOKENS, return_dict_in_generate=True,
            output_logits=True)
        sequence = output.sequences[0]
        scores = torch.log_softmax(model(sequence[None]).logits[0, :-1].float(), -1).gather(1, sequence[1:, None])[:, 0]
    tops = torch.stack([logits[0].topk(2).values for logits in output.logits])
    cases.append({
        "text": text, "prompt_ids": prompt, "greedy_ids": sequence[len(prompt):].tolist(),
        "token_logps_of_prompt_plus_greedy": [float("%.9g" % score) for score in scores.tolist()]})
    print(len(prompt), (tops[:, 0] - tops[:, 1]).min().item(), repr(tokenizer.decode(sequence[len(prompt):])))
(Path(__file__).parent / "golden" / "gemma3-270m.json").write_text(json.dumps(cases) + "\n")
