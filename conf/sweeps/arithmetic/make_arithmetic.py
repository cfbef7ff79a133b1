"""Writes train.jsonl and test.jsonl beside this file: the quickstart's sums and differences of numbers from 1 to 10, each asked
in five ways. One in seven is held out, as in the quickstart.
"""
import json
from pathlib import Path

QUESTIONS = ["What is %s?", "Compute %s.", "How much is %s?", "Work out %s.", "%s = ?"]
NUMBERS = range(1, 11)


def sums():
    for first in NUMBERS:
        for second in NUMBERS:
            yield first, second, f"{first} + {second}", first + second
            if first >= second:
                yield first, second, f"{first} - {second}", first - second


def main(folder):
    with open(folder / "train.jsonl", "w") as train, open(folder / "test.jsonl", "w") as test:
        for first, second, shown, result in sums():
            out = test if (3 * first + second) % 7 == 0 else train
            for question in QUESTIONS:
                prompt = [{"role": "user", "content": question % shown}]
                out.write(json.dumps({"prompt": prompt, "solution": str(result)}) + "\n")


if __name__ == "__main__":
    main(Path(__file__).parent)
