"""Datasets: a reference to the hub or a path, a mixture, a Spark DataFrame, a datasets.Dataset, pandas."""

import getpass
import hashlib
import inspect
import json
import os
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Optional

from spark_lora.settings import kind, nearest

FORMATS = {"jsonl": "json", "json": "json", "csv": "csv", "parquet": "parquet", "txt": "text"}

# Arguments of datasets.load_dataset, and what takes their place.
HINTS = {
    "data_files": "; name the files themselves: load_dataset('rows.jsonl')",
    "data_dir": "; name the folder itself: load_dataset('folder')",
    "streaming": "; nothing is read here in any case, so leave it out",
    "token": "; set HF_TOKEN",
}


@dataclass(frozen=True)
class DatasetReference:
    """A dataset that Spark reads, by its name of the hub or a path; nothing is read here.

    What else a `datasets.Dataset` has (`len()`, rows, `select`, `map`, `train_test_split`, …) is that of the dataset as the
    package datasets reads it, in this process.
    """

    name: str
    config: Optional[str] = None
    split: Optional[str] = None
    revision: Optional[str] = None

    def __getitem__(self, key):
        return replace(self, split=key) if isinstance(key, str) and self.split is None else self._read(f"[{key!r}]")[key]

    def __len__(self):
        return len(self._read("len()"))

    def __iter__(self):
        return iter(self._read("its rows"))

    def __bool__(self):
        return True

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._read(f"{name}"), name)

    def _read(self, wanted):
        """As the package datasets reads it, once."""
        if self.split is None:
            raise TypeError(f"{wanted} of {self.name}: say of which split: load_dataset({self.name!r}, split='train')")
        if "_data" not in vars(self):
            object.__setattr__(self, "_data", _read(self, wanted))
        return vars(self)["_data"]


def _read(of, wanted):
    instead = "spark.read.json, .parquet or .csv give a DataFrame of it, with limit, filter and randomSplit, which trainers take"
    try:
        from datasets import load_dataset as load
    except ImportError:
        raise ImportError(f"{wanted} of {of.name} needs the package datasets, which reads it here: pip install datasets; or {instead}") from None
    plain = of.name[: -len(".gz")] if of.name.endswith(".gz") else of.name
    ending = plain.rsplit(".", 1)[-1]
    local = ending in FORMATS or os.path.exists(of.name) or any(sign in of.name for sign in "*?")
    if "://" in of.name or local and ending not in FORMATS and not os.path.isdir(of.name):
        raise TypeError(f"{wanted} of {of.name}: the package datasets does not read it; {instead}")
    print(f"spark-lora: reads {of.name} in this process, for {wanted}", file=sys.stderr)
    if local and not os.path.isdir(of.name):
        return load(FORMATS[ending], data_files={of.split: of.name}, split=of.split)
    return load(of.name, of.config, split=of.split, revision=of.revision)


def load_dataset(path, name=None, split=None, revision=None, **others):
    """Names a dataset as `datasets.load_dataset` does; executors read it when it is trained on.

    Args:
        path (`str`): a repository of the hub, or a file, folder or glob (local, `hdfs://…`, `s3a://…`)
        name (`str`): a configuration of it
        split (`str`): a split of it; slices (`train[:100]`) are not read
        revision (`str`): a branch, tag or commit of a repository
    """
    for other in others:
        hint = HINTS.get(other) or nearest(other, inspect.signature(load_dataset).parameters) or "; leave it out"
        raise TypeError(f"load_dataset has no argument {other}{hint}")
    if split is not None and not isinstance(split, str):
        raise TypeError(f"split = {split!r}: name one split, such as 'train'")
    if split is not None and "[" in split:
        raise ValueError(
            f"split = {split!r}: slices are not read by executors; take rows of the split in this process, as "
            f"load_dataset({os.fspath(path)!r}, split={split.split('[')[0]!r}).select(range(100)) does"
        )
    return DatasetReference(os.fspath(path), name, split, revision)


