"""What happens to the soak's runs. Each fault waits for its stage and a moment more, strikes, and sees to it that the run
answers as it should. It returns the stage in which it struck; nothing where it came too late.
"""

import re
import time

from runs import Failure, kill

MOMENT_SECONDS = 1.5
NODE_AWAY_SECONDS = (2, 12)
SMALLEST_ROOM = 4096
LARGEST_ROOM = 1 << 20


def strike(run, stage, random):
    """Waits for the moment; what is then the case."""
    moment = random.uniform(0, MOMENT_SECONDS)
    if not run.reaches(stage):
        return "ended"
    return run.wait_a_moment(moment)


def executor(run, stage, random):
    """An executor's process is killed; Spark starts another, and the run goes on."""
    choice = random.random()
    now = strike(run, stage, random)
    found = run.executors()
    if now == "ended" or not found or not kill(found[int(choice * len(found))]):
        return None
    return now


def driver(run, stage, random):
    """The driver's process is killed, and the same command given again."""
    now = strike(run, stage, random)
    if now == "ended":
        return None
    kill(run.process.pid)
    run.wait()
    run.start()
    return now


def data_node(run, stage, random):
    """One of HDFS's data nodes goes away and comes back."""
    node, seconds = random.randrange(run.place.NODES), random.uniform(*NODE_AWAY_SECONDS)
    now = strike(run, stage, random)
    if now == "ended":
        return None
    run.place.heal(even_if_early=True)  # one at a time: there are two copies of each block
    run.place.stop_node(node, seconds)
    return now


def full_disk(run, stage, random):
    """The disk fills: the run stops and says why; there is room again, and the same command is given again."""
    room = random.randrange(SMALLEST_ROOM, LARGEST_ROOM)
    now = strike(run, stage, random)
    if now == "ended":
        return None
    run.place.fill(room, [run.process.pid, *run.executors()])
    status = run.wait()
    run.place.free()
    if status == 0:
        return None  # all had been written
    if run.place.error not in run.last_words():
        raise Failure(f"on a full disk {run.name} ends with {status} and the words {run.last_words()!r}, see {run.log}")
    run.start()
    return now


def second_run(run, stage, random):
    """The same command is given while the run goes on: one of the two is refused and told who is there. That is the run
    itself where it was killed before and begins again, and the second was faster; then it goes on from the second's end.
    """
    now = strike(run, stage, random)
    if now == "ended":
        return None
    log = run.log.replace(".log", ".second.log")
    second = run.cluster.submit_beside(run.command, log)
    while second.poll() is None:
        run.wait_a_moment()
    with open(log, encoding="utf-8") as file:
        said = file.read()
    if refused_for(said) == run.process.pid and second.returncode != 0:
        return now
    if second.returncode == 0 and run.ended():
        if run.process.returncode == 0:
            return None  # the second went on from the first one's end, or began after it
        if refused_for(run.said()) == second.pid:
            run.start()
            return now
    raise Failure(f"a second {run.name} ends with {second.returncode}, not one refused for the other, see {log}")


def refused_for(said):
    """The process that holds the folder, to a run that was told so."""
    named = re.search(r"spark-lora: Cannot use output_dir = .*process (\d+) on ", said)
    return int(named.group(1)) if named else None


def dead_attempt(run, stage, random):
    """Airflow's attempt dies with its driver: Airflow makes another one by itself."""
    now = strike(run, stage, random)
    drivers = run.drivers()
    if now == "ended" or not drivers or not kill(drivers[0]):
        return None
    return now


def doubled_attempt(run, stage, random):
    """Airflow's worker dies and the driver does not: attempts are refused until it ends, then one finds all done."""
    now = strike(run, stage, random)
    drivers = run.drivers()
    if now == "ended" or not drivers:
        return None
    kill(run.process.pid)
    run.wait()
    run.start()
    while drivers[0] in run.drivers():
        time.sleep(0.2)
        run.require_patience()
    return now


EVERYWHERE = {"executor killed": executor, "driver killed": driver}
OF_A_PLACE = {"data node away": ("hdfs", data_node), "disk full": ("small disk", full_disk)}
OF_TRAINING = {"second run": second_run}
OF_AIRFLOW = {"Airflow: attempt died": dead_attempt, "Airflow: attempt lives on": doubled_attempt}
