"""A run of TRL's SFTTrainer on all weights of a mixture of experts, with the loss of its routers: writes fullft_qwen3_moe/.

    python mixture_run.py      # with TRL 1.16.0, transformers 5.24.0 and torch 2.15.0
"""
import json
import random
import shutil
from pathlib import Path

import torch
from datasets import Dataset
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast
from trl import SFTConfig, SFTTrainer

HERE = Path(__file__).parent
NAME, MODEL = "fullft_qwen3_moe", "qwen3-moe-tiny"
MODELS = HERE / "../../../../../model/src/test/resources/golden/models"
CONFIG = dict(
    report_to="none", use_cpu=True, bf16=False, learning_rate=2e-5, per_device_train_batch_size=2, gradient_accumulation_steps=2,
    max_steps=4, logging_steps=1, save_strategy="no", gradient_checkpointing=False, seed=42, train_sampling_strategy="sequential",
    disable_tqdm=True, dataloader_pin_memory=False, lr_scheduler_type="linear", weight_decay=0.01, router_aux_loss_coef=0.25)
KEPT = ["model.layers.0.mlp.gate.weight", "model.layers.1.mlp.experts.5.down_proj.weight", "model.layers.1.self_attn.q_proj.weight"]


if __name__ == "__main__":
    torch.set_num_threads(1)
    draw = random.Random(11)
    rows = [[draw.randrange(4, 256) for _ in range(draw.randrange(5, 24))] for _ in range(16)]
    folder = HERE / NAME
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "dataset.jsonl").write_text("".join(json.dumps({"input_ids": row}, separators=(",", ":")) + "\n" for row in rows))
    vocabulary = Tokenizer(models.WordLevel({f"<{i}>": i for i in range(256)}, unk_token="<0>"))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=vocabulary, pad_token="<3>", eos_token="<2>")
    trainer = SFTTrainer(
        model=AutoModelForCausalLM.from_pretrained(MODELS / MODEL, attn_implementation="eager", dtype=torch.float32),
        args=SFTConfig(output_dir="/tmp/mixture", model_init_kwargs=None, **CONFIG),
        train_dataset=Dataset.from_dict({"input_ids": rows}), processing_class=tokenizer)
    trained = trainer.train()
    trainer.model.save_pretrained("/tmp/mixture/final")
    final = load_file("/tmp/mixture/final/model.safetensors")
    save_file({name: final[name] for name in KEPT}, folder / "final_weights_subset.safetensors")
    steps = [
        {key: row[key] for key in ("step", "loss", "aux_loss", "grad_norm", "learning_rate", "entropy", "mean_token_accuracy", "num_tokens", "epoch")}
        for row in trainer.state.log_history if "loss" in row]
    trace = dict(
        name=NAME, model=f"models/{MODEL}", lora=None, config=CONFIG, total_steps=len(steps), train_loss=trained.training_loss, steps=steps)
    (folder / "trace.json").write_text(json.dumps(trace) + "\n")
    print(json.dumps(steps, indent=1))