@dataclass(frozen=True)
class DatasetMixture:
    """Several datasets that become one; nothing is read here. `mixture["test"]` are the rows that it holds out."""

    file: str
    split: Optional[str] = None

    def __getitem__(self, key):
        if key not in ("train", "test"):
            raise KeyError(f"{key!r}: a mixture has the splits 'train' and 'test'")
        return replace(self, split=key)


def load_datasets(datasets, test_split_size=None):
    """Names several datasets that are mixed, as `--datasets` does.

    Args:
        datasets: a file of YAML, or a list of datasets, each a name or a dict of its keys: `path`, `name`, `split`, `weight`,
            `filter`, `columns`, `max_rows`, `seed`, …
        test_split_size (`float`): the share of the rows of `["test"]`
    """
    if isinstance(datasets, (str, os.PathLike)):
        if test_split_size is not None:
            raise TypeError(f"test_split_size: say it in {os.fspath(datasets)}, beside datasets")
        return DatasetMixture(os.fspath(datasets))
    listed = [dict(one) if isinstance(one, dict) else {"path": os.fspath(one)} for one in datasets]
    mixture = {"datasets": listed} if test_split_size is None else {"datasets": listed, "test_split_size": test_split_size}
    return kept_mixture(json.dumps(mixture, indent=1, ensure_ascii=False, default=os.fspath) + "\n")  # which is YAML, too


def kept_mixture(text):
    """A mixture whose file has this text, on this machine's disk, where the JVM reads it."""
    user = os.getuid() if hasattr(os, "getuid") else getpass.getuser()  # Windows has no numbers
    folder = Path(tempfile.gettempdir(), f"spark-lora-{user}")  # another user's files cannot be replaced
    folder.mkdir(mode=0o700, exist_ok=True)
    if hasattr(os, "getuid") and folder.lstat().st_uid != user:
        raise PermissionError(f"{folder} is another user's, who could replace the datasets in it; set TMPDIR to a folder of your own")
    file = folder / f"datasets-{hashlib.sha256(text.encode()).hexdigest()[:16]}.yaml"  # the same in a run that goes on
    file.write_text(text, encoding="utf-8")
    return DatasetMixture(str(file))


def described(spark, train=None, test=None):
    """Flags and DataFrames that stand for a trainer's datasets.

    Returns:
        flags by name, and DataFrames by split
    """
    train, test = (_reference(one) for one in (train, test))
    given = [one for one in (train, test) if one is not None]
    if not given:
        raise ValueError("no dataset was given; give a name of the hub, a path, a DataFrame, a datasets.Dataset or pandas")
    mixtures = {one.file if isinstance(one, DatasetMixture) else None for one in given}
    if mixtures != {None}:
        apart = train is None or test is None or (train.split or "train", test.split) == ("train", "test")
        if len(mixtures) > 1 or not apart:
            raise ValueError("train_dataset and eval_dataset must be the splits 'train' and 'test' of one mixture, or neither is of one")
        return {"datasets": mixtures.pop()}, {}
    references = [one for one in given if isinstance(one, DatasetReference)]
    if not references:
        return {}, {split: table(spark, one) for split, one in (("train", train), ("test", test)) if one is not None}
    if len(references) < len(given) or len({(r.name, r.config, r.revision) for r in references}) > 1:
        raise ValueError(
            "train_dataset and eval_dataset must be two splits of one dataset, or both be tables (DataFrames, "
            "datasets.Dataset, pandas)"
        )
    first = references[0]
    flags = {"dataset_name": first.name}
    if first.config:
        flags["dataset_config"] = first.config
    if first.revision:
        flags["dataset_revision"] = first.revision
    if train is not None and train.split:
        flags["dataset_train_split"] = train.split
    if test is not None:
        if not test.split:
            raise ValueError(f"eval_dataset = {test.name}: say which split, as load_dataset(..., split='test') does")
        flags["dataset_test_split"] = test.split
    return flags, {}


