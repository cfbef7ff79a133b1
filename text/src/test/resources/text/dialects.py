"""Writes dialects.jsonl.gz: the ids that AutoTokenizer of transformers 5.24.0 gives, for tokenizers that it rebuilds.

usage: pip install transformers==5.24.0 tokenizers==0.23.3 ; python dialects.py
Each row but the first is a case: a tokenizer.json of this folder with some keys replaced, the other files beside it,
`ids` of AutoTokenizer with special tokens added, `file_ids` of the tokenizer.json by itself, one list for each of the
texts in the first row.
"""
import copy, gzip, json, os, tempfile, unicodedata

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import AutoTokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
TEXTS = [
    "", "7", " 7", "a 7", "In 1984 she paid $ 12 for 3.50", "x = 10  20   30", "1 2\n3\t45\n\n  678", "\n5", "5\n",
    "year 2024!", "a1b22c333", "12345678901", "cost:  99 %", "  leading  7  spaces ", "١٢ ٣ ½ ² Ⅷ", "第3章 12 頁",
    unicodedata.normalize("NFD", "café 3 Ångström"), "café 3", "I'll they'Ve it'S 4", "foo\r\n 1\r\n", "<|im_start|>user\n 12<|im_end|>\n",
    "<|endoftext|> 1 <|endoftext|>", "a<|new|> 5 <|more|>", " <|wide|>  6", "tab\t1 nbsp\u00a02 em\u20033", "e = mc 2 ; 3 x 10 8", "🙂 1🙂2",
    "def f(x):\n    return x + 1\n", "<s>[INST] go [/INST] so</s>", "<bos><start_of_turn>user\n go<end_of_turn>\n", "Natalia sold 48/2 = 24 clips in May. Altogether 48+24 = 72", "__7__ -8 +9",
]


def tokenizer_json(name):
    with gzip.open(f"{HERE}/tokenizers/{name}.json.gz", "rt", encoding="utf-8") as f:
        tokenizer = json.load(f)
    model = tokenizer["model"]
    if "vocab" not in model:  # Qwen's: the byte values in the order of their stand-ins, then the merges in theirs
        printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
        letters = [chr(c) for c in printable] + [chr(256 + i) for i in range(256 - len(printable))]
        model["vocab"] = {t: i for i, t in enumerate(letters + [m.replace(" ", "") for m in model["merges"]])}
    return tokenizer


def split(regex, **byte_level):
    return {"type": "Sequence", "pretokenizers": [
        {"type": "Split", "pattern": {"Regex": regex}, "behavior": "Isolated", "invert": False},
        {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False, **byte_level}]}


