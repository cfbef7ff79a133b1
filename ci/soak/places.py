"""Where the soak's runs write: the local disk, a small disk that fills, an HDFS whose data nodes go away."""

import os
import resource
import shutil
import subprocess
import time


class Local:
    """A folder of the local disk."""

    name = "local disk"

    def __init__(self, root):
        self.root = root
        os.makedirs(root, exist_ok=True)

    def path(self, run, *parts):
        return os.path.join(self.root, run, *parts)

    def exists(self, path):
        return os.path.exists(path)

    def lines(self, path):
        try:
            with open(path, "rb") as file:
                return file.read().count(b"\n")
        except FileNotFoundError:
            return 0

    def fetch(self, run):
        return self.path(run)

    def clear(self, run):
        shutil.rmtree(self.path(run), ignore_errors=True)

    def heal(self, even_if_early):
        """Undoes a fault whose time has come."""


class SmallDisk(Local):
    """A file system in memory; where none may be mounted, files that the run's processes may not make longer."""

    name = "small disk"
    BYTES = 96 << 20
    LOG_BYTES = 64 << 10  # a limit must leave the run's words

    def __init__(self, root):
        super().__init__(root)
        mount = ["mount", "-t", "tmpfs", "-o", f"size={self.BYTES}", "tmpfs", root]
        self.mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
        self.error = "No space left on device" if self.mounted else "File too large"
        self.filler = os.path.join(root, "filler")

    def fill(self, room, processes):
        """Leaves so many bytes."""
        if self.mounted:
            disk = os.statvfs(self.root)
            with open(self.filler, "wb") as file:
                os.posix_fallocate(file.fileno(), 0, max(1, disk.f_bavail * disk.f_frsize - room))
        else:
            for process in processes:
                resource.prlimit(process, resource.RLIMIT_FSIZE, (max(room, self.LOG_BYTES), resource.RLIM_INFINITY))

    def free(self):
        """Makes room again, in the other case for the processes to come."""
        if self.mounted:
            os.remove(self.filler)

    def close(self):
        if self.mounted:
            subprocess.run(["umount", self.root], check=True)


class Hdfs:
    """A small HDFS, a process of its own: org.sparklora.spark.cli.HdfsProcess."""

    name = "hdfs"
    NODES = 3

    def __init__(self, classpath, folder):
        self.folder = folder
        with open(folder + ".log", "wb") as log:
            self.process = subprocess.Popen(
                ["java", "-Xmx400m", "-cp", classpath, "org.sparklora.spark.cli.HdfsProcess", folder, str(self.NODES)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
            )
        self.address = self.process.stdout.readline().strip()
        if not self.address:
            raise RuntimeError(f"HDFS does not start, see {folder}.log")
        self.stopped = None  # the node that is away
        self.due = 0  # when it comes back

    def command(self, *words):
        print(*words, file=self.process.stdin, flush=True)
        status, _, answer = self.process.stdout.readline().strip().partition(" ")
        if status != "ok":
            raise RuntimeError(f"HDFS: {' '.join(words)} failed: {answer}")
        return answer

    def path(self, run, *parts):
        return "/".join([self.address, run, *parts])

    def exists(self, path):
        return self.command("exists", path) == "true"

    def lines(self, path):
        return int(self.command("lines", path))

    def fetch(self, run):
        local = self.folder + "-" + run
        self.command("get", self.path(run), local)
        return local

    def clear(self, run):
        self.command("delete", self.path(run))
        shutil.rmtree(self.folder + "-" + run, ignore_errors=True)

    def stop_node(self, node, seconds):
        self.command("kill", str(node))
        self.stopped = str(node)
        self.due = time.monotonic() + seconds

    def heal(self, even_if_early):
        if self.stopped and (even_if_early or time.monotonic() >= self.due):
            self.command("restart", self.stopped)
            self.stopped = None

    def close(self):
        self.process.stdin.close()
        self.process.wait(60)
