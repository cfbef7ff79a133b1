"""Checks what the guide's GRPO commands left: every metric of TRL's, a model for transformers, an adapter for PEFT.

usage: grpo_guide_check.py BASE FULL LORA
"""

import json
import math
import sys

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

# TRL 1.16's GRPOTrainer logs these with beta 0 and without vLLM; kl comes with beta, the others of its list with other settings.
EACH_STEP = """loss grad_norm learning_rate epoch num_tokens step_time entropy
clip_ratio/low_mean clip_ratio/low_min clip_ratio/high_mean clip_ratio/high_max clip_ratio/region_mean""".split()
EACH_ROUND = """completions/mean_length completions/min_length completions/max_length completions/clipped_ratio
completions/mean_terminated_length completions/min_terminated_length completions/max_terminated_length
reward reward_std frac_reward_zero_std
rewards/strip_reasoning_accuracy_reward/mean rewards/strip_reasoning_accuracy_reward/std""".split()
AT_THE_END = "train_runtime train_samples_per_second train_steps_per_second total_flos train_loss".split()
OURS = "peak_memory_heap peak_memory_off_heap".split()


def check_metrics(folder):
    history = json.load(open(f"{folder}/trainer_state.json"))["log_history"]
    assert [row["step"] for row in history] == [1, 2, 3, 3], [row["step"] for row in history]
    # 16 completions are two steps' worth, so the second step draws none
    wanted = [EACH_STEP + EACH_ROUND, EACH_STEP, EACH_STEP + EACH_ROUND, AT_THE_END]
    for row, names in zip(history, wanted):
        missing = [name for name in names if name not in row]
        assert not missing, f"{folder}, step {row['step']}: no {missing}"
        wrong = [name for name in names if row[name] is None or not math.isfinite(row[name])]
        assert not wrong, f"{folder}, step {row['step']}: no number for {wrong}"
    rows = [json.loads(line) for line in open(f"{folder}/metrics.jsonl")]
    assert all(name in row for row in rows for name in OURS), f"{folder}: no memory in metrics.jsonl"
    print(f"{folder}: {len(history[0])} metrics a step:", *history[0])


def answer(model, tokenizer):
    text = tokenizer.apply_chat_template(
        [{"role": "user", "content": "What is 2 + 3?"}], tokenize=False, add_generation_prompt=True
    )
    inputs = tokenizer(text, return_tensors="pt", add_special_tokens=False)
    with torch.no_grad():
        logits = model(**inputs).logits[0, -1]
        ids = model.generate(**inputs, max_new_tokens=8, do_sample=False)
    return logits, tokenizer.decode(ids[0, inputs["input_ids"].shape[1] :])


def main(base, full, lora):
    for folder in (full, lora):
        check_metrics(folder)
    tokenizer = AutoTokenizer.from_pretrained(lora)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    before, _ = answer(model, tokenizer)
    trained = AutoModelForCausalLM.from_pretrained(full, dtype=torch.float32)
    adapted = PeftModel.from_pretrained(model, lora)
    config = adapted.peft_config["default"]
    assert (config.r, config.lora_alpha, config.lora_dropout) == (1, 32, 0.0), config
    for name, what in (("transformers", trained), ("PEFT", adapted)):
        after, text = answer(what, tokenizer)
        difference = (after - before).abs().max().item()
        print(f"{name} loads it; its logits differ from the base's by {difference:.1e} at most; it says {text!r}")
        assert math.isfinite(difference)
    print("passed")


if __name__ == "__main__":
    main(*sys.argv[1:])
