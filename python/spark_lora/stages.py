"""Stages as functions: DataFrames in, DataFrames out, results kept in a folder."""

import inspect
import json
import os
import re
import uuid
from dataclasses import dataclass
from typing import Any, Dict

from spark_lora import judging, rewards
from spark_lora.datasets import described, kept_mixture, load_datasets, table
from spark_lora.errors import SettingsError, one_line
from spark_lora.session import interruptible, session
from spark_lora.settings import nearest, plain

ROW, PROBLEM, FUNCTION = "spark_lora_row", "spark_lora_problem", "spark_lora_function"
# Flags of prep alone that say how prompts are made; generate makes them, too.
OF_PROMPTS = (
    "system_prompt", "chat_template_path", "chat_template_kwargs", "max_prompt_length", "prompt_column", "on_bad_rows",
    "dataset_filter", "dataset_columns", "dataset_order",
)  # fmt: skip


def prep(dataset, model, output_dir, task="sft", spark=None, **settings):
    """A dataset as a table of packed rows, or (`task="grpo"`) of prompts.

    Args:
        dataset: what a trainer takes as `train_dataset`
        model (`str`): whose tokenizer and chat template it gets
        output_dir (`str`): where the table is kept; one that is there and is what the settings give is used again
        settings: flags of `spark-lora prep`
    """
    spark = session(spark)
    flags, tables = described(spark, dataset)
    flags.update(model_name_or_path=model, output_dir=output_dir, task=task, **settings)
    result = _ask(spark, "prep", "prep", flags, tables)
    return spark.read.parquet(result.folder())


def curate(dataset, output_dir, filter=None, spark=None, **settings):
    """A dataset without its duplicates, rows of evaluation sets, and others; of a mixture a mixture.

    Args:
        output_dir (`str`): where rows that stay are kept (`data`), and those that were removed (`removed`)
        filter: a predicate of Spark SQL for the rows to keep, or a function with names of columns as its arguments, which runs
            on executors
        settings: flags of `spark-lora curate`
    """
    spark = session(spark)
    flags, tables = described(spark, dataset)
    if callable(filter):
        filter = _predicate(spark, filter)
    flags.update(output_dir=output_dir, filter=filter, **settings)
    folder = _ask(spark, "curate", "curate", flags, tables).folder()
    if "datasets" not in flags:
        return spark.read.parquet(f"{folder}/data")
    file = f"{folder}/datasets.yaml"
    if os.path.exists(file):
        return load_datasets(file)
    return kept_mixture(spark.read.text(file, wholetext=True).first().value)  # HDFS or an object store has it


def _predicate(spark, function):
    """A function of columns as a predicate of Spark SQL, under a name that is the same in every run."""
    columns = list(inspect.signature(function).parameters)
    if not columns:
        raise TypeError("filter: a function has names of columns as its arguments, such as lambda text, score: score > 3")
    name, sent = rewards.pickled({"python_" + re.sub(r"\W", "_", rewards.name_of(function)): function})[0]
    loaded = []

    def keep(*values):
        from pyspark import cloudpickle

        def plainly(value):
            if isinstance(value, list):
                return [plainly(one) for one in value]
            return value.asDict(True) if hasattr(value, "asDict") else value

        if not loaded:
            loaded.append(cloudpickle.loads(sent))
        return bool(loaded[0](*map(plainly, values)))

    spark.udf.register(name, keep, "boolean")
    return f"{name}({', '.join(f'`{column}`' for column in columns)})"


def generate(prompts, model, output_dir, adapter=None, spark=None, **settings):
    """Completions of prompts, drawn on executors.

    Args:
        prompts: a dataset with `prompt`, `problem` or `question`
        adapter (`str`): the adapter on the model
        output_dir (`str`): where the table is kept; the prompts lie beside it
        settings: flags of `spark-lora generate`, and those of `spark-lora prep` for prompts, such as `system_prompt`
    """
    spark = session(spark)
    flags, tables = described(spark, prompts)
    flags.update((name, settings.pop(name)) for name in OF_PROMPTS if name in settings)
    both = ("overwrite_output_dir", "tokenizer_dialect", "model_revision", "staging_dir")
    beside = f"{os.fspath(output_dir).rstrip('/')}.prompts"
    flags.update(model_name_or_path=model, output_dir=beside, task="grpo", **{name: settings[name] for name in both if name in settings})
    _ask(spark, "prep", "prep", flags, tables)
    flags = {"model_name_or_path": model, "adapter": adapter, "input": beside, "output": output_dir, **settings}
    return spark.read.parquet(_ask(spark, "generate", "generate", flags).folder())


