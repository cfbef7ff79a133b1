"""Writes a dataset of unique texts for scale_check.sh, and a file of evaluation questions, some of which occur in it.

    python3 ci/scale_data.py ROWS.jsonl QUESTIONS.jsonl MEGABYTES SEED

A text is a number and a dozen sentences of a made-up language, about a kilobyte. One text in fifty is a copy of the text before
it with one sentence replaced, one in a thousand holds a question. One text more occurs 200,000 times (at most in every tenth row), and
one row has 50 megabytes (at most a twentieth of the data)."""

import json
import random
import sys
from pathlib import Path

SENTENCES = 200_000
IN_A_TEXT = 12
QUESTIONS = 10_000
SKEWED_ROWS = 200_000
LARGE_ROW_BYTES = 50_000_000

rows, questions, megabytes, seed = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
rng = random.Random(seed)
words = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(2, 9))) for _ in range(20_000)]


def sentence(length):
    return " ".join(rng.choices(words, k=length)).capitalize() + "."


sentences = [sentence(rng.randint(10, 18)) for _ in range(SENTENCES)]
asked = [sentence(20) for _ in range(QUESTIONS)]
with questions.open("w") as out:
    out.writelines(json.dumps({"text": question}) + "\n" for question in asked)

skewed = json.dumps({"text": " ".join(sentences[:IN_A_TEXT])}) + "\n"
written, number, planted = 0, 0, 0
left = min(SKEWED_ROWS, megabytes * 100)
large = min(LARGE_ROW_BYTES, megabytes * 50_000)
with rows.open("w") as out:
    chosen = []
    while written < megabytes * 1_000_000:
        if number % 50 == 49:
            chosen[rng.randrange(IN_A_TEXT)] = sentences[rng.randrange(SENTENCES)]
        else:
            chosen = [sentences[int(rng.random() * SENTENCES)] for _ in range(IN_A_TEXT)]
        text = str(number) + " " + " ".join(chosen)
        if number % 1000 == 500:
            text += " " + asked[planted % QUESTIONS]
            planted += 1
        written += out.write('{"text": "' + text + '"}\n')
        if number % 10 == 5 and left:
            written += out.write(skewed)
            left -= 1
        if number == 1000:
            many = []
            while large > 0:
                many.append(sentences[rng.randrange(SENTENCES)])
                large -= len(many[-1]) + 1
            written += out.write('{"text": "' + " ".join(many) + '"}\n')
        number += 1
print(f"{written / 1e9:.2f} GB, {number} texts, {planted} of them with a question")
