"""Two clients of the hub, huggingface_hub and ours, on the same repositories of the loopback hub.

usage: hub_check.py FOLDER, with HF_ENDPOINT, HF_TOKEN, HF_HOME, and HUB_CLIENT: the command that starts our client
"""

import filecmp
import json
import os
import random
import shlex
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

from huggingface_hub import HfApi, hf_hub_download, snapshot_download
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

WORK = Path(sys.argv[1])
ENDPOINT = os.environ["HF_ENDPOINT"]
API = HfApi()
REPO = "ada/shared"


def control(what, **wish):
    data = json.dumps(wish).encode()
    request = urllib.request.Request(f"{ENDPOINT}/loopback/{what}", data=data, method="POST")
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["requests"]


def requests(method, path, since=0):
    return [r for r in control("requests")[since:] if r["method"] == method and r["path"].startswith(path)]


def ours(*arguments, cache, start=False, **variables):
    environment = {**os.environ, "HF_HUB_CACHE": str(cache), **variables}
    command = [*shlex.split(os.environ["HUB_CLIENT"]), *map(str, arguments)]
    if start:
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    sys.stdout.write(done.stderr)
    return done.stdout.strip() if done.returncode == 0 else f"FAILED {done.stderr}"


def check(what, holds):
    print(("ok      " if holds else "FAILED  ") + what, flush=True)
    if not holds:
        sys.exit(1)


def raises(error, call):
    try:
        call()
    except error:
        return True
    return False


def same(first, second):
    names = sorted(str(p.relative_to(first)) for p in Path(first).rglob("*") if p.is_file())
    others = sorted(str(p.relative_to(second)) for p in Path(second).rglob("*") if p.is_file())
    return names == others and all(filecmp.cmp(first / n, second / n, shallow=False) for n in names)


