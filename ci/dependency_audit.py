"""dependency_audit.py LOG REASONS [--releases-since]: each older version that versions-maven-plugin reports has a reason, and each
reason a version. A reason is for a group, or for group:artifact.

With --releases-since an older version without a reason is told, but is no failure.
"""

import re
import sys

# "  group:artifact ... 1.0 -> 2.0", where a long name stands in a line of its own.
OLD = re.compile(r"^\[INFO\]   ([\w.:-]+) +(?:\.+ +)?(\S+) -> (\S+)", re.MULTILINE)
MAVENS_OWN = "org.apache.maven.plugins"  # whose group is left out


def main(log, reasons, releases_since=None):
    text = re.sub(r"\n\[INFO\] {5,}", " ", open(log).read())
    # Such plugins as need a newer Maven are told of a second time, below the others.
    text = text.split("Project requires minimum Maven version", 1)[0]
    old = {}
    for match in OLD.finditer(text):
        name = match[1] if ":" in match[1] else f"{MAVENS_OWN}:{match[1]}"
        old[name] = (match[2], match[3])
    known = {}
    for line in open(reasons):
        if line.strip() and not line.startswith("#"):
            name, reason = line.rstrip("\n").split("\t")
            known[name] = reason
    used = set()
    failed = False
    for name, (ours, newest) in sorted(old.items()):
        group = name.split(":")[0]
        key = name if name in known else group
        if key in known:
            used.add(key)
            print(f"{name} {ours} ({newest}): {known[key]}")
        else:
            print(f"NO REASON: {name} {ours}, the newest is {newest}; take it, or say why not in {reasons}")
            failed |= not releases_since
    for name in sorted(set(known) - used):
        print(f"NO LONGER OLD: {name}; take its line out of {reasons}")
        failed = True
    print(f"{len(old)} are older than they could be")
    return failed or not old


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
