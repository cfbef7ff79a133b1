"""What settings, datasets and stages become before there is a session, and that macOS's bash can read the launcher.

usage: python_settings.py CHECKOUT, in an empty folder
"""

import dataclasses
import os
import re
import sys
import tempfile
import warnings
from pathlib import Path
from types import SimpleNamespace

from pyspark import SparkContext, find_spark_home
from pyspark.sql import SparkSession

from spark_lora import GRPOConfig, LoraConfig, SFTConfig, jar, judging, load_datasets, stages
from spark_lora.datasets import _arrow
from spark_lora.errors import in_python
from spark_lora.lora import lora_flags
from spark_lora.rewards import named
from spark_lora.session import _in_file, _is_local, embedded


def check(what, holds):
    print(f"{'ok     ' if holds else 'failed '} {what}", flush=True)
    if not holds:
        sys.exit(1)


# ---------------------------------------------------------------------------------------------------------------------
# Settings

os.environ["HOME"] = "/home/ada"
for given, folder in [(Path("run"), "run"), (None, "trainer_output"), ("~/run", "/home/ada/run"), ("hdfs:///run", "hdfs:///run")]:
    later = SFTConfig()
    later.output_dir = given
    check(f"output_dir = {given!r} is {folder!r}", [SFTConfig(given).output_dir, later.output_dir] == [folder] * 2)

guide = SFTConfig(preset="guide", num_train_epochs=3)
check("a default that was set stands before a preset", guide.flags() == {"preset": "guide", "num_train_epochs": "3"})
guide.learning_rate = 2e-5
check("  also one that was set later", guide.flags()["learning_rate"] == "2e-05")
copied = dataclasses.replace(SFTConfig(preset="guide"), seed=1)
check("  and what a copy repeats does not", copied.flags() == {"preset": "guide", "seed": "1"})
check("  nor without a preset", SFTConfig(num_train_epochs=3).flags() == {})
with warnings.catch_warnings(record=True) as warned:
    flags = SFTConfig(activation_checkpointing=False).flags()
check("transformers' newer name of a setting", flags == {"gradient_checkpointing": "false"} and len(warned) == 1)
check("  of which None says nothing", SFTConfig(activation_checkpointing=None).flags() == {})
check("None of what is on by default switches it off", GRPOConfig(shuffle_dataset=None).flags() == {"shuffle_dataset": "false"})

secret = SFTConfig(hub_token="hf_secret", eos_token="<end>")
check("the token is not shown", "hf_secret" not in repr(secret) + str(secret.to_dict()) and secret.flags()["hub_token"] == "hf_secret")
check("  other tokens are", secret.to_dict()["eos_token"] == "<end>" and "<end>" in repr(secret))

try:
    message = str(lora_flags(LoraConfig(target_modules=[])))
except ValueError as error:
    message = str(error)
check(f"an adapter of no layer: {message[:70]}…", "target_modules = []: no layer would be adapted" in message)


message = in_python("Push them with: bin/spark-lora push --input '/my runs/a' --hub_model_id ada/a --hub_revision main")
check(f"a push that failed: {message}", message == "Push them with: trainer.push_to_hub()")


def accuracy_reward(**columns):
    return []


check("a function beside a reward of its name", named([accuracy_reward, "accuracy_reward"])[0] == ["accuracy_reward_2", "accuracy_reward"])


class Compiled:
    """As code of C is: nothing tells its arguments."""

    __signature__ = 0

    def __call__(self, completions, **columns):
        return [float(len(columns))] * len(completions)


check("a function of unknown arguments is given all", judging.called(Compiled(), {"completions": ["a"], "prompts": ["b"]}) == [1.0])

# ---------------------------------------------------------------------------------------------------------------------
# Datasets, stages, session

rows = _arrow([{"text": "a"}, {"text": "b", "solution": "1"}]).to_pylist()
check("a list has the columns of all its rows", rows == [{"text": "a", "solution": None}, {"text": "b", "solution": "1"}])

tempfile.tempdir = os.getcwd()
mixture = load_datasets([{"path": Path("rows.jsonl"), "weight": 2}])
check("a mixture of a Path", '"path": "rows.jsonl"' in Path(mixture.file).read_text())
owner, os.getuid = os.getuid(), lambda: 12345
try:
    load_datasets(["rows.jsonl"])
    message = "nothing was refused"
except PermissionError as error:
    message = str(error)
os.getuid = lambda: owner
check(f"  not in a folder of another user: {message}", "spark-lora-12345 is another user's" in message)

