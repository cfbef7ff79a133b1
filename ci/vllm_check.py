"""What ci/vllm_check.sh compares.

usage: vllm_check.py up URL SECONDS | completions OWN VLLM | live URL ADAPTER | speeds OWN VLLM | run FOLDER URL |
                     learns FOLDER SEED...
"""

import json
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

NEAR_TIE = 1e-3  # nats between two tokens that are likeliest by turns
DIFFERENCE = 1e-3  # nats, largest between log-probabilities of one token in float32
LEAST_EQUAL = 0.95
LIVE_SECONDS = 2
LEAST_LEARNT = 0.95  # of the reward that runs with our own decoder end with


def call(url, body=None):
    request = urllib.request.Request(url, body and json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as answer:
        return answer.read()


def up(url, seconds):
    started = time.time()
    while time.time() - started < float(seconds):
        try:
            call(url + "/health")
            print(f"  up in {time.time() - started:.0f} s")
            return True
        except OSError:
            time.sleep(1)
    return False


def rows(file):
    return [json.loads(line) for line in Path(file).read_text().splitlines()]


def completions(own, vllm):
    """Equal up to the first near-tie: from there on both are right, and differ."""
    whole, ties, other, differences = 0, 0, 0, []
    for ours, theirs in zip(rows(own), rows(vllm), strict=True):
        pairs = list(zip(ours["completion_ids"], theirs["completion_ids"], ours["logprobs"], theirs["logprobs"]))
        same = next((t for t, pair in enumerate(pairs) if pair[0] != pair[1]), len(pairs))
        differences += [abs(p - q) for _, _, p, q in pairs[:same]]
        if ours["completion_ids"] == theirs["completion_ids"]:
            whole += 1
        elif same < len(pairs) and abs(pairs[same][2] - pairs[same][3]) < NEAR_TIE:
            ties += 1
        else:
            other += 1
    count = whole + ties + other
    print(f"  of {count} greedy completions {whole} are equal, {ties} up to a near-tie; log-probabilities of {len(differences)} tokens "
          f"differ by {sum(differences) / len(differences):.1e} on average, {max(differences):.1e} at most")
    return whole + ties >= LEAST_EQUAL * count and max(differences) < DIFFERENCE


def live(url, adapter):
    """Seconds until an adapter that the server has not seen can be asked for; the first token also waits for a free processor."""
    started = time.time()
    call(url + "/v1/load_lora_adapter", {"lora_name": "live", "lora_path": adapter})
    loaded = time.time()
    call(url + "/v1/completions", {"model": "live", "prompt": [504, 3575], "max_tokens": 1})
    print(f"  loaded in {loaded - started:.2f} s, first token after {time.time() - started:.2f} s")
    call(url + "/v1/unload_lora_adapter", {"lora_name": "live"})
    return loaded - started < LIVE_SECONDS


def speeds(own, vllm):
    ours, theirs = (json.loads((Path(folder) / "_eval_summary.json").read_text()) for folder in (own, vllm))
    speed = "completion_tokens_per_second"
    print(f"  tokens a second with the adapter, start included: our decoder {ours[speed]:.0f}, vLLM {theirs[speed]:.0f}")
    return ours["problems"] == theirs["problems"]


def run(folder, url):
    """A run's log: the sampler is the learner, up to rounding; its adapters have left the server."""
    history = [row for row in json.loads((Path(folder) / "trainer_state.json").read_text())["log_history"] if "reward" in row]
    for row in history:
        print("  step {step}: reward {reward:.2f}, difference {d:.1e}, ratio {r:.6f}, step time {step_time:.0f} s".format(
            d=row["sampling/sampling_logp_difference/mean"], r=row["sampling/importance_sampling_ratio/mean"], **row))
    models = [model["id"] for model in json.loads(call(url + "/v1/models"))["data"]]
    print(f"  the server offers {models}")
    return (len(history) == 4 and all(row["sampling/sampling_logp_difference/max"] < DIFFERENCE for row in history)
            and all(abs(row["sampling/importance_sampling_ratio/mean"] - 1) < DIFFERENCE for row in history)
            and len(models) == 1 and not (Path(folder) / "vllm-adapters").exists())


def learns(folder, *seeds):
    """Rewards of runs on the same prompts, whose completions either decoder drew: means of five steps."""
    ends = {"own": [], "vllm": []}
    for name, last in ends.items():
        for seed in seeds:
            history = json.loads((Path(folder) / f"{name}-{seed}" / "trainer_state.json").read_text())["log_history"]
            steps = [row for row in history if "reward" in row]
            means = [sum(row["reward"] for row in steps[i:i + 5]) / 5 for i in range(0, len(steps) - 4, 5)]
            seconds = sum(row["step_time"] for row in steps) / len(steps)
            print(f"  {name}, seed {seed}: {', '.join(f'{mean:.3f}' for mean in means)}; {seconds:.1f} s a step")
            last.append(means[-1])
    return sum(ends["vllm"]) >= LEAST_LEARNT * sum(ends["own"])


if __name__ == "__main__":
    name, *arguments = sys.argv[1:]
    checks = {"up": up, "completions": completions, "live": live, "speeds": speeds, "run": run, "learns": learns}
    sys.exit(0 if checks[name](*arguments) else 1)
