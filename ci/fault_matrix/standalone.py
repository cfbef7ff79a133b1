"""A standalone cluster whose workers are of unequal size, each on an address and with a disk of its own."""

import os
import re
import signal
import subprocess
import sys
import time

sys.path.append(os.path.join(os.path.dirname(__file__), "..", "soak"))
from places import SmallDisk  # noqa: E402
from runs import EXECUTOR, processes  # noqa: E402

PATIENCE_SECONDS = 120
SECRET = {
    "spark.authenticate": "true",
    "spark.authenticate.secret": "only-of-this-check",
    "spark.network.crypto.enabled": "true",
    "spark.io.encryption.enabled": "true",
}


class Disk(SmallDisk):
    """Has room for the application's jar, twice, and what an executor keeps."""

    BYTES = 640 << 20


class Standalone:
    """A master, and workers by their number from 1: worker N is at 127.0.0.N. The last one's disk is small."""

    def __init__(self, spark_home, work, cores, conf=None):
        self.spark_class = f"{spark_home}/bin/spark-class"
        self.work = work
        self.daemons = {}
        os.makedirs(f"{work}/small")
        self.disk = Disk(f"{work}/small")
        self.numbers = range(1, len(cores) + 1)
        options = " ".join(f"-D{name}={value}" for name, value in (conf or {}).items())
        self.environment = dict(os.environ) | {"SPARK_DAEMON_JAVA_OPTS": options}
        self.environment.pop("SPARK_LOCAL_IP", None)
        master = ["org.apache.spark.deploy.master.Master", "--host", "127.0.0.1", "--port", "0", "--webui-port", "0"]
        self.master = self._start("master", master, r"spark://127\.0\.0\.1:\d+", self.environment)
        for number, many in enumerate(cores, 1):
            self.start_worker(number, many, self.disk.root if number == len(cores) else None)

    def start_worker(self, number, cores, disk=None):
        name = f"worker-{number}"
        disk = disk or f"{self.work}/{name}/disk"
        os.makedirs(disk, exist_ok=True)
        worker = ["org.apache.spark.deploy.worker.Worker", "--host", f"127.0.0.{number}", "--port", "0", "--webui-port", "0"]
        worker += ["--cores", str(cores), "--memory", "2g", "--work-dir", f"{self.work}/{name}/work", self.master]
        self._start(name, worker, "Successfully registered with master", self.environment | {"SPARK_LOCAL_DIRS": disk})

    def _start(self, name, line, ready, environment):
        log = f"{self.work}/{name}.log"
        with open(log, "wb") as file:
            self.daemons[name] = subprocess.Popen([self.spark_class, *line], stdout=file, stderr=file, env=environment)
        ends = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < ends:
            with open(log, encoding="utf-8", errors="replace") as file:
                found = re.search(ready, file.read())
            if found:
                return found.group()
            time.sleep(0.1)
        raise RuntimeError(f"{name} does not start, see {log}")

    def executors(self, run, number):
        """The processes of a run's executors on a worker."""
        return processes(f"-Dsoak.run={run}\0", EXECUTOR, f"--hostname\x00127.0.0.{number}\0")

    def log(self, number):
        """What all executors of a worker have said."""
        said = []
        for folder, _, names in os.walk(f"{self.work}/worker-{number}/work"):
            if "stderr" in names:
                with open(os.path.join(folder, "stderr"), encoding="utf-8", errors="replace") as file:
                    said.append(file.read())
        return "".join(said)

    def stop_worker(self, number):
        self._stop(f"worker-{number}")

    def _stop(self, name):
        process = self.daemons.pop(name)
        process.send_signal(signal.SIGTERM)
        process.wait()

    def close(self):
        for name in reversed(list(self.daemons)):
            self._stop(name)
        self.disk.close()
