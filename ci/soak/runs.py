"""A run of the soak: its processes, how far it has come, and how it is started again."""

import json
import os
import signal
import subprocess
import time

PATIENCE_SECONDS = 600
LOOK_SECONDS = 0.1
ATTEMPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "attempts.py")
EXECUTOR = "CoarseGrainedExecutorBackend"


class Failure(Exception):
    """What went otherwise than it may."""


class Cluster:
    """What all runs share: a standalone Spark, scratch space, and Airflow where it is installed."""

    def __init__(self, home, master, work, airflow):
        self.home = home
        self.master = master
        self.work = work
        self.airflow = airflow  # its Python; empty where it is not installed
        self.tmp = os.path.join(work, "tmp")
        os.makedirs(self.tmp)

    def properties(self, run):
        """Two executors of one core. By `soak.run` the processes of a run are found."""
        mark = f"-Dsoak.run={run}"
        return {
            "spark.executor.instances": "2",
            "spark.cores.max": "2",
            "spark.executor.cores": "1",
            "spark.executor.memory": "640m",
            "spark.driver.memory": "1g",
            "spark.ui.enabled": "false",
            "spark.hadoop.dfs.replication": "2",
            "spark.executor.extraJavaOptions": f"-XX:+UseSerialGC -Dlora.threads=1 {mark}",
            "spark.driver.extraJavaOptions": f"-XX:+UseSerialGC -Dlora.threads=1 {mark} -Djava.io.tmpdir={self.tmp}",
        }

    def submit(self, run, command, log):
        conf = [word for name, value in self.properties(run).items() for word in ("--conf", f"{name}={value}")]
        return self._start([f"{self.home}/bin/spark-lora", *command, "--master", self.master, *conf], log, os.environ)

    def submit_beside(self, command, log):
        """The same command on this machine alone."""
        options = {"SPARK_LORA_HEAP": "640m", "SPARK_LORA_JAVA_OPTS": f"-Djava.io.tmpdir={self.tmp}"}
        environment = {name: value for name, value in os.environ.items() if name != "SPARK_HOME"} | options
        return self._start([f"{self.home}/bin/spark-lora", *command, "--master", "local[1]"], log, environment)

    def submit_by_airflow(self, run, command, log):
        host, _, port = self.master.rpartition(":")
        environment = dict(os.environ) | {
            "AIRFLOW_HOME": f"{self.work}/airflow",
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGS_FOLDER": os.path.dirname(ATTEMPTS),
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",
            "AIRFLOW_CONN_SPARK_DEFAULT": json.dumps({"conn_type": "spark", "host": host, "port": int(port)}),
            "SOAK_COMMAND": json.dumps(command),
            "SOAK_PROPERTIES": json.dumps(self.properties(run)),
            "PYTHONPATH": f"{self.home}/conf/airflow",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PATH": f"{os.environ['SPARK_HOME']}/bin:{os.environ['PATH']}",
        }
        if not os.path.exists(environment["AIRFLOW_HOME"]):
            subprocess.run([self.airflow, "-m", "airflow", "db", "migrate"], env=environment, capture_output=True, check=True)
        return self._start([self.airflow, ATTEMPTS], log, environment)

    @staticmethod
    def _start(line, log, environment):
        with open(log, "ab") as file:
            return subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=file, stderr=file, env=environment)


def processes(*marks):
    """Of this machine's processes those whose command line has all marks."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/cmdline", "rb") as file:
                line = file.read().decode(errors="replace")
        except OSError:
            continue  # it ended
        if all(mark in line for mark in marks):
            found.append(int(name))
    return sorted(found)


def kill(process):
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


class Run:
    """One recipe in one place. `start` starts it or goes on with it."""

    def __init__(self, cluster, name, recipe, place, by_airflow=False):
        self.cluster = cluster
        self.name = name
        self.recipe = recipe
        self.place = place
        self.by_airflow = by_airflow
        self.log = os.path.join(cluster.work, name + ".log")
        self.command = recipe.command(place.path(name))
        self.process = None

    def start(self):
        submit = self.cluster.submit_by_airflow if self.by_airflow else self.cluster.submit
        self.read = os.path.getsize(self.log) if os.path.exists(self.log) else 0
        self.process = submit(self.name, self.command, self.log)

    def executors(self):
        return processes(f"-Dsoak.run={self.name}\0", EXECUTOR)

    def drivers(self):
        return [found for found in processes(f"-Dsoak.run={self.name} ", "org.apache.spark.deploy.SparkSubmit\0")]

    def ended(self):
        return self.process.poll() is not None

    def stage(self):
        """What is being done now; a moment later it may be something else."""
        if self.ended():
            return "ended"
        if not self.executors():
            return "starting"
        if not self.recipe.trains:
            return "preparing"
        path = self.place.path
        if self.place.exists(path(self.name, "out", "trainer_state.json")):
            return "ending"
        log = path(self.name, "out", "metrics.jsonl")
        if not self.place.exists(log):
            return "preparing"
        if self.recipe.name.startswith("sft"):
            return "training"
        # a round has one step here, so its number is that of the rows before it
        tables = path(self.name, "out", "rounds", f"round-{self.place.lines(log):04d}", "advantages")
        return "updating" if self.place.exists(tables) else "generating"

    def reaches(self, stage):
        """Waits for a stage; false if the run ends without it."""
        while (now := self.wait_a_moment()) != stage:
            if now == "ended":
                return False
        return True

    def wait_a_moment(self, seconds=LOOK_SECONDS):
        self.place.heal(even_if_early=False)
        if not self.ended():
            self.require_patience()
        time.sleep(seconds)
        return self.stage()

    def begin(self):
        self.started = time.monotonic()

    def require_patience(self):
        if time.monotonic() - self.started > PATIENCE_SECONDS:
            raise Failure(f"{self.name} does not end within {PATIENCE_SECONDS} s, see {self.log}")

    def wait(self):
        """The exit status."""
        while not self.ended():
            self.wait_a_moment()
        return self.process.returncode

    def said(self):
        """What the latest start printed."""
        with open(self.log, "rb") as file:
            file.seek(self.read)
            return file.read().decode(errors="replace")

    def last_words(self):
        return next((line for line in reversed(self.said().splitlines()) if "spark-lora: " in line), "")

    def end_all(self):
        """Ends what is left of it, for example when the soak is interrupted."""
        for process in [self.process.pid, *self.drivers()]:
            kill(process)
        self.process.wait()
