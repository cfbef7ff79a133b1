"""SFTTrainer and GRPOTrainer, with TRL's shapes; the JVM trains."""

import dataclasses
import inspect
import json
import os
import warnings
from collections import namedtuple

from spark_lora import rewards
from spark_lora.callbacks import Callbacks, Listener
from spark_lora.configs import GRPOConfig, SFTConfig
from spark_lora.datasets import described
from spark_lora.errors import TRAINERS, SettingsError, in_python, one_line
from spark_lora.lora import LoraConfig, lora_flags
from spark_lora.names import FORMER_NAMES
from spark_lora.session import interruptible, session
from spark_lora.settings import kind, nearest, plain

TrainOutput = namedtuple("TrainOutput", ["global_step", "training_loss", "metrics"])
NO_PART = ("processing_class", "tokenizer", "data_collator", "compute_metrics", "compute_loss_func", "formatting_func",
           "optimizers", "preprocess_logits_for_metrics", "reward_processing_classes", "tools", "rollout_func")  # fmt: skip
HELD = "it holds files already"


class _Trainer:
    """What both have."""

    _config = SFTConfig
    _suffix = "SFT"

    def __init__(self, model, args, train_dataset, eval_dataset, peft_config, callbacks, spark, others):
        for name, value in others.items():
            if name in NO_PART:
                if value is not None and value != (None, None):
                    raise TypeError(f"{type(self).__name__}: {name} has no part here, since the JVM trains; leave it out")
                continue
            raise TypeError(f"{type(self).__name__} has no argument {name}{self._hint(name)}")
        if not isinstance(model, (str, os.PathLike)):
            raise TypeError(
                f"model must be a name of the hub or a path, since the JVM reads it, not {kind(model)}"
            )
        if args is not None and not isinstance(args, self._config):
            raise TypeError(f"args must be a spark_lora.{self._config.__name__}, not {kind(args)}")
        self.model = os.fspath(model)
        self.args = args or self._config(output_dir=f"{self.model.rstrip('/').split('/')[-1]}-{self._suffix}")
        self.train_dataset, self.eval_dataset, self.peft_config = train_dataset, eval_dataset, peft_config
        self._require_eval_dataset()
        if callbacks is not None and not isinstance(callbacks, (list, tuple)):
            raise TypeError(f"callbacks must be a list, not {kind(callbacks)}")
        self._callbacks = Callbacks(self.args)
        for one in callbacks or []:
            self.add_callback(one)
        self._complete = False
        lora_flags(peft_config)  # what cannot be used is said before Spark starts
        self.spark = session(spark)
        self._jvm = self.spark._jvm
        self._callbacks.tell("on_init_end")

    @property
    def state(self):
        """Where the run is: a `TrainerState`."""
        return self._callbacks.state

    def _hint(self, name):
        settings = {field.name for field in dataclasses.fields(self._config)} | set(FORMER_NAMES)
        if name in settings:
            return f"; it is one of {self._config.__name__}"
        if name in {field.name for field in dataclasses.fields(LoraConfig)}:
            return "; it is one of LoraConfig"
        return nearest(name, [word for word in inspect.signature(type(self)).parameters if word != "others"])

    def _require_eval_dataset(self):
        strategy = plain(self.args.eval_strategy)
        if self.eval_dataset is None and strategy in ("steps", "epoch"):
            raise ValueError(
                f"{type(self).__name__}: eval_strategy = {strategy!r} needs an eval_dataset, such as another DataFrame or "
                f"load_dataset(..., split='test'); give one, or leave eval_strategy out"
            )
        if isinstance(self.eval_dataset, dict) and strategy in ("steps", "epoch"):
            raise ValueError(
                f"{type(self).__name__}: eval_strategy = {strategy!r} evaluates one eval_dataset, not a dict of {len(self.eval_dataset)}; "
                f"give it one of {', '.join(map(str, self.eval_dataset))}, and have evaluate() measure each of a dict after training"
            )

    def add_callback(self, callback):
        """Adds one that hears of the run."""
        self._callbacks.add(callback)

    def train(self, resume_from_checkpoint=None):
        """Trains, and leaves adapter or model, log and figures in `args.output_dir`.

        Args:
            resume_from_checkpoint (`bool` or `str`): True: the latest checkpoint in `output_dir`, if any; or one's folder
        """
        if self.train_dataset is None:
            raise ValueError(f"{type(self).__name__}: training needs a train_dataset")
        self._require_eval_dataset()
        more = {}
        if resume_from_checkpoint:
            more["resume_from_checkpoint"] = "true" if resume_from_checkpoint is True else str(resume_from_checkpoint)
        self._callbacks.begin(self.args)
        listener = Listener(self._callbacks)
        try:
            one = None if isinstance(self.eval_dataset, dict) else self.eval_dataset
            result = self._ask(self._config._command, more, one, listener)
        finally:
            listener.close()
        self._complete = result.complete()
        self.state.global_step = result.steps()
        history = self._log_history()
        self.state.log_history = history or self.state.log_history
        self._callbacks.tell("on_train_end")
        last = self.state.log_history[-1] if self.state.log_history else {}
        metrics = {name: value for name, value in last.items() if name != "step" and not name.startswith("peak_memory_")}
        return TrainOutput(result.steps(), result.trainLoss(), metrics)

    def evaluate(self, eval_dataset=None):
        """Measures the model, as trained or as it was given, on `eval_dataset`; returns metrics named `eval_…`.

        Of a dict of datasets each is measured, and its metrics are named `eval_NAME_…`.
        """
        wanted = self.eval_dataset if eval_dataset is None else eval_dataset
        if wanted is None:
            raise ValueError(f"{type(self).__name__}: evaluation needs an eval_dataset")
        if not isinstance(wanted, dict):
            return self._measured(wanted, "eval_")
        metrics = {}
        for name, dataset in wanted.items():
            metrics.update(self._measured(dataset, f"eval_{name}_"))
        return metrics

    def _measured(self, dataset, prefix):
        more = {"eval_strategy": "epoch", "push_to_hub": None, "load_best_model_at_end": None}
        more.update({"metric_for_best_model": None, "greater_is_better": None, "eval_steps": None})
        more.update({"resume_from_checkpoint": None, "save_strategy": "no"})
        if prefix != "eval_":
            more["overwrite_output_dir"] = "true"  # the table of the set before
        if self._complete:
            trained = "adapter_name_or_path" if self.peft_config is not None else "model_name_or_path"
            more[trained] = self.args.output_dir
        measured = self._ask(f"evaluate{self._config._command.capitalize()}", more, dataset).items()
        metrics = {prefix + name[len("eval_") :]: float(value) for name, value in measured}  # the JVM's begin so
        row = {"epoch": self.state.epoch, "step": self.state.global_step, **metrics}
        self.state.log_history.append(row)
        self._callbacks.tell("on_log", logs=row)
        self._callbacks.tell("on_evaluate", metrics=metrics)
        return metrics

    def save_model(self, output_dir=None):
        """Copies the results to another folder; those of a run lie in `args.output_dir` already."""
        if not self._complete:
            raise RuntimeError("there is no trained model yet; train() leaves one")
        if output_dir is None or os.fspath(output_dir) == self.args.output_dir:
            return
        with one_line(self._jvm, TRAINERS):
            self._api().copyResults(self.args.output_dir, os.fspath(output_dir), bool(self.args.overwrite_output_dir))

    def push_to_hub(self, dataset_name=None):
        """Pushes the results to the hub, as `hub_model_id` and the like say; returns where they are.

        Args:
            dataset_name: TRL's; the card names the dataset of the run in any case
        """
        flags = self.args.flags()
        wanted = {name: flags[name] for name in ("hub_model_id", "hub_private_repo", "hub_revision") if name in flags}
        with one_line(self._jvm, TRAINERS):
            builder = self._jvm.org.sparklora.api.Request.to("push").set("input", self.args.output_dir)
            for name, value in {**wanted, **self._token()}.items():
                builder = builder.set(name, value)
            running = self.spark.sparkContext._jsc  # the session's settings of file systems count; None: it was stopped
            hadoop = [running.hadoopConfiguration()] if running is not None else []
            return self._jvm.org.sparklora.api.SparkLora.push(builder.build().settings(), *hadoop)

    def _token(self):
        """Of this process's environment as it is now; the JVM has that of its start."""
        token = self.args.hub_token or os.environ.get("HF_TOKEN")
        return {"hub_token": token} if token else {}

    def _settings(self):
        return self.args.flags()

    def _api(self):
        return self._jvm.org.sparklora.api.SparkLora.on(self.spark._jsparkSession)

    def _ask(self, method, more, eval_dataset, listener=None):
        from pyspark.java_gateway import ensure_callback_server_started

        if self.spark.sparkContext._jsc is None:
            raise RuntimeError(
                f"the trainer's Spark session was stopped; make the {type(self).__name__} again, as the cell that made it does, and "
                f"it opens another"
            )
        flags, tables = described(self.spark, self.train_dataset, eval_dataset)
        flags.update(model_name_or_path=self.model, **self._settings(), **lora_flags(self.peft_config))
        flags["output_dir"] = self.args.output_dir
        if self.args.push_to_hub:
            flags.update(self._token())
        flags.update(more)
        ensure_callback_server_started(self.spark.sparkContext._gateway)
        try:
            api = self._api()
            with interruptible(api.stop), one_line(self._jvm, TRAINERS):
                builder = self._jvm.org.sparklora.api.Request.to(self._config._command)
                for name, value in flags.items():
                    if value is not None:
                        builder = builder.set(name, value)
                for split, rows in tables.items():
                    builder = builder.table(split, rows._jdf)
                if listener is not None:
                    builder = builder.listener(listener)
                request = self._judged(builder, flags, tables).build()
                for note in request.notes():
                    warnings.warn(in_python(note, TRAINERS), stacklevel=4)
                return getattr(api, method)(request)
        except Exception as error:
            if listener is not None and listener.error is not None:
                raise listener.error from None
            if listener is not None and HELD in str(error) and api.hasCheckpoint(self.args.output_dir):  # most often a cell that is run twice
                raise SettingsError(f"{error}, or go on from its last checkpoint: train(resume_from_checkpoint=True)") from None
            raise

    def _judged(self, builder, flags, tables):
        return builder

    def _log_history(self):
        with one_line(self._jvm, TRAINERS):
            text = self._api().log(self.args.output_dir)
        return json.loads(text)["log_history"] if text else None


