"""What better means of LoRA factors gain over the mean of A and the mean of B, whose product is not the mean of the products.

    "$(ci/venv.sh peft)" ci/averaging_remedies.py [--workers 4] [--steps-a-round 30] [--skewed] [--outer 0.9,0.3] [--seeds 1,2]
                                                  [--kinds mean,aligned,refitted]

A simulation in PyTorch of conf/sweeps/averaging.yaml: the same model, rank, rate and number of steps, rows of GSM8K. Each seed's loss on
held-out rows is compared with one process that takes steps of all workers' rows. Kinds: `mean`; `aligned`: each worker's factors are first
rotated towards the round's start (orthogonal Procrustes, as in FedRot-LoRA, arXiv 2602.23638); `refitted`: one sweep of alternating least
squares from the mean towards the mean of the products. `--skewed`: each worker has one of four sources (GSM8K as it is, in upper case,
words reversed, letters shifted by one), and the loss is that of all four. `--outer`: rate and Nesterov momentum.
"""

import argparse
import gzip
import json
import random
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

ROOT = Path(__file__).resolve().parent.parent
STEPS, GLOBAL_BATCH, LENGTH, RANK, RATE = 300, 8, 64, 16, 3e-3
BETA1, BETA2, EPSILON, MAX_NORM = 0.9, 0.999, 1e-8, 1.0
HELD_OUT_ROWS = 300


def shifted(text):
    return "".join(chr((ord(c) - ord("a") + 1) % 26 + ord("a")) if "a" <= c <= "z" else c for c in text.lower())


SOURCES = [str, str.upper, lambda text: " ".join(reversed(text.split(" "))), shifted]


def texts(name):
    with gzip.open(ROOT / f"conf/quickstart/{name}.jsonl.gz", "rt", encoding="utf-8") as file:
        return ["{question}\n{answer}".format(**json.loads(line)) for line in file]


class Trainer:
    """A model whose trained factors are one vector."""

    def __init__(self):
        folder = ROOT / "conf/sweeps/base"
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        base = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
        self.model = get_peft_model(base, LoraConfig(r=RANK, lora_alpha=2 * RANK, target_modules="all-linear", lora_dropout=0.0))
        self.trained = {name: p for name, p in self.model.named_parameters() if p.requires_grad}
        self.places, size = {}, 0
        for name, p in self.trained.items():
            self.places[name] = (size, p.shape)
            size += p.numel()
        self.size = size
        self.pairs = [(name, name.replace("lora_A", "lora_B")) for name in self.trained if "lora_A" in name]

    def rows(self, all_texts, source):
        """Shuffled texts, cut into rows."""
        shuffled = source.sample(all_texts, len(all_texts))
        ids = [id for text in shuffled for id in [*self.tokenizer(text)["input_ids"], self.tokenizer.eos_token_id]]
        rows = torch.tensor(ids[: len(ids) // LENGTH * LENGTH]).view(-1, LENGTH)
        return rows[torch.tensor(source.sample(range(len(rows)), len(rows)))]

    def part(self, vector, name):
        start, shape = self.places[name]
        return vector[start : start + shape.numel()].view(shape)

    def initial(self, seed):
        """A uniform, as PEFT has it; B zero."""
        random_numbers = torch.Generator().manual_seed(seed)
        vector = torch.zeros(self.size)
        for a, _ in self.pairs:
            view = self.part(vector, a)
            view.copy_((2 * torch.rand(view.shape, generator=random_numbers) - 1) / view.shape[1] ** 0.5)
        return vector

    def loss(self, vector, rows):
        with torch.no_grad():
            for name, p in self.trained.items():
                p.copy_(self.part(vector, name))
        logits = self.model(input_ids=rows).logits
        return torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), rows[:, 1:].flatten())

    def gradient(self, vector, rows):
        self.loss(vector, rows).backward()
        gradient = torch.cat([p.grad.flatten() for p in self.trained.values()])
        self.model.zero_grad()
        return gradient

    @torch.no_grad()
    def evaluate(self, vector, rows):
        return sum(self.loss(vector, part).item() * len(part) for part in rows.split(50)) / len(rows)


class AdamW:
    """Of one worker: decays nothing, at a rate that falls linearly to zero."""

    def __init__(self, size):
        self.first, self.second = torch.zeros(size), torch.zeros(size)

    def step(self, vector, gradient, step):
        gradient = gradient * min(1, MAX_NORM / (gradient.norm() + 1e-6))
        self.first.mul_(BETA1).add_(gradient, alpha=1 - BETA1)
        self.second.mul_(BETA2).addcmul_(gradient, gradient, value=1 - BETA2)
        first, second = self.first / (1 - BETA1 ** (step + 1)), self.second / (1 - BETA2 ** (step + 1))
        vector.sub_(RATE * (1 - step / STEPS) * first / (second.sqrt() + EPSILON))


