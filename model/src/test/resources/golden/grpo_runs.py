"""Whole runs of TRL's GRPOTrainer with settings that the full set's runs do not have, in the form of those.

    python grpo_runs.py TOKENIZER      # writes grpo/NAME beside it; TOKENIZER is the folder of the tiny tokenizer
"""
import gzip
import json
import math
import random
import sys
from pathlib import Path

import torch
from datasets import Dataset
from peft import LoraConfig, get_peft_model_state_dict
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import GRPOConfig, GRPOTrainer

HERE = Path(__file__).parent
TENSORS = ("prompt_ids", "prompt_mask", "completion_ids", "completion_mask", "old_per_token_logps", "ref_per_token_logps")
RUNS = {
    "sequence_iterations_rslora": dict(
        model="qwen3-tiny", lora=dict(r=1, alpha=4, use_rslora=True, target_modules="all-linear"), seed=85,
        loss_type="grpo", importance_sampling_level="sequence", epsilon=0.01, epsilon_high=0.02, beta=0.1, eos_bias=5.0,
        mask_truncated_completions=True, num_iterations=2, max_steps=4, learning_rate=3e-3),
    "quantile_weights_cosine": dict(
        model="llama-tiny", seed=63, rewards=("none_reward", "length_reward"), reward_weights=[1.0, -0.3],
        lora=dict(r=2, alpha=4, use_rslora=False, target_modules=["q_proj", "k_proj", "v_proj", "o_proj"]),
        top_entropy_quantile=0.2, steps_per_generation=4, max_steps=4, learning_rate=3e-3,
        lr_scheduler_type="cosine", warmup_steps=1, weight_decay=0.3, max_grad_norm=0.1),
    "bnpo_ragged_cool": dict(
        model="smollm3-tiny", lora=dict(r=1, alpha=8, use_rslora=False, target_modules="all-linear"), seed=102, prompts=7,
        rewards=("none_reward",), eos_bias=4.0, loss_type="bnpo", temperature=0.7, mask_truncated_completions=True,
        num_train_epochs=2, num_iterations=2, steps_per_generation=3, gradient_accumulation_steps=4, num_generations=2,
        per_device_train_batch_size=2, learning_rate=3e-3),
}


def binary_reward(completion_ids, **_):
    return [float(sum(ids) % 2) for ids in completion_ids]


def none_reward(completion_ids, **_):
    return [None if sum(ids) % 3 == 0 else float(sum(ids) % 2) for ids in completion_ids]


def length_reward(completion_ids, **_):
    return [0.1 * len(ids) for ids in completion_ids]


def numbers(values):
    """Of a tensor, or a list: float32 has 9 digits, NaN is null."""
    values = values.tolist() if isinstance(values, torch.Tensor) else values
    if isinstance(values, list):
        return [numbers(value) for value in values]
    if isinstance(values, float):
        return None if math.isnan(values) else float("%.9g" % values)
    return values


class Recorder(GRPOTrainer):
    def _calculate_rewards(self, *args, **more):
        self.rewards = super()._calculate_rewards(*args, **more)
        return self.rewards

    def _generate_and_score_completions(self, inputs):
        step, batch = self._step, super()._generate_and_score_completions(inputs)
        drawn = {"at_micro_step": step, "prompts": [row["prompt"] for row in inputs]}
        self.trace["generations"].append(drawn | {"rewards_per_func": numbers(self.rewards)} | self.tensors(batch))
        return batch

    def _get_per_token_logps_and_entropies(self, *args, **more):
        self.scored = super()._get_per_token_logps_and_entropies(*args, **more)
        return self.scored

    def _compute_loss(self, model, inputs):
        loss = super()._compute_loss(model, inputs)
        micro = {"opt_step": self.state.global_step, "gen": len(self.trace["generations"]) - 1} | self.tensors(inputs)
        micro |= {"per_token_logps": numbers(self.scored[0]), "entropy": numbers(self.scored[1]), "loss": loss.item()}
        self.trace["micro_batches"].append(micro)
        return loss

    @staticmethod
    def tensors(batch):
        more = {name: numbers(batch[name]) for name in TENSORS if name in batch}
        return {"advantages": numbers(batch["advantages"]), "num_items_in_batch": int(batch["num_items_in_batch"])} | more


def prompts(count, seed):
    draw = random.Random(seed)
    kinds = ("%d + %d", "%d times %d", "%d times %d and explain the steps.")
    return ["Compute " + draw.choice(kinds) % (draw.randint(1, 60), draw.randint(1, 60)) for _ in range(count)]


def run(name, tokenizer, model, lora, rewards=("binary_reward",), prompts_seen=24, eos_bias=3.5, **config):
    config = dict(
        report_to="none", use_cpu=True, bf16=False, logging_steps=1, save_strategy="no", gradient_checkpointing=False,
        max_completion_length=12, generation_kwargs={"sequence_bias": [[[2], eos_bias]]}) | dict(
        per_device_train_batch_size=4, gradient_accumulation_steps=2, num_generations=4) | config
    folder = HERE / "grpo" / name
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(config["seed"])
    trainer = Recorder(
        model=AutoModelForCausalLM.from_pretrained(HERE / "models" / model, dtype=torch.float32),
        reward_funcs=[globals()[reward] for reward in rewards],
        args=GRPOConfig(output_dir="/tmp/grpo_runs", **config),
        train_dataset=Dataset.from_dict({"prompt": prompts(prompts_seen, config["seed"])}),
        processing_class=tokenizer,
        peft_config=LoraConfig(
            r=lora["r"], lora_alpha=lora["alpha"], use_rslora=lora["use_rslora"], target_modules=lora["target_modules"],
            task_type="CAUSAL_LM"))
    args, adapted = trainer.args, trainer.accelerator.unwrap_model(trainer.model)
    trainer.trace = dict(
        name=name, model="models/" + model, lora=lora, reward_funcs=list(rewards),
        ref_policy="base_model" if args.beta else None, config=config, steps=[], generations=[], micro_batches=[])
    save = lambda file: save_file(
        {key: value.detach().clone().contiguous() for key, value in get_peft_model_state_dict(adapted).items()}, folder / file)
    save("init_adapter.safetensors")
    trainer.train()
    save("final_adapter.safetensors")
    rows = [row for row in trainer.state.log_history if "grad_norm" in row]
    trainer.trace["steps"] = [{key: value for key, value in row.items() if key != "step_time"} for row in rows]
    names = ("beta", "steps_per_generation", "generation_batch_size", "gradient_accumulation_steps", "num_iterations",
             "use_bias_correction_kl", "importance_sampling_level", "mask_truncated_completions", "max_completion_length",
             "temperature", "num_generations", "max_grad_norm", "weight_decay", "loss_type", "scale_rewards")
    trainer.trace["resolved"] = {name: getattr(args, name) for name in names} | dict(
        epsilon_low=trainer.epsilon_low, epsilon_high=trainer.epsilon_high, total_steps=trainer.state.max_steps,
        lr_scheduler_type=args.lr_scheduler_type.value, pad_token_id=tokenizer.pad_token_id)
    (folder / "trace.json.gz").write_bytes(gzip.compress(json.dumps(trainer.trace).encode(), mtime=0))


if __name__ == "__main__":
    torch.set_num_threads(1)
    for name, settings in RUNS.items():
        settings["prompts_seen"] = settings.pop("prompts", 24)
        run(name, AutoTokenizer.from_pretrained(sys.argv[1]), **settings)
