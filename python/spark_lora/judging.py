"""What runs in Spark's Python workers: reward functions on a partition of completions.

Travels to executors by value, so that they need no spark_lora; needs pyarrow there.
"""

import asyncio
import inspect
import json
import math
import os
import signal
import threading
import time
import traceback

SHOWN_CHARACTERS = 80
GRACE_SECONDS = 10.0
TEXT_COLUMNS = ("completion", "prompt", "messages", "solution")


class OutOfTime(BaseException):
    """Not an Exception: what a reward function catches must not hold it."""


class Problem(Exception):
    """What is wrong with a function's answer, and for which completions: a slice of the batch."""

    def __init__(self, text, start, end):
        super().__init__(text)
        self.text, self.start, self.end = text, start, end


class TimeLimit:
    """Ends what it holds with OutOfTime after so many seconds; what does not end then ends with its process.

    A signal of its own: Math-Verify uses the alarm's, and would take an alarm away.
    """

    def __init__(self, seconds):
        self.seconds = seconds

    def __enter__(self):
        self.main = threading.main_thread().ident
        self.done = threading.Event()
        signal.signal(signal.SIGUSR1, self.expire)
        threading.Thread(target=self.watch, daemon=True).start()
        return self

    def expire(self, *_):
        if not self.done.is_set():
            raise OutOfTime()

    def watch(self):
        if self.done.wait(self.seconds):
            return
        ends = time.monotonic() + GRACE_SECONDS
        while time.monotonic() < ends:
            signal.pthread_kill(self.main, signal.SIGUSR1)
            if self.done.wait(1.0):
                return
        os._exit(70)

    def __exit__(self, *_):
        self.done.set()  # from now on the signal means nothing


