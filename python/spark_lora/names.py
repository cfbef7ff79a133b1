"""Names that people type for settings, as the table of the command line has them: what each is read as, or refused with."""

import pkgutil

from spark_lora.errors import ARGUMENTS, TRAINERS, in_python

# A copy of the JVM's table, which ci/python_configs.sh makes; its first lines say what the columns hold.
_LINES = pkgutil.get_data("spark_lora", "other_names.tsv").decode().splitlines()
_ROWS = [line.split("\t") for line in _LINES if not line.startswith("#")]

# Names that flags had, or have elsewhere; each is read as the flag.
FORMER_NAMES = {name: flag for name, kind, flag, *_ in _ROWS if kind == "former"}

# Usual words for flags, which may mean something else.
GUESSES = {name: flags for name, kind, flags, *_ in _ROWS if kind == "guess"}

# What transformers or TRL had, and what there is instead.
GONE = {row[0]: row[3] for row in _ROWS if row[1] == "gone"}

# What a trainer or an adapter is told, not its settings, and what is gone.
ELSEWHERE = {name: f"that is {where} here" for name, where in {**ARGUMENTS, **TRAINERS}.items()}
ELSEWHERE.update((name, in_python(instead)) for name, instead in GONE.items())
