"""Runs the commands of documents, as their readers would: the shell blocks after a line <!-- run -->, in order, each by a
bash of its own that stops at the first error; a block after <!-- file NAME --> is written to that file.

usage: docs_commands.py ROOT FOLDER PAGE...    in FOLDER, where bin/spark-lora and the repository's other folders are links

Exit status 1 where a command fails; what it printed is shown then.
"""

import os
import re
import subprocess
import sys
import time

MARKER = re.compile(r"^<!-- (run|file (?P<name>\S+)) -->\n```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
LONE = re.compile(r"^<!-- (?:run|file \S+) -->$", re.MULTILINE)


def blocks(page, text):
    found = list(MARKER.finditer(text))
    if len(found) != len(LONE.findall(text)):
        sys.exit(f"{page}: a marker <!-- run --> or <!-- file NAME --> must stand in the line before a block")
    for block in found:
        yield block, text.count("\n", 0, block.start()) + 2


def run(page, root, folder):
    ran = 0
    with open(os.path.join(root, page)) as file:
        text = file.read()
    for block, line in blocks(page, text):
        if block["name"]:
            path = os.path.join(folder, block["name"])
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as file:
                file.write(block["text"])
            continue
        started = time.time()
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block["text"]], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        if done.returncode:
            print(f"{page}:{line}: exit status {done.returncode}\n{block['text']}\n{done.stdout[-3000:]}")
            sys.exit(1)
        ran += 1
        print(f"ok      {page}:{line}  {time.time() - started:.0f} s")
    if not ran:
        sys.exit(f"{page}: no block is marked as runnable")


root, folder, *pages = sys.argv[1:]
for name in os.listdir(root):
    if not name.startswith(".") and name not in ("bin", "mine", "target"):
        os.symlink(os.path.join(root, name), os.path.join(folder, name))
# A link to the script itself, which finds its repository by it.
os.mkdir(os.path.join(folder, "bin"))
os.symlink(os.path.join(root, "bin", "spark-lora"), os.path.join(folder, "bin", "spark-lora"))
for page in pages:
    run(page, root, folder)
