"""What hears of a run: callbacks of transformers' shape, their control over it, and the progress bar."""

import copy
import inspect
import json
import os
import sys
import warnings
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional

from spark_lora.settings import kind, plain

BOOKKEEPING = ("timestamp", "run_id", "alerts", "completions")
SHOWN = ("loss", "reward", "eval_loss", "eval_reward")
WISHES = ("log", "evaluate", "save")
RESUMED = ("epoch", "total_flos", "log_history", "best_metric", "best_global_step", "best_model_checkpoint")
# What transformers calls between or within steps, where the JVM is.
NEVER = (
    "on_step_begin", "on_substep_end", "on_pre_optimizer_step", "on_optimizer_step", "on_prediction_step", "on_predict",
    "on_push_begin",
)  # fmt: skip
GIVEN = {"self", "args", "state", "control", "logs", "metrics"}


class TrainerCallback:
    """Hears of a run, as transformers' class of this name does; what it raises ends the run.

    `control` is a `TrainerControl`, to be changed, or returned changed: `control.should_training_stop = True`.
    """

    def on_init_end(self, args, state, control, **kwargs):
        pass

    def on_train_begin(self, args, state, control, **kwargs):
        pass

    def on_epoch_begin(self, args, state, control, **kwargs):
        pass

    def on_step_end(self, args, state, control, **kwargs):
        pass

    def on_epoch_end(self, args, state, control, **kwargs):
        pass

    def on_log(self, args, state, control, logs=None, **kwargs):
        pass

    def on_evaluate(self, args, state, control, metrics=None, **kwargs):
        pass

    def on_save(self, args, state, control, **kwargs):
        pass

    def on_train_end(self, args, state, control, **kwargs):
        pass


@dataclass
class TrainerControl:
    """What callbacks want of a run. All but the first are fulfilled once, after the step."""

    should_training_stop: bool = False
    should_epoch_stop: bool = False
    should_save: bool = False
    should_evaluate: bool = False
    should_log: bool = False


@dataclass
class TrainerState:
    """Where a run is, with transformers' names. `log_history` has the rows of `trainer_state.json`."""

    global_step: int = 0
    max_steps: int = 0
    epoch: Optional[float] = None
    log_history: List[Dict[str, Any]] = field(default_factory=list)
    best_metric: Optional[float] = None
    best_global_step: Optional[int] = None
    best_model_checkpoint: Optional[str] = None
    logging_steps: float = 500
    eval_steps: float = 500
    save_steps: float = 500
    num_train_epochs: float = 0
    train_batch_size: Optional[int] = None
    num_input_tokens_seen: int = 0
    total_flos: float = 0
    is_local_process_zero: bool = True
    is_world_process_zero: bool = True
    is_hyper_param_search: bool = False
    trial_name: Optional[str] = None
    trial_params: Optional[Dict[str, Any]] = None
    stateful_callbacks: Dict[str, Any] = field(default_factory=dict)


