"""Failures of the JVM as Python's: the one line that the command line prints, with Python's names."""

import re
from contextlib import contextmanager

# What flags are called here, where it is not the same.
ARGUMENTS = {
    "model_name_or_path": "model",
    "dataset_name": "dataset",
    "use_peft": "peft_config",
    "lora_r": "LoraConfig.r",
    "lora_rank_pattern": "LoraConfig.rank_pattern",
    "lora_alpha": "LoraConfig.lora_alpha",
    "lora_alpha_pattern": "LoraConfig.alpha_pattern",
    "lora_dropout": "LoraConfig.lora_dropout",
    "lora_target_modules": "LoraConfig.target_modules",
    "lora_modules_to_save": "LoraConfig.modules_to_save",
    "use_rslora": "LoraConfig.use_rslora",
    "use_dora": "LoraConfig.use_dora",
}
TRAINERS = {"dataset_name": "train_dataset", "dataset_test_split": "eval_dataset"}
OF_SPARK = ("packages", "jars", "conf", "master", "properties_file", "backend_store_uri", "serve_artifacts")
HELP = re.compile(r"[;,.]? ?(?:\w+ )?--help (?:lists|says)[^;.]*")
FLAG = re.compile(r"(?<![\w-])--(no_)?([a-z][a-z0-9_]*)(?![\w-])(?: (true|false)\b)?")
WORDED = re.compile(r"--(on_bad_rows|task|sync|save_strategy|eval_strategy|packing_strategy) (skip|grpo|gradients|parameters|no|steps|epoch|wrapped)\b")
# A DataFrame's rows lie in files whose names hold the partition.
ROW_OF_TABLE = re.compile(r"\S+\.dataset/[0-9a-f]{16}/data/(\w+?)-0*(\d+)-of-\d+\.parquet row (\d+)")
TABLE = re.compile(r" = \S+\.dataset/[0-9a-f]{16}(?=: )")
PUSH = re.compile(r"bin/spark-lora push --input .+ --hub_model_id \S+ --hub_revision \S+")
KEY = re.compile(r"^(Cannot use )(?:--)?([a-z][a-z0-9_]*)(?= = )")


class SparkLoraError(RuntimeError):
    """What the JVM failed with. `java_trace` is its stack trace, for who looks for the cause."""

    java_trace = ""


class SettingsError(SparkLoraError, ValueError):
    """A setting cannot be used: the message names it, its value and what to do."""


@contextmanager
def one_line(jvm, arguments=None):
    """Does what it holds; the JVM's exceptions leave it as SparkLoraError or SettingsError.

    Args:
        arguments: names of arguments by flag, besides `ARGUMENTS`
    """
    from py4j.protocol import Py4JJavaError, Py4JNetworkError
    from pyspark.errors.exceptions.captured import CapturedException

    try:
        yield
    except Py4JJavaError as e:
        error = translated(jvm, e.java_exception, arguments)
    except CapturedException as e:
        if e._origin is None:  # of a function in Python: its traceback
            lines = [line.strip() for line in str(e.desc or e).splitlines() if line.strip()]
            error = SparkLoraError(f"a Python function that Spark ran failed: {lines[-1] if lines else type(e).__name__}")
        else:
            error = translated(jvm, e._origin, arguments)
    except Py4JNetworkError as e:
        error = SparkLoraError(f"the JVM does not answer any more ({e}); its own last lines say why")
    else:
        return
    raise error from None


def in_python(message, arguments=None):
    """A line of the command line with the names of Python's arguments: `learning_rate` for `--learning_rate`."""
    names = {**ARGUMENTS, **(arguments or {})}

    def argument(found):
        off, name, value = found.groups()
        if name in OF_SPARK:
            return found.group(0)
        shown = names.get(name, name)
        if name == "overwrite_output_dir" and not off:
            value = value or "true"
        return f"{shown}=False" if off else f"{shown}={value.capitalize()}" if value else shown

    message = PUSH.sub("trainer.push_to_hub()", message)
    message = ROW_OF_TABLE.sub(r"row \3 of partition \2 of the \1 dataset", TABLE.sub("", message))
    message = WORDED.sub(lambda found: f"{found.group(1)}={found.group(2)!r}", message)
    message = KEY.sub(lambda found: found.group(1) + names.get(found.group(2), found.group(2)), message)
    return FLAG.sub(argument, HELP.sub("", message))


def translated(jvm, exception, arguments=None):
    failure = jvm.org.sparklora.api.Failure
    kind = SettingsError if failure.isOfSettings(exception) else SparkLoraError
    error = kind(in_python(failure.message(exception), arguments))
    error.java_trace = jvm.org.apache.spark.util.Utils.exceptionString(exception)
    return error
