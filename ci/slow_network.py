"""What ci/slow_network_check.sh measures and prints.

    slow_network.py receive ADDRESS PORT             takes what `send` sends
    slow_network.py send ADDRESS PORT BYTES          prints the megabits a second that arrived
    slow_network.py watch URL FILE NAMESPACE         samples Spark's stages and the bytes that the hosts have sent to the switch in the
                                                     namespace, until it is killed
    slow_network.py table FOLDER                     the table of the runs under FOLDER
    slow_network.py rounds FOLDER NAME               the seconds of its measured rounds
    slow_network.py ratio FOLDER NAME NAME TIMES     how many times fewer bytes a token the first run sends; fails below TIMES

A run NAME is a folder FOLDER/NAME with metrics.jsonl, and FOLDER/NAME.samples of `watch`. Its first rounds are left out, as many as
the environment's ROUNDS_LEFT_OUT says.
"""

import bisect
import datetime
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

ROUNDS_LEFT_OUT = int(os.environ["ROUNDS_LEFT_OUT"])
SECONDS_BETWEEN_SAMPLES = 2  # asked more often, the driver would take processor time from the executors
CHUNK = 1 << 16
PATIENCE_SECONDS = 60
# Of each run: network, workers, what it is compared with, and what is said of it.
RUNS = {
    "unlimited-1": ("unlimited", "1", "unlimited-1", ""),
    "unlimited-2": ("unlimited", "2", "unlimited-2", ""),
    "1000-1": ("1 Gb/s", "1", "unlimited-1", ""),
    "1000-2": ("1 Gb/s", "2", "unlimited-2", ""),
    "100-1": ("100 Mb/s", "1", "unlimited-1", ""),
    "100-2": ("100 Mb/s", "2", "unlimited-2", ""),
    "half": ("1 Gb/s", "2", "1000-2", "one of half the speed, `--deal_by_speed`; compared with 2 at 1 Gb/s"),
    "stopped": ("1 Gb/s", "2", "1000-2", "one stopped for a minute, `--deal_by_speed`; compared with 2 at 1 Gb/s"),
    "gradients": ("1 Gb/s", "2", "1000-2", "`--sync gradients`, float32; compared with 2 at 1 Gb/s"),
}
HEAD = [
    "network", "workers", "tokens/s", "÷ unlimited", "÷ 1 worker", "s a round", "of it averaging", "slowest ÷ fastest executor",
    "bytes a token: Spark's tasks", "on the links", "",
]  # fmt: skip


# ---------------------------------------------------------------------------------------------------------------------
# The rate of a link


def receive(address, port):
    with socket.create_server((address, int(port))) as server:
        server.settimeout(PATIENCE_SECONDS)
        connection, _ = server.accept()
        with connection:
            while connection.recv(CHUNK):
                pass
            connection.sendall(b".")


def connected(address, port):
    ends = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return socket.create_connection((address, port), timeout=PATIENCE_SECONDS)
        except ConnectionRefusedError:  # `receive` has not come so far
            if time.monotonic() > ends:
                raise
            time.sleep(0.1)


def send(address, port, count):
    left = int(count)
    with connected(address, int(port)) as connection:
        began = time.monotonic()
        while left > 0:
            connection.sendall(bytes(min(CHUNK, left)))
            left -= CHUNK
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1)
        print(round(int(count) * 8 / 1e6 / (time.monotonic() - began)))


# ---------------------------------------------------------------------------------------------------------------------
# Samples


def read(url):
    with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS) as answer:
        return json.load(answer)


def seconds(spark_time):
    """Spark's REST API says 2026-01-01T00:00:00.000GMT."""
    return datetime.datetime.fromisoformat(spark_time.replace("GMT", "+00:00")).timestamp()


def finished_stages(url):
    """Of each stage that has ended: when, and its tasks' bytes: shuffle reads, those of them from other executors, results."""
    application = read(f"{url}/api/v1/applications")[0]["id"]
    return {
        f"{stage['stageId']}.{stage['attemptId']}": [
            seconds(stage["completionTime"]), stage["shuffleReadBytes"], stage["shuffleRemoteBytesRead"], stage["resultSize"],
        ]
        for stage in read(f"{url}/api/v1/applications/{application}/stages?status=complete")
    }  # fmt: skip


def sent_bytes(namespace):
    """What all hosts have sent to each other, with all headers."""
    said = subprocess.run(["ip", "-n", namespace, "-s", "-j", "link"], check=True, capture_output=True)
    return sum(link["stats64"]["rx"]["bytes"] for link in json.loads(said.stdout) if link["ifname"].startswith("to-"))


def watch(url, file, namespace):
    """Each sample has all stages; the file has the last of them, and the links' bytes at all times."""
    stages, links, asked = {}, [], 0
    while True:
        links.append([time.time(), sent_bytes(namespace)])
        began = time.time()
        try:
            stages.update(finished_stages(url))
            asked = began
        except (OSError, ValueError, IndexError, KeyError):
            pass  # the driver has not come so far, or has ended
        with open(f"{file}.part", "w", encoding="utf-8") as out:
            json.dump({"asked": asked, "stages": stages, "links": links}, out)
        os.replace(f"{file}.part", file)
        time.sleep(SECONDS_BETWEEN_SAMPLES)


