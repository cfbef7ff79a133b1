"""QLoRA by TRL: a run of SFTTrainer on llama-tiny, whose linear layers bitsandbytes keeps in 4 bits with double quantisation.

    python qlora.py      # with ci/nf4-requirements.txt; writes qlora_nested/

TRL casts the adapter of a quantised base to bfloat16. trace.json is of the same run with the adapter in float32 again;
losses_bfloat16.json has the losses of TRL's own.
"""
import gzip
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[4]
os.environ["HF_HUB_OFFLINE"] = "1"
sys.path.insert(0, str(ROOT / "model/src/test/resources/golden"))
import nf4_models  # first, for what it does to bitsandbytes
import torch
from datasets import load_dataset
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict
from safetensors.torch import save_file
from trl import SFTConfig, SFTTrainer

RUN = HERE / "qlora_nested"
QUANTISED = {"load_in_4bit": True, "use_bnb_nested_quant": True}
CONFIG = {
    "report_to": "none", "use_cpu": True, "bf16": False, "learning_rate": 0.001, "per_device_train_batch_size": 2,
    "gradient_accumulation_steps": 2, "max_steps": 20, "logging_steps": 1, "save_strategy": "no", "gradient_checkpointing": False,
    "seed": 42, "train_sampling_strategy": "sequential", "disable_tqdm": True, "dataloader_pin_memory": False,
    "lr_scheduler_type": "linear",
}  # fmt: skip
LOGGED = ("step", "loss", "grad_norm", "learning_rate", "entropy", "mean_token_accuracy", "num_tokens", "epoch")


def write_rows():
    draw = torch.Generator().manual_seed(11)
    with open(RUN / "dataset.jsonl", "w") as file:
        for length in torch.randint(5, 25, (80,), generator=draw).tolist():
            row = torch.randint(4, 512, (length,), generator=draw).tolist()
            file.write(json.dumps({"input_ids": row}, separators=(",", ":")) + "\n")


def copied(folder):
    """The model with a tokenizer of its vocabulary, as the tests put them together."""
    shutil.copytree(ROOT / "model/src/test/resources/golden/models/llama-tiny", folder, dirs_exist_ok=True)
    text = ROOT / "text/src/test/resources/text"
    shutil.copytree(text / "templates/tiny", folder, dirs_exist_ok=True)
    (folder / "tokenizer.json").write_bytes(gzip.decompress((text / "tokenizers/tiny.json.gz").read_bytes()))
    return folder


def train(model, out, dtype):
    base = nf4_models.loaded(model, True).train()
    torch.manual_seed(7)
    lora = get_peft_model(base, LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", task_type="CAUSAL_LM"))
    rows = load_dataset("json", data_files=str(RUN / "dataset.jsonl"), split="train")
    trainer = SFTTrainer(model=lora, args=SFTConfig(output_dir=str(out), **CONFIG), train_dataset=rows)
    for parameter in trainer.model.parameters():
        if parameter.requires_grad:
            assert parameter.dtype == torch.bfloat16, parameter.dtype
            parameter.data = parameter.data.to(dtype)
    adapter = lambda: {k: v.float().contiguous().clone() for k, v in get_peft_model_state_dict(trainer.model).items()}
    before = adapter()
    trainer.train()
    return before, adapter(), trainer


def rounded(value):
    return float("%.9g" % value) if isinstance(value, float) else value


if __name__ == "__main__":
    RUN.mkdir(exist_ok=True)
    write_rows()
    with tempfile.TemporaryDirectory() as work:
        model = copied(Path(work) / "model")
        before, after, trainer = train(model, Path(work) / "float32", torch.float32)
        _, _, of_trl = train(model, Path(work) / "bfloat16", torch.bfloat16)
    history = trainer.state.log_history
    steps = [{key: rounded(row[key]) for key in LOGGED} for row in history if "loss" in row]
    trace = {
        "name": RUN.name, "model": "models/llama-tiny",
        "lora": {"r": 4, "alpha": 8, "use_rslora": False, "target_modules": "all-linear", "dropout": 0.0},
        "config": CONFIG | QUANTISED, "total_steps": len(steps), "train_loss": rounded(history[-1]["train_loss"]), "steps": steps,
    }  # fmt: skip
    (RUN / "trace.json").write_text(json.dumps(trace, separators=(",", ":")) + "\n")
    losses = [rounded(row["loss"]) for row in of_trl.state.log_history if "loss" in row]
    (RUN / "losses_bfloat16.json").write_text(json.dumps(losses) + "\n")
    save_file(before, RUN / "init_adapter.safetensors")
    save_file(after, RUN / "final_adapter.safetensors")
    print("greatest difference of losses", max(abs(a - b["loss"]) for a, b in zip(losses, steps)))
