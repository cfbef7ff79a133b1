"""PEFT's LoraConfig, as far as spark-lora trains such adapters."""

import dataclasses
from dataclasses import dataclass
from typing import List, Optional, Union

from spark_lora.configs import GUESSES, SFTConfig
from spark_lora.settings import Settings, kind, refusing_unknown

FORMER_NAMES = {"rank": "r", "lora_r": "r", "alpha": "lora_alpha", "lora_target_modules": "target_modules"}
# What PEFT's class has besides, and nothing here depends on.
OF_NO_EFFECT = {"auto_mapping", "base_model_name_or_path", "peft_type", "peft_version", "revision", "runtime_config"}
OF_PEFT = (
    "alora_invocation_tokens", "alpha_pattern", "arrow_config", "corda_config", "ensure_weight_tying", "eva_config",
    "exclude_modules", "fan_in_fan_out", "init_lora_weights", "layer_replication", "layers_pattern", "layers_to_transform",
    "loftq_config", "lora_bias", "lora_ga_config", "megatron_config", "megatron_core", "qalora_group_size", "rank_pattern",
    "target_parameters", "trainable_token_indices", "use_qalora",
)  # fmt: skip
ELSEWHERE = {
    **{field.name: "that is SFTConfig's or GRPOConfig's" for field in dataclasses.fields(SFTConfig)},
    **{name: "spark-lora trains PEFT's adapters without; leave it out" for name in OF_PEFT},
}


@refusing_unknown(FORMER_NAMES, GUESSES, ELSEWHERE)
@dataclass
class LoraConfig(Settings):
    """A LoRA adapter, with PEFT's names and defaults.

    Args:
        r (`int`): rank of the adapter
        lora_alpha (`int`): the update is scaled by alpha / rank
        lora_dropout (`float`): dropout on the input of the adapter
        target_modules (`str` or `list`): "all-linear", names of linear layers, or one regular expression; None: q_proj
            and v_proj
        use_rslora (`bool`): scale the update by alpha / sqrt(rank) instead
        bias (`str`): "none" alone
        task_type (`str`): "CAUSAL_LM" alone
        modules_to_save, use_dora: refused, as the command line does
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


def lora_flags(config):
    """The flags of an adapter: of ours, or of PEFT's own class."""
    if config is None:
        return {}
    if type(config).__name__ != "LoraConfig" or not dataclasses.is_dataclass(config):
        raise TypeError(f"peft_config must be a LoraConfig, of spark_lora or PEFT, or None for all weights; this is {kind(config)}")
    had = {field.name for field in dataclasses.fields(LoraConfig)} - {"bias"}
    usual = type(config)()
    for field in dataclasses.fields(config):
        value, default = getattr(config, field.name), getattr(usual, field.name)
        if field.name not in had | OF_NO_EFFECT and value != default and (value or default):
            raise ValueError(f"peft_config.{field.name} = {value!r}: spark-lora trains adapters without; leave it out")
    task = getattr(config, "task_type", None)
    if task is not None and str(getattr(task, "value", task)) != "CAUSAL_LM":
        raise ValueError(f"peft_config.task_type = {task!r}: spark-lora trains causal language models; use CAUSAL_LM")
    flags = {"use_peft": "true", "lora_r": str(config.r), "lora_alpha": str(config.lora_alpha)}
    flags["lora_dropout"] = str(config.lora_dropout)
    targets = config.target_modules
    if targets:
        flags["lora_target_modules"] = [targets] if isinstance(targets, str) else sorted(targets)
    if getattr(config, "use_rslora", False):
        flags["use_rslora"] = "true"
    if getattr(config, "modules_to_save", None):
        flags["lora_modules_to_save"] = list(config.modules_to_save)
    if getattr(config, "use_dora", False):
        flags["use_dora"] = "true"
    return flags