asked = []
session = SimpleNamespace(read=SimpleNamespace(parquet=lambda folder: folder))
stages.session, stages.described = lambda spark: session, lambda spark, dataset: ({}, {})
stages._ask = lambda spark, command, method, flags, tables=None: asked.append(flags) or SimpleNamespace(folder=lambda: "drawn")
stages.generate("problems.jsonl", "model", "drawn", model_revision="v2", num_generations=4, system_prompt="Be brief.")
check("generate: prompts are of the model's revision", [of["model_revision"] for of in asked] == ["v2", "v2"] and "num_generations" not in asked[0])
check("  and have the system prompt", asked[0]["system_prompt"] == "Be brief." and "system_prompt" not in asked[1])

os.environ.pop("MASTER", None)
os.environ.update(SPARK_HOME=os.getcwd(), SPARK_CONF_DIR=os.getcwd())
Path("cluster.conf").write_text("spark.master  spark://host:7077\n")
Path("template.conf").write_text("# spark.master  spark://host:7077\nspark.master.ui.port 1\n")
Path("my files").mkdir()
Path("my files/cluster.conf").write_text("spark.driver.memory=3g\nspark.master=yarn\n")
for arguments, local in {
    "pyspark-shell": True,
    "--conf spark.driver.memory=3g pyspark-shell": True,
    "--master yarn pyspark-shell": False,
    "--conf spark.master=yarn pyspark-shell": False,
    "--properties-file cluster.conf pyspark-shell": False,
    "--properties-file=cluster.conf pyspark-shell": False,
    "--properties-file 'my files/cluster.conf' pyspark-shell": False,
    "--properties-file template.conf pyspark-shell": True,
}.items():
    os.environ["PYSPARK_SUBMIT_ARGS"] = arguments
    check(f"PYSPARK_SUBMIT_ARGS = {arguments!r}: {'this machine' if local else 'a cluster'}", _is_local() == local)

os.environ["PYSPARK_SUBMIT_ARGS"] = "--properties-file 'my files/cluster.conf' pyspark-shell"
check("  the heap of its file is kept", _in_file("spark.driver.memory") and not _in_file("spark.driver.host"))
os.environ["PYSPARK_SUBMIT_ARGS"] = "pyspark-shell"
home, folder = os.environ.pop("SPARK_HOME"), os.environ.pop("SPARK_CONF_DIR")
find_spark_home._find_spark_home = lambda: "pip"  # the package that pip has installed
Path("pip/conf").mkdir(parents=True)
Path("pip/conf/spark-defaults.conf").write_text("spark.master  spark://host:7077\n")
check("spark-defaults.conf of the installed PySpark: a cluster", not _is_local())
os.environ.update(SPARK_HOME="pip", SPARK_CONF_DIR=folder)
check("  which is not read where SPARK_CONF_DIR names another folder: this machine", _is_local())
os.environ["SPARK_HOME"] = home

os.environ.pop("SPARK_LORA_JAR", None)
submitted = Path("my files/spark-lora.jar").resolve()
submitted.touch()
for arguments in ("--jars 'a.jar,my files/spark-lora.jar'", "--jars='my files/spark-lora.jar'", "--conf 'spark.jars=my files/spark-lora.jar'"):
    os.environ["PYSPARK_SUBMIT_ARGS"] = f"{arguments} pyspark-shell"
    check(f"PYSPARK_SUBMIT_ARGS = {arguments!r}: its jar", jar() == str(submitted))


class Submitted(dict):
    """The SparkConf of a JVM that spark-submit has started, which PySpark sees once it is connected."""

    contains = dict.__contains__

    def set(self, key, value):
        self[key] = value


def connected(cls, **conf):
    cls._jvm = SimpleNamespace(SparkConf=lambda defaults: Submitted(given))


given = {"spark.jars": f"file:///a.jar,{submitted.as_uri()}", "spark.locality.wait": "3s"}
del os.environ["PYSPARK_SUBMIT_ARGS"]
os.environ["PYSPARK_GATEWAY_PORT"] = "1"
SparkContext._ensure_initialized = classmethod(connected)
check(f"the jar that spark-submit was given: {given['spark.jars']}", jar() == str(submitted))
sys.modules["spark_lora.session"].spark_conf = lambda: {"spark.jars": jar(), "spark.locality.wait": "0", "spark.plugins": "p"}
SparkSession.Builder.getOrCreate = lambda builder: dict(builder._options)
check("  and its settings stay", embedded() == {"spark.app.name": "spark-lora", "spark.plugins": "p"})

# ---------------------------------------------------------------------------------------------------------------------
# bash 3.2 reads no pattern with brackets, such as @(a|b), unless the option extglob is on.

for script in sorted(Path(sys.argv[1], "bin").iterdir()):
    found = [line for line in script.read_text().splitlines() if re.search(r"[@?*+!]\([\w -]+\|", line)]
    check(f"{script.name}: no pattern with brackets {found}", not found)
