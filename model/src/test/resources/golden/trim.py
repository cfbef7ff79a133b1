"""Copies the reference numbers of models and adapters here, leaving out what would make the repository heavy:
of each row of logits the first 128 entries stay, and layer 1 of the full gradients goes.

    python trim.py FOLDER      # FOLDER has models/, adapters/, golden/ and grpo/
"""
import gzip
import shutil
import sys
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import save_file

LOGITS_KEPT = 128
source, here = Path(sys.argv[1]), Path(__file__).parent
for name in ("models", "adapters"):
    shutil.copytree(source / name, here / name, dirs_exist_ok=True)
for path in sorted((source / "golden").glob("*")):
    (here / "golden").mkdir(exist_ok=True)
    if path.suffix == ".json":
        shutil.copy(path, here / "golden")
        continue
    with safe_open(path, "pt") as file:
        tensors = {key: file.get_tensor(key) for key in file.keys() if not key.startswith("fullgrad.model.layers.1.")}
        tensors = {k: (t[..., :LOGITS_KEPT].contiguous() if "logits" in k else t) for k, t in tensors.items()}
        save_file(tensors, here / "golden" / path.name, file.metadata())
for path in sorted((source / "grpo").rglob("*")):
    target = here / path.relative_to(source)
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".safetensors":
        shutil.copy(path, target)
    elif path.name in ("trace.json", "loss_cases.jsonl"):
        Path(f"{target}.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))