def called(function, arguments):
    """The function's answer; arguments that it does not name are left out where it takes no others."""
    parameters = inspect.signature(function).parameters.values()
    if not any(p.kind is p.VAR_KEYWORD for p in parameters):
        known = {p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
        arguments = {name: value for name, value in arguments.items() if name in known}
    answer = function(**arguments)

    async def awaited():
        return await answer

    return asyncio.run(awaited()) if inspect.isawaitable(answer) else answer


def number(value, at):
    """A reward as a float or None."""
    if value is None:
        return None
    if isinstance(value, (str, bytes)):
        raise Problem(f"it returned the text {value!r} where a number or None belongs", at, at + 1)
    try:
        reward = float(value)
    except (TypeError, ValueError):
        raise Problem(f"it returned {value!r:.80} where a number or None belongs", at, at + 1) from None
    if math.isinf(reward):
        raise Problem("it returned infinity; return a finite number, or None for no reward", at, at + 1)
    return None if math.isnan(reward) else reward


def answered(function, arguments, count):
    """The rewards of a batch."""
    answer = called(function, arguments)
    if isinstance(answer, (str, bytes, dict)) or not hasattr(answer, "__len__") or not hasattr(answer, "__iter__"):
        raise Problem(f"it returned a {type(answer).__name__} where a list of numbers belongs", 0, count)
    if len(answer) != count:
        raise Problem(f"it returned {len(answer)} rewards for {count} completions", 0, count)
    return [number(value, at) for at, value in enumerate(answer)]


def where(error, function):
    """The last line of the function's own file that an exception came through."""
    file = getattr(getattr(function, "__code__", None), "co_filename", None)
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    return f" (line {lines[-1]} of {os.path.basename(file)})" if lines else ""


def judged(function, arguments, count, seconds):
    """The rewards of a batch within the time."""
    limit = TimeLimit(seconds)
    try:
        with limit:
            return answered(function, arguments, count)
    except OutOfTime as late:
        raise Problem(f"it did not end within {seconds:g} s{where(late, function)}", 0, count) from None
    except Problem:
        raise
    except (Exception, SystemExit, KeyboardInterrupt) as error:  # on the last two Spark's worker would end silently
        text = f"it raised {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}{where(error, function)}"
        at = raising(function, arguments, count, seconds)
        raise Problem(text, *((0, count) if at is None else (at, at + 1))) from None


def raising(function, arguments, count, seconds):
    """The first completion at which a function that raises raises alone, too; None where it does not."""
    try:
        with TimeLimit(seconds):
            for at in range(count):
                try:
                    called(function, {name: values[at : at + 1] for name, values in arguments.items()})
                except (Exception, SystemExit, KeyboardInterrupt):
                    return at
    except OutOfTime:
        pass
    return None


def cast(text, kind):
    """A dataset's value, which came as text, in its own type."""
    if text is None or kind is None:
        return text
    try:
        return {"int": int, "float": float, "bool": lambda word: word.lower() == "true"}[kind](text)
    except ValueError:
        return text


def inputs(rows, kinds):
    """What TRL hands to a reward function, of rows with the columns that a judge is given."""
    chats = [json.loads(row["messages"]) if row.get("messages") else None for row in rows]
    columns = [json.loads(row["columns"]) for row in rows]
    names = {name for of in columns for name in of} - {"prompt", "solution", "completion", "completion_ids"}
    arguments = {name: [cast(of.get(name), kinds.get(name)) for of in columns] for name in sorted(names)}
    if any(row.get("solution") is not None for row in rows):
        arguments["solution"] = [cast(row.get("solution"), kinds.get("solution")) for row in rows]
    arguments["prompts"] = [row["prompt"] if chat is None else chat for row, chat in zip(rows, chats)]
    arguments["completions"] = [
        row["completion"] if chat is None else [{"role": "assistant", "content": row["completion"]}]
        for row, chat in zip(rows, chats)
    ]
    arguments["completion_ids"] = [list(row.get("completion_ids") or ()) for row in rows]
    return arguments


def located(problem, rows):
    """The problem as a sentence that says at which completions."""
    first = rows[problem.start]
    text = first["completion"].replace("\n", "\\n")
    shown = text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "…"
    if problem.end - problem.start == 1:
        return f'{problem.text}, at completion {first["row"]} (of prompt {first["prompt_id"]}): "{shown}"'
    last = rows[problem.end - 1]
    return f'{problem.text}, at completions {first["row"]} to {last["row"]}, of which the first is "{shown}"'


def rewards_of(rows, functions, kinds, seconds):
    """The rewards of a partition's rows.

    Args:
        functions: names and pickled functions
    Returns:
        rewards by row, and the name and problem of the function that failed, or None
    """
    from pyspark import cloudpickle

    arguments = inputs(rows, kinds)
    by_function = []
    for name, pickled in functions:
        try:
            function = cloudpickle.loads(pickled)
        except Exception as error:
            return None, name, (
                f"it cannot be loaded in Spark's Python workers ({type(error).__name__}: {error}); install what it "
                f"imports there, or ship it with spark.sparkContext.addPyFile"
            )
        try:
            by_function.append(judged(function, arguments, len(rows), seconds))
        except Problem as problem:
            return None, name, located(problem, rows)
    return [list(of) for of in zip(*by_function)], None, None


def judge_partition(batches, functions, kinds, seconds):
    """For mapInArrow: rows of completions to rows of rewards, see ExternalJudge in the JVM."""
    import pyarrow

    schema = pyarrow.schema(
        [
            ("row", pyarrow.int64()),
            ("rewards", pyarrow.list_(pyarrow.float64())),
            ("reward", pyarrow.string()),
            ("problem", pyarrow.string()),
        ]
    )
    rows = [row for batch in batches for row in batch.to_pylist()]
    if rows:
        rewards, name, problem = rewards_of(rows, functions, kinds, seconds)
        answers = [
            {"row": row["row"], "rewards": rewards[at] if rewards else [], "reward": name, "problem": problem}
            for at, row in enumerate(rows)
        ]
        yield pyarrow.RecordBatch.from_pylist(answers, schema)


def judge_table(batches, functions, kinds, seconds, row, function, problem):
    """For mapInArrow: a table of generations with a column for each function, and what failed."""
    import pyarrow

    batches = list(batches)
    if not batches:
        return
    table = pyarrow.Table.from_batches(batches)
    rows = table.to_pylist()
    seen = []
    for of in rows:
        others = {name: str(v) for name, v in of.items() if isinstance(v, (str, int, float)) and name not in TEXT_COLUMNS}
        others.update(of["columns"] if isinstance(of.get("columns"), list) else {})  # a map's entries
        prompt, completion = of.get("prompt"), of["completion"]
        chat = not isinstance(completion, str)
        others.pop(row, None)
        seen.append(
            {
                "row": of[row],
                "prompt_id": of.get("prompt_id"),
                "prompt": prompt,
                "messages": json.dumps(prompt) if chat or isinstance(prompt, list) else others.get("prompt"),
                "completion": completion[0]["content"] if chat else completion,
                "completion_ids": of.get("completion_ids"),
                "solution": of.get("solution"),
                "columns": json.dumps(others),
            }
        )
    rewards, name, text = rewards_of(seen, functions, kinds, seconds)
    count = len(rows)
    table = table.append_column(function, pyarrow.array([name] * count, pyarrow.string()))
    table = table.append_column(problem, pyarrow.array([text] * count, pyarrow.string()))
    for at, (given, _) in enumerate(functions):
        values = [of[at] for of in rewards] if rewards else [None] * count
        table = table.append_column(f"given_rewards/{given}", pyarrow.array(values, pyarrow.float64()))
    yield from table.to_batches()
