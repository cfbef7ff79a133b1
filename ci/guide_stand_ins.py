"""Stand-ins for the datasets of the guide, laid out as the real ones are on the hub: Parquet shards, a card that declares
configurations and splits, nested columns. Their rows are GSM8K's.

usage: guide_stand_ins.py GSM8K.jsonl.gz FOLDER [ROWS]
"""

import gzip
import json
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(sys.argv[2])
with gzip.open(sys.argv[1], "rt") as lines:
    ROWS = [json.loads(line) for line in lines][: int(sys.argv[3]) if len(sys.argv) > 3 else 64]


def card(configs):
    """configs: {name: {split: pattern}}; as the hub's own tools write it, with much that is not about files."""
    lines = ["---", "license: apache-2.0", "dataset_info:"]
    for name, splits in configs.items():
        lines += [f"- config_name: {name}", "  features:", "  - name: problem", "    dtype: string", "  splits:"]
        for split in splits:
            lines += [f"  - name: {split}", "    num_bytes: 1", "    num_examples: 1"]
    lines.append("configs:")
    for name, splits in configs.items():
        lines += [f"- config_name: {name}", "  data_files:"]
        for split, pattern in splits.items():
            lines += [f"  - split: {split}", f"    path: {pattern}"]
    return "\n".join([*lines, "---", "# A stand-in", ""])


def dataset(name, configs, tables):
    """tables: {"folder/split": (rows, shards)}"""
    folder = ROOT / name
    folder.mkdir(parents=True)
    (folder / "README.md").write_text(card(configs))
    for path, (rows, shards) in tables.items():
        (folder / path).parent.mkdir(exist_ok=True)
        for part in range(shards):
            # contiguous shards, as `datasets` writes them
            start, end = len(rows) * part // shards, len(rows) * (part + 1) // shards
            table = pa.Table.from_pylist(rows[start:end])
            pq.write_table(table, folder / f"{path}-{part:05}-of-{shards:05}.parquet", row_group_size=10)


thoughts, problems, questions = [], [], []
for row in ROWS:
    work, answer = row["answer"].split("#### ")
    turns = [{"from": "user", "value": row["question"]}, {"from": "assistant", "value": row["answer"]}]
    thoughts.append({"system": "Think.", "conversations": turns})
    problems.append(
        {
            "problem": row["question"],
            "solution": answer,
            "answer": answer,
            "generations": [work, row["answer"]],
            "correctness_math_verify": [False, True],
            "messages": [{"role": "user", "content": row["question"]}, {"role": "assistant", "content": row["answer"]}],
        }
    )
    questions.append({"question": row["question"], "answer": row["answer"]})

dataset(
    "open-thoughts/OpenThoughts-114k",
    {"default": {"train": "data/train-*"}, "metadata": {"train": "metadata/train-*"}},
    {"data/train": (thoughts, 3), "metadata/train": ([{"problem": "of another kind"}], 1)},
)
dataset(
    "HuggingFaceH4/OpenR1-Math-220k-default-verified",
    {"default": {"train": "data/train-*"}},
    {"data/train": (problems, 2)},
)
dataset(
    "open-r1/OpenR1-Math-220k",
    {c: {"train": f"{f}/train-*"} for c, f in {"all": "all", "default": "data", "extended": "extended"}.items()},
    {"all/train": (problems, 4), "data/train": (problems[:40], 2), "extended/train": (problems[40:], 1)},
)
dataset(
    "openai/gsm8k",
    {c: {s: f"{c}/{s}-*" for s in ("train", "test")} for c in ("main", "socratic")},
    {
        "main/train": (questions[:50], 1),
        "main/test": (questions[50:], 1),
        "socratic/train": (questions[:7], 1),
        "socratic/test": (questions[:3], 1),
    },
)
