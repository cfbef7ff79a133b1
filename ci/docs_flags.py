"""Checks that each flag of each spark-lora command in a shell block of a document is one that the command takes.

usage: docs_flags.py FLAGS.json PAGE...    FLAGS.json is what org.sparklora.pipeline.config.FlagsJson prints

Most commands of the documents cannot be run, for want of their model or cluster; their flags can be looked up.
"""

import json
import re
import sys

# Of spark-submit, which may stand among them (bin/spark-lora), and what every command takes.
ANYWHERE = set(
    "archives class conf deploy-mode driver-class-path driver-cores driver-java-options driver-library-path driver-memory"
    " exclude-packages executor-cores executor-memory files help jars keytab master name num-executors packages principal"
    " properties-file proxy-user queue repositories total-executor-cores version".split()
)
BLOCK = re.compile(r"^```bash\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# By the launcher, by spark-submit with the jar, and in the image.
COMMAND = re.compile(r"(?:^|[\s(/])(?:spark-lora(?:\.jar|:\S+)?|entrypoint\.sh) +([a-z-]+) ([^\n;|>]*)")
FLAG = re.compile(r"(?:^|\s)--([a-z][a-z0-9_-]*)")


def taken(flags, command, line):
    like = {"check": "grpo" if "--task grpo" in line else "sft", "update": "grpo"}.get(command)
    return {name for name, commands in flags.items() if command in commands or like in commands}


flags = {flag["name"]: flag["commands"] for flag in json.load(open(sys.argv[1]))}
known = {command for commands in flags.values() for command in commands}
wrong = seen = 0
for page in sys.argv[2:]:
    with open(page) as file:
        text = file.read()
    for block in BLOCK.finditer(text):
        for command, line in COMMAND.findall(block[1].replace("\\\n", " ")):
            if command not in known:
                continue
            line = line.split(" #")[0]
            allowed = taken(flags, command, line)
            for flag in FLAG.findall(line):
                seen += 1
                if flag.removeprefix("no_") not in allowed and flag not in allowed | ANYWHERE:
                    wrong += 1
                    number = text.count("\n", 0, block.start()) + 1
                    print(f"{page}:{number}: {command} takes no --{flag}")
print(f"{'failed' if wrong else 'ok'}      {seen} flags of commands in documents, {wrong} that their command does not take")
sys.exit(1 if wrong or not seen else 0)
