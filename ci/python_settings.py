"""What settings, datasets and stages become before there is a session, and that macOS's bash can read the launcher.

usage: python_settings.py CHECKOUT, in an empty folder
"""

import dataclasses
import os
import re
import sys
from pathlib import Path
from types import SimpleNamespace

from spark_lora import GRPOConfig, LoraConfig, SFTConfig, stages
from spark_lora.datasets import _arrow
from spark_lora.lora import lora_flags
from spark_lora.rewards import named
from spark_lora.session import _is_local


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
check("None of what is on by default switches it off", GRPOConfig(shuffle_dataset=None).flags() == {"shuffle_dataset": "false"})

secret = SFTConfig(hub_token="hf_secret", eos_token="<end>")
check("the token is not shown", "hf_secret" not in repr(secret) + str(secret.to_dict()) and secret.flags()["hub_token"] == "hf_secret")
check("  other tokens are", secret.to_dict()["eos_token"] == "<end>" and "<end>" in repr(secret))

try:
    message = str(lora_flags(LoraConfig(target_modules=[])))
except ValueError as error:
    message = str(error)
check(f"an adapter of no layer: {message[:70]}…", "target_modules = []: no layer would be adapted" in message)


def accuracy_reward(**columns):
    return []


check("a function beside a reward of its name", named([accuracy_reward, "accuracy_reward"])[0] == ["accuracy_reward_2", "accuracy_reward"])

# ---------------------------------------------------------------------------------------------------------------------
# Datasets, stages, session

rows = _arrow([{"text": "a"}, {"text": "b", "solution": "1"}]).to_pylist()
check("a list has the columns of all its rows", rows == [{"text": "a", "solution": None}, {"text": "b", "solution": "1"}])

asked = []
session = SimpleNamespace(read=SimpleNamespace(parquet=lambda folder: folder))
stages.session, stages.described = lambda spark: session, lambda spark, dataset: ({}, {})
stages._ask = lambda spark, command, method, flags, tables=None: asked.append(flags) or SimpleNamespace(folder=lambda: "drawn")
stages.generate("problems.jsonl", "model", "drawn", model_revision="v2", num_generations=4)
check("generate: prompts are of the model's revision", [of["model_revision"] for of in asked] == ["v2", "v2"] and "num_generations" not in asked[0])

os.environ.pop("MASTER", None)
os.environ.update(SPARK_HOME=os.getcwd(), SPARK_CONF_DIR=os.getcwd())
Path("cluster.conf").write_text("spark.master  spark://host:7077\n")
for arguments, local in {
    "pyspark-shell": True,
    "--conf spark.driver.memory=3g pyspark-shell": True,
    "--master yarn pyspark-shell": False,
    "--conf spark.master=yarn pyspark-shell": False,
    "--properties-file cluster.conf pyspark-shell": False,
}.items():
    os.environ["PYSPARK_SUBMIT_ARGS"] = arguments
    check(f"PYSPARK_SUBMIT_ARGS = {arguments!r}: {'this machine' if local else 'a cluster'}", _is_local() == local)

# ---------------------------------------------------------------------------------------------------------------------
# bash 3.2 reads no pattern with brackets, such as @(a|b), unless the option extglob is on.

for script in sorted(Path(sys.argv[1], "bin").iterdir()):
    found = [line for line in script.read_text().splitlines() if re.search(r"[@?*+!]\([\w -]+\|", line)]
    check(f"{script.name}: no pattern with brackets {found}", not found)
