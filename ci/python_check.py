"""What Python users meet: rewards of their own, good and bad, datasets of all kinds, stages, SQL, refusals.

usage: python_check.py BASE, in an empty folder
BASE is the quickstart's model, which can add.
"""

import datetime
import hashlib
import json
import os
import signal
import sys
import threading
import time
import warnings
from pathlib import Path

os.environ["PYSPARK_SUBMIT_ARGS"] = "--conf spark.sql.extensions=org.sparklora.api.SqlExtensions pyspark-shell"

import datasets
import pandas
from guide_reward import strip_reasoning_accuracy_reward

import spark_lora
from spark_lora import GRPOConfig, GRPOTrainer, LoraConfig, SFTConfig, SFTTrainer, SettingsError, SparkLoraError, judging
from spark_lora.callbacks import Callbacks, Listener
from spark_lora.lora import lora_flags

BASE = sys.argv[1]
LORA = dict(r=2, lora_alpha=8, target_modules="all-linear")


def check(what, holds):
    print(f"{'ok     ' if holds else 'failed '} {what}", flush=True)
    if not holds:
        sys.exit(1)


def refused(kind, action):
    """The message of what it fails with, and after how many seconds."""
    begun = time.monotonic()
    try:
        action()
    except kind as error:
        return str(error), time.monotonic() - begun
    return "nothing was refused", 0.0


# ---------------------------------------------------------------------------------------------------------------------
# Refusals before there is a session

message, _ = refused(TypeError, lambda: SFTConfig(learning_rte=1e-4))
check(f"an unknown argument: {message}", "did you mean learning_rate?" in message)
message, _ = refused(TypeError, lambda: LoraConfig(lora_alfa=1))
check(f"an unknown argument: {message}", "did you mean lora_alpha?" in message)
for what, (action, says) in {
    "a usual word": (lambda: SFTConfig(lr=1), "did you mean learning_rate?"),
    "another class's": (lambda: SFTConfig(rank=1), "that is LoraConfig.r here"),
    "what TRL had": (lambda: SFTConfig(logging_dir="logs"), "TensorBoard's files lie in OUTPUT_DIR/runs/RUN_NAME, with report_to"),
    "what it had besides": (lambda: GRPOConfig(group_by_length=True), "rows are never padded here"),
    "a setting": (lambda: SFTTrainer(BASE, learning_rate=1e-4), "it is one of SFTConfig"),
    "a dict for an adapter": (lambda: SFTTrainer(BASE, peft_config={"r": 1}), "peft_config must be a LoraConfig"),
    "one callback": (lambda: SFTTrainer(BASE, callbacks=print), "callbacks must be a list"),
    "a class as a reward": (lambda: GRPOTrainer(BASE, dict), "dict is a class; give one of it"),
    "datasets' word": (lambda: spark_lora.load_dataset("json", data_files="x"), "name the files themselves"),
}.items():
    message, _ = refused(TypeError, action)
    check(f"{what}: {message}", says in message)
message, _ = refused(ValueError, lambda: LoraConfig(init_lora_weights="pissa"))
check(f"what PEFT has: {message}", "LoraConfig.init_lora_weights = 'pissa': A is drawn uniformly" in message)
LoraConfig(init_lora_weights=True, rank_pattern={}, exclude_modules=None, peft_type="LORA", layers_to_transform=None, lora_bias=False)
check("  but not at its default", SFTConfig(model_init_kwargs={"torch_dtype": "bfloat16", "device_map": "auto"}).flags() == {"dtype": "bfloat16"})
for what, given, sent in [
    ("one name in a list", ["self_attn.o_proj"], [r"(.*\.)?self_attn\.o_proj"]),
    ("several names", ["v_proj", "q_proj"], ["q_proj", "v_proj"]),
    ("all layers in a list", ["all-linear"], ["all-linear"]),
    ("an expression", r".*\.1\..*q_proj", [r".*\.1\..*q_proj"]),
]:
    check(f"target_modules: {what}", lora_flags(LoraConfig(target_modules=given))["lora_target_modules"] == sent)
for pattern in ("rank_pattern", "alpha_pattern"):
    check(f"{pattern} is a flag", lora_flags(LoraConfig(**{pattern: {"q_proj": 64}}))[f"lora_{pattern}"] == '{"q_proj": 64}')
    check("  but not where it is empty", f"lora_{pattern}" not in lora_flags(LoraConfig(**{pattern: {}})))