def _reference(dataset):
    return DatasetReference(os.fspath(dataset)) if isinstance(dataset, (str, os.PathLike)) else dataset


def table(spark, dataset):
    """A dataset that is at hand as a Spark DataFrame, its rows in their order."""
    from pyspark.sql import DataFrame

    if isinstance(dataset, DataFrame):
        if dataset.isStreaming:
            raise TypeError("a streaming DataFrame never ends, so it is no dataset; write its rows to a table, and read that")
        twice = [name for name in dataset.columns if [of.lower() for of in dataset.columns].count(name.lower()) > 1]
        if twice:
            raise ValueError(f"the DataFrame has two columns {twice[0]}; rename one, or drop it")
        for name in [name for name, kind in dataset.dtypes if kind == "void"]:  # null in all rows, which Parquet cannot have
            dataset = dataset.withColumn(name, dataset[f"`{name}`"].cast("string"))
        return dataset
    if kind(dataset).startswith("pyspark.sql.connect"):
        from spark_lora.session import NO_CONNECT

        raise TypeError(NO_CONNECT)
    import pyarrow

    try:
        arrow = _arrow(dataset)
    except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError, pyarrow.ArrowNotImplementedError) as error:
        raise ValueError(f"the dataset has values that are no column ({' '.join(map(str, error.args))})") from None
    if arrow is None:
        raise TypeError(f"{kind(dataset)} is no dataset that spark-lora reads; {_instead(dataset)}")
    from pyspark.sql.pandas.types import from_arrow_schema

    if arrow.num_rows == 0:
        raise ValueError("the dataset has no rows")
    typed = pyarrow.schema([(of.name, _storable(of.type)) for of in arrow.schema])
    return spark.createDataFrame(arrow.to_pylist(), from_arrow_schema(typed))


def _storable(kind):
    """A type as Parquet has it: what is null in all rows counts as a text."""
    import pyarrow
    from pyarrow import types

    if types.is_null(kind):
        return pyarrow.string()
    if types.is_list(kind) or types.is_large_list(kind):
        return pyarrow.list_(_storable(kind.value_type))
    if types.is_struct(kind):
        return pyarrow.struct([(of.name, _storable(of.type)) for of in kind])
    return kind


def _instead(dataset):
    """What to give in its place."""
    if hasattr(dataset, "keys"):  # of a DatasetDict, which is a dict
        splits = [name for name in dataset if isinstance(name, str)]
        if kind(dataset).startswith("datasets.") and splits:
            return f"give one of its splits, such as dataset[{splits[0]!r}]"
        return "make columns a pandas DataFrame: pandas.DataFrame(columns)"
    if kind(dataset).startswith("datasets."):
        return (
            "spark_lora.load_dataset(name) is read by executors, without a stream through this process; else take as many "
            "rows as fit: datasets.Dataset.from_list(list(stream.take(1000)))"
        )
    return "give a name of the hub, a path, a Spark DataFrame, a datasets.Dataset or a pandas DataFrame"


def _arrow(dataset):
    import pyarrow

    if isinstance(dataset, pyarrow.Table):
        return dataset
    root = type(dataset).__module__.split(".")[0]
    if root == "pandas" and hasattr(dataset, "columns"):
        return pyarrow.Table.from_pandas(dataset, preserve_index=False)
    if root == "datasets" and hasattr(dataset, "__len__") and not isinstance(dataset, dict):
        return dataset.with_format("arrow")[:] if len(dataset) else pyarrow.table({})
    if isinstance(dataset, list) and dataset and all(isinstance(row, dict) for row in dataset):
        names = dict.fromkeys(name for row in dataset for name in row)  # from_pylist has those of the first row alone
        return pyarrow.table({name: [row.get(name) for row in dataset] for name in names})
    return None
