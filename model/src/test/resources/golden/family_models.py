"""Tiny models of families that the full set does not have, in the form of those: models/, adapters/ and golden/ of each.

    python family_models.py [NAME ...]      # with transformers 5.24.0, PEFT 0.21.2 and torch 2.15.0; all names without arguments

A seed is the first with which no greedy token has a second one near it, so that the tokens are the same in any order of sums.
"""
import json
import shutil
import sys
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import save_file
from torch.nn.functional import log_softmax, silu, softmax
from transformers import AutoConfig, AutoModelForCausalLM

HERE = Path(__file__).parent
LOGITS_KEPT = 64
GREEDY, LEAST_GAP, STEPS, RATE = 64, 2e-3, 10, 2e-3
ROUTER_LOSS = 0.5
PACKED = [11, 1, 14, 6]
SHAPE = dict(
    vocab_size=256, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
    max_position_embeddings=2048, bos_token_id=1, eos_token_id=2, pad_token_id=3, torch_dtype="float32")
YARN = dict(rope_type="yarn", factor=4.0, original_max_position_embeddings=64)
WINDOWED = {"sliding_attention": dict(rope_type="default", rope_theta=10000.0)}

# Keys as config.json has them: those with rope_theta in the layout of transformers 4.
MODELS = {
    "mistral-tiny": dict(
        model_type="mistral", head_dim=16, rope_theta=10000.0, sliding_window=None, tie_word_embeddings=False),
    "mistral-window-tiny": dict(
        model_type="mistral", rope_parameters=dict(rope_type="default", rope_theta=1e6), sliding_window=7,
        tie_word_embeddings=True, num_hidden_layers=3),
    "qwen2-window-tiny": dict(
        model_type="qwen2", rope_theta=1e6, rope_scaling=dict(YARN, beta_fast=8), use_sliding_window=True, sliding_window=9,
        max_window_layers=1, tie_word_embeddings=True),
    "gemma3-tiny": dict(
        model_type="gemma3_text", head_dim=16, query_pre_attn_scalar=24, rope_theta=1e6, rope_local_base_freq=10000.0,
        rope_scaling=dict(rope_type="linear", factor=8.0), sliding_window=8, sliding_window_pattern=3, num_hidden_layers=4),
    "gemma3-untied-tiny": dict(
        model_type="gemma3_text", head_dim=32, query_pre_attn_scalar=32, num_key_value_heads=1, sliding_window=5,
        layer_types=["sliding_attention", "full_attention"], tie_word_embeddings=False, attention_bias=True,
        rope_parameters=dict(WINDOWED, full_attention=dict(rope_type="default", rope_theta=1e6))),
    "olmo3-tiny": dict(
        model_type="olmo3", rope_theta=500000.0, rope_scaling=dict(YARN, attention_factor=1.2), sliding_window=6,
        num_hidden_layers=4, tie_word_embeddings=False),
    "olmo3-full-tiny": dict(
        model_type="olmo3", num_key_value_heads=4, layer_types=["full_attention", "sliding_attention"], sliding_window=10,
        rope_parameters=dict(WINDOWED, full_attention=dict(YARN, rope_theta=10000.0, mscale=2.0, mscale_all_dim=1.0)),
        tie_word_embeddings=True),
    "qwen3-moe-tiny": dict(
        model_type="qwen3_moe", head_dim=16, num_experts=8, num_experts_per_tok=2, moe_intermediate_size=64, norm_topk_prob=True,
        rope_theta=1e6, decoder_sparse_step=1, mlp_only_layers=[], tie_word_embeddings=False),
    "qwen3-moe-mixed-tiny": dict(  # experts in the second of four layers
        model_type="qwen3_moe", num_local_experts=5, num_experts_per_tok=3, moe_intermediate_size=24, norm_topk_prob=False,
        rope_parameters=dict(rope_type="default", rope_theta=1e4), decoder_sparse_step=2, mlp_only_layers=[3], num_hidden_layers=4,
        attention_bias=True, use_sliding_window=True, sliding_window=9, tie_word_embeddings=True),
}
# Ranks of an expert, which PEFT joins with the others: gate_up_proj holds the factors of gate_proj and of up_proj.
EXPERT_RANKS = {r"experts\.(\d+\.)?(gate|up|down)_proj": 2, r"experts\.gate_up_proj": 4}
ADAPTERS = {
    "qwen3-moe-mixed-tiny": dict(
        rank_pattern=EXPERT_RANKS, target_parameters=[f"mlp.{name}_proj.weight" for name in ("down", "gate", "up")]),
}


