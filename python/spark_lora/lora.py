"""PEFT's LoraConfig, as far as spark-lora trains such adapters."""

from dataclasses import dataclass
from typing import List, Optional, Union

from spark_lora.settings import Settings, refusing_unknown


@refusing_unknown({"rank": "r", "lora_r": "r", "alpha": "lora_alpha", "lora_target_modules": "target_modules"})
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
    for name, usual in (("bias", "none"), ("rank_pattern", {}), ("alpha_pattern", {}), ("layers_to_transform", None)):
        value = getattr(config, name, usual)
        if value != usual and value:
            raise ValueError(f"peft_config.{name} = {value!r}: spark-lora trains adapters without; leave it out")
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
