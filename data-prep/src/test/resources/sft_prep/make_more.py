"""Prepares datasets with TRL's own SFTTrainer (TRL 1.16.0, transformers 5.24.0) and writes what it made.

usage: make_more.py TOKENIZERS MODEL GSM8K.jsonl     (in this folder)
TOKENIZERS holds qwen3, smollm2, llama3_1 and tiny; MODEL is any small checkpoint, which SFTTrainer wants but never runs.
"""
import gzip, json, os, sys
os.environ["HF_HUB_OFFLINE"] = "1"
import datasets
from transformers import PreTrainedTokenizerFast
from trl import SFTConfig, SFTTrainer

datasets.disable_caching()
tokenizers, model, gsm8k = sys.argv[1:]
data = json.load(open("datasets.json"))
questions = [json.loads(line) for line in open(gsm8k).readlines()[:60]]
data["gsm8k_prompt_completion"] = [
    {"prompt": [{"role": "user", "content": q["question"]}], "completion": [{"role": "assistant", "content": q["answer"]}]}
    for q in questions
]
data["messages_twice"] = [{"messages": m["messages"] * 2} for m in data["messages"] if m["messages"][0]["role"] != "system"]
packed = {"packing": True, "max_length": 300}
cases = [
    ("text", {}),
    ("text", {"max_length": 8, "truncation_mode": "keep_end"}),
    ("messages", {"assistant_only_loss": True}),
    ("messages_twice", {"assistant_only_loss": True}),
    ("prompt_completion_chat", {"assistant_only_loss": True}),
    ("prompt_completion_chat", {"completion_only_loss": False}),
    ("prompt_completion_text", {"completion_only_loss": False}),
    ("prompt_completion_chat", {"max_length": 20, "truncation_mode": "keep_end"}),
    ("gsm8k_prompt_completion", packed),
    ("gsm8k_prompt_completion", {**packed, "packing_strategy": "bfd_split"}),
    ("gsm8k_prompt_completion", {**packed, "packing_strategy": "wrapped"}),
]


def prepared(name, dataset, config):
    tokenizer = PreTrainedTokenizerFast.from_pretrained(os.path.join(tokenizers, name))
    args = SFTConfig(output_dir="/tmp/unused", bf16=False, use_cpu=True, report_to="none", **config)
    rows = SFTTrainer(model, args, train_dataset=datasets.Dataset.from_list(data[dataset]), processing_class=tokenizer).train_dataset
    for row in rows:
        mask = "".join("0" if label == -100 else "1" for label in row["labels"])
        yield {"input_ids": row["input_ids"], "loss_mask": mask} | {k: row[k] for k in ("seq_lengths",) if k in row}


json.dump({name: data[name] for name in ("gsm8k_prompt_completion", "messages_twice")}, open("more_datasets.json", "w"), separators=(",", ":"))
with gzip.GzipFile("more_prepared.jsonl.gz", "wb", mtime=0) as out:
    for name in ("qwen3", "smollm2", "llama3_1", "tiny"):
        for dataset, config in cases:
            case = {"tokenizer": name, "dataset": dataset, "config": config}
            try:
                case["rows"] = list(prepared(name, dataset, config))
            except ValueError as e:
                case["error"] = str(e)
            out.write((json.dumps(case, separators=(",", ":")) + "\n").encode())
