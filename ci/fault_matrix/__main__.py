"""The fault matrix: each command with each fault or setting, beside the undisturbed run. See ci/fault_matrix.sh.

usage: fault_matrix HOME WORK COMMANDS FAULTS
"""

import os
import re
import shutil
import signal
import sys
import time

from commands import Difference, commands, write_split
from standalone import SECRET, Standalone

sys.path.append(os.path.join(os.path.dirname(__file__), "..", "soak"))
from places import Local  # noqa: E402
from recipes import write_data  # noqa: E402
from runs import Cluster, Failure, Run, kill  # noqa: E402

CORES = (1, 1, 2)
LARGEST = 3
LATE = 4
STOPPED_SECONDS = 30
LOADED = "Loaded the base model"
REFUSED = re.compile(r"spark-lora: .+")


class Matrix(Cluster):
    """Runs with settings of their own on a cluster of unequal workers."""

    def __init__(self, home, work, standalone):
        self.tmp = os.path.join(work, "tmp")
        os.makedirs(self.tmp, exist_ok=True)
        self.home, self.work, self.airflow = home, work, None
        self.standalone, self.master = standalone, standalone.master
        self.conf = {}

    def properties(self, run):
        usual = super().properties(run)
        for name in ("spark.executor.instances", "spark.cores.max", "spark.executor.cores"):
            del usual[name]  # an executor takes its worker's cores
        return usual | {"spark.network.timeout": "300s"} | self.conf


class Disturbed(Run):
    """A run to which something happens when executors work on it."""

    def root(self):
        return self.place.path(self.name)

    def works(self):
        """Waits until it does; false if it ends before."""
        while not self.ended():
            self.require_patience()
            numbers = [number for number in self.cluster.standalone.numbers if LOADED in self.cluster.standalone.log(number)]
            if self.recipe.works(self.root(), len(numbers)):
                return True
            time.sleep(0.1)
        return False

    def on_largest(self):
        return self.cluster.standalone.executors(self.name, LARGEST)


def executor_killed(run):
    for process in run.on_largest():
        kill(process)
    return "lost" if "Lost executor" in until_said(run, "Lost executor") else None


def until_said(run, words):
    while words not in run.said() and not run.ended():
        time.sleep(0.1)
    return run.said()


def executor_stopped(run):
    stopped = run.on_largest()
    if not stopped:
        return None
    for process in stopped:
        os.kill(process, signal.SIGSTOP)
    try:
        time.sleep(STOPPED_SECONDS)
    finally:
        for process in stopped:
            os.kill(process, signal.SIGCONT)
    return f"stopped {STOPPED_SECONDS} s"


def disk_full(run):
    executors = run.on_largest()
    run.cluster.standalone.disk.fill(0, executors)
    return "full" if executors else None


def late_executor(run):
    run.cluster.standalone.start_worker(LATE, 2)
    while not run.cluster.standalone.executors(run.name, LATE) and not run.ended():
        time.sleep(0.1)
    return None if run.ended() else "came"


def driver_killed(run):
    kill(run.process.pid)
    run.wait()
    run.start()
    return "killed, resumed"


FAULTS = {
    "executor killed": executor_killed,
    "executor stopped 30 s": executor_stopped,
    "executor's disk full": disk_full,
    "late executor": late_executor,
    "driver killed, resumed": driver_killed,
}
SETTINGS = {
    "dynamic allocation": {
        "spark.dynamicAllocation.enabled": "true",
        "spark.dynamicAllocation.shuffleTracking.enabled": "true",
        "spark.dynamicAllocation.maxExecutors": "3",
        "spark.dynamicAllocation.executorIdleTimeout": "3s",
        "spark.executor.cores": "1",
    },
    "speculation": {
        "spark.speculation": "true",
        "spark.speculation.interval": "50ms",
        "spark.speculation.multiplier": "1.01",
        "spark.speculation.quantile": "0.3",
    },
    "Kryo": {"spark.serializer": "org.apache.spark.serializer.KryoSerializer"},
    "authentication, encryption": SECRET,
}


