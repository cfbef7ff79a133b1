"""Compares an evaluation with that of lm-evaluation-harness on the same problems: prompts and exact matches.

usage: lm_eval_check.py MODEL FOLDER
FOLDER has problems/main/test.jsonl, and in ours/ the completions of `eval` with conf/eval/gsm8k-5-shot.yaml.
"""

import json
import sys
from pathlib import Path

import pyarrow.parquet
import torch
from lm_eval import simple_evaluate
from lm_eval.tasks import TaskManager
from transformers import AutoTokenizer

MODEL, FOLDER = sys.argv[1], Path(sys.argv[2])
ROOT = Path(__file__).resolve().parent.parent
TASK = "gsm8k_of_files"
SHOTS = 5


def check(what, holds):
    print(f"{'ok     ' if holds else 'failed '} {what}", flush=True)
    if not holds:
        sys.exit(1)


# The harness's own task, of files, and with the examples that the recipe has: the first of the training split.
(FOLDER / "task").mkdir()
(FOLDER / "task" / f"{TASK}.yaml").write_text(
    f"""include: {Path(sys.modules['lm_eval'].__file__).parent}/tasks/gsm8k/gsm8k.yaml
task: {TASK}
dataset_path: json
dataset_name: null
dataset_kwargs:
  data_files:
    train: {ROOT}/conf/quickstart/gsm8k_train.jsonl.gz
    test: {FOLDER}/problems/main/test.jsonl
fewshot_config: {{sampler: first_n, split: train}}
num_fewshot: {SHOTS}
tag: null
"""
)
torch.manual_seed(0)
results = simple_evaluate(
    model="hf",
    model_args={"pretrained": MODEL, "dtype": "float32"},
    tasks=[TASK],
    task_manager=TaskManager(include_path=str(FOLDER / "task"), include_defaults=False),
    device="cpu",
    batch_size=1,
    log_samples=True,
    bootstrap_iters=0,
)
samples = sorted((s for s in results["samples"][TASK] if s["filter"] == "strict-match"), key=lambda s: s["doc_id"])
theirs = [int(s["exact_match"]) for s in samples]

rows = pyarrow.parquet.ParquetDataset(sorted(map(str, (FOLDER / "ours").glob("part-*.parquet")))).read().to_pylist()
rows.sort(key=lambda row: row["prompt_id"])
ours = [int(row["verdict"] == "correct") for row in rows]
summary = json.loads((FOLDER / "ours" / "_eval_summary.json").read_text())

tokenizer = AutoTokenizer.from_pretrained(MODEL)
asked = [tokenizer.decode(row["prompt_ids"]) for row in rows]
wanted = [s["arguments"]["gen_args_0"]["arg_0"] if isinstance(s["arguments"], dict) else s["arguments"][0][0] for s in samples]
check(f"{len(asked)} prompts are those of the harness", asked == wanted)
texts = [s["resps"][0][0] for s in samples]
same = sum(row["completion"].split("Question:")[0] == text for row, text in zip(rows, texts))
print(f"        {same} of {len(rows)} answers are the same, letter by letter")
answers = [s["filtered_resps"][0] for s in samples]
print("        answers of the harness: " + " ".join(answers))
check(
    f"exact matches: {sum(ours)} here (pass@1 {summary['pass@1']['value']:.4f}), {sum(theirs)} in the harness "
    f"({results['results'][TASK]['exact_match,strict-match']:.4f})",
    sum(ours) == sum(theirs),
)
