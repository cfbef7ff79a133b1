"""Losses of TRL's GRPOTrainer on random numbers: all kinds of loss with all their settings, in groups of 2 to 8.

    python grpo_cases.py TOKENIZER     # TOKENIZER is the folder of the tiny tokenizer; writes grpo/loss_cases_mixed.jsonl.gz and,
                                       # with corrections for a sampler of another rounding, grpo/loss_cases_sampler.jsonl.gz,
                                       # and grpo/loss_cases_policy.jsonl.gz of vespo and of masks of what is off-policy

Model, generation and rewards are replaced; what is recorded comes from TRL's own _generate_and_score_completions and
_compute_loss. Completions may be empty, and all of them masked.
"""
import gzip
import json
import random
import sys
from pathlib import Path

import torch
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import GRPOConfig, GRPOTrainer

from grpo_runs import numbers

HERE = Path(__file__).parent
CASES, SAMPLER_CASES, POLICY_CASES = 140, 60, 80
SAMPLER = ("min", "mean", "max")  # of sampling/importance_sampling_ratio
OF_TRAINER = ("loss_type", "scale_rewards", "beta", "importance_sampling_level", "mask_truncated_completions",
              "num_generations", "top_entropy_quantile", "max_completion_length")
OF_ARGS = ("delta", "use_bias_correction_kl", "sapo_temperature_pos", "sapo_temperature_neg", "steps_per_generation")
METRICS = {"kl": "kl", "entropy": "entropy", "cispo_clip_ratio": "cispo_clip_ratio", "clip_low_mean": "clip_ratio/low_mean",
           "clip_low_min": "clip_ratio/low_min", "clip_high_mean": "clip_ratio/high_mean",
           "clip_high_max": "clip_ratio/high_max", "clip_region_mean": "clip_ratio/region_mean",
           "vespo_phi": "vespo/phi_seq_mean"}


def settings(pick):
    loss_type = pick(["grpo", "bnpo", "dr_grpo", "dapo", "cispo", "sapo", "luspo"])
    return dict(
        loss_type=loss_type, scale_rewards=pick(["group", "batch", "none"]), beta=pick([0.0, 0.04, 0.5]),
        epsilon=pick([0.2, 0.1, 0.01]), epsilon_high=pick([5.0, 1.2, 0.9] if loss_type == "cispo" else [0.2, 0.28, 0.05]),
        delta=pick([None, 1.05, 1.5]), importance_sampling_level=pick(["token", "token", "sequence"]),
        mask_truncated_completions=pick([False, True]), use_bias_correction_kl=pick([False, True]),
        num_generations=pick([2, 3, 6, 8]), gradient_accumulation_steps=pick([1, 2, 3]), steps_per_generation=pick([1, 4, 8]),
        max_completion_length=pick([10, 64]), sapo_temperature_pos=pick([1.0, 0.5]), sapo_temperature_neg=pick([1.05, 3.0]),
        top_entropy_quantile=pick([1.0, 1.0, 0.2, 0.35, 0.8]))


def sampler_settings(pick):
    mode = pick(["token_truncate", "token_mask", "sequence_truncate", "sequence_mask"])
    return dict(vllm_importance_sampling_mode=mode, vllm_importance_sampling_clip_max=pick([3.0, 1.1, 2.0]),
                vllm_importance_sampling_clip_min=pick([None, 0.5, 0.9]))


def policy_settings(pick):
    return dict(loss_type=pick(["vespo", "vespo", "grpo", "dapo", "cispo", "sapo"]),
                off_policy_mask_threshold=pick([None, 0.0, 0.05, 0.2]), vespo_k_pos=pick([2.0, 1.0]), vespo_lambda_pos=pick([3.0, 0.5]),
                vespo_k_neg=pick([3.0, 2.0]), vespo_lambda_neg=pick([2.0, 0.0]))


