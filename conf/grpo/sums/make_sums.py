"""Writes train.jsonl and test.jsonl beside this file: the 81 sums of two numbers from 1 to 9, each asked after one worked example.

One unordered pair in seven is held out, in both orders, so that no sum of test.jsonl is trained on the other way round.
"""
import json
from pathlib import Path

# A system turn of its own, since the one that the model's chat template adds is four times as long.
EXAMPLE = [
    {"role": "system", "content": "You add numbers."},
    {"role": "user", "content": "What is 2 + 3?"},
    {"role": "assistant", "content": "2 + 3 = 5. \\boxed{5}"},
]
LARGEST = 9


def is_held_out(first, second):
    smaller, larger = sorted((first, second))
    return (3 * smaller + larger) % 7 == 0


def write(path, held_out):
    with open(path, "w", encoding="utf-8") as rows:
        for first in range(1, LARGEST + 1):
            for second in range(1, LARGEST + 1):
                if is_held_out(first, second) == held_out:
                    question = {"role": "user", "content": f"What is {first} + {second}?"}
                    rows.write(json.dumps({"prompt": [*EXAMPLE, question], "solution": str(first + second)}) + "\n")


if __name__ == "__main__":
    folder = Path(__file__).parent
    write(folder / "train.jsonl", held_out=False)
    write(folder / "test.jsonl", held_out=True)
