"""Which files Hugging Face's `datasets` takes for which split of which configuration: writes resolution.json.

usage: make_resolution.py, with datasets 5.2.0; reads no contents, so the files have none
"""

import json
import pathlib
import tempfile

import datasets

OPENR1 = """
configs:
- config_name: all
  data_files:
  - split: train
    path: all/train-*
- config_name: default
  data_files:
  - split: train
    path: data/train-*
- config_name: extended
  data_files:
  - split: train
    path: extended/train-*
"""
GSM8K = """
configs:
- config_name: main
  data_files:
  - split: train
    path: main/train-*
  - split: test
    path: main/test-*
- config_name: socratic
  data_files:
  - split: train
    path: socratic/train-*
  - split: test
    path: socratic/test-*
"""
shards = lambda folder, split, count: [f"{folder}/{split}-{i:05}-of-{count:05}.parquet" for i in range(count)]

# name: (the card's YAML, files, [(configuration, split)])
CASES = {
    "openr1-math-220k": (
        OPENR1,
        shards("all", "train", 3) + shards("data", "train", 2) + shards("extended", "train", 1),
        [("", "train"), ("all", "train"), ("extended", "train"), ("other", "train"), ("", "test")],
    ),
    "gsm8k": (
        GSM8K,
        [f"{c}/{s}-00000-of-00001.parquet" for c in ("main", "socratic") for s in ("train", "test")],
        [("", "train"), ("main", "train"), ("main", "test"), ("socratic", "test")],
    ),
    "default-by-flag": (
        GSM8K.replace("name: socratic", "name: socratic\n  default: true"),
        ["main/train-0.parquet", "main/test-0.parquet", "socratic/train-0.parquet", "socratic/test-0.parquet"],
        [("", "test"), ("main", "test")],
    ),
    "one-config-of-any-name": (
        "configs: [{config_name: only, data_files: [{split: train, path: [b.jsonl, a.jsonl]}]}]",
        ["a.jsonl", "b.jsonl", "c.jsonl"],
        [("", "train"), ("only", "train")],
    ),
    "patterns-without-split": (
        "configs: [{config_name: x, data_files: ['part1/*', 'part0/*.jsonl']}]",
        ["part0/a.jsonl", "part1/a.jsonl", "part1/b.jsonl", "part1/deep/c.jsonl"],
        [("", "train"), ("", "test")],
    ),
    "pattern-across-folders": (
        "configs: [{config_name: x, data_files: [{split: train, path: 'data/**/*.parquet'}]}]",
        ["data/a.parquet", "data/b/c.parquet", "data/b/d/e.parquet", "other/f.parquet"],
        [("", "train")],
    ),
    "pattern-of-characters": (
        "configs: [{config_name: x, data_files: [{split: train, path: 'train-[0-9][0-9].jsonl'}, {split: rest, path: 'train-[!0-9]*.jsonl'}]}]",
        ["train-00.jsonl", "train-1.jsonl", "train-x.jsonl", "train-42.jsonl"],
        [("", "train"), ("", "rest")],
    ),
    "same-file-in-two-patterns": (
        "configs: [{config_name: x, data_files: [{split: train, path: ['a.jsonl', '*.jsonl']}]}]",
        ["a.jsonl", "b.jsonl"],
        [("", "train")],
    ),
    "named-folder": (
        "configs: [{config_name: x, data_files: [{split: train, path: data}]}]",
        ["data/a.jsonl", "data/b.jsonl"],
        [("", "train")],
    ),
    "pattern-of-nothing": (
        "configs: [{config_name: x, data_files: [{split: train, path: 'a-*'}, {split: test, path: 'b-*'}]}]",
        ["a-0.jsonl"],
        [("", "train"), ("", "test")],
    ),
    "one-pattern-of-nothing": (
        "configs: [{config_name: x, data_files: [{split: train, path: ['a-*', 'b-*']}]}]",
        ["a-0.jsonl"],
        [("", "train")],
    ),
    "folder-of-a-config": (
        "configs: [{config_name: en, data_dir: en}, {config_name: de, data_dir: de}]",
        ["en/train.jsonl", "en/dev.jsonl", "de/train.jsonl", "de/test.jsonl"],
        [("en", "train"), ("en", "validation"), ("de", "test"), ("de", "validation")],
    ),
    "patterns-in-a-folder": (
        "configs: [{config_name: en, data_dir: en, data_files: [{split: train, path: 'tr*'}]}]",
        ["en/train.jsonl", "en/dev.jsonl", "train.jsonl"],
        [("en", "train")],
    ),
    "card-without-configs": (
        "license: mit",
        shards("data", "train", 2) + shards("data", "test", 1) + ["extra/train.parquet"],
        [("", "train"), ("", "test"), ("", "validation")],
    ),
    "shards-of-any-split": (
        "",
        shards("data", "verified", 2) + shards("data", "raw_part", 1) + ["train.parquet"],
        [("", "verified"), ("", "raw_part"), ("", "train")],
    ),
    "folders-before-files": (
        "",
        ["train/a.jsonl", "train/test.jsonl", "test.jsonl", "validation.jsonl"],
        [("", "train"), ("", "test"), ("", "validation")],
    ),
    "words-in-folders": (
        "",
        ["my-train-data/a.jsonl", "x_dev/b.jsonl", "testing/c.jsonl", "contest/d.jsonl", "a/evaluation.v2/e.jsonl"],
        [("", "train"), ("", "validation"), ("", "test")],
    ),
    "words-in-names": (
        "",
        ["gsm8k_train.jsonl", "valid.jsonl", "data.eval.jsonl", "strain.jsonl", "trainer.jsonl", "train1.jsonl", "dev", "my test.csv.gz"],
        [("", "train"), ("", "validation"), ("", "test")],
    ),
    "several-words": (
        "",
        ["train-test.jsonl", "train.jsonl"],
        [("", "train"), ("", "test")],
    ),
    "names-of-no-split": (
        "",
        ["b.jsonl", "a.jsonl", "sub/c.jsonl", "dataset_infos.json", "config.json", ".hidden/d.jsonl", "__pycache__/e.jsonl"],
        [("", "train"), ("", "test"), ("", "validation")],
    ),
    "several-formats": (
        "",
        ["a.jsonl", "a.parquet", "b.csv"],
        [("", "train")],
    ),
    "most-files-win": (
        "",
        ["a.jsonl", "b.jsonl", "a.parquet"],
        [("", "train")],
    ),
}


def resolve(folder, config, split):
    try:
        builder = datasets.load_dataset_builder(str(folder), name=config or None)
    except Exception as error:  # whatever it is, there is no such thing
        return type(error).__name__
    files = builder.config.data_files
    if split not in files:
        return "no such split"
    return [str(pathlib.Path(file).relative_to(folder)) for file in files[split]] or "no files"


cases = []
for name, (card, files, questions) in CASES.items():
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary).resolve() / "dataset"
        for file in files:
            path = folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("{}")
        if card:
            (folder / "README.md").write_text(f"---\n{card.strip()}\n---\n# {name}\n")
        answers = [{"config": c, "split": s, "files": resolve(folder, c, s)} for c, s in questions]
    cases.append({"name": name, "card": card.strip(), "repository": files, "answers": answers})
target = pathlib.Path(__file__).with_name("resolution.json")
target.write_text(json.dumps({"datasets": datasets.__version__, "cases": cases}, indent=1) + "\n")