class Callbacks:
    """The callbacks of a trainer, the state that they see, and what they want."""

    def __init__(self, args):
        self.all = []
        self.begin(args)

    def begin(self, args):
        """Another run begins."""
        self.args = copy.copy(args)
        metric = args.metric_for_best_model or ("loss" if args.load_best_model_at_end else None)
        if metric is not None:  # as transformers' arguments have it
            self.args.metric_for_best_model = metric
            if args.greater_is_better is None:
                self.args.greater_is_better = not metric.endswith("loss")
        self.control = TrainerControl()
        self.state = TrainerState(
            logging_steps=args.logging_steps,
            eval_steps=args.eval_steps or args.logging_steps,
            save_steps=args.save_steps,
            num_train_epochs=args.num_train_epochs,
            train_batch_size=args.per_device_train_batch_size,
        )

    def add(self, callback):
        callback = callback() if isinstance(callback, type) else callback
        events = [name for name in dir(callback) if name.startswith("on_") and callable(getattr(callback, name, None))]
        if not any(name in vars(TrainerCallback) for name in events):
            raise TypeError(f"a callback must have a method of TrainerCallback, such as on_log; {kind(callback)} has none")
        for name in events:
            method = getattr(callback, name)
            if name in NEVER:
                if not getattr(method, "__qualname__", name).startswith("TrainerCallback."):
                    warnings.warn(f"{kind(callback)}.{name} is never called: steps are taken in the JVM", stacklevel=4)
            elif name in vars(TrainerCallback):
                for of in inspect.signature(method).parameters.values():
                    if of.default is of.empty and of.name not in GIVEN and of.kind in (of.POSITIONAL_OR_KEYWORD, of.KEYWORD_ONLY):
                        raise TypeError(
                            f"{kind(callback)}.{name} needs {of.name}, which is not in this process, since the JVM trains; "
                            f"it may be given args, state, control, and logs or metrics"
                        )
        self.all.append(callback)

    def tell(self, event, **more):
        """Calls all of them, one after the other; each sees what those before it want."""
        for callback in self.all:
            hears = getattr(callback, event, None)
            if hears is not None:
                self.control = hears(self.args, self.state, self.control, **more) or self.control
                self._require_possible(callback, event)

    def _require_possible(self, callback, event):
        if self.control.should_epoch_stop:
            raise ValueError(
                f"{kind(callback)}.{event} set control.should_epoch_stop, but an epoch cannot be left here; "
                f"control.should_training_stop ends the run"
            )
        if self.control.should_evaluate and plain(self.args.eval_strategy or "no") == "no":
            raise ValueError(
                f"{kind(callback)}.{event} set control.should_evaluate, for which the evaluation must be prepared: give an "
                f"eval_dataset and eval_strategy='steps', with eval_steps as large as you like"
            )

    def evaluated(self, metrics):
        """Keeps the best metric, which callbacks see one evaluation later."""
        self.tell("on_evaluate", metrics=metrics)
        self.control.should_evaluate = False
        self.compare(metrics)

    def compare(self, metrics):
        name = self.args.metric_for_best_model
        value = None if name is None else metrics.get(name if name.startswith("eval_") else f"eval_{name}")
        best = self.state.best_metric
        if value is not None and (best is None or (value > best if self.args.greater_is_better else value < best)):
            self.state.best_metric = value
            if plain(self.args.save_strategy) != "no":
                self.state.best_global_step = metrics["step"]

    def resumed(self, saved):
        """Restores the state of a checkpoint, as transformers does."""
        for name in RESUMED:
            setattr(self.state, name, saved[name])
        if self.state.best_metric is None:  # the JVM compares no evaluations of grpo
            for row in self.state.log_history:
                self.compare(row)
            best = f"{self.args.output_dir}/checkpoint-{self.state.best_global_step}"
            self.state.best_model_checkpoint = best if os.path.isdir(best) else None

    def saved(self, step):
        if step == self.state.best_global_step:
            self.state.best_model_checkpoint = f"{self.args.output_dir}/checkpoint-{step}"
        self.tell("on_save")
        self.control.should_save = False

    def wishes(self):
        """As the JVM's RunListener says them."""
        wanted = [wish for wish in WISHES if getattr(self.control, f"should_{wish}")]
        return " ".join(wanted + ["stop"] * self.control.should_training_stop)


class Listener:
    """The JVM's RunListener: keeps state, progress bar and callbacks informed.

    Args:
        run: the `Callbacks`
    """

    def __init__(self, run):
        self.run, self.error, self.bar = run, None, None

    def mayWant(self):
        return bool(self.run.all)

    def resumed(self, state):
        self.guarded(self.run.resumed, json.loads(state))

    def begun(self, first, total):
        self.guarded(self._begun, first, total)

    def stepped(self, step, epoch):
        self.guarded(self._stepped, step, epoch)

    def logged(self, row):
        self.guarded(self._logged, json.loads(row))

    def saved(self, step):
        self.guarded(self.run.saved, step)

    def wishes(self):
        return self.run.wishes()

    def guarded(self, action, *arguments):
        if self.error is not None:  # the run is ending by it
            return
        try:
            action(*arguments)
        except BaseException as error:
            self.error = error
            raise

    def _begun(self, first, total):
        state = self.run.state
        state.global_step, state.max_steps = first, total
        if not self.run.args.disable_tqdm:
            self.bar = _bar(first, total)
        self.run.tell("on_train_begin")
        self.run.tell("on_epoch_begin")

    def _stepped(self, step, epoch):
        state = self.run.state
        state.global_step, state.epoch = step, epoch
        if self.bar is not None:
            self.bar.update(step - self.bar.n)
        self.run.control.should_log = self.run.control.should_evaluate = self.run.control.should_save = False
        self.run.tell("on_step_end")
        before = epoch * (step - 1) / step
        if int(epoch + 1e-9) > int(before + 1e-9) or step == state.max_steps:
            self.run.tell("on_epoch_end")
            if step < state.max_steps:
                self.run.tell("on_epoch_begin")

    def _logged(self, row):
        logs = {name: value for name, value in row.items() if name not in BOOKKEEPING}
        state = self.run.state
        state.global_step = int(logs.get("step", state.global_step))
        state.epoch = logs.get("epoch", state.epoch)
        state.total_flos = logs.get("total_flos", state.total_flos)
        state.log_history.append(logs)
        if self.bar is not None:
            self.bar.set_postfix({k: f"{logs[k]:.4g}" for k in SHOWN if isinstance(logs.get(k), float)})
        self.run.tell("on_log", logs=dict(logs))  # callbacks may change theirs
        self.run.control.should_log = False
        if any(name.startswith("eval_") for name in logs):
            self.run.evaluated(logs)

    def close(self):
        if self.bar is not None:
            self.bar.close()

    class Java:
        implements = ["org.sparklora.spark.run.RunListener"]


def _bar(first, total):
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return None
    # a stream that is no terminal gets none, but a notebook's, which shows it also without ipywidgets
    return tqdm(total=total, initial=first, unit="step", disable=False if _in_notebook() else None)


def _in_notebook():
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return shell is not None and "IPKernelApp" in shell.config
