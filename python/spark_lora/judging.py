"""What runs in Spark's Python workers: reward functions on a partition of completions.

Travels to executors by value, so that they need no spark_lora; needs pyarrow there.
"""

import asyncio
import datetime
import decimal
import difflib
import inspect
import json
import math
import os
import pickle
import signal
import tempfile
import time
import traceback

# names alone: a module that is imported whole would not travel
from spark_lora.limits import GRACE_SECONDS, OutOfTime, TimeLimit, ended, guarding, unguarded

SHOWN_CHARACTERS = 80
SPECIAL = {"prompt", "solution", "completion", "completion_ids"}
UNSEEN = ("completion", "messages", "columns", "json_columns", "prompt_ids", "completion_ids", "logprobs",
          "generator", "policy_version", "sampling_seed")


class Problem(Exception):
    """What is wrong with a function's answer, and for which completions: a slice of the batch."""

    def __init__(self, text, start, end):
        super().__init__(text)
        self.text, self.start, self.end = text, start, end


class Died(Exception):
    """What has become of a process."""

    def __init__(self, text):
        super().__init__(text)
        self.text = text


def parameters_of(function):
    """The parameters of a function; None for one in C, which need not name them."""
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return None


def lacking(function, columns):
    """What is wrong where a function needs an argument that a dataset does not give; else None."""
    for of in parameters_of(function) or ():
        if of.kind in (of.POSITIONAL_OR_KEYWORD, of.KEYWORD_ONLY) and of.default is of.empty and of.name not in columns:
            near = difflib.get_close_matches(of.name, columns, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            return f"it needs {of.name}, and the dataset has no column {of.name} ({hint}there are {', '.join(columns)})"
    return None


def given(columns):
    """The names of what a function is given, of those of a dataset's columns."""
    others = sorted(set(columns) - SPECIAL)
    return others + [name for name in ("solution",) if name in columns] + ["prompts", "completions", "completion_ids"]


def plain(value):
    """A value as one of JSON's, as datasets that are read as files have it."""
    if isinstance(value, dict):
        return {str(name): plain(of) for name, of in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(of) for of in value]
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode("utf-8", "replace")
    if isinstance(value, datetime.datetime):  # in UTC, whatever the session's zone
        text = str(value.astimezone(datetime.timezone.utc).replace(tzinfo=None) if value.tzinfo else value)
        return text.rstrip("0") if "." in text else text
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def mapped(value, kind):
    """A value of Arrow with its maps, which come as lists of pairs, as dicts."""
    from pyarrow import types

    if value is None:
        return None
    if types.is_map(kind):
        return {key: mapped(of, kind.item_type) for key, of in value}
    if types.is_list(kind) or types.is_large_list(kind):
        return [mapped(of, kind.value_type) for of in value]
    if types.is_struct(kind):
        return {of.name: mapped(value[of.name], of.type) for of in kind}
    return value


def said(completion):
    """The text of a completion, or of its first message; None where it has none."""
    if not isinstance(completion, list):
        return completion
    first = completion[0] if completion else None
    return first.get("content") if isinstance(first, dict) else None


def called(function, arguments):
    """The function's answer; arguments that it does not name are left out where it takes no others."""
    problem = lacking(function, arguments)
    if problem:
        raise Problem(problem, 0, None)
    parameters = parameters_of(function)
    if parameters is not None and not any(p.kind is p.VAR_KEYWORD for p in parameters):
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
    if isinstance(answer, (str, bytes, dict, set)) or not hasattr(answer, "__len__") or not hasattr(answer, "__iter__"):
        plain = isinstance(answer, (type(None), int, float, str, bytes, dict, set))
        what = f"{answer!r:.80}" if plain else f"an object of {type(answer).__name__}"
        raise Problem(f"it returned {what} where a list of numbers belongs", 0, count)
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
    except Problem as problem:
        raise Problem(problem.text, problem.start, count if problem.end is None else problem.end) from None
    except (Exception, SystemExit, KeyboardInterrupt) as error:  # on the last two Spark's worker would end silently
        said = next((f": {line}" for line in str(error).splitlines()), "")
        text = f"it raised {type(error).__name__}{said}{where(error, function)}"
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


def judged_apart(function, arguments, count, seconds):
    """The same in a process of its own, whose end is a problem as others are."""
    try:
        return forked(function, arguments, count, seconds)
    except Died as died:
        ends = time.monotonic() + seconds
        for at in range(count):
            try:
                one = {name: values[at : at + 1] for name, values in arguments.items()}
                if count > 1 and time.monotonic() < ends:
                    forked(function, one, 1, ends - time.monotonic())
            except Problem:
                pass
            except Died:
                raise Problem(died.text, at, at + 1) from None
        raise Problem(died.text, 0, count) from None


def forked(function, arguments, count, seconds):
    """The rewards of a batch, by a child of this process."""
    begun = time.monotonic()
    with tempfile.TemporaryFile() as answer:
        child = os.fork()
        if child == 0:
            try:
                try:
                    pickle.dump((judged(function, arguments, count, seconds), None), answer)
                except Problem as problem:
                    pickle.dump((None, (problem.text, problem.start, problem.end)), answer)
                answer.flush()
                os._exit(0)
            finally:
                os._exit(1)
        guard = guarding(seconds + 2 * GRACE_SECONDS)
        status = ended(child, begun + seconds)
        unguarded(guard)
        if status is None or status and time.monotonic() - begun >= seconds + GRACE_SECONDS:
            raise Problem(f"it did not end within {seconds:g} s, nor when it was told to", 0, count)
        if os.WIFSIGNALED(status):
            name = signal.Signals(os.WTERMSIG(status)).name
            lack = ", as a machine without memory does" if name == "SIGKILL" else ""
            raise Died(f"its Python process was killed ({name}{lack})")
        if os.WEXITSTATUS(status) or answer.seek(0, os.SEEK_END) == 0:
            raise Died(f"it ended its Python process with exit code {os.WEXITSTATUS(status)}")
        answer.seek(0)
        rewards, problem = pickle.load(answer)
        if problem is not None:
            raise Problem(*problem)
        return rewards


def cast(text, kind):
    """A dataset's value, which came as text, in its own type."""
    if not isinstance(text, str) or kind is None:
        return text
    try:
        return {"int": int, "float": float, "bool": lambda word: word.lower() == "true"}[kind](text)
    except ValueError:
        return text


def conversation(messages):
    """The conversation of a prompt; None for a prompt that is a text."""
    if not messages:
        return None
    try:
        found = json.loads(messages)
    except ValueError:
        return None
    turns = isinstance(found, list) and found and all(isinstance(turn, dict) and "role" in turn for turn in found)
    return found if turns else None


def inputs(rows, kinds):
    """What TRL hands to a reward function, of rows with the columns that a judge is given."""
    chats = [conversation(row.get("messages")) for row in rows]
    columns = [row["columns"] if isinstance(row["columns"], dict) else json.loads(row["columns"]) for row in rows]
    names = sorted({name for of in columns for name in of} - SPECIAL)
    arguments = {name: [cast(of.get(name), kinds.get(name)) for of in columns] for name in names}
    if any("solution" in of or row.get("solution") is not None for of, row in zip(columns, rows)):
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


def rewards_of(rows, functions, kinds, seconds, apart=False):
    """The rewards of a partition's rows.

    Args:
        functions: names and pickled functions
        apart: each in a process of its own
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
            judge = judged_apart if apart else judged
            by_function.append(judge(function, arguments, len(rows), seconds))
        except Problem as problem:
            return None, name, located(problem, rows)
    return [list(of) for of in zip(*by_function)], None, None


def judge_partition(batches, functions, kinds, seconds, apart):
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
        rewards, name, problem = rewards_of(rows, functions, kinds, seconds, apart)
        answers = [
            {"row": row["row"], "rewards": rewards[at] if rewards else [], "reward": name, "problem": problem}
            for at, row in enumerate(rows)
        ]
        yield pyarrow.RecordBatch.from_pylist(answers, schema)


def judge_table(batches, functions, kinds, seconds, apart, row, function, problem, names=()):
    """For mapInArrow: a table of generations with a column for each function, and what failed.

    Args:
        names: of all columns that the map `columns` has in any row
    """
    import pyarrow

    batches = list(batches)
    if not batches:
        return
    table = pyarrow.Table.from_batches(batches)
    rows = table.to_pylist()
    there = [at for at, of in enumerate(rows) if said(of["completion"]) is not None]  # a row without one is not judged
    seen = []
    for of in (rows[at] for at in there):
        others = {name: plain(mapped(value, table.schema.field(name).type)) for name, value in of.items() if name not in UNSEEN}
        of_dataset = of.get("columns") if isinstance(of.get("columns"), list) else []  # a map's entries
        typed = of.get("json_columns") or ()
        others.update((name, json.loads(v) if name in typed and v is not None else v) for name, v in of_dataset)
        others.update({name: others.get(name) for name in names})
        prompt, completion = of.get("prompt"), of["completion"]
        chat = not isinstance(completion, str)
        others.pop(row, None)
        seen.append(
            {
                "row": of[row],
                "prompt_id": of.get("prompt_id"),
                "prompt": prompt,
                "messages": json.dumps(plain(prompt)) if chat or isinstance(prompt, list) else others.get("prompt", prompt),
                "completion": said(completion),
                "completion_ids": of.get("completion_ids"),
                "solution": of.get("solution"),
                "columns": others,
            }
        )
    rewards, name, text = rewards_of(seen, functions, kinds, seconds, apart) if seen else ([], None, None)
    by_row = dict(zip(there, rewards or ()))
    count = len(rows)
    table = table.append_column(function, pyarrow.array([name] * count, pyarrow.string()))
    table = table.append_column(problem, pyarrow.array([text] * count, pyarrow.string()))
    for at, (given, _) in enumerate(functions):
        values = [by_row[place][at] if place in by_row else None for place in range(count)]
        table = table.append_column(f"given_rewards/{given}", pyarrow.array(values, pyarrow.float64()))
    yield from table.to_batches()
