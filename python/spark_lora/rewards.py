"""Reward functions in Python: which there are, how they reach executors, and the judge that the JVM calls."""

import functools
import re
import site
import sys
import sysconfig
from pathlib import Path

from spark_lora import judging, limits

ANSWER = "row bigint, rewards array<double>, reward string, problem string"
DIED = "Python worker exited unexpectedly"  # what Spark says of one that was killed, or ended by what it ran
KINDS = {
    "tinyint": "int", "smallint": "int", "int": "int", "bigint": "int", "float": "float", "double": "float",
    "boolean": "bool",
}  # fmt: skip


def named(reward_funcs):
    """Names of all rewards in their order, and the functions among them by name.

    Args:
        reward_funcs: a function, the name of a reward that is built in, or of a Java class; or a list of those
    """
    given = reward_funcs if isinstance(reward_funcs, (list, tuple)) else [reward_funcs]
    if not given:
        raise ValueError("reward_funcs is empty; name at least one reward")
    names, functions = [], {}
    for one in given:
        if isinstance(one, str):
            names.append(one)
            continue
        if isinstance(one, type):
            raise TypeError(f"reward_funcs: {one.__name__} is a class; give one of it, {one.__name__}(…), or a function")
        if not callable(one) or hasattr(one, "state_dict"):
            raise TypeError(f"reward_funcs: {one!r:.80} is no function and no name of a reward; models are not rewards here")
        name = base = re.sub(r"[\s,]+", "_", name_of(one))
        number = 1
        while name in names or name in given:
            number += 1
            name = f"{base}_{number}"
        names.append(name)
        functions[name] = one
    return names, functions


def seconds(reward_timeout):
    """The time that one call of a function may take."""
    if isinstance(reward_timeout, bool) or not isinstance(reward_timeout, (int, float)) or not 0 < reward_timeout < 1e9:
        raise ValueError(f"reward_timeout = {reward_timeout!r}: it must be a number of seconds above 0")
    return float(reward_timeout)


def name_of(function):
    """The name that a function, or what stands for one, was given."""
    while isinstance(function, functools.partial):
        function = function.func
    return getattr(function, "__name__", None) or type(function).__name__


def pickled(functions):
    """The functions as bytes, by name; TypeError names one that cannot be sent."""
    from pyspark import cloudpickle

    for module in (judging, limits):
        cloudpickle.register_pickle_by_value(module)
    sent = []
    for name, function in functions.items():
        _by_value(function)
        try:
            sent.append((name, cloudpickle.dumps(function)))
        except Exception as error:
            raise TypeError(
                f"function {name} cannot be sent to Spark's Python workers ({error}); make what it needs inside "
                f"the function, not outside"
            ) from None
    return sent


def _by_value(function):
    """A module beside the user's script is on no executor: its functions travel whole."""
    from pyspark import cloudpickle

    while isinstance(function, functools.partial):
        function = function.func
    module = sys.modules.get(getattr(function, "__module__", None) or "")
    file = getattr(module, "__file__", None)
    if file is None or module.__name__ == "__main__":
        return
    installed = [sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"), *site.getsitepackages()]
    if not any(Path(folder).resolve() in Path(file).resolve().parents for folder in installed if folder):
        cloudpickle.register_pickle_by_value(module)


def _loaded(function):
    from pyspark import cloudpickle

    return cloudpickle.loads(function)


class Judge:
    """The JVM's ExternalJudge: hands completions to functions in Spark's Python workers.

    Args:
        functions: as `pickled` gives them
        kinds: types of the dataset's columns, by name: int, float, bool; others are texts
        seconds: that one call of a function may take
    """

    def __init__(self, spark, functions, kinds, seconds):
        self.spark, self.functions, self.kinds, self.seconds = spark, functions, kinds, seconds

    def lacking(self, columns):
        for name, pickled_one in self.functions:
            problem = judging.lacking(_loaded(pickled_one), judging.given(list(columns)))
            if problem:
                return f"{name}\n{problem}"
        return ""

    def judge(self, completions):
        return self._answers(completions, apart=False)

    def judgeApart(self, completions):
        return self._answers(completions, apart=True)

    def _answers(self, completions, apart):
        from pyspark.sql import DataFrame

        functions, kinds, seconds = self.functions, self.kinds, self.seconds

        def partition(batches):
            return judging.judge_partition(batches, functions, kinds, seconds, apart)

        partition.__module__ = "__main__"  # travels by value
        return DataFrame(completions, self.spark).mapInArrow(partition, ANSWER)._jdf

    class Java:
        implements = ["org.sparklora.spark.grpo.ExternalJudge"]


def kinds_of(tables):
    """The types that columns of DataFrames have, as a judge takes them."""
    return {name: KINDS[kind] for table in tables for name, kind in table.dtypes if kind in KINDS}