message, _ = refused(ValueError, SFTConfig(model_init_kwargs={"quantization_config": 4}).flags)
check(f"what a model is loaded with: {message[:90]}…", "quantization_config = 4 has no part here" in message)
check("None where it is no limit", GRPOConfig(vllm_importance_sampling_clip_max=None).flags() == {"vllm_importance_sampling_clip_max": "none"})
check("  and no clipping", SFTConfig(max_grad_norm=None).flags() == {"max_grad_norm": "none"})
needs = type("Needs", (), {"on_train_begin": lambda self, args, state, control, model, **kwargs: None})
message, _ = refused(TypeError, lambda: SFTTrainer(BASE, callbacks=[needs]))
check(f"a callback that needs the model: {message[:70]}…", "on_train_begin needs model, which is not in this process" in message)
message, _ = refused(AttributeError, lambda: setattr(SFTConfig(), "learning_rte", 1))
check(f"also when it is set later: {message}", "did you mean learning_rate?" in message)
message, _ = refused(ValueError, lambda: SFTTrainer(BASE, SFTConfig(eval_strategy="steps"), "rows.jsonl"))
check(f"evaluation without data: {message[:70]}…", "eval_strategy = 'steps' needs an eval_dataset" in message)
saved = {"epoch": 1.0, "total_flos": 0.0, "log_history": [{"step": 2, "eval_loss": 0.5}, {"step": 4, "eval_loss": 0.7}],
         "best_metric": None, "best_global_step": None, "best_model_checkpoint": None}  # fmt: skip
for what, config, found, best in [
    ("of sft: the checkpoint's best", SFTConfig, {"best_metric": 0.4, "best_global_step": 1, "best_model_checkpoint": "at-1"}, (0.4, 1, "at-1")),
    ("of grpo: the best of the checkpoint's log", GRPOConfig, {}, (0.5, 2, None)),
]:
    run = Callbacks(config(metric_for_best_model="loss"))
    Listener(run).resumed(json.dumps({**saved, **found}))
    state = run.state
    known = (state.best_metric, state.best_global_step, state.best_model_checkpoint)
    check(f"callbacks of a resumed run {what}", known == best and state.log_history == saved["log_history"])
folder = Path(spark_lora.load_datasets(["rows.jsonl"]).file).parent.stat()
check("a mixture's file is in a folder of the user's own", folder.st_uid == os.getuid() and folder.st_mode & 0o077 == 0)
os.environ["SPARK_REMOTE"] = "sc://localhost"
message, _ = refused(SparkLoraError, spark_lora.session)
check(f"Spark Connect: {message[:60]}…", "Spark Connect" in message and "SPARK_REMOTE" in message)
del os.environ["SPARK_REMOTE"]

spark = spark_lora.session()
rows = [
    {"prompt": [{"role": "user", "content": f"What is {a} + {b}?"}], "solution": str(a + b), "first": a}
    for a in (3, 12, 25, 31)
    for b in (4, 7, 11, 14)
]
problems = datasets.Dataset.from_list(rows)
problems.to_json("problems.jsonl")


def grpo(name, reward_funcs, train_dataset="problems.jsonl", reward_timeout=60.0, callbacks=None, **more):
    settings = dict(learning_rate=1e-3, lr_scheduler_type="constant", per_device_train_batch_size=32, max_steps=3)
    settings.update(num_generations=8, max_completion_length=16, logging_steps=1, save_strategy="no", disable_tqdm=True)
    settings.update({"prompts_dir": "prompts" if isinstance(train_dataset, str) else None, **more})
    return GRPOTrainer(
        model=BASE,
        reward_funcs=reward_funcs,
        args=GRPOConfig(output_dir=name, **settings),
        train_dataset=train_dataset,
        peft_config=LoraConfig(**LORA),
        reward_timeout=reward_timeout,
        callbacks=callbacks,
    )


def rewards(trainer):
    return [row["reward"] for row in trainer.state.log_history if "reward" in row]


def adapter(folder):
    return hashlib.sha256(Path(folder, "adapter_model.safetensors").read_bytes()).hexdigest()


# ---------------------------------------------------------------------------------------------------------------------
# The same rewards, the same adapter

heard = []


class Hears(spark_lora.TrainerCallback):
    def on_log(self, args, state, control, logs=None, **kwargs):
        heard.append(logs["step"])


