"""What all settings classes have: unknown names are refused, values that were set become flags."""

import dataclasses
import difflib
import enum
import json
import os
import warnings


# Entries of model_init_kwargs that are settings, and those on which nothing here depends.
OF_MODEL = {"dtype": "dtype", "torch_dtype": "dtype", "revision": "model_revision"}
LOADED_HERE = {"attn_implementation", "device_map", "low_cpu_mem_usage", "trust_remote_code", "use_cache", "use_safetensors"}


def nearest(name, known):
    """The known name that a mistyped one most likely stands for, as a question; else an empty text."""
    lower = name.lower()
    close = difflib.get_close_matches(lower, known, n=1, cutoff=0.6)
    if not close:  # lr
        close = [of for of in known if "_" in of and "".join(word[0] for word in of.split("_")) == lower]
    return f"; did you mean {close[0]}?" if close else ""


def kind(value):
    """The type of a value for a message: `dict`, `trl.trainer.sft_config.SFTConfig`."""
    of = type(value)
    return of.__qualname__ if of.__module__ == "builtins" else f"{of.__module__}.{of.__qualname__}"


def refusing_unknown(former, guesses=None, others=None, left_out=None):
    """Decorates a dataclass: names that it has not are refused with the nearest, former ones are read as today's.

    Args:
        former: names that fields had, and the fields
        guesses: usual words for fields, and the fields
        others: what to say of arguments that belong elsewhere
        left_out: of a name and a value, whether it is one that changes nothing
    """
    guesses, others, left_out = guesses or {}, others or {}, left_out or (lambda name, value: False)

    def decorate(cls):
        known = [field.name for field in dataclasses.fields(cls)]
        generated = cls.__init__

        def hint(name):
            meant = [name, *former.get(name, "").split(), *guesses.get(name, "").split()]
            for one in [of for word in meant for of in (word, former.get(word))]:
                if one in known:
                    return f"; did you mean {one}?"
                if one in others:
                    return f"; {others[one]}"
            return nearest(name, known)

        def __init__(self, *args, **kwargs):
            for name in list(kwargs):
                if name in known:
                    continue
                if left_out(name, kwargs[name]):
                    kwargs.pop(name)
                    continue
                today = former.get(name)
                if kwargs[name] is None and today in known and cls.__dataclass_fields__[today].default is True:
                    kwargs.pop(name)  # activation_checkpointing: gradient_checkpointing decides
                    continue
                if today not in known:
                    raise TypeError(f"{cls.__name__} has no argument {name}{hint(name)}")
                if today in kwargs:
                    raise TypeError(f"{cls.__name__}: {name} says the same as {today}; leave one of them out")
                warnings.warn(f"{name} is read as {today}, its name here", stacklevel=2)
                kwargs[today] = kwargs.pop(name)
            generated(self, *args, **kwargs)
            given = {*kwargs, *known[: len(args)]}
            self._given = frozenset(given if len(given) < len(known) - 1 else ())  # a copy gives all, or all but the token

        __init__.__doc__ = generated.__doc__
        __init__.__wrapped__ = generated
        cls.__init__ = __init__

        def __setattr__(self, name, value):
            if name not in known and not name.startswith("_"):
                if left_out(name, value):
                    return
                raise AttributeError(f"{cls.__name__} has no {name}{hint(name)}")
            object.__setattr__(self, "_given", self._given | {name})
            super(cls, self).__setattr__(name, value)

        cls.__setattr__ = __setattr__
        return cls

    return decorate


def documented(cls):
    """Decorates a dataclass: its docstring says of each field the type and the help, inherited fields among them."""
    if cls.__doc__:  # python -OO has none
        said = [
            f"        {field.name} (`{field.type.__args__[0].__name__}`): {field.metadata['help']}\n"
            for field in dataclasses.fields(cls)
        ]
        cls.__doc__ += f"\n\n    Args:\n{''.join(said)}    "
    return cls


def plain(value):
    """A value as a flag takes it: enums by their values, dicts as JSON."""
    if isinstance(value, enum.Enum):
        return plain(value.value)
    if isinstance(value, dict):
        return json.dumps(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(word) for word in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def of_model(loading, settings):
    """The settings that `model_init_kwargs` stands for, by name; what it cannot be is refused.

    Args:
        loading: what transformers' `from_pretrained` would be given; None for nothing
        settings: whose values it may not contradict
    """
    if loading is None:
        return {}
    if isinstance(loading, str):
        try:
            loading = json.loads(loading)
        except ValueError:
            loading = None
    if not isinstance(loading, dict):
        raise ValueError(f"model_init_kwargs = {settings.model_init_kwargs!r}: give a dict, such as {{'dtype': 'bfloat16'}}")
    found = {}
    for name, value in loading.items():
        if name in LOADED_HERE or value is None:
            continue
        if name not in OF_MODEL:
            raise ValueError(
                f"model_init_kwargs: {name} = {value!r} has no part here, since the JVM loads the model; "
                f"of its entries {', '.join(OF_MODEL)} are settings"
            )
        setting = OF_MODEL[name]
        value = str(value)
        value = value[len("torch.") :] if value.startswith("torch.") else value  # a torch.dtype
        had, usual = getattr(settings, setting), type(settings).__dataclass_fields__[setting].default
        if found.get(setting, value) != value or had != usual and had != value:
            raise ValueError(f"model_init_kwargs: {name} = {value!r}, and {setting} = {had!r} too; leave one of them out")
        found[setting] = value
    return found


class Settings:
    """Base of the settings classes, which are dataclasses; a field's default is the flag's."""

    _command = ""
    _limits = ()  # fields of which None means: no limit
    _given = frozenset()  # names that were set, also to their defaults

    def __setattr__(self, name, value):
        if name == "output_dir":  # as transformers has it
            value = os.path.expanduser(os.fspath(type(self).output_dir if value is None else value))
        object.__setattr__(self, name, value)

    def flags(self):
        """What differs from the defaults, by flag; beside a preset, which stands for those not set, all that was set."""
        changed, kept = {}, self._given if getattr(self, "preset", None) else ()
        loading = of_model(getattr(self, "model_init_kwargs", None), self)
        for field in dataclasses.fields(self):
            value = loading.get(field.name, getattr(self, field.name))
            if field.name == "model_init_kwargs":
                continue
            if value == field.default and field.name not in kept or isinstance(value, (list, tuple)) and not value:
                continue
            if value is None:
                value = "none" if field.name in self._limits else False if field.default is True else None
            if value is not None:
                changed[field.name] = plain(value)
        return changed

    def to_dict(self):
        """All values by name, secrets left out."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self) if field.repr}
