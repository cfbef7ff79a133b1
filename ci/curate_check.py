"""Compares curate with datasketch on planted near duplicates and planted questions. Called by curate_check.sh with the
repository, a scratch folder, the number of documents and, to compare with text-dedup, a Python that has it.

Documents are sentences of a made-up language with Zipf's frequencies. A quarter of them are originals with copies: paraphrased
(words replaced), with changed numbers, with moved sentences, exact; and templates filled with other names, which are no
duplicates. F1 is of pairs in one cluster, against two truths: pairs whose Jaccard similarity of word 5-grams is at least the
threshold, directly or through others, and pairs of an original and its planted copies."""

import itertools
import json
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

import pyarrow.parquet
from datasketch import MinHash, MinHashLSH

THRESHOLD = 0.8
PERMUTATIONS = 128
QUESTIONS = 10_000
KINDS = ["paraphrase", "numbers", "moved", "exact", "template"]

root, work, count = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
rng = random.Random(20)
vocabulary = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(2, 9))) for _ in range(20_000)]
frequencies = list(itertools.accumulate(1 / (rank + 10) for rank in range(len(vocabulary))))


def sentence():
    words = rng.choices(vocabulary, cum_weights=frequencies, k=rng.randint(8, 20))
    words[rng.randrange(len(words))] = str(rng.randint(2, 9999))
    return words


def text(sentences):
    return " ".join(" ".join(words).capitalize() + "." for words in sentences)


def copy(original, kind, template):
    sentences = [list(words) for words in original]
    if kind == "paraphrase":
        for _ in range(rng.randint(1, 3)):
            words = rng.choice(sentences)
            words[rng.randrange(len(words))] = rng.choice(vocabulary)
    elif kind == "numbers":
        for words in rng.sample(sentences, rng.randint(1, 2)):
            words[:] = [str(rng.randint(2, 9999)) if word.isdigit() else word for word in words]
    elif kind == "moved":
        sentences.append(sentences.pop(rng.randrange(len(sentences) - 1)))
    return sentences


def planted():
    """Texts, and for each the number of its original and its kind."""
    documents = []
    while len(documents) < count:
        original = [sentence() for _ in range(rng.randint(6, 20))]
        first = len(documents)
        documents.append((text(original), first, "original"))
        if rng.random() < 0.25:
            kind = rng.choice(KINDS)
            if kind == "template":
                slots = [original[0][:4] + ["{}"] + words for words in original]
                documents.pop()
                for _ in range(3):
                    name = " ".join(rng.choices(vocabulary, k=2))
                    filled = text([[name if word == "{}" else word for word in words] for words in slots])
                    documents.append((filled, len(documents), kind))
            else:
                for _ in range(rng.randint(1, 3)):
                    documents.append((text(copy(original, kind, None)), first, kind))
    documents = documents[:count]
    order = list(range(len(documents)))
    rng.shuffle(order)
    place = {old: new for new, old in enumerate(order)}
    return [(documents[old][0], place[documents[old][1]], documents[old][2]) for old in order]


def shingles(document):
    words = re.findall(r"\w+", document.lower())
    return {" ".join(words[i : i + 5]) for i in range(max(1, len(words) - 4))}


class UnionFind:
    def __init__(self, size):
        self.parents = list(range(size))

    def find(self, node):
        while self.parents[node] != node:
            self.parents[node] = self.parents[self.parents[node]]
            node = self.parents[node]
        return node

    def union(self, a, b):
        a, b = sorted((self.find(a), self.find(b)))
        self.parents[b] = a

    def pairs(self):
        clusters = defaultdict(list)
        for node in range(len(self.parents)):
            clusters[self.find(node)].append(node)
        return {pair for members in clusters.values() for pair in itertools.combinations(members, 2)}


def f1(found, truth):
    right = len(found & truth)
    return 2 * right / (len(found) + len(truth))


def with_datasketch(texts):
    started = time.time(), time.process_time()
    lsh = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)
    clusters = UnionFind(len(texts))
    for number, document in enumerate(texts):
        signature = MinHash(num_perm=PERMUTATIONS)
        signature.update_batch([shingle.encode() for shingle in shingles(document)])
        for other in lsh.query(signature):
            clusters.union(number, other)
        lsh.insert(number, signature)
    return clusters.pairs(), time.time() - started[0], time.process_time() - started[1]


def with_text_dedup(python, *options):
    """Also reads and writes, in two processes."""
    output = work / "text-dedup"
    command = [python, "-m", "text_dedup.minhash", "--path", "json", "--data_files", work / "data.jsonl", "--split", "train",
               "--cache_dir", work / "cache", "--column", "text", "--ngram", "5", "--num_perm", str(PERMUTATIONS),
               "--threshold", str(THRESHOLD), "--num_proc", "2", "--output", output, "--debug", *options]
    shutil.rmtree(work / "cache", ignore_errors=True)
    started = time.time(), used()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "HF_HOME": str(work / "cache"), "HF_HUB_OFFLINE": "1"})
    seconds = time.time() - started[0], used() - started[1]
    dump = "import json, pickle, sys; print(json.dumps(list(pickle.load(open(sys.argv[1], 'rb')).parent.items())))"
    found = subprocess.run([python, "-c", dump, output / "uf.pkl"], check=True, capture_output=True, text=True).stdout
    clusters = UnionFind(count)
    for row, parent in json.loads(found):
        clusters.union(row, parent)
    return clusters.pairs(), *seconds