def case(number, trainer, sampler=False, policy=False):
    draw = random.Random(number)
    torch.manual_seed(number)
    config = settings(draw.choice)
    if policy:
        config.update(policy_settings(draw.choice))
        for name in ("vespo_k_pos", "vespo_lambda_pos", "vespo_k_neg", "vespo_lambda_neg"):
            setattr(trainer.args, name, config[name])
    trainer.off_policy_mask_threshold = config.get("off_policy_mask_threshold")
    if sampler:
        config.update(sampler_settings(draw.choice), mask_truncated_completions=False)
        if config["loss_type"] == "vespo":
            config["vllm_importance_sampling_mode"] = draw.choice(["token_truncate", "token_mask"])
        for name, value in config.items():
            if name.startswith("vllm"):
                setattr(trainer, name, value)
    trainer.use_vllm = trainer.vllm_importance_sampling_correction = sampler
    rows = config["num_generations"] * max(1, draw.choice([4, 8]) // config["num_generations"])
    truncated = [draw.random() < draw.choice([0.3, 1.0]) for _ in range(rows)]
    shortest = 1 if config["mask_truncated_completions"] else 0
    lengths = [2] + [draw.randint(shortest, 7) for _ in range(rows - 1)]
    ids = [[5] * length for length in lengths]
    for row, cut in zip(ids, truncated):
        row[-1:] = [7 if cut else 2] * len(row[-1:])
    columns = max(lengths)
    log_probs = (-3 * torch.rand(rows, columns)).requires_grad_()
    old, reference = (log_probs.detach() + 0.3 * torch.randn(rows, columns) for _ in range(2))
    entropies = 5 * torch.rand(rows, columns)
    for name in OF_TRAINER:
        setattr(trainer, name, config[name])
    for name in OF_ARGS:
        setattr(trainer.args, name, config[name])
    trainer.epsilon_low, trainer.epsilon_high = config["epsilon"], config["epsilon_high"]
    trainer.current_gradient_accumulation_steps = config["gradient_accumulation_steps"]
    trainer.ref_model = object()
    drawn = (old + 0.4 * torch.randn(rows, columns)).tolist() if sampler else None
    drawn = drawn and [values[:length] for values, length in zip(drawn, lengths)]
    trainer._generate = lambda _: ([[5, 6]] * rows, ids, None, [""] * rows, drawn, {}, None, [])
    trainer._calculate_rewards = lambda *_: torch.randn(rows, 1)

    def scored(model, *_, compute_entropy=False, **__):
        return log_probs if compute_entropy else reference if model is trainer.ref_model else old, entropies, None

    trainer._get_per_token_logps_and_entropies = scored
    batch = trainer._generate_and_score_completions([{"prompt": ""}] * rows)
    on_policy = draw.random() < 0.25
    batch["old_per_token_logps"] = log_probs.detach() if on_policy else old
    sampled = {}
    if sampler:
        of, logged = batch["importance_sampling_ratio"].expand(rows, columns), trainer._metrics["train"]
        sampled = dict(sampling_per_token_logps=numbers(batch["sampling_per_token_logps"]), importance_sampling_ratio=numbers(of),
                       learner_per_token_logps=numbers(old), sampling={
                           **{name: logged["sampling/importance_sampling_ratio/" + name][-1] for name in SAMPLER},
                           "difference_mean": logged["sampling/sampling_logp_difference/mean"][-1],
                           "difference_max": logged["sampling/sampling_logp_difference/max"][-1]})
    trainer._metrics["train"].clear()
    loss = trainer._compute_loss(trainer.model, batch)
    loss.backward()
    logged = trainer._metrics["train"]
    return dict(
        id=1000 + number, config=config, completion_mask_after=numbers(batch["completion_mask"]),
        num_items_in_batch=int(batch["num_items_in_batch"]), per_token_logps=numbers(log_probs.detach()),
        old_per_token_logps=None if on_policy else numbers(old),
        ref_per_token_logps=numbers(reference) if config["beta"] else None, entropies=numbers(entropies),
        advantages=numbers(batch["advantages"]), loss=loss.item(), grad_per_token_logps=numbers(log_probs.grad),
        metrics={name: numbers(logged[of][0]) if of in logged else None for name, of in METRICS.items()}, **sampled)


if __name__ == "__main__":
    torch.set_num_threads(1)
    trainer = GRPOTrainer(
        model=AutoModelForCausalLM.from_pretrained(HERE / "models/qwen2-tiny", dtype=torch.float32),
        reward_funcs=lambda completions, **_: [0.0] * len(completions),
        args=GRPOConfig(output_dir="/tmp/grpo_cases", use_cpu=True, bf16=False, report_to="none", gradient_checkpointing=False),
        train_dataset=Dataset.from_dict({"prompt": ["a"] * 8}), processing_class=AutoTokenizer.from_pretrained(sys.argv[1]))
    trainer.model.train()
    for file, cases, sampler, policy in (("mixed", CASES, False, False), ("sampler", SAMPLER_CASES, True, False),
                                         ("policy", POLICY_CASES, None, True)):
        lines = "".join(json.dumps(case(number, trainer, number % 2 == 1 if sampler is None else sampler, policy)) + "\n"
                        for number in range(cases))
        (HERE / f"grpo/loss_cases_{file}.jsonl.gz").write_bytes(gzip.compress(lines.encode(), mtime=0))