class ByExpert(torch.nn.Module):
    """A mixture with a linear layer for each matrix of the checkpoint, as PEFT knew it; transformers 5 joins the experts'."""

    class Expert(torch.nn.Module):
        def __init__(self, gate_up, down):
            super().__init__()
            gate, up = gate_up.chunk(2)
            self.gate_proj, self.up_proj, self.down_proj = linear(gate), linear(up), linear(down)

        def forward(self, x):
            return self.down_proj(silu(self.gate_proj(x)) * self.up_proj(x))

    def __init__(self, mlp):
        super().__init__()
        self.active, self.renormalised, self.gate = mlp.gate.top_k, mlp.gate.norm_topk_prob, linear(mlp.gate.weight)
        self.experts = torch.nn.ModuleList(map(self.Expert, mlp.experts.gate_up_proj, mlp.experts.down_proj))

    def forward(self, hidden):
        x = hidden.flatten(0, 1)
        weights, chosen = softmax(self.gate(x), -1, dtype=torch.float).topk(self.active, -1)
        if self.renormalised:
            weights = weights / weights.sum(-1, keepdim=True)
        y = torch.zeros_like(x)
        for number, expert in enumerate(self.experts):
            tokens, places = torch.where(chosen == number)
            y = y.index_add(0, tokens, expert(x[tokens]) * weights[tokens, places, None])
        return y.view_as(hidden)


def linear(weight):
    layer = torch.nn.Linear(*reversed(weight.shape), bias=False)
    layer.weight = torch.nn.Parameter(weight.detach().clone())
    return layer


def loaded(folder):
    return AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32).eval()


def by_expert(folder):
    """The model with the modules that its checkpoint names."""
    model = loaded(folder)
    for layer in model.model.layers:
        if hasattr(layer.mlp, "experts"):
            layer.mlp = ByExpert(layer.mlp)
    return model