def used():
    """CPU seconds of all commands that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def curate(name, *steps):
    output = work / name
    command = ["curate", "--dataset_name", work / "data.jsonl", "--output_dir", output, "--master", "local[2]"]
    log = work / f"{name}.log"
    started = time.time(), used()
    with log.open("w") as out:
        code = subprocess.run([root / "bin/spark-lora", *command, *steps], stdout=out, stderr=out).returncode
    seconds = time.time() - started[0], used() - started[1]
    if code:
        sys.exit(f"curate {' '.join(steps)} failed:\n{log.read_text()}")
    removed = pyarrow.parquet.read_table(output / "removed", columns=["row", "collides_with_row"]).to_pydict()
    manifest = json.loads((output / "manifest.json").read_text())
    return list(zip(removed["row"], removed["collides_with_row"])), manifest, seconds


def with_curate(texts):
    removed, manifest, seconds = curate("near", "--near_duplicates", str(THRESHOLD))
    clusters = UnionFind(len(texts))
    for row, other in removed:
        clusters.union(row, other)
    return clusters.pairs(), *seconds


def similar(documents):
    """Pairs connected by a similarity of at least the threshold; texts with no common original share next to nothing."""
    families = defaultdict(list)
    for number, (document, original, kind) in enumerate(documents):
        families[original].append((number, shingles(document)))
    clusters = UnionFind(len(documents))
    for members in families.values():
        for (a, left), (b, right) in itertools.combinations(members, 2):
            if len(left & right) >= THRESHOLD * len(left | right):
                clusters.union(a, b)
    return clusters.pairs()


def copies(documents):
    clusters = UnionFind(len(documents))
    for number, (_, original, _) in enumerate(documents):
        clusters.union(number, original)
    return clusters.pairs()


def decontamination(texts):
    """Plants questions, and the same questions with other numbers, in some of the documents."""
    questions = [" ".join(sentence()[:rng.randint(6, 20)] + [str(rng.randint(2, 9999)), "?"]) for _ in range(QUESTIONS)]
    (work / "eval.jsonl").write_text("".join(json.dumps({"question": q, "answer": "1"}) + "\n" for q in questions))
    planted = rng.sample(range(len(texts)), 200)
    rows = list(texts)
    for number, question in zip(planted, rng.sample(questions, len(planted))):
        # the changed number is the last word or among few: no 13 words in a row stay
        changed = [str(int(word) + 1) if word.isdigit() else word for word in question.split()[-13:]]
        other = " ".join(changed) if number % 2 else question
        rows[number] = f"{rows[number]} {other} {rows[number]}"
    (work / "data.jsonl").write_text("".join(json.dumps({"text": row}) + "\n" for row in rows))
    removed, _, _ = curate("clean", "--decontaminate", str(work / "eval.jsonl"))
    return {row for row, _ in removed}, {number for number in planted if number % 2 == 0}


documents = planted()
texts = [document for document, _, _ in documents]
with (work / "data.jsonl").open("w") as data:
    for document in texts:
        data.write(json.dumps({"text": document}) + "\n")
megabytes = sum(map(len, texts)) / 1e6
theirs, their_seconds, their_cpu = with_datasketch(texts)
ours, seconds, cpu = with_curate(texts)
failed = 0
for name, truth in (("similarity", similar(documents)), ("planted copies", copies(documents))):
    mine, other = f1(ours, truth), f1(theirs, truth)
    failed += mine < other
    print(f"F1, {name}: curate {mine:.4f}, datasketch {other:.4f} ({len(truth)} pairs)")
    for kind in KINDS:
        pairs = {pair for pair in truth if kind in (documents[pair[0]][2], documents[pair[1]][2])}
        if pairs:
            print(f"    {kind}: found {len(ours & pairs) / len(pairs):.3f}, datasketch {len(theirs & pairs) / len(pairs):.3f}")
print(f"{count} documents, {megabytes:.0f} MB: curate on two cores {seconds:.1f} s ({cpu:.1f} CPU seconds), datasketch on one "
      f"{their_seconds:.1f} s ({their_cpu:.1f}); ratio of seconds {seconds / their_seconds:.2f}")
for options in ([], ["--hash_func", "xxh3", "--hash_bits", "32"]) if len(sys.argv) > 4 else []:
    theirs, their_seconds, their_cpu = with_text_dedup(sys.argv[4], *options)
    scores = [f1(theirs, truth) for truth in (similar(documents), copies(documents))]
    print(f"text-dedup {' '.join(options)}: F1 {scores[0]:.4f} and {scores[1]:.4f}, {their_seconds:.1f} s on two cores ({their_cpu:.1f} CPU seconds); "
          f"curate's seconds by its: {seconds / their_seconds:.2f}")
found, expected = decontamination(texts)
print(f"decontamination: {len(found & expected)} of {len(expected)} planted questions found, {len(found - expected)} other rows removed")
failed += found != expected
print("failed" if failed else "ok")
sys.exit(1 if failed else 0)