# ---------------------------------------------------------------------------------------------------------------------
# Results


def rounds(folder, name):
    """The log's rows that end a round."""
    with open(f"{folder}/{name}/metrics.jsonl", encoding="utf-8") as lines:
        rows = [row for row in map(json.loads, lines) if row.get("tokens_per_second") is not None]
    for row in rows:
        row["time"] = datetime.datetime.fromisoformat(row["timestamp"].replace("Z", "+00:00")).timestamp()
    if len(rows) <= ROUNDS_LEFT_OUT:
        raise SystemExit(f"The run {name} has {len(rows)} rounds; at least {ROUNDS_LEFT_OUT + 1} are needed")
    return rows[ROUNDS_LEFT_OUT - 1 :]


def at(links, moment):
    """The links' bytes at a moment, between two samples as if they grew evenly."""
    place = min(max(bisect.bisect(links, [moment]), 1), len(links) - 1)
    (before, low), (after, high) = links[place - 1], links[place]
    return low + (high - low) * min(max((moment - before) / (after - before), 0), 1)


def speed(folder, name):
    first, *rest = rounds(folder, name)
    took = rest[-1]["time"] - first["time"]
    return {
        "tokens/s": (rest[-1]["num_tokens"] - first["num_tokens"]) / took,
        "s a round": took / len(rest),
        "averaging": sum(row["averaging_seconds"] for row in rest) / took,
        "slowest": sum(row["executors/min_tokens_per_second"] / row["executors/max_tokens_per_second"] for row in rest) / len(rest),
    }


def traffic(folder, name):
    """Bytes a token of Spark's tasks (all, and without shuffle blocks read where they were written), and of the links.

    Spark counts shuffle reads and results of tasks, no broadcasts; on the links is all, with headers.
    """
    with open(f"{folder}/{name}.samples", encoding="utf-8") as file:
        samples = json.load(file)
    first, *rest = rounds(folder, name)
    rest = [row for row in rest if row["time"] <= samples["asked"]]  # Spark answers no more when the run ends
    if not rest:
        raise SystemExit(f"Spark was not asked often enough during the run {name}; let it have more rounds")
    tokens = rest[-1]["num_tokens"] - first["num_tokens"]
    stages = [stage for stage in samples["stages"].values() if first["time"] < stage[0] <= rest[-1]["time"]]
    return {
        "tasks": sum(read + result for _, read, _, result in stages) / tokens,
        "remote": sum(remote + result for _, _, remote, result in stages) / tokens,
        "links": (at(samples["links"], rest[-1]["time"]) - at(samples["links"], first["time"])) / tokens,
    }


def rounds_seconds(folder, name):
    measured = rounds(folder, name)
    took = [after["time"] - before["time"] for before, after in zip(measured, measured[1:])]
    print("  seconds of the rounds: " + ", ".join(f"{seconds:.1f}" for seconds in took))


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def table(folder):
    done = [name for name in RUNS if os.path.exists(f"{folder}/{name}.samples")]
    speeds = {name: speed(folder, name) for name in done}
    print("| " + " | ".join(HEAD) + " |\n|" + "---|" * len(HEAD))
    for name in done:
        network, workers, base, said = RUNS[name]
        mine, bytes_of = speeds[name], traffic(folder, name)
        alone = name.replace("-2", "-1")
        cells = [network, workers, number(mine["tokens/s"])]
        cells.append(f"{mine['tokens/s'] / speeds[base]['tokens/s']:.2f}" if base in speeds else "")
        cells.append(f"{mine['tokens/s'] / speeds[alone]['tokens/s']:.2f}" if alone != name and alone in speeds else "")
        cells += [f"{mine['s a round']:.1f}", f"{mine['averaging']:.1%}", f"{mine['slowest']:.2f}"]
        cells += [number(bytes_of["tasks"]), number(bytes_of["links"]), said]
        print("| " + " | ".join(cells) + " |")


def ratio(folder, few, many, times):
    """Prints the ratio by each measure; the exit status is 0 if none is below `times`."""
    few, many = traffic(folder, few), traffic(folder, many)
    ratios = {name: many[name] / few[name] for name in few if few[name] > 0}
    print(
        "  times fewer bytes a token: {tasks:.1f} by Spark's tasks (shuffle reads and results), "
        "{remote:.1f} without what an executor reads from itself, {links:.1f} on the links".format(**ratios)
    )
    return 0 if min(ratios.values()) >= int(times) else 1


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # ends without a stack trace
    sys.exit({"receive": receive, "send": send, "watch": watch, "table": table, "ratio": ratio, "rounds": rounds_seconds}[sys.argv[1]](*sys.argv[2:]))