LLAMA3 = split(r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
SMOLLM2 = {"bos_token": "<|im_start|>", "eos_token": "<|im_end|>", "pad_token": "<|im_end|>", "unk_token": "<|endoftext|>",
           "additional_special_tokens": ["<|im_start|>", "<|im_end|>"], "add_prefix_space": False}
QWEN3 = {"bos_token": None, "eos_token": "<|im_end|>", "pad_token": "<|endoftext|>", "unk_token": None, "add_bos_token": False,
         "additional_special_tokens": ["<|im_start|>", "<|im_end|>"], "add_prefix_space": False}
WIDE = {"content": "<|wide|>", "lstrip": True, "rstrip": True, "normalized": False, "single_word": False, "special": True}
MORE = {"content": "<|more|>", "lstrip": False, "rstrip": False, "normalized": True, "single_word": False, "special": False}


def frame(token, token_id):
    return {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": token, "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {token: {"id": token, "ids": [token_id], "tokens": [token]}}}


def case(name, base, config, model_type, cls, replaced=None, more=None):
    return dict(name=name, base=base, replaced=replaced or {}, tokenizer_config={**config, **({"tokenizer_class": cls} if cls else {}), **(more or {})},
                config={"model_type": model_type})


def decoder(tokenizer, *extra):
    tokens = {str(t["id"]): {k: t[k] for k in ("content", "lstrip", "normalized", "rstrip", "single_word", "special")} for t in tokenizer["added_tokens"]}
    return {**tokens, **{str(i): t for i, t in extra}}


def spaced(specials, first, pre_tokenizer):
    """A tokenizer with byte fallback and spaces spelled as U+2581, trained on some of the texts: Gemma's, Llama 2's, Mistral's kind."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence(first + [normalizers.Replace(" ", "\u2581")])
    fallback = [f"<0x{byte:02X}>" for byte in range(256)]
    trainer = trainers.BpeTrainer(vocab_size=420, special_tokens=specials + fallback, show_progress=False)
    tokenizer.train_from_iterator(TEXTS[3:12] * 3 + TEXTS[26:], trainer)
    made = json.loads(tokenizer.to_str())
    made["added_tokens"] = [token for token in made["added_tokens"] if token["content"] in specials]
    made["pre_tokenizer"] = pre_tokenizer
    if pre_tokenizer and pre_tokenizer["type"] == "Metaspace":
        made["normalizer"] = None
    elif not first:
        made["normalizer"] = {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}
    strip = [] if specials[0] == "<pad>" else [{"type": "Strip", "content": " ", "start": 1, "stop": 0}]
    made["decoder"] = {"type": "Sequence", "decoders": [
        {"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"}, *strip]}
    start = "<bos>" if specials[0] == "<pad>" else "<s>"
    made["post_processor"] = frame(start, specials.index(start))
    return made


GEMMA_SPECIALS = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "<start_of_turn>", "<end_of_turn>"]
GEMMA = {"bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>", "unk_token": "<unk>", "add_bos_token": True,
         "additional_special_tokens": ["<start_of_turn>", "<end_of_turn>"]}
MISTRAL = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "add_bos_token": True}
SPLIT_AFTER = {"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": False}
METASPACE = {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "first", "split": False}
gemma = spaced(GEMMA_SPECIALS, [], SPLIT_AFTER)
mistral = spaced(["<unk>", "<s>", "</s>", "[INST]", "[/INST]"], [normalizers.Prepend("\u2581")], None)
small, qwen, tiny = tokenizer_json("smollm2"), tokenizer_json("qwen3"), tokenizer_json("tiny")
CASES = [
    case("smollm2", "smollm2", SMOLLM2, "llama", "GPT2Tokenizer", more={"added_tokens_decoder": decoder(small)}),
    case("smollm2 fast", "smollm2", SMOLLM2, "llama", "GPT2TokenizerFast"),
    case("smollm2 as the file", "smollm2", SMOLLM2, "llama", "PreTrainedTokenizerFast"),
    case("smollm2 backend", "smollm2", SMOLLM2, "llama", "TokenizersBackend"),
    case("smollm2 without a class", "smollm2", SMOLLM2, "llama", None),
    case("smollm2 prefixed", "smollm2", SMOLLM2, "llama", "GPT2Tokenizer", more={"add_prefix_space": True}),
    case("smollm2 in qwen2", "smollm2", SMOLLM2, "qwen2", "GPT2Tokenizer"),
    case("smollm2 in qwen2 without a class", "smollm2", SMOLLM2, "qwen2", None),
    case("smollm2 in qwen2 as a file", "smollm2", SMOLLM2, "qwen2", "PreTrainedTokenizerFast"),
    case("smollm2 in qwen3 as a file", "smollm2", SMOLLM2, "qwen3", "PreTrainedTokenizerFast"),
    case("smollm2 in qwen3", "smollm2", SMOLLM2, "qwen3", "GPT2Tokenizer"),
    case("smollm2 in qwen3 without a class", "smollm2", SMOLLM2, "qwen3", None),
    case("smollm2 in smollm3", "smollm2", SMOLLM2, "smollm3", "PreTrainedTokenizerFast", {"pre_tokenizer": LLAMA3}),
    case("llama3's cut", "smollm2", SMOLLM2, "llama", "LlamaTokenizerFast", {"pre_tokenizer": LLAMA3, "post_processor": frame("<|im_start|>", 1)}),
    case("llama3's cut in gpt2", "smollm2", SMOLLM2, "llama", "GPT2Tokenizer", {"pre_tokenizer": LLAMA3, "post_processor": frame("<|im_start|>", 1)}),
    case("llama3's cut in qwen2", "smollm2", SMOLLM2, "qwen2", "LlamaTokenizer", {"pre_tokenizer": LLAMA3}),
    case("ignored merges", "smollm2", SMOLLM2, "smollm3", "GPT2Tokenizer", {"pre_tokenizer": LLAMA3, "model.ignore_merges": True}),
    case("a normalizer", "smollm2", SMOLLM2, "llama", "GPT2Tokenizer", {"normalizer": {"type": "Lowercase"}}),
    case("new tokens", "smollm2", SMOLLM2, "llama", "GPT2Tokenizer",
         more={"added_tokens_decoder": decoder(small, (49160, {**MORE, "content": "<|new|>"}), (49155, MORE), (49156, WIDE))}),
    case("new tokens of the file", "smollm2", SMOLLM2, "llama", "GPT2Tokenizer",
         {"added_tokens": small["added_tokens"] + [{"id": 49152, **MORE}, {"id": 49153, **WIDE}]}),
    case("new special tokens", "smollm2", {**SMOLLM2, "additional_special_tokens": ["<|new|>", "<|more|>"]}, "llama", "GPT2Tokenizer"),
    case("new tokens in qwen2", "smollm2", {**SMOLLM2, "additional_special_tokens": ["<|new|>"]}, "qwen2", "Qwen2Tokenizer",
         more={"added_tokens_decoder": decoder(small, (49152, MORE), (49153, WIDE)), "pad_token": "<|wide|>"}),
    case("defaults", "tiny", {}, "llama", "GPT2Tokenizer"),
    case("defaults in qwen2", "tiny", {}, "qwen2", "Qwen2Tokenizer"),
    case("no defaults", "tiny", {"bos_token": None, "eos_token": None, "unk_token": None, "pad_token": None}, "llama", "GPT2Tokenizer"),
    case("qwen3", "qwen3", QWEN3, "qwen3", "Qwen2Tokenizer", more={"added_tokens_decoder": decoder(qwen)}),
    case("qwen3 cut in threes", "qwen3", QWEN3, "qwen2", "PreTrainedTokenizerFast", {"pre_tokenizer": LLAMA3}),
    case("qwen3 cut in threes as a file", "qwen3", QWEN3, "qwen3", "PreTrainedTokenizerFast", {"pre_tokenizer": LLAMA3}),
    case("gemma", "gemma", GEMMA, "gemma3_text", "GemmaTokenizerFast", more={"added_tokens_decoder": decoder(gemma)}),
    case("gemma without a class", "gemma", GEMMA, "gemma3_text", None),
    case("gemma as a file", "gemma", GEMMA, "gemma3_text", "PreTrainedTokenizerFast"),
    case("gemma without splits", "gemma", {}, "gemma3_text", "GemmaTokenizer", {"pre_tokenizer": None, "model.byte_fallback": False}),
    case("mistral", "mistral", MISTRAL, "mistral", "LlamaTokenizer", more={"added_tokens_decoder": decoder(mistral)}),
    case("mistral by metaspace", "mistral", MISTRAL, "mistral", "LlamaTokenizerFast", {"normalizer": None, "pre_tokenizer": METASPACE}),
    case("mistral always prefixed", "mistral", MISTRAL, "mistral", None,
         {"normalizer": None, "pre_tokenizer": {**METASPACE, "prepend_scheme": "always"}}),
    case("olmo3 as a file", "smollm2", SMOLLM2, "olmo3", "GPT2Tokenizer"),
]
BASES = {"smollm2": small, "qwen3": qwen, "tiny": tiny, "gemma": gemma, "mistral": mistral}


def run(case):
    tokenizer = copy.deepcopy(BASES[case["base"]])
    for key, value in case["replaced"].items():
        *path, last = key.split(".")
        at = tokenizer
        for part in path:
            at = at[part]
        at[last] = value
    with tempfile.TemporaryDirectory() as folder:
        for name, content in (("tokenizer.json", tokenizer), ("tokenizer_config.json", case["tokenizer_config"]), ("config.json", case["config"])):
            with open(f"{folder}/{name}", "w", encoding="utf-8") as f:
                json.dump(content, f, ensure_ascii=False)
        auto = AutoTokenizer.from_pretrained(folder)
        file = Tokenizer.from_file(f"{folder}/tokenizer.json")
    case["class"] = type(auto).__name__
    case["ids"] = [auto(text)["input_ids"] for text in TEXTS]
    case["file_ids"] = [file.encode(text).ids for text in TEXTS]
    case["names"] = {name: getattr(auto, name) for name in ("bos_token", "eos_token", "pad_token")}
    differ = sum(a != b for a, b in zip(case["ids"], case["file_ids"]))
    print(f"{case['name']:35} {case['class']:20} {differ} of {len(TEXTS)} differ")
    return case


for name in ("gemma", "mistral"):
    with open(f"{HERE}/tokenizers/{name}.json.gz", "wb") as raw, gzip.GzipFile("", "wb", mtime=0, fileobj=raw) as f:
        f.write(json.dumps(BASES[name], ensure_ascii=True, separators=(",", ":")).encode())
rows = [{"texts": TEXTS}] + [run(case) for case in CASES]
with open(f"{HERE}/dialects.jsonl.gz", "wb") as raw, gzip.GzipFile("", "wb", mtime=0, fileobj=raw) as f:
    f.write("".join(json.dumps(row, ensure_ascii=True) + "\n" for row in rows).encode())