runs = {
    "built-in": "strip_reasoning_accuracy_reward",
    "the guide's function": strip_reasoning_accuracy_reward,
    "a lambda": lambda completions, solution, **_: [
        float(f"{{{s}}}" in c[0]["content"]) for c, s in zip(completions, solution)
    ],
}
trained = {name: grpo(name, function, callbacks=[Hears]) for name, function in runs.items()}
outputs = {name: trainer.train() for name, trainer in trained.items()}
first = rewards(trained["built-in"])
check(f"the built-in reward varies: {first}", len(first) == 3 and len(set(first)) > 1)
for name, trainer in trained.items():
    check(f"{name}: the same rewards", rewards(trainer) == first)
    check(f"{name}: the same adapter, bit by bit", adapter(name) == adapter("built-in"))
check("callbacks hear of each log row", heard == [1, 2, 3, 3] * 3)
check("train() returns steps, loss and metrics", outputs["a lambda"].global_step == 3 and "train_runtime" in outputs["a lambda"].metrics)


async def first_of(completions, prompts, completion_ids, first, **columns):
    assert all(len(ids) > 0 for ids in completion_ids) and "What is" in prompts[0][-1]["content"]
    return [float(number) / 31 for number in first]  # a column of the dataset, in its own type


several = grpo("several", [first_of, "accuracy_reward", runs["a lambda"]], problems, reward_weights=[0.5, 1.0, 0.0], max_steps=1)
several.train()
row = several.state.log_history[0]
total = 0.5 * row["rewards/first_of/mean"] + row["rewards/accuracy_reward/mean"]
check("several rewards, weighted, one of them async", abs(row["reward"] - total) < 1e-6 and row["rewards/first_of/mean"] > 0)

measured = several.evaluate(problems.select(range(2)))
check(f"evaluate(): eval_reward {measured['eval_reward']:.3f}", "eval_loss" in measured and several.state.log_history[-1]["step"] == 1)
several.save_model("saved")
check("save_model() copies the results", adapter("saved") == adapter("several") and not Path("saved/rounds").exists())

texts = pandas.DataFrame({"prompt": [f"{a} + 2 =" for a in range(1, 9)], "word": ["two"] * 8, "budget": range(8)})


def within(completions, prompts, word, budget, **_):
    assert prompts[0].endswith("+ 2 =") and word[0] == "two" and isinstance(budget[0], int)
    return [float(len(text) > limit) for text, limit in zip(completions, budget)]


plain = grpo("texts", within, texts, max_steps=1)
plain.train()
check("prompts that are texts, with columns beside them", 0 < rewards(plain)[0] <= 1)

of_all_types = {"maybe": None, "tests": ["a", "b"], "of": {"k": [1, None]}, "share": 0.5, "holds": True, "number": 3, "text": "[1]", "scores": [float("nan"), 0.5]}
typed = [{**row, **of_all_types} for row in rows[:4]]
Path("typed.jsonl").write_text("".join(json.dumps(row) + "\n" for row in typed))


def sees(completions, solution, maybe, tests, of, **columns):
    given = {"maybe": maybe, "tests": tests, "of": of, **columns}
    return [float(all(repr(given[name][at]) == repr(of_all_types[name]) for name in of_all_types)) for at in range(len(completions))]


for name, dataset in {"a file": "typed.jsonl", "datasets": datasets.Dataset.from_list(typed)}.items():
    judged = grpo(f"typed-{name}", sees, dataset, max_steps=1, prompts_dir=f"typed-prompts-{name}")
    judged.train()
    check(f"columns of {name} in their types, nulls, lists and dicts among them", rewards(judged) == [1.0])
drawn = spark_lora.generate("typed.jsonl", BASE, "drawn-typed", num_generations=2, max_completion_length=8)
check("  and in a table of generations", [r.reward for r in spark_lora.reward(drawn, "judged-typed", sees).collect()] == [1.0] * 8)
noon = datetime.datetime(2024, 2, 29, 21, 0, 0, 500_000, datetime.timezone(datetime.timedelta(hours=9)))
check("  and times as texts in UTC", judging.plain([noon]) == ["2024-02-29 12:00:00.5"])
check("a message without text is no completion", judging.said([{"role": "assistant", "content": None}]) is None)

# ---------------------------------------------------------------------------------------------------------------------
# Bad rewards