class SFTTrainer(_Trainer):
    """Supervised fine-tuning, as TRL's class of this name.

    Args:
        model (`str`): a name of the hub, or a path that executors reach
        args (`SFTConfig`): settings
        train_dataset, eval_dataset: what `load_dataset` gives, a name or path, a Spark DataFrame, a `datasets.Dataset`,
            a pandas DataFrame; an `eval_dataset` alone evaluates nothing during training, `eval_strategy` does
        peft_config (`LoraConfig`, or PEFT's own): the adapter to train; None: all weights
        callbacks: objects with methods of `TrainerCallback`
        spark (`SparkSession`): the session; None: the active one, or one in this process
    """

    def __init__(
        self, model, args=None, train_dataset=None, eval_dataset=None, peft_config=None, callbacks=None, spark=None, **others
    ):
        super().__init__(model, args, train_dataset, eval_dataset, peft_config, callbacks, spark, others)


class GRPOTrainer(_Trainer):
    """Group-relative policy optimisation, as TRL's class of this name.

    Args:
        reward_funcs: a function of TRL's signature, `f(completions, prompts, completion_ids, **columns)` to a list of
            numbers or None, which may be async; the name of a reward that is built in; or a list of those. A function is
            called in Spark's Python workers, with all completions of some prompts at a time
        reward_timeout (`float`): seconds that one call of a function may take
        model, args, train_dataset, eval_dataset, peft_config, callbacks, spark: as of `SFTTrainer`
    """

    _config = GRPOConfig
    _suffix = "GRPO"

    def __init__(
        self,
        model,
        reward_funcs="strip_reasoning_accuracy_reward",
        args=None,
        train_dataset=None,
        eval_dataset=None,
        peft_config=None,
        callbacks=None,
        spark=None,
        reward_timeout=600.0,
        **others,
    ):
        self.reward_names, functions = rewards.named(reward_funcs)
        self.reward_timeout = rewards.seconds(reward_timeout)
        self._functions = rewards.pickled(functions)
        super().__init__(model, args, train_dataset, eval_dataset, peft_config, callbacks, spark, others)

    def _settings(self):
        flags = super()._settings()
        if not self.args.load_best_model_at_end:  # then they are for callbacks alone, which stop early by them
            flags.pop("metric_for_best_model", None)
            flags.pop("greater_is_better", None)
        return flags

    def _judged(self, builder, flags, tables):
        builder = builder.set("reward_funcs", self.reward_names)
        if not self._functions:
            return builder
        judge = rewards.Judge(self.spark, self._functions, rewards.kinds_of(tables.values()), self.reward_timeout)
        return builder.judge([name for name, _ in self._functions], judge)