class Table:
    """What became of each run."""

    def __init__(self):
        self.cells = {}
        self.failed = 0

    def add(self, fault, command, result):
        self.cells[fault, command] = result
        self.failed += result.startswith("FAILED")
        print(f"{command.name} | {fault} | {result}", flush=True)

    def text(self, made):
        head = ["", *(f"`{command.name}`" for command in made)]
        rows = [head, ["---"] * len(head)]
        for fault in dict.fromkeys(fault for fault, _ in self.cells):
            rows.append([fault, *(self.cells.get((fault, command), "") for command in made)])
        return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def finish(run, fault):
    """Runs it; what happened, and the exit status."""
    run.begin()
    run.start()
    happened = ""
    try:
        if fault:
            happened = (run.works() and fault(run)) or "too late"
        return happened, run.wait()
    finally:
        run.end_all()


def disturbed(run, reference, fault):
    started = time.monotonic()
    happened, status = finish(run, fault)
    said = run.said()
    seconds = time.monotonic() - started
    if fault is late_executor and LOADED in run.cluster.standalone.log(LATE):
        return "FAILED: the late executor loaded the model"
    if happened == "too late":
        return "FAILED: it ended before anything happened"
    if status != 0:
        refusal = REFUSED.search(run.last_words())
        if not refusal or "\tat " in said:
            return f"FAILED: status {status} without one line, see {run.log}"
        if fault is not disk_full:  # all else is done again elsewhere
            return f"FAILED: {refusal.group()[:200]}, see {run.log}"
        return f"refused: {refusal.group()[:200]}"
    try:
        run.recipe.compare(reference, run.root())
    except Difference as difference:
        return f"FAILED: {difference}"
    return f"equal, {seconds:.0f} s"


class Runs:
    """Of one cluster, one after the other."""

    def __init__(self, matrix, place, table):
        self.matrix = matrix
        self.place = place
        self.table = table

    def run(self, name, command, conf):
        folder = f"{name}-{command.name}".replace(" ", "-").replace(",", "").replace("'", "")
        self.matrix.conf = conf
        for number in (*self.matrix.standalone.numbers, LATE):
            shutil.rmtree(f"{self.matrix.standalone.work}/worker-{number}/work", ignore_errors=True)
        return Disturbed(self.matrix, folder, command, self.place)

    def undisturbed(self, command, conf):
        run = self.run("undisturbed", command, conf)
        started = time.monotonic()
        _, status = finish(run, None)
        if status != 0:
            raise Failure(f"{run.name} ends with {status}: {run.last_words()}, see {run.log}")
        self.table.add("undisturbed", command, f"{time.monotonic() - started:.0f} s")
        return run.root()

    def disturb(self, name, command, reference):
        run = self.run(name, command, SETTINGS.get(name, {}))
        try:
            result = disturbed(run, reference, FAULTS.get(name))
        except Failure as failure:
            result = f"FAILED: {failure}"
        finally:
            if f"worker-{LATE}" in self.matrix.standalone.daemons:
                self.matrix.standalone.stop_worker(LATE)
            disk = self.matrix.standalone.disk
            if os.path.exists(disk.filler):
                disk.free()
        self.table.add(name, command, result)
        if not result.startswith("FAILED"):
            self.place.clear(run.name)


def main(home, work, only_commands, only_faults):
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # which ends what was started
    write_data(home, work + "/data")
    write_split(work + "/data")
    made = [one for one in commands(home, work + "/data") if not only_commands or one.name in only_commands.split(",")]
    kinds = [kind for kind in [*FAULTS, *SETTINGS] if any(kind.startswith(begin) for begin in only_faults.split(","))]
    if not made or not kinds:
        sys.exit(f"There is no command {only_commands!r}, or no fault that begins with {only_faults!r}")
    table = Table()
    place = Local(work + "/runs")
    references = {}
    for secret in (False, True):
        some = [kind for kind in kinds if (SETTINGS.get(kind) is SECRET) == secret]
        if not some:
            continue
        folder = os.path.join(work, "secret" if secret else "open")
        os.makedirs(folder)
        standalone = Standalone(os.environ["SPARK_HOME"], folder, CORES, SECRET if secret else None)
        try:
            runs = Runs(Matrix(home, work, standalone), place, table)
            for command in made:
                if command not in references:
                    try:
                        references[command] = runs.undisturbed(command, SECRET if secret else {})
                    except Failure as failure:
                        table.add("undisturbed", command, f"FAILED: {failure}")
                        continue
                for kind in some:
                    runs.disturb(kind, command, references[command])
        finally:
            standalone.close()
    print("\n" + table.text(made), flush=True)
    if table.failed:
        print(f"{table.failed} runs are neither equal nor, on a full disk, refused in one line; the folders are kept in {work}")
    return 1 if table.failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