def raises(completions, **_):
    return [1.0 / (len(c[0]["content"]) - len(completions[0][0]["content"])) for c in completions]


def hangs(completions, **_):
    time.sleep(600)


def spins(completions, **_):
    while True:
        try:
            time.sleep(0.001)
        except Exception:
            pass


def nothing(completions, **_):
    return [float("nan")] * len(completions)


def exits(completions, **_):
    os._exit(3 if len(completions) > 0 else 0)


def stops(completions, **_):
    os.kill(os.getpid(), signal.SIGSTOP)


def wants(completions, frist):
    return [0.0] * len(completions)


bad = {
    "exits": (exits, "it ended its Python process with exit code 3, at completion "),
    "stops": (stops, "it did not end within 1 s, nor when it was told to"),
    "raises": (raises, "it raised ZeroDivisionError: "),
    "hangs": (hangs, "it did not end within 1 s (line"),
    "spins": (spins, "it did not end within 1 s (line"),
    "<lambda>": (lambda completions, **_: [1.0] * (len(completions) - 1), "rewards for"),
    "texts": (type("texts", (), {"__call__": lambda self, completions, **_: ["1"] * len(completions)})(), "the text '1'"),
}
for name, (function, says) in bad.items():
    message, seconds = refused(SettingsError, grpo(f"bad-{name}", function, reward_timeout=1.0, max_steps=1).train)
    check(f"{seconds:.1f} s: {message[:150]}…", f"reward_funcs = {name}: " in message and says in message and "at completion" in message)
    check(f"  in time, on one line, and no results: {name}", seconds < 30 and "\n" not in message and not Path(f"bad-{name}/adapter_model.safetensors").exists())
message, _ = refused(SettingsError, grpo("lacks", wants).train)
says = "reward_funcs = wants: it needs frist, and the dataset has no column frist (did you mean first?"
check(f"before a completion is drawn: {message[:110]}…", says in message and not Path("lacks/rounds").exists())
lock = threading.Lock()
message, _ = refused(TypeError, lambda: grpo("lock", lambda completions, **_: [lock] and [0.0] * len(completions)))
check(f"before training: {message[:110]}…", "<lambda> cannot be sent" in message)
unjudged = grpo("unjudged", nothing, max_steps=1, vllm_group_port=1)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    unjudged.train()
said = [str(warning.message) for warning in caught if "vllm" in str(warning.message)]
check(f"what changes nothing is warned of: {said}", said == ["vllm_group_port is accepted and changes nothing: adapters reach the servers as files"])
message, _ = refused(SettingsError, grpo("typo", "acuracy_reward").train)
check(f"a mistyped reward: {message[:75]}…", "did you mean accuracy_reward?" in message)
check("NaN counts as None does: not judged", unjudged.state.log_history[0]["completions/not_judged"] == 32)

calls = Path("calls")


def breaks(completions, **given):
    with calls.open("a") as file:
        file.write("x")
    if calls.stat().st_size > 2 and not Path(calls.with_name("mended")).exists():
        raise RuntimeError("the service is down")
    return strip_reasoning_accuracy_reward(completions, **given)


calls = calls.resolve()
broken = grpo("broken", breaks, save_strategy="steps", save_steps=1)
message, _ = refused(SettingsError, broken.train)
check(f"a reward breaks off a run: {message[:90]}…", "RuntimeError: the service is down" in message and Path("broken/checkpoint-1").exists())
calls.with_name("mended").touch()
begun = []


class Resumes(spark_lora.TrainerCallback):
    def on_train_begin(self, args, state, control, **kwargs):
        begun.append((state.global_step, [row["step"] for row in state.log_history]))


broken.add_callback(Resumes)
broken.train(resume_from_checkpoint=True)
check("  and nothing is lost: resumed, it ends with the same adapter", adapter("broken") == adapter("built-in"))
check(f"  and callbacks know the log so far: {begun}", begun == [(begun[0][0], [*range(1, begun[0][0] + 1)])] and begun[0][0] > 0)

# ---------------------------------------------------------------------------------------------------------------------
# Datasets of all kinds make the same packed table

talks = [{"messages": row["prompt"] + [{"role": "assistant", "content": row["solution"]}]} for row in rows]
frame = spark.createDataFrame(talks, "messages array<struct<role string, content string>>").coalesce(1)
frame.write.parquet("talks.parquet")


