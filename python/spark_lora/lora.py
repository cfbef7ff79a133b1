"""PEFT's LoraConfig, as far as spark-lora trains such adapters."""

import dataclasses
import re
from dataclasses import dataclass
from typing import List, Optional, Union

from spark_lora.configs import SFTConfig
from spark_lora.names import GUESSES
from spark_lora.settings import Settings, kind, plain, refusing_unknown

FORMER_NAMES = {"rank": "r", "lora_r": "r", "alpha": "lora_alpha", "lora_target_modules": "target_modules"}
# What PEFT's class has besides, and nothing here depends on.
OF_NO_EFFECT = {"auto_mapping", "base_model_name_or_path", "peft_type", "peft_version", "revision", "runtime_config", "megatron_core"}
TARGETS = "name layers in target_modules: a list, or one regular expression of whole names, layers' numbers among them"
START = "A is drawn uniformly and B is 0, as PEFT's True has it"
NEITHER = "adapters are LoRA's; use_rslora scales them otherwise"
ALL = "beside an adapter all weights stay frozen; without peft_config all are trained"
# Its others: the default, and what to say of another value.
OF_PEFT = {
    "exclude_modules": (None, TARGETS), "layers_to_transform": (None, TARGETS), "layers_pattern": (None, TARGETS),
    "target_parameters": (None, TARGETS),
    "init_lora_weights": (True, START), "loftq_config": ({}, START), "eva_config": (None, START), "corda_config": (None, START),
    "lora_ga_config": (None, START), "fan_in_fan_out": (False, "no model here has its weights transposed"),
    "lora_bias": (False, "adapters have no bias"), "trainable_token_indices": (None, ALL), "ensure_weight_tying": (False, ALL),
    "layer_replication": (None, "a model has the layers of its checkpoint"), "use_qalora": (False, NEITHER),
    "qalora_group_size": (16, NEITHER), "alora_invocation_tokens": (None, NEITHER), "arrow_config": (None, NEITHER),
    "use_bdlora": (None, NEITHER), "kasa_config": (None, NEITHER), "velora_config": (None, NEITHER),
    "monteclora_config": (None, NEITHER), "megatron_config": (None, NEITHER),
}  # fmt: skip
ELSEWHERE = {field.name: "that is SFTConfig's or GRPOConfig's" for field in dataclasses.fields(SFTConfig)}


def left_out(name, value):
    """Whether an argument of PEFT's class may be left out, since it changes nothing; a value that would is refused."""
    if name in OF_NO_EFFECT:
        return True
    if name not in OF_PEFT:
        return False
    default, reason = OF_PEFT[name]
    if value == default or not value and not default:
        return True
    raise ValueError(f"LoraConfig.{name} = {value!r}: {reason}; leave it out")


@refusing_unknown(FORMER_NAMES, GUESSES, ELSEWHERE, left_out)
@dataclass
class LoraConfig(Settings):
    """A LoRA adapter, with PEFT's names and defaults.

    Args:
        r (`int`): rank of the adapter
        lora_alpha (`int`): the update is scaled by alpha / rank
        lora_dropout (`float`): dropout on the input of the adapter
        target_modules (`str` or `list`): "all-linear", names of linear layers, or one regular expression; None: q_proj
            and v_proj
        rank_pattern, alpha_pattern (`dict`): other ranks and alphas for some layers: {"q_proj": 64}; of the expressions for the
            end of a layer's name the first counts
        use_rslora (`bool`): scale the update by alpha / sqrt(rank) instead
        bias (`str`): "none" alone
        task_type (`str`): "CAUSAL_LM" alone
        modules_to_save, use_dora: refused, as the command line does
        others of PEFT's: accepted at their defaults
    """

    r: int = 8
    lora_alpha: int = 8
    lora_dropout: float = 0.0
    target_modules: Optional[Union[str, List[str]]] = None
    use_rslora: bool = False
    bias: str = "none"
    task_type: Optional[str] = "CAUSAL_LM"
    modules_to_save: Optional[List[str]] = None
    use_dora: bool = False
    inference_mode: bool = False
    rank_pattern: dict = dataclasses.field(default_factory=dict)
    alpha_pattern: dict = dataclasses.field(default_factory=dict)


HERE = {field.name for field in dataclasses.fields(LoraConfig)}


def lora_flags(config):
    """The flags of an adapter: of ours, or of PEFT's own class."""
    if config is None:
        return {}
    if type(config).__name__ != "LoraConfig" or not dataclasses.is_dataclass(config):
        raise TypeError(f"peft_config must be a LoraConfig, of spark_lora or PEFT, or None for all weights; this is {kind(config)}")
    usual = type(config)()
    for field in dataclasses.fields(config):
        value, default = getattr(config, field.name), getattr(usual, field.name)
        known = field.name in HERE or left_out(field.name, value)
        if not known and value != default and (value or default):  # of a PEFT of tomorrow
            raise ValueError(f"LoraConfig.{field.name} = {value!r}: spark-lora trains adapters without; leave it out")
    if getattr(config, "bias", "none") != "none":
        raise ValueError(f"LoraConfig.bias = {config.bias!r}: {ALL}; leave it out")
    if getattr(config, "inference_mode", False):
        raise ValueError("LoraConfig.inference_mode = True: such an adapter is not trained; leave it out")
    task = getattr(config, "task_type", None)
    if task is not None and str(getattr(task, "value", task)) != "CAUSAL_LM":
        raise ValueError(f"LoraConfig.task_type = {task!r}: spark-lora trains causal language models; use CAUSAL_LM")
    flags = {"use_peft": "true", "lora_r": str(config.r), "lora_alpha": str(config.lora_alpha)}
    flags["lora_dropout"] = str(config.lora_dropout)
    targets = config.target_modules
    if targets is not None and not targets:
        raise ValueError(f"LoraConfig.target_modules = {targets!r}: no layer would be adapted; {TARGETS}")
    if targets:
        names = [targets] if isinstance(targets, str) else sorted(targets)
        if not isinstance(targets, str) and len(names) == 1 and names[0].lower() != "all-linear":
            names = [rf"(.*\.)?{re.escape(names[0])}"]  # a flag's only value is an expression
        flags["lora_target_modules"] = names
    for pattern in ("rank_pattern", "alpha_pattern"):
        if getattr(config, pattern, None):
            flags[f"lora_{pattern}"] = plain(getattr(config, pattern))
    if getattr(config, "use_rslora", False):
        flags["use_rslora"] = "true"
    if getattr(config, "modules_to_save", None):
        flags["lora_modules_to_save"] = list(config.modules_to_save)
    if getattr(config, "use_dora", False):
        flags["use_dora"] = "true"
    return flags
