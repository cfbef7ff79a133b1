"""Writes docs/reference/flags.md, the page of all flags, from their one declaration.

usage: flags_page.py FLAGS.json OTHER_NAMES.tsv > flags.md

FLAGS.json is what org.sparklora.pipeline.config.FlagsJson prints; ci/python_configs.sh runs both, and with --check fails
where the page is not what they give.
"""

import json
import sys

HEAD = """# Flags

Every flag of every command. This page is generated from their one declaration (`flags.tsv` in the module `pipeline`) by
`ci/python_configs.sh`; `bin/spark-lora COMMAND --help` prints the part of a command. Names, types and defaults are those
of TRL 1.16 (ScriptArguments, SFTConfig, GRPOConfig, ModelConfig) on transformers 5.24.

- **`--name value`** on the command line, `name: value` in a file of `--config`, `name=value` in Python. A flag without a
  value is `True`; `none` or `null` unsets a number without a default, and is 0 where that is the default. What the command
  line says wins over the file.
- **default**: what holds without the flag; "required": the command is refused without it; empty: unset; the meaning
  says what then, else the flag does nothing.
- **commands** that take it. `check` takes those of `sft`, with `--task grpo` those of `grpo`; `update` takes those of `grpo`.
- **TRL**: "same" where TRL has a flag of this name and meaning; – where it has none.
- **needs**: without that flag this one has no effect. **fixed**: a run that goes on from a checkpoint must have the same value,
  and is refused with another.

[Flags of TRL that change nothing here](#accepted-without-effect), [those that are refused](#refused) and
[other names](#other-names) are at the end. Presets (`--preset blog|guide`) are a [page's section](../regret.md#presets).
"""

ORDER = ["sft", "grpo", "prep", "generate", "reward", "eval", "score", "tokenize"]


def cell(text):
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


def by_command(flag, shown, statuses):
    """What is shown of each command that has one of the statuses: [(commands, text)], commands of equal text together."""
    groups = {}
    for command, here in flag["commands"].items():
        if here["status"] in statuses:
            groups.setdefault(shown(here), []).append(command)
    return [(commands, text) for text, commands in groups.items()]


def joined(groups):
    """The text of most commands first; before each other one the commands that it is of."""
    groups = sorted(groups, key=lambda group: -len(group[0]))
    texts = [groups[0][1] or ("–" if len(groups) > 1 else "")]
    texts += [f"{', '.join(commands)}: {text or 'unset'}" for commands, text in groups[1:]]
    return "; ".join(texts)


def default(here):
    if here["required"]:
        return "required"
    return f"`{here['default']}`" if here.get("default", "") != "" else ""


def values(here):
    if "interval" in here:
        return f"`{here['interval']}`"
    return " ".join(f"`{word}`" for word in here.get("values", []))


def meaning(flag, statuses):
    text = cell(joined(by_command(flag, lambda here: here["help"], statuses)))
    needs = flag.get("needs")
    if needs:
        said = " or ".join(f"`{name}`" + (f" = {', '.join(words)}" if words != ["true"] else "") for name, words in needs.items())
        text += f" (needs {said})"
    trained = [name for name in flag["commands"] if name in ("sft", "grpo")]
    fixed = [name for name in trained if flag["commands"][name]["identity"] == "fixed"]
    if fixed:
        text += " (fixed)" if fixed == trained else f" ({', '.join(fixed)}: fixed)"
    return text


def type_of(flag):
    allowed = joined(by_command(flag, values, ("supported", "own")))
    kind = "" if flag["type"] == "enum" else flag["type"]
    return " ".join(part for part in (kind, allowed) if part)


def commands(flag, statuses):
    return " ".join(name for name, here in flag["commands"].items() if here["status"] in statuses)


def with_status(flags, *statuses):
    return [f for f in flags if any(here["status"] in statuses for here in f["commands"].values())]


def table(head, rows):
    return ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)] + ["| " + " | ".join(row) + " |" for row in rows] + [""]


def section(name, flags):
    here = ("supported", "own")
    rows = [
        (f"`--{f['name']}`", type_of(f).replace("|", "\\|"), joined(by_command(f, default, here)), commands(f, here),
         "same" if f["trl"] else "–", meaning(f, here))
        for f in flags
    ]  # fmt: skip
    return [f"## {name}", ""] + table(["flag", "type, values", "default", "commands", "TRL", "meaning"], rows)


flags = json.load(open(sys.argv[1]))
other = [line.rstrip("\n").split("\t") for line in open(sys.argv[2]) if not line.startswith("#")]

out = [HEAD]
for name in dict.fromkeys(f["section"] for f in flags):
    rows = [f for f in with_status(flags, "supported", "own") if f["section"] == name]
    if rows:
        out += section(name, rows)

out += ["## Accepted without effect", "", "TRL's flags that are taken, with any value, and change nothing; a line in the log says so.", ""]
out += table(
    ["flag", "default", "commands", "why"],
    [(f"`--{f['name']}`", joined(by_command(f, default, ("accepted",))), commands(f, ("accepted",)), meaning(f, ("accepted",)))
     for f in with_status(flags, "accepted")],
)  # fmt: skip
out += ["## Refused", "", "TRL's flags whose work is not done here. With the default they are taken; with any other value the command ends before any work, and says so.", ""]
out += table(
    ["flag", "default", "commands", "why"],
    [(f"`--{f['name']}`", joined(by_command(f, default, ("refused",))), commands(f, ("refused",)), meaning(f, ("refused",)))
     for f in with_status(flags, "refused")],
)  # fmt: skip
out += ["## Other names", "", "Former names, and names elsewhere, are read as the flag, with a line that says so:", ""]
out += table(["name", "is read as", "is or was in"], [(f"`--{row[0]}`", f"`--{row[2]}`", row[3]) for row in other if row[1] == "former"])
out += ["Usual words that are refused with the flag's name, since their meaning may differ:", ""]
out += table(
    ["word", "meant is"],
    [(f"`--{row[0]}`", " or ".join(f"`--{name}`" for name in row[2].split())) for row in other if row[1] == "guess"],
)
print("\n".join(out).rstrip())
