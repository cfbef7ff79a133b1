"""Writes the text that the base model of the miniature sweeps was trained on: questions and answers of GSM8K's training split,
without those rows that the quickstart trains and is measured on.

    base_text.py GSM8K_TRAIN.jsonl OUT.jsonl     (github.com/openai/grade-school-math, grade_school_math/data/train.jsonl)
"""
import gzip
import json
import sys
from pathlib import Path

QUICKSTART = Path(__file__).parent.parent / "quickstart"


def questions(name):
    with gzip.open(QUICKSTART / name, "rt", encoding="utf-8") as rows:
        return {json.loads(row)["question"] for row in rows}


def main(source, output):
    taken = questions("gsm8k_train.jsonl.gz") | questions("gsm8k_heldout.jsonl.gz")
    with open(source, encoding="utf-8") as rows, open(output, "w", encoding="utf-8") as out:
        for row in map(json.loads, rows):
            if row["question"] not in taken:
                out.write(json.dumps({"text": row["question"] + "\n" + row["answer"]}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