def write_model(folder, config, seed):
    """Random weights: deviation 0.2 of matrices, norms' factors 1 ± 0.1, biases ± 0.1."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config, indent=1))
    model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder), attn_implementation="eager").float()
    draw = torch.Generator().manual_seed(seed)
    zero_centred = config["model_type"] == "gemma3_text"
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            values = torch.randn(parameter.shape, generator=draw)
            mean, deviation = (0 if zero_centred else 1, 0.1) if "norm" in name else (0, 0.1 if "bias" in name else 0.2)
            parameter.copy_(mean + deviation * values)
    model.save_pretrained(folder)
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")  # as it was, not as transformers 5 writes it
    for extra in folder.glob("generation_config.json"):
        extra.unlink()
    return loaded(folder)


def adapted(folder, seed):
    model = by_expert(folder)
    kind, model.config.model_type = model.config.model_type, "by_expert"  # PEFT converts adapters of those that it knows
    ranks = ADAPTERS.get(folder.name, {}).get("rank_pattern", {})
    lora = LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", task_type="CAUSAL_LM", rank_pattern=ranks)
    model = get_peft_model(model, lora)
    model.config.model_type = kind
    draw = torch.Generator().manual_seed(seed + 1)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_" in name:
                parameter.copy_(0.1 * torch.randn(parameter.shape, generator=draw))
    return model.eval()


def greedy(model, prompt):
    """64 tokens with the cache, and the smallest distance of a first token's logit from the second's."""
    output = model.generate(
        torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt), dtype=torch.long), do_sample=False,
        max_new_tokens=GREEDY, min_new_tokens=GREEDY, eos_token_id=None, pad_token_id=3, return_dict_in_generate=True,
        output_logits=True)
    tops = torch.stack([logits[0].topk(2).values for logits in output.logits])
    return output.sequences[0, len(prompt):].tolist(), (tops[:, 0] - tops[:, 1]).min().item()


def nll(model, ids, labels):
    """The sum over a document, and the number of its labels."""
    logits = model(input_ids=torch.tensor([ids])).logits[0]
    targets = torch.tensor(labels[1:])
    kept = targets != -100
    return -log_softmax(logits[:-1], -1)[kept].gather(1, targets[kept, None]).sum(), int(kept.sum())


def mean_nll(model, documents):
    losses = [nll(model, ids, labels) for ids, labels in documents if len(ids) > 1]
    return sum(loss for loss, _ in losses) / sum(count for _, count in losses)


def gradients(model, documents):
    model.zero_grad()
    loss = mean_nll(model, documents)
    loss.backward()
    return loss.item(), {name: p.grad.clone() for name, p in model.named_parameters() if p.requires_grad}


def with_router_loss(model, scalars, ids, mask, labels):
    """The loss with that of the routers, as transformers adds it."""
    model.router_aux_loss_coef = ROUTER_LOSS
    output = model(input_ids=ids, attention_mask=mask, labels=labels, output_router_logits=True)
    output.loss.backward()
    gradient = {name: p.grad for name, p in model.named_parameters()}
    scalars |= {"router_loss": output.aux_loss.item(), "router_loss_weight": ROUTER_LOSS, "router_total_loss": output.loss.item()}
    scalars["router_grad_norm"] = norm(gradient)
    return {f"routergrad.{name}": values for name, values in gradient.items() if name.endswith(".mlp.gate.weight")}


def norm(gradient):
    return sum(float(values.double().square().sum()) for values in gradient.values()) ** 0.5


def run(name, settings, seed):
    folder = HERE / "models" / name
    base = write_model(folder, dict(SHAPE, **settings), seed)
    return compute(name, base, adapted(folder, seed), lambda _: adapted(folder, seed).merge_and_unload(), seed, written=True)


def write_adapter(name, lora):
    """Also returns it on its base as users load it."""
    target = HERE / "adapters" / name
    shutil.rmtree(target, ignore_errors=True)
    lora.save_pretrained(target)
    (target / "README.md").unlink(missing_ok=True)
    config = json.loads((target / "adapter_config.json").read_text())
    config |= {"base_model_name_or_path": f"models/{name}", "target_modules": sorted(config["target_modules"])}
    config |= ADAPTERS.get(name, {})
    (target / "adapter_config.json").write_text(json.dumps(config, indent=1, sort_keys=True) + "\n")
    return PeftModel.from_pretrained(loaded(HERE / "models" / name), target).eval()


def compute(name, base, lora, merge, seed, steps=STEPS, written=False):
    """Writes the numbers of a base and of an adapter on it, which it then trains; False if a greedy token has a second one near it."""
    draw = torch.Generator().manual_seed(seed + 2)
    random = lambda count: torch.randint(4, SHAPE["vocab_size"], (count,), generator=draw).tolist()
    scalars = {"model": name, "gen_prompts": [random(5), random(19)]}
    for key, model in (("gen_base", base), ("gen_lora", lora)):
        made = [greedy(model, prompt) for prompt in scalars["gen_prompts"]]
        scalars[key], scalars[key + "_min_top2_gap"] = [tokens for tokens, _ in made], min(gap for _, gap in made)
        if scalars[key + "_min_top2_gap"] < LEAST_GAP:
            return False
    joined = write_adapter(name, lora) if written else lora

    ids = [random(16), random(12) + [3] * 4]
    mask = [[1] * 16, [1] * 12 + [0] * 4]
    labels = [[-100] * 5 + ids[0][5:], [-100] * 4 + ids[1][4:12] + [-100] * 4]
    batch = [(row[:sum(m)], label[:sum(m)]) for row, m, label in zip(ids, mask, labels)]
    packed = [random(length) for length in PACKED]
    packed = [(document, [-100] + document[1:]) for document in packed]
    long = random(160)
    tensors = dict(
        input_ids=ids, attention_mask=mask, labels=labels, long_input_ids=[long],
        packed_input_ids=[sum((d for d, _ in packed), [])], packed_labels=[sum((l for _, l in packed), [])])
    tensors = {key: torch.tensor(values, dtype=torch.int32) for key, values in tensors.items()}
    with torch.no_grad():
        whole = lambda model, document: model(input_ids=torch.tensor([document])).logits[0]
        padded = lambda rows: torch.stack([torch.cat([row, torch.zeros(16 - len(row), row.shape[1])]) for row in rows])
        logits = padded([whole(base, row) for row, _ in batch])
        tensors["logits"] = logits
        tensors["packed_logits"] = torch.cat([whole(base, document) for document, _ in packed])[None]
        tensors["lora_logits"] = padded([whole(joined, row) for row, _ in batch])
        targets = torch.tensor(ids)[:, 1:, None]
        scores = log_softmax(logits[:, :-1], -1)
        tensors["token_logps"] = scores.gather(2, targets)[..., 0]
        tensors["token_entropy"] = -(scores.exp() * scores).sum(-1)
        tensors["token_logps_temp0.7"] = log_softmax(logits[:, :-1] / 0.7, -1).gather(2, targets)[..., 0]
        tensors["long_token_logps"] = log_softmax(whole(base, long)[:-1], -1).gather(1, torch.tensor(long[1:])[:, None]).T
        scalars["loss"] = mean_nll(base, batch).item()
        scalars["n_loss_tokens"] = sum(nll(base, *row)[1] for row in batch)
        scalars["loss_all_tokens"] = mean_nll(base, [(row, row) for row, _ in batch]).item()
        scalars["packed_seq_lengths"], scalars["packed_loss"] = PACKED, mean_nll(base, packed).item()
        scalars["packed_n_loss_tokens"] = sum(PACKED) - len(PACKED)

    folder = HERE / "models" / name
    if written:
        full = gradients(by_expert(folder), batch)[1]
        tensors |= {f"fullgrad.{key}": value for key, value in full.items() if "layers.1." not in key}
    if hasattr(base.config, "router_aux_loss_coef"):
        tensors |= with_router_loss(loaded(folder), scalars, *(torch.tensor(rows) for rows in (ids, mask, labels)))
    stripped = lambda key: key.replace(".default", "")
    for prefix, documents in (("lora_", batch), ("lora_packed_", packed)):
        scalars[prefix + "loss"], gradient = gradients(lora, documents)
        scalars[prefix + "grad_norm"] = norm(gradient)
        tensors |= {f"{prefix}grad.{stripped(key)}": v for key, v in gradient.items() if prefix == "lora_" or "layers.1." in key}

    merged = merge(lora)
    with torch.no_grad():
        tensors["lora_merged_logits_row0_last4"] = whole(merged, ids[0])[-4:]
    of_expert = [key for key in merged.state_dict() if key.endswith(".experts.3.up_proj.weight")]
    for weight in ["model.layers.0.self_attn.q_proj.weight", *of_expert]:
        tensors["lora_merged." + weight] = merged.state_dict()[weight]

    optimizer = torch.optim.AdamW([p for p in lora.parameters() if p.requires_grad], lr=RATE, weight_decay=0.0)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = mean_nll(lora, packed)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    scalars |= {"step_rate": RATE, "step_losses": losses}

    tensors = {k: (t[..., :LOGITS_KEPT] if "logits" in k else t).detach().contiguous() for k, t in tensors.items()}
    (HERE / "golden").mkdir(exist_ok=True)
    save_file(tensors, HERE / "golden" / f"{name}.safetensors")
    rounded = lambda value: float("%.9g" % value) if isinstance(value, float) else value
    scalars = {k: [rounded(v) for v in s] if isinstance(s, list) else rounded(s) for k, s in scalars.items()}
    (HERE / "golden" / f"{name}.json").write_text(json.dumps(scalars) + "\n")
    return True


if __name__ == "__main__":
    torch.set_num_threads(1)
    for name in sys.argv[1:] or MODELS:
        seed = next(seed for seed in range(100, 2000, 10) if run(name, MODELS[name], seed))
        print(name, "seed", seed)
