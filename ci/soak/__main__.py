"""The soak: runs that are disturbed again and again, until the time is over. See ci/soak.sh.

usage: soak HOME WORK MASTER CLASSPATH AIRFLOW MINUTES SEED RECIPE
"""

import os
import random
import sys
import time
from collections import Counter

import faults
from places import Hdfs, Local, SmallDisk
from recipes import recipes, write_data
from runs import Cluster, Failure, Run

sys.path.append(os.path.join(os.path.dirname(__file__), ".."))
from same_run import Difference, compare, lines  # noqa: E402

MORE_FAULTS = (0, 1, 1, 2, 3)  # beside the one that a run is made for


class Bag:
    """Draws all of a few things before it draws one again."""

    def __init__(self, things, source):
        self.things = list(things)
        self.source = source
        self.left = []

    def draw(self, accepts=lambda thing: True):
        if not any(map(accepts, self.left)):
            self.left += self.source.sample(self.things, len(self.things))
        drawn = next(thing for thing in self.left if accepts(thing))
        self.left.remove(drawn)
        return drawn


class Soak:
    def __init__(self, cluster, places, made, seconds, seed):
        self.cluster = cluster
        self.places = places
        self.random = random.Random(seed)
        self.ends = time.monotonic() + seconds
        kinds = [*faults.EVERYWHERE, *faults.OF_A_PLACE, *faults.OF_TRAINING, *(faults.OF_AIRFLOW if cluster.airflow else ())]
        self.kinds = Bag(kinds, self.random)
        self.recipes = Bag(made, self.random)
        self.references = {}  # folder of the undisturbed run, by recipe
        self.runs = Counter()  # by recipe and place
        self.struck = []  # kind and stage
        self.late = Counter()
        self.recoveries = 0

    def say(self, text):
        left = max(0, self.ends - time.monotonic())
        print(f"[{int(left // 60):3d}:{int(left % 60):02d} left] {text}", flush=True)

    def until_the_end(self):
        number = 0
        while time.monotonic() < self.ends:
            number += 1
            self.disturb(number)

    def reference(self, recipe):
        if recipe not in self.references:
            place = self.places["local disk"]
            run = Run(self.cluster, "undisturbed-" + recipe.name.replace(" ", "-"), recipe, place)
            started = time.monotonic()
            self.finish(run, [])
            self.references[recipe] = run.place.path(run.name)
            self.say(f"{run.name}: {time.monotonic() - started:.0f} s")
        return self.references[recipe]

    def plan(self):
        """A recipe, a place, and what is to happen to the run: kinds of faults with their stages."""
        kind = self.kinds.draw()
        airflow = kind in faults.OF_AIRFLOW
        recipe = self.recipes.draw(lambda one: one.trains or kind in faults.EVERYWHERE or kind in faults.OF_A_PLACE)
        where, _ = faults.OF_A_PLACE.get(kind, (None, None))
        place = self.places[where or self.random.choice(list(self.places))]
        others = [*faults.EVERYWHERE, *(other for other, (home, _) in faults.OF_A_PLACE.items() if home == place.name)]
        if airflow:  # which then gives the command again itself
            others = [other for other in others if other not in ("driver killed", "disk full")]
        planned = [kind] + [self.random.choice(others) for _ in range(self.random.choice(MORE_FAULTS))]
        self.random.shuffle(planned)
        staged = [(one, self.stage_for(one, recipe)) for one in planned]
        return recipe, place, airflow, sorted(staged, key=lambda fault: fault[1] != "preparing")  # which is over once

    def stage_for(self, kind, recipe):
        stages = recipe.stages
        if kind in faults.OF_TRAINING or kind in faults.OF_AIRFLOW:
            stages = [stage for stage in stages if stage != "preparing"]  # the folder is taken after it
        return self.random.choice(stages)

    def disturb(self, number):
        recipe, place, airflow, planned = self.plan()
        reference = self.reference(recipe)
        run = Run(self.cluster, f"run-{number:03d}", recipe, place, airflow)
        started = time.monotonic()
        struck = self.finish(run, planned)
        folder = place.fetch(run.name)
        what = compare(reference, folder)
        self.require_tidy(run, folder)
        self.runs[recipe.name, place.name] += 1
        self.recoveries += bool(struck)
        happened = ", ".join(f"{kind} while {stage}" for kind, stage in struck) or "nothing in time"
        self.say(f"{run.name}: {recipe.name} on {place.name}, {time.monotonic() - started:.0f} s; {happened}; {what}")
        place.clear(run.name)

    def finish(self, run, planned):
        """Starts a run, does to it what is planned, and waits for its good end."""
        struck = []
        run.begin()
        run.start()
        try:
            for kind, stage in planned:
                stage = fault(kind)(run, stage, self.random)
                if stage:
                    struck.append((kind, stage))
                    self.struck.append((kind, stage))
                else:
                    self.late[kind] += 1
            status = run.wait()
            run.place.heal(even_if_early=True)
            if status != 0:
                what = f"{run.name} ({run.recipe.name} on {run.place.name})"
                raise Failure(f"{what} ends with {status}: {run.last_words()}, see {run.log}")
        finally:
            run.end_all()
        return struck

    def require_tidy(self, run, folder):
        """All rows of the log have kept their run's id, and the driver's temporary folder holds nothing of ours."""
        log = os.path.join(folder, "out", "metrics.jsonl")
        if run.recipe.trains and not all("run_id" in row for row in lines(log)):
            raise Failure(f"{log} has rows without the run's id")
        left = [name for name in os.listdir(self.cluster.tmp) if name.startswith("spark-lora-")]
        if left:
            raise Failure(f"{run.name} leaves {left} in {self.cluster.tmp}")

    def table(self, equal):
        told = ["", f"{'runs':28}{'number':>8}"]
        told += [f"{recipe + ', ' + place:28}{count:8}" for (recipe, place), count in sorted(self.runs.items())]
        told += ["", f"{'faults':28}{'number':>8}  stages"]
        for kind in self.kinds.things:
            stages = Counter(stage for struck, stage in self.struck if struck == kind)
            where = ", ".join(f"{stage} {count}" for stage, count in sorted(stages.items()))
            late = f" (came too late: {self.late[kind]})" if self.late[kind] else ""
            told.append(f"{kind:28}{sum(stages.values()):8}  {where}{late}")
        runs = sum(self.runs.values())
        told += ["", f"{runs} runs, {len(self.struck)} faults, {self.recoveries} runs recovered, all equal: {equal}"]
        return "\n".join(told)


