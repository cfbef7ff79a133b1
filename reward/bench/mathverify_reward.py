"""The guide's strip_reasoning_accuracy_reward on Python's Math-Verify, over a file of cases, on one core.

usage: pip install "math-verify[antlr4_13_2]==0.9.0"; mathverify_reward.py CASES.jsonl
CASES: rows with completion and solution; rows marked adversarial are left out, since the peer hangs on some of them.
Prints one JSON line.
"""

import json
import logging
import sys
import time

from latex2sympy2_extended import NormalizationConfig
from math_verify import LatexExtractionConfig, parse, verify

logging.disable(logging.CRITICAL)
WARM_UP_ROWS = 50
GOLD = [LatexExtractionConfig(boxed_match_priority=0, try_extract_without_anchor=True)]
PREDICTION = [
    LatexExtractionConfig(
        boxed_match_priority=0,
        normalization_config=NormalizationConfig(
            basic_latex=True, units=True, malformed_operators=False, nits=False, boxed=True
        ),
        try_extract_without_anchor=False,
    )
]


def without_thinking(text):
    while "<think>" in text and "</think>" in text:
        start = text.find("<think>")
        end = text.find("</think>", start)
        if end == -1:
            break
        text = text[:start] + text[end + len("</think>") :]
    return text


def reward(row):
    gold = parse(f"${row['solution']}$", extraction_config=GOLD)
    if not gold:
        return None
    answer = parse(without_thinking(row["completion"]), extraction_config=PREDICTION, extraction_mode="first_match")
    return float(verify(gold, answer))


def main(path):
    with open(path) as file:
        rows = [row for row in map(json.loads, file) if not row.get("adversarial")]
    for row in rows[:WARM_UP_ROWS]:
        reward(row)
    start = time.perf_counter()
    rewards = [reward(row) for row in rows]
    seconds = time.perf_counter() - start
    print(
        json.dumps(
            {
                "rows": len(rows),
                "per_s": round(len(rows) / seconds, 1),
                "agree": sum(got == row.get("reward") for got, row in zip(rewards, rows)),
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1])
