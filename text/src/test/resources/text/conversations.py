"""Adds what transformers 5.24.0 renders with a template of templates/ to conversations.jsonl.gz; rows that the template refuses get nothing.

usage: python conversations.py NAME ...
"""
import gzip
import json
import sys
import tempfile
from pathlib import Path

from tokenizers import Tokenizer, models
from transformers import PreTrainedTokenizerFast

HERE = Path(__file__).parent
FILE = HERE / "conversations.jsonl.gz"


def rendered(name, row):
    config = json.loads((HERE / "templates" / name / "tokenizer_config.json").read_text())
    tokens = {key: config[key] for key in ("bos_token", "eos_token") if key in config}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.BPE()), **tokens)
    tokenizer.chat_template = config["chat_template"]
    try:
        text = tokenizer.apply_chat_template(row["messages"], tokenize=False)
    except Exception as refused:
        print(name, row["id"], refused)
        return {}
    prompt = tokenizer.apply_chat_template(row["messages"], tokenize=False, add_generation_prompt=True)
    return {name: {"text": text, "gen_text": prompt}}


rows = [json.loads(line) for line in gzip.open(FILE, "rt")]
rows = [row | {key: value for name in sys.argv[1:] for key, value in rendered(name, row).items()} for row in rows]
with open(FILE, "wb") as raw, gzip.GzipFile("", "wb", mtime=0, fileobj=raw) as f:
    f.write("".join(json.dumps(row, ensure_ascii=True) + "\n" for row in rows).encode())
