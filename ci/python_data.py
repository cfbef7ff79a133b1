"""What Python users meet when they make datasets: curate with a function, mixtures, select.

usage: python_data.py BASE, in an empty folder
BASE is the quickstart's model, which can add.
"""

import json
import sys
from pathlib import Path

import spark_lora
from spark_lora import LoraConfig, SFTConfig, SFTTrainer

BASE = sys.argv[1]


def check(what, holds):
    print(f"{'ok     ' if holds else 'failed '} {what}", flush=True)
    if not holds:
        sys.exit(1)


def reasons(folder):
    return [row.reason for row in spark_lora.session().read.parquet(folder).orderBy("row").collect()]


talks = [
    {"messages": [{"role": "user", "content": f"What is {n} + 1?"}, {"role": "assistant", "content": f"It is {n + 1}."}], "score": n}
    for n in (1, 2, 2, 3)
]
kept = spark_lora.curate(talks, "talks", lambda messages, score: score < 3 and messages[0]["role"] == "user", exact_duplicates=True)
check("curate: a function of columns, and duplicates", [row.score for row in kept.collect()] == [1, 2])
check(f"  what was removed: {reasons('talks/removed')}", reasons("talks/removed") == ["same text", "python__lambda_(`messages`, `score`)"])
try:
    spark_lora.curate(talks, "failing", lambda score: 1 // (score - 1) > 0)
    message = "nothing was refused"
except spark_lora.SparkLoraError as error:
    message = str(error)
check(f"  a function that fails: {message[:120]}", "ZeroDivisionError" in message and not message.count("\n"))

texts = [{"text": f"text number {n % 9} of all"} for n in range(18)]
spark_lora.session().createDataFrame(texts).coalesce(1).write.parquet("texts")
mixed = spark_lora.load_datasets([{"path": "talks/data", "weight": 4}, {"path": "texts", "filter": "text not like '%8%'"}], test_split_size=0.3)
again = spark_lora.load_datasets([{"path": "talks/data", "weight": 4}, {"path": "texts", "filter": "text not like '%8%'"}], test_split_size=0.3)
check("a mixture has the same file each time", again == mixed)
curated = spark_lora.curate(mixed, "mixture", exact_duplicates=True)
counts = json.load(open("mixture/manifest.json"))["sources"]
check(f"curate: of a mixture a mixture: {counts}", [of["kept"] for of in counts.values()] == [2, 8])
elsewhere = spark_lora.curate(mixed, Path("elsewhere").resolve().as_uri(), exact_duplicates=True)
check("  also in a place that Hadoop alone reads", Path(elsewhere.file).read_text() == Path("elsewhere/datasets.yaml").read_text())

trainer = SFTTrainer(
    BASE,
    SFTConfig(output_dir="mixed", max_steps=2, logging_steps=1, per_device_train_batch_size=8, eval_strategy="steps", eval_steps=2),
    curated["train"],
    curated["test"],
    peft_config=LoraConfig(r=2, target_modules="all-linear"),
)
trainer.train()
names = {name for row in trainer.state.log_history for name in row}
losses = sorted(name for name in names if name.startswith(("loss/", "eval_loss/")))
check(f"SFTTrainer: loss by dataset: {losses}", "loss/mixture/data/0-data" in losses and "eval_loss" in names)
for wrong in (("train", "train"), ("test", "test")):
    try:
        SFTTrainer(BASE, SFTConfig("wrong", eval_strategy="steps"), *(mixed[split] for split in wrong)).train()
        message = "nothing was refused"
    except ValueError as error:
        message = str(error)
    check(f"  refused: {message[:90]}", "must be the splits 'train' and 'test' of one mixture" in message)

problems = [{"problem": f"{n} + 1", "solution": f"${n + 1}$"} for n in range(4)]
drawn = spark_lora.generate(problems, BASE, "drawn", num_generations=4, max_completion_length=8, temperature=1.0)
judged = spark_lora.reward(drawn, "judged", lambda completions, **columns: [float(len(text) % 2) for text in completions])
selected = spark_lora.select(judged, "selected", task="grpo", min_reward=1.0)
check(f"select: {selected.columns}", {"prompt", "solution", "passrate", "total_rollouts"} <= set(selected.columns) and selected.count() == 4)
try:
    spark_lora.select(judged, "nothing", min_reward=2.0)
    message = "nothing was refused"
except spark_lora.SparkLoraError as error:
    message = str(error)
check(f"  refused: {message[:90]}", "is kept" in message)
