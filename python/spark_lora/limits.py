"""How long a call of a reward function may take, and what becomes of a process that takes longer.

Travels to executors by value, as `judging` does.
"""

import faulthandler
import os
import signal
import threading
import time

GRACE_SECONDS = 10.0


class OutOfTime(BaseException):
    """Not an Exception: what a reward function catches must not hold it."""


class TimeLimit:
    """Ends what it holds with OutOfTime after so many seconds; what does not end then ends with its process.

    A signal of its own: Math-Verify uses the alarm's, and would take an alarm away. The process is ended by a thread of C,
    since code of C may hold the interpreter; and by a process outside, since one that is stopped runs no thread. It is in a
    group of its own meanwhile, with whatever it starts.
    """

    def __init__(self, seconds):
        self.seconds = seconds

    def __enter__(self):
        self.group = own_group()
        self.guard = guarding(self.seconds)
        self.main = threading.main_thread().ident
        self.done = threading.Event()
        signal.signal(signal.SIGUSR1, self.expire)
        faulthandler.dump_traceback_later(self.seconds + GRACE_SECONDS, exit=True, file=2)
        threading.Thread(target=self.watch, daemon=True).start()
        return self

    def expire(self, *_):
        if not self.done.is_set():
            raise OutOfTime()

    def watch(self):
        if self.done.wait(self.seconds):
            return
        while not self.done.is_set():
            signal.pthread_kill(self.main, signal.SIGUSR1)
            self.done.wait(1.0)

    def __exit__(self, *_):
        self.done.set()  # from now on the signal means nothing
        faulthandler.cancel_dump_traceback_later()
        unguarded(self.guard)
        if self.group is not None:
            os.setpgid(0, self.group)


def own_group():
    """Puts this process into a group of its own, and gives the one that it was in; None where it cannot leave it."""
    before = os.getpgrp()
    try:
        os.setpgid(0, 0)
    except OSError:
        return None
    return before


def guarding(seconds):
    """A process that ends this one, and its group, when it is late: stopped, or past what it ends itself after."""
    late, parent = os.getpid(), os.getppid()
    ready, begins = os.pipe()
    guard = os.fork()
    if guard:
        os.close(begins)
        os.read(ready, 1)
        os.close(ready)
        return guard
    try:
        os.setsid()  # before anything can stop the group that it came from
        os.write(begins, b".")
        os.closerange(3, 4096)  # or Spark would not see that its worker's connection is closed
        ends = time.monotonic() + seconds
        while os.getppid() == late:
            over = time.monotonic() - ends
            state, of = status_of(late)
            if over > GRACE_SECONDS + 2 or over > 1 and state == "T" or of not in (None, parent):
                ended_with_group(late)
                break
            time.sleep(0.2)
    finally:
        os._exit(0)


def unguarded(guard):
    try:
        os.kill(guard, signal.SIGKILL)
        os.waitpid(guard, 0)
    except OSError:  # the function has waited for it
        pass


def status_of(process):
    """State (T: stopped) and parent of a process, where the system tells."""
    try:
        with open(f"/proc/{process}/stat") as file:
            state, parent = file.read().rpartition(")")[2].split()[:2]
        return state, int(parent)
    except OSError:
        return None, None


def ended_with_group(process):
    """Kills a process and what it has started in its group."""
    try:
        os.killpg(process, signal.SIGKILL)
    except OSError:
        os.kill(process, signal.SIGKILL)


def ended(child, latest):
    """The status of a process that has ended; None if it has to be killed: it is stopped, or does not end itself."""
    while True:
        known, status = os.waitpid(child, os.WNOHANG)
        if known:
            return status
        over = time.monotonic() - latest
        if over > GRACE_SECONDS + 1 or over > 0 and status_of(child)[0] == "T":
            ended_with_group(child)
            os.waitpid(child, 0)
            return None
        time.sleep(0.01)