def fault(kind):
    everywhere = faults.EVERYWHERE | faults.OF_TRAINING | faults.OF_AIRFLOW
    return everywhere[kind] if kind in everywhere else faults.OF_A_PLACE[kind][1]


def main(home, work, master, classpath, airflow, minutes, seed, recipe):
    write_data(home, work + "/data")
    disk = SmallDisk(work + "/small")
    hdfs = Hdfs(classpath, work + "/dfs")
    places = {place.name: place for place in (Local(work + "/local"), disk, hdfs)}
    made = [one for one in recipes(home, work + "/data") if recipe in ("", one.name)]
    if not made:
        sys.exit(f"There is no recipe {recipe}")
    soak = Soak(Cluster(home, master, work, airflow), places, made, 60 * float(minutes), int(seed))
    if not airflow:
        soak.say("Airflow is not installed: its retries are left out")
    try:
        soak.until_the_end()
    except (Difference, Failure) as red:
        print(soak.table("NO"))
        print(f"FAILED with seed {seed}: {red}\nThe folders are kept in {work}")
        return 1
    finally:
        hdfs.close()
    disk.close()
    print(soak.table("yes"))
    if not soak.struck:
        print(f"FAILED with seed {seed}: no fault struck, so nothing was tried; give it more minutes, or look at how stages are found")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