def write(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def noise(seed, size):
    return random.Random(seed).randbytes(size)


def size(path):
    try:
        return path.stat().st_size
    except FileNotFoundError:  # whole by now, and renamed
        return 0


source = WORK / "source"
write(
    source,
    {
        "config.json": b'{"a": 1}\n',
        "README.md": b"---\nlicense: mit\n---\n# shared\n",
        "empty.txt": b"",
        "sub/folder/text.txt": "Größe\n".encode(),
        "with space+plus.txt": b"x",
        "small.safetensors": noise(1, 300_000),  # whole
        "model.safetensors": noise(2, 15_000_000),  # in four parts, and more than what huggingface_hub keeps in memory
    },
)

# huggingface_hub writes, we read
API.create_repo(REPO, private=True)
first = API.upload_folder(repo_id=REPO, folder_path=source, commit_message="one").oid
check("huggingface_hub pushed, its large file in parts", len(requests("PUT", "/part/")) == 4)
cache = WORK / "ours"
folder = Path(ours("download", "model", REPO, "main", cache=cache))
check("our download has its files", folder.is_dir() and same(source, Path(snapshot_download(REPO, cache_dir=WORK / "official"))))
check("and the same contents", all(filecmp.cmp(source / f, folder / f, shallow=False) for f in ("model.safetensors", "with space+plus.txt", "sub/folder/text.txt", "empty.txt")))
seen = len(control("requests"))
local = snapshot_download(REPO, cache_dir=cache, local_files_only=True)
check("huggingface_hub finds our cache whole, offline", Path(local) == folder)
verified = API.verify_repo_checksums(REPO, cache_dir=cache)
check("and its checksums right", verified.checked_count >= 7 and not verified.mismatches and not verified.missing_paths)
snapshot_download(REPO, cache_dir=cache)
check("and downloads nothing again", not requests("GET", "/objects/", seen))
seen = len(control("requests"))
ours("download", "model", REPO, "main", cache=WORK / "official")
check("we download nothing that huggingface_hub has", not requests("GET", "/objects/", seen) and not requests("GET", "/api/resolve-cache", seen))
check("nor offline", Path(ours("download", "model", REPO, "main", cache=WORK / "official", HF_HUB_OFFLINE="1")).is_dir())

# connections break, processes die
control("faults", kind="drop", path="GET /objects/", value=12_000_000, times=1)
seen = len(control("requests"))
hf_hub_download(REPO, "model.safetensors", cache_dir=WORK / "resumed-official")
check("huggingface_hub resumed", requests("GET", "/objects/", seen)[-1]["range"].startswith("bytes="))
control("faults", kind="stall", path="GET /objects/", value=12_000_000, times=2)
killed = WORK / "killed"
process = ours("download", "model", REPO, "main", cache=killed, start=True)
while sum(size(p) for p in killed.rglob("*.incomplete")) < 12_000_000:
    if process.poll() is not None:
        check("our client was killed in the middle", False)
os.kill(process.pid, signal.SIGKILL)
process.wait()
seen = len(control("requests"))
check("we resumed", same(source, Path(ours("download", "model", REPO, "main", cache=killed))))
check("where a killed process had stopped", any(r["range"] == "bytes=12000000-" for r in requests("GET", "/objects/", seen)))
control("faults", kind="rate_limit", path="GET /api/models", value=1, times=2)
check("both wait when asked to", same(source, Path(ours("download", "model", REPO, "main", cache=WORK / "limited"))))
control("faults", kind="rate_limit", path="HEAD .*config.json", value=1, times=1)
hf_hub_download(REPO, "config.json", cache_dir=WORK / "limited-official")
control("faults", kind="corrupt", path="GET /objects/", value=0, times=1)
check("we refuse wrong contents", "hash that the hub names" in ours("download", "model", REPO, "main", cache=WORK / "wrong"))

# several processes at once
seen = len(control("requests"))
running = [ours("download", "model", REPO, "main", cache=WORK / "at-once", start=True) for _ in range(2)]
official = snapshot_download(REPO, cache_dir=WORK / "at-once")
folders = [Path(process.communicate()[0].strip()) for process in running]
check("three processes at once leave one whole cache", all(f == Path(official) for f in folders) and same(source, Path(official)))

# we write, huggingface_hub reads
write(source, {"config.json": b'{"a": 2}\n', "adapter_model.safetensors": noise(3, 2_000_001), "logs/metrics.jsonl": b"{}\n"})
second = ours("push", "model", REPO, source, "two", cache=cache)
check("our push is the newest commit", API.model_info(REPO).sha == second)
check("huggingface_hub downloads what we pushed", same(source, Path(snapshot_download(REPO, cache_dir=WORK / "official"))))
check("pushing it again makes no commit", ours("push", "model", REPO, source, "three", cache=cache) == second)
third = API.upload_file(repo_id=REPO, path_or_fileobj=b"later", path_in_repo="later.txt", parent_commit=second).oid
check("huggingface_hub builds on our commit", API.model_info(REPO).sha == third)
check("and is refused on an older one", raises(HfHubHTTPError, lambda: API.upload_file(repo_id=REPO, path_or_fileobj=b"x", path_in_repo="x.txt", parent_commit=first)))
check("we see its commit", (Path(ours("download", "model", REPO, "main", cache=cache)) / "later.txt").read_bytes() == b"later")
check("and the old one where it is asked for", not (Path(ours("download", "model", REPO, first, cache=cache)) / "later.txt").exists())

# branches
API.create_branch(REPO, branch="exp/theirs")
check("huggingface_hub makes a branch once", raises(HfHubHTTPError, lambda: API.create_branch(REPO, branch="exp/theirs")))
API.create_branch(REPO, branch="exp/theirs", exist_ok=True)
check("where main is", API.model_info(REPO, revision="exp/theirs").sha == third)
API.create_branch(REPO, branch="old", revision=first)
check("or where it is told to", API.model_info(REPO, revision="old").sha == first)
check("but not of a name that is none", raises(HfHubHTTPError, lambda: API.create_branch(REPO, branch="refs/pr/1")))
write(source, {"branch.txt": b"on a branch"})
for name in ("exp/theirs", "exp/ours"):
    oid = ours("push", "model", REPO, source, "branch", name, cache=cache)
    folder = Path(snapshot_download(REPO, revision=name, cache_dir=WORK / "official"))
    check(f"our push to {name} is seen there", folder.name == oid and (folder / "branch.txt").read_bytes() == b"on a branch")
check("and not on main", API.model_info(REPO).sha == third)
(source / "branch.txt").unlink()

# datasets, whose addresses differ
API.create_repo("ada/rows", repo_type="dataset")
API.upload_folder(repo_id="ada/rows", folder_path=source, repo_type="dataset")
check("datasets too", same(source, Path(ours("download", "dataset", "ada/rows", "main", cache=cache))) and same(source, Path(snapshot_download("ada/rows", repo_type="dataset", cache_dir=cache, local_files_only=True))))

# repositories that were renamed, and such whose large files lie in Xet's storage
control("rename", **{"type": "models", "from": "ada/before", "to": REPO})
theirs = Path(snapshot_download("ada/before", cache_dir=WORK / "renamed-official"))
mine = Path(ours("download", "model", "ada/before", "main", cache=WORK / "renamed"))
check("both find a renamed repository, under the name that was asked for", same(theirs, mine) and "models--ada--before" in str(theirs) and "models--ada--before" in str(mine))
control("repo", type="models", id="ada/xet", xet=True)
sent = API.upload_folder(repo_id="ada/xet", folder_path=source).oid
check("huggingface_hub knows its files as Xet's", any(f.path == "model.safetensors" and f.xet_hash for f in API.list_repo_tree("ada/xet")))
mine = Path(ours("download", "model", "ada/xet", "main", cache=WORK / "xet"))
check("both read and write them without Xet", mine.name == sent and same(mine, Path(snapshot_download("ada/xet", cache_dir=WORK / "xet-official"))))
write(source, {"more.safetensors": noise(4, 300_000)})
pushed = ours("push", "model", "ada/xet", source, "more", cache=WORK / "xet")
check("and each reads what the other wrote", (Path(snapshot_download("ada/xet", cache_dir=WORK / "xet-official", revision=pushed)) / "more.safetensors").read_bytes() == noise(4, 300_000))

# refusals
control("repo", type="models", id="meta/gated", gated=True)
for what, error, call in [
    ("a missing repository", RepositoryNotFoundError, lambda: hf_hub_download("ada/none", "config.json")),
    ("a private one", RepositoryNotFoundError, lambda: hf_hub_download(REPO, "config.json", token=False)),
    ("a gated one", GatedRepoError, lambda: hf_hub_download("meta/gated", "config.json")),
    ("a missing revision", RevisionNotFoundError, lambda: hf_hub_download(REPO, "config.json", revision="v9")),
    ("a missing file", EntryNotFoundError, lambda: hf_hub_download(REPO, "none.json")),
    ("a wrong token", HfHubHTTPError, lambda: API.whoami(token="hf_wrong")),
    ("a namespace of others", HfHubHTTPError, lambda: API.create_repo("meta/mine")),
]:
    check(f"huggingface_hub understands {what}", raises(error, call))
for what, text, arguments, variables in [
    ("a missing repository", "Cannot find model ada/none", ("ada/none", "main"), {}),
    ("a private one", "set HF_TOKEN", (REPO, "main"), {"HF_TOKEN": "", "HF_HOME": str(WORK / "nobody")}),
    ("a gated one", "it is gated", ("meta/gated", "main"), {}),
    ("a missing revision", "Cannot find revision v9", (REPO, "v9"), {}),
    ("a wrong token", "does not know it", (REPO, "main"), {"HF_TOKEN": "hf_wrong"}),
]:
    check(f"we say {what}", text in ours("download", "model", *arguments, cache=WORK / "refused", **variables))

leaks = [r for r in control("requests") if r["server"] == "storage" and r["authorization"]]
check("no request to the storage carried the token", not leaks)
print("both clients agree")