def reward(generations, output_dir, reward_funcs="strip_reasoning_accuracy_reward", reward_timeout=600.0, spark=None, **settings):
    """Judged completions: rewards, verdicts, group advantages.

    Args:
        generations (DataFrame): with `completion`, and `prompt_id` or (with `num_generations`) the completions of a
            prompt side by side
        reward_funcs, reward_timeout: as of `GRPOTrainer`
        settings: flags of `spark-lora reward`
    """
    spark = session(spark)
    rows = table(spark, generations)
    if "completion" not in rows.columns:
        raise ValueError(f"generations has no column completion{nearest('completion', rows.columns)}; it has {', '.join(rows.columns)}")
    names, functions = rewards.named(reward_funcs)
    kept = None
    if functions:
        context, tag = spark.sparkContext, f"spark-lora-{uuid.uuid4()}"
        context.addJobTag(tag)
        try:
            with interruptible(lambda: context.cancelJobsWithTag(tag)), one_line(spark._jvm):
                columns = _columns_of_dataset(rows)
                seen = judging.given([*(set(rows.columns) - set(judging.UNSEEN)), *columns])
                for name, function in functions.items():
                    problem = judging.lacking(function, seen)
                    if problem:
                        raise SettingsError(f"Cannot use reward_funcs = {name}: {problem}")
                kept = _judged(rows, rewards.pickled(functions), rewards.seconds(reward_timeout), columns)
        finally:
            context.removeJobTag(tag)
        rows = kept.orderBy(ROW).drop(ROW, PROBLEM, FUNCTION)
    try:
        flags = {"output_dir": output_dir, "reward_funcs": names, **settings}
        result = _ask(spark, "reward", "reward", flags, {"train": rows}, judged=list(functions))
    finally:
        if kept is not None:
            kept.unpersist()
    return spark.read.parquet(result.folder()).drop(*(f"given_rewards/{name}" for name in functions))


def select(judged, output_dir, spark=None, **settings):
    """The correct completions of a judged table as a dataset, or (`task="grpo"`) its prompts, with pass rates.

    Args:
        judged (DataFrame): what `reward` gives, or the `table` of `evaluate`
        output_dir (`str`): where the dataset is kept
        settings: flags of `spark-lora select`
    """
    spark = session(spark)
    flags = {"output_dir": output_dir, **settings}
    return spark.read.parquet(_ask(spark, "select", "select", flags, {"train": table(spark, judged)}).folder())


def _columns_of_dataset(rows):
    """The names that the map `columns` of a table of generations has, in any of its rows."""
    from pyspark.sql import functions as sql

    if not dict(rows.dtypes).get("columns", "").startswith("map<string"):
        return []
    return sorted(of[0] for of in rows.select(sql.explode(sql.map_keys("columns"))).distinct().collect())


def _judged(rows, functions, seconds, names):
    """The rows with a column for each function, persisted; what failed is raised."""
    for apart in (False, True):
        kept = _given(rows, functions, seconds, apart, names).persist()
        try:
            failed = kept.where(f"{PROBLEM} is not null").orderBy(ROW).select(FUNCTION, PROBLEM).head()
        except Exception as error:
            kept.unpersist()
            if apart or rewards.DIED not in str(error):
                raise
            continue
        if failed is None:
            return kept
        kept.unpersist()
        raise SettingsError(f"Cannot use reward_funcs = {failed[0]}: {failed[1]}")


def _given(rows, functions, seconds, apart, names):
    """The rows with a column for each function, in no particular order."""
    from pyspark.sql import functions as sql
    from pyspark.sql.types import DoubleType, LongType, StringType, StructType

    numbered = rows.withColumn(ROW, sql.monotonically_increasing_id())
    if "prompt_id" in rows.columns:  # what judges may compare the completions of a prompt
        numbered = numbered.repartition("prompt_id").sortWithinPartitions(ROW)
    schema = StructType(list(numbered.schema.fields)).add(FUNCTION, StringType()).add(PROBLEM, StringType())
    for name, _ in functions:
        schema = schema.add(f"given_rewards/{name}", DoubleType())
    kinds = rewards.kinds_of([rows])

    def partition(batches):
        return judging.judge_table(batches, functions, kinds, seconds, apart, ROW, FUNCTION, PROBLEM, names)

    partition.__module__ = "__main__"  # travels by value
    return numbered.mapInArrow(partition, schema)


@dataclass
class Evaluation:
    """How many problems a model solves: `summary` by name (`pass@1`, …), `table` with every completion."""

    summary: Dict[str, Any]
    table: Any


def evaluate(dataset, model, output_dir, adapter=None, spark=None, **settings):
    """Has a model solve problems, and judges its answers.

    Args:
        dataset: problems with solutions; of one with splits, that of `load_dataset(..., split="test")`
        settings: flags of `spark-lora eval`
    """
    spark = session(spark)
    flags, tables = described(spark, test=dataset) if _has_split(dataset) else described(spark, dataset)
    if "test" not in tables and tables:
        tables = {"test": tables["train"]}
    flags.update(model_name_or_path=model, adapter=adapter, output_dir=output_dir, **settings)
    result = _ask(spark, "eval", "evaluate", flags, tables)
    rows = spark.read.option("recursiveFileLookup", True).parquet(result.folder())  # each checkpoint has a folder
    return Evaluation(json.loads(result.json()), rows)


def _has_split(dataset):
    return getattr(dataset, "split", None) is not None and hasattr(dataset, "revision")


def _ask(spark, command, method, flags, tables=None, judged=None):
    api = spark._jvm.org.sparklora.api
    called = {"reward": "generations", "select": "judged"}.get(command, "dataset")
    lora = api.SparkLora.on(spark._jsparkSession)
    with interruptible(lora.stop), one_line(spark._jvm, {"dataset_name": called, "dataset_test_split": called} if tables else None):
        builder = api.Request.to(command)
        for name, value in flags.items():
            if value is not None:
                builder = builder.set(name, plain(value if not isinstance(value, os.PathLike) else os.fspath(value)))
        for split, rows in (tables or {}).items():
            builder = builder.table(split, rows._jdf)
        if judged:
            builder = builder.judged(judged)
        return getattr(lora, method)(builder.build())