def aligned(As, Bs, A0, B0):
    rotated = []
    for A, B in zip(As, Bs):
        U, _, V = torch.linalg.svd(A @ A0.T + B.T @ B0)
        rotation = (U @ V).T  # minimises ‖rotation·A − A0‖² + ‖B·rotationᵀ − B0‖²
        rotated.append((rotation @ A, B @ rotation.T))
    return [sum(factors) / len(rotated) for factors in zip(*rotated)]


def refitted(As, Bs):
    """One sweep of alternating least squares for ‖B·A − mean(BᵢAᵢ)‖², from the means on."""
    count, A, B = len(As), sum(As) / len(As), sum(Bs) / len(Bs)
    gram = A @ A.T
    identity = torch.eye(len(gram), dtype=gram.dtype)
    right = sum(Bk @ (Ak @ A.T) for Ak, Bk in zip(As, Bs)) / count
    B = torch.linalg.solve(gram + 1e-6 * gram.trace() / len(gram) * identity, right.T).T
    gram = B.T @ B
    ridge = 1e-3 * gram.trace() / len(gram)
    left = sum((B.T @ Bk) @ Ak for Ak, Bk in zip(As, Bs)) / count
    return torch.linalg.solve(gram + ridge * identity, left + ridge * A), B


def combined(trainer, kind, own, start):
    result = sum(own) / len(own)
    for a, b in trainer.pairs if kind != "mean" else []:
        As, Bs = ([trainer.part(vector, name).double() for vector in own] for name in (a, b))
        if kind == "aligned":
            A, B = aligned(As, Bs, trainer.part(start, a).double(), trainer.part(start, b).double())
        else:
            A, B = refitted(As, Bs)
        trainer.part(result, a).copy_(A)
        trainer.part(result, b).copy_(B)
    return result


def final_loss(trainer, seed, kind, options):
    """Of workers whose factors are combined after each round; of one process if the kind is exact."""
    source = random.Random(seed)
    train, held_out, fixed = texts("gsm8k_train"), texts("gsm8k_heldout")[:150], random.Random(0)
    workers = 1 if kind == "exact" else options.workers
    if options.skewed:
        each = [trainer.rows([change(text) for text in train[place::4]], source) for place, change in enumerate(SOURCES)]
        tests = [trainer.rows([change(text) for text in held_out[place::4]], fixed) for place, change in enumerate(SOURCES)]
        test = torch.cat([rows[: HELD_OUT_ROWS // 4] for rows in tests])
        least = min(map(len, each))
        together = torch.stack([rows[:least] for rows in each], 1).flatten(0, 1)
        own_rows = [together] if kind == "exact" else [each[w % 4][w // 4 :: max(1, workers // 4)] for w in range(workers)]
    else:
        rows, test = trainer.rows(train, source), trainer.rows(held_out, fixed)[:HELD_OUT_ROWS]
        own_rows = [rows[worker::workers] for worker in range(workers)]
    theta = trainer.initial(seed)
    optimizers = [AdamW(trainer.size) for _ in range(workers)]
    eta, mu = map(float, options.outer.split(",")) if kind != "exact" else (1, 0)
    momentum, batch = torch.zeros(trainer.size), GLOBAL_BATCH // workers
    round_steps = STEPS if kind == "exact" else options.steps_a_round
    for first in range(0, STEPS, round_steps):
        own = []
        for rows, optimizer in zip(own_rows, optimizers):
            vector = theta.clone()
            for step in range(first, min(first + round_steps, STEPS)):
                numbers = [(step * batch + i) % len(rows) for i in range(batch)]
                optimizer.step(vector, trainer.gradient(vector, rows[numbers]), step)
            own.append(vector)
        change = combined(trainer, "mean" if kind == "exact" else kind, own, theta) - theta
        momentum = mu * momentum + change
        theta = theta + eta * (change + mu * momentum)
    return trainer.evaluate(theta, test)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--steps-a-round", type=int, default=30)
    parser.add_argument("--skewed", action="store_true")
    parser.add_argument("--outer", default="1,0")
    parser.add_argument("--seeds", default="1")
    parser.add_argument("--kinds", default="mean,aligned,refitted")
    options = parser.parse_args()
    trainer = Trainer()
    for seed in map(int, options.seeds.split(",")):
        exact = final_loss(trainer, seed, "exact", options)
        print(f"seed {seed}: exact {exact:.4f}", end="", flush=True)
        for kind in options.kinds.split(","):
            print(f", {kind} {final_loss(trainer, seed, kind, options) / exact - 1:+.2%}", end="", flush=True)
        print(flush=True)


if __name__ == "__main__":
    main()