def packed(name, train_dataset, peft_config=LoraConfig(**LORA), **more):
    args = SFTConfig(output_dir=name, max_steps=2, per_device_train_batch_size=2, logging_steps=1, max_length=64, disable_tqdm=True,
                     save_strategy="no", overwrite_output_dir=True, **more)  # fmt: skip
    trainer = SFTTrainer(BASE, args, train_dataset, train_dataset if more else None, peft_config)
    trainer.train()
    return trainer, spark.read.parquet(f"{name}.packed").orderBy("input_ids").collect()


_, wanted = packed("of-path", "talks.parquet")
read = spark.read.parquet("talks.parquet")
for name, dataset in {
    "DataFrame": read,
    "pandas": read.toPandas().map(lambda turns: [turn.asDict() for turn in turns]),
    "datasets.Dataset": datasets.Dataset.from_parquet("talks.parquet/*.parquet", cache_dir="cache"),
}.items():
    check(f"{name} in: the same packed table as from the equal Parquet files", packed(name, dataset)[1] == wanted)
check("  and the same adapter", adapter("DataFrame") == adapter("of-path"))
trainer, _ = packed("all-weights", read, peft_config=None, eval_strategy="steps", eval_steps=1)
check("without peft_config all weights are trained", Path("all-weights/model.safetensors").exists())
check("an eval_dataset is evaluated", abs(trainer.evaluate()["eval_loss"] - trainer.state.log_history[-3]["eval_loss"]) < 1e-3)
for what, (dataset, says) in {
    "splits": (datasets.DatasetDict(train=problems), "give one of its splits, such as dataset['train']"),
    "a stream": (problems.to_iterable_dataset(), "is no dataset that spark-lora reads"),
    "no rows": (read.limit(0), "Cannot use train_dataset = the table of split train: it has no rows"),
    "a slip": (read.withColumnRenamed("messages", "mesages"), "mesages: did you mean messages?"),
    "two of a name": (read.select("messages", "messages"), "the DataFrame has two columns messages"),
}.items():
    message, _ = refused((TypeError, ValueError), lambda: packed("bad", dataset))
    check(f"{what}: {message[:110]}…", says in message)


trainer = SFTTrainer(BASE, SFTConfig(output_dir="all-weights"), read)
message, _ = refused(SettingsError, trainer.train)
check(f"a cell that is run twice: {message[-150:]}", "overwrite_output_dir=True" in message and "train(resume" not in message)
Path("all-weights/checkpoint-2").mkdir()
message, _ = refused(SettingsError, trainer.train)
check("  and saved checkpoints", "overwrite_output_dir=True, or go on from its last checkpoint: train(resume" in message)
Path("rows.jsonl").write_text("".join('{"text": "row %d"}\n' % number for number in range(20)))
named = spark_lora.load_dataset("rows.jsonl", split="train")
parts = named.train_test_split(test_size=0.2, seed=1)
check("what load_dataset gives has what a Dataset has", len(named) == 20 and len(parts["test"]) == 4 and named.select([3])[0]["text"] == "row 3")

heard = []


class Steers(spark_lora.TrainerCallback):
    def on_step_end(self, args, state, control, **kwargs):
        heard.append(state.global_step)
        control.should_save, control.should_evaluate = state.global_step == 2, state.global_step == 3

    def on_save(self, args, state, control, **kwargs):
        heard.append(Path(args.output_dir, f"checkpoint-{state.global_step}").name)

    def on_evaluate(self, args, state, control, metrics, **kwargs):
        heard.append("eval_loss" in metrics and args.greater_is_better)
        control.should_training_stop = state.best_metric is None  # as EarlyStoppingCallback sees it: of those before
        return control


args = SFTConfig(output_dir="steered", max_steps=9, max_length=64, logging_steps=100, save_strategy="no", eval_strategy="steps",
                 eval_steps=100, metric_for_best_model="mean_token_accuracy", disable_tqdm=True)  # fmt: skip
steered = SFTTrainer(BASE, args, parts["train"], parts["test"], LoraConfig(**LORA), [Steers])
output = steered.train()
check(f"callbacks save, evaluate and stop: {heard}", heard == [1, 2, "checkpoint-2", 3, True] and output.global_step == 3)
check("  and the results are those of the last step", Path("steered/adapter_model.safetensors").exists() and steered.state.best_metric is not None)


