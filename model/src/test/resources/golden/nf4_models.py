"""NF4 as bitsandbytes has it: codes, scales and values of some matrices, and models of family_models.py on a quantised base.

    python nf4_models.py      # with ci/nf4-requirements.txt, which has bitsandbytes beside what family_models.py needs

The models' adapters are those of the models that are not quantised. Steps of training keep them in float32; TRL trains those
of a quantised base in bfloat16.
"""
import os
from pathlib import Path

os.environ["TORCHDYNAMO_DISABLE"] = "1"  # bitsandbytes would compile what odd shapes need
import torch
from bitsandbytes import functional
from bitsandbytes.backends.default.ops import _dequantize_4bit_compute
from bitsandbytes.nn import Linear4bit
from peft import PeftModel
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, BitsAndBytesConfig

import family_models

HERE = Path(__file__).resolve().parent
STEPS = 20
MODELS = {"mistral-tiny": False, "qwen2-window-tiny": True}  # whether scales are quantised, too


def widened(A, absmax, blocksize, quant_type, shape, dtype):
    """bitsandbytes' implementation for all devices. That for CPUs with AVX-512 takes wrong scales where a row is no whole number of blocks."""
    code = functional.get_4bit_type(quant_type, device="cpu")
    return _dequantize_4bit_compute(A.view(torch.uint8).reshape(-1), absmax, code, blocksize, shape, dtype)


OVERRIDE = torch.library.Library("bitsandbytes", "IMPL")
OVERRIDE.impl("dequantize_4bit", widened, "CPU")


def matrices():
    """Shapes whose blocks do not end with a row or with the matrix, blocks of zeros, numbers halfway between levels."""
    draw = torch.Generator().manual_seed(4)
    made = {"%dx%d" % shape: 0.02 * torch.randn(shape, generator=draw) for shape in ((1, 1), (3, 5), (8, 8), (5, 13), (33, 70), (10, 96), (130, 192))}
    made["zeros"] = made["33x70"].clone()
    made["zeros"][3:6] = 0
    made["zeros"][-1] = 0
    levels = functional.get_4bit_type("nf4", device="cpu")
    halfway = (levels[:-1] + levels[1:]) / 2
    row = torch.cat([levels, halfway, halfway + 1e-7, halfway - 1e-7])
    made["halfway"] = torch.cat([row, torch.zeros(64 - len(row))])[None] * torch.tensor([[1.0], [3.0], [0.7], [1e-6]])
    made["bfloat16"] = made["130x192"].bfloat16()
    return made


def quantised(name, w):
    packed, plain = functional.quantize_4bit(w, quant_type="nf4")
    again, nested = functional.quantize_4bit(w, quant_type="nf4", compress_statistics=True)
    assert torch.equal(packed, again)
    return {
        f"{name}.w": w,
        f"{name}.packed": packed.flatten(),
        f"{name}.scales": plain.absmax,
        f"{name}.values": functional.dequantize_4bit(packed, plain).float(),
        f"{name}.offset": nested.offset.reshape(1),
        f"{name}.nested_scales": functional.dequantize_blockwise(nested.absmax, nested.state2) + nested.offset,
        f"{name}.nested_values": functional.dequantize_4bit(packed, nested).float(),
        "map": nested.state2.code,
    }


def loaded(folder, nested):
    config = BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.float32, bnb_4bit_use_double_quant=nested)
    model = AutoModelForCausalLM.from_pretrained(
        folder, attn_implementation="eager", dtype=torch.float32, quantization_config=config, device_map="cpu")
    for layer in layers(model).values():
        layer.support_avx512bf16_for_cpu = False  # products in float32 on every CPU
    return model.eval()


def layers(model):
    return {name: module for name, module in model.named_modules() if isinstance(module, Linear4bit)}


def merged(folder, lora):
    """A plain model of W + s·B·A with the quantised W; PEFT would quantise the sum again."""
    plain = family_models.loaded(folder)
    with torch.no_grad():
        for name, module in lora.base_model.model.named_modules():
            if hasattr(module, "lora_A"):
                weight = module.base_layer.weight
                w = functional.dequantize_4bit(weight.data, weight.quant_state)
                plain.get_submodule(name).weight.copy_(w + module.get_delta_weight("default"))
    return plain


def run(base, nested, seed):
    folder = HERE / "models" / base
    lora = PeftModel.from_pretrained(loaded(folder, nested), HERE / "adapters" / base, is_trainable=True).eval()
    name = base + ("-nested-nf4" if nested else "-nf4")
    return family_models.compute(name, loaded(folder, nested), lora, lambda model: merged(folder, model), seed, STEPS)


if __name__ == "__main__":
    torch.set_num_threads(1)
    tensors = {}
    for name, w in matrices().items():
        tensors |= quantised(name, w)
    save_file({key: value.contiguous() for key, value in tensors.items()}, HERE / "golden" / "nf4.safetensors")
    for base, nested in MODELS.items():
        print(base, "seed", next(seed for seed in range(100, 2000, 10) if run(base, nested, seed)))