class Interrupts(spark_lora.TrainerCallback):
    def on_log(self, args, state, control, logs=None, **kwargs):
        os.kill(os.getpid(), signal.SIGINT)


long = SFTTrainer(BASE, SFTConfig(output_dir="long", max_steps=5000, logging_steps=1, max_length=64, save_strategy="no", disable_tqdm=True),
                  read, None, LoraConfig(**LORA), [Interrupts])  # fmt: skip
_, seconds = refused(KeyboardInterrupt, long.train)
check(f"Ctrl-C ends a run after {seconds:.1f} s", seconds < 60 and not Path("long/adapter_model.safetensors").exists())
check("  and the session goes on", packed("after", read)[1] == wanted)
message, _ = refused(SettingsError, lambda: packed("bad", read, per_device_eval_batch_size=0))
check(f"the JVM's refusal: {message}", "per_device_eval_batch_size = 0" in message)
message, _ = refused(SettingsError, lambda: packed("bad", read, peft_config=LoraConfig(r=0)))
check(f"  with Python's names: {message}", "LoraConfig.r = 0" in message and "--" not in message)
message, _ = refused(SettingsError, lambda: spark_lora.prep(read, BASE, "bad", max_lenght=64))
check(f"  an unknown setting of a stage: {message}", "did you mean max_length?" in message and "--" not in message)

# ---------------------------------------------------------------------------------------------------------------------
# Stages and SQL

table = spark_lora.prep(read, BASE, "table", packing=True, max_length=64)
check(f"prep: {table.count()} rows", "input_ids" in table.columns)
drawn = spark_lora.generate(problems, BASE, "drawn", num_generations=4, max_completion_length=16, temperature=1.0)
check("generate: four completions of each problem", drawn.count() == 64)
judged = {
    name: spark_lora.reward(drawn, f"judged-{number}", function, reward_timeout=60.0)
    for number, (name, function) in enumerate(runs.items())
}
advantages = {name: [r.advantage for r in of.orderBy("prompt_id", "completion_index").collect()] for name, of in judged.items()}
check("reward: Python's and ours give the same advantages", len({tuple(of) for of in advantages.values()}) == 1)
scores = spark_lora.evaluate(problems, BASE, "scores", reward_funcs="accuracy_reward", max_completion_length=16)
check(f"evaluate: pass@1 {scores.summary['pass@1']['value']:.3f}", scores.table.count() == 16)

message, _ = refused(SettingsError, lambda: spark_lora.reward(drawn, "judged-exits", exits))
check(f"reward: {message[:110]}…", "exits: it ended its Python process with exit code 3, at completion" in message)

VERDICT = "select math_verify('$\\\\boxed{1/2}$', '0.5') v, math_verify('$\\\\boxed{3}$', '2') w, math_verify(null, '2') n"
check("the extension brings math_verify", tuple(spark.sql(VERDICT).head()) == (1.0, 0.0, None))
judged["built-in"].createOrReplaceTempView("judged")
again = spark.sql("select advantage, group_advantage(reward, collect_list(reward) over (partition by prompt_id)) again from judged")
check("and group_advantage", all(abs(r.advantage - r.again) < 1e-12 for r in again.collect()))
over = spark.sql("select advantage, group_advantage(reward) over (partition by prompt_id) again from judged").collect()
check("  as a function of a window, to the bit", all(r.advantage == r.again for r in over) and len(over) == 64)
columns = judged["built-in"].select("advantage", spark_lora.sql.group_advantage("reward", "prompt_id").alias("again"))
check("  and as a column", all(r.advantage == r.again for r in columns.collect()))
spark_lora.sql.register(spark, dialect="sound")
check("register() replaces them", spark.sql(VERDICT).head()[0] == 1.0)

spark.stop()
from pyspark.sql import SparkSession  # a session of one's own, in a JVM that is there, works as well

mine = SparkSession.builder.master("local[1]").getOrCreate()
check("a session of one's own is used", spark_lora.session() is mine and spark_lora.session(mine) is mine)
mine.conf.set("spark.sql.shuffle.partitions", "7")
found = []
thread = threading.Thread(target=lambda: found.append(spark_lora.session()))
thread.start()
thread.join()
check("  also by another thread, as it is", found == [mine] and mine.conf.get("spark.sql.shuffle.partitions") == "7")
mine.stop()
