"""release_licences.py JAR: each jar in the application's jar, and what is inside those, is in its lists of licences.

The licences of jars are checked when the application's is built, by license-maven-plugin's list in spark-job/pom.xml; those of what
is inside them here.
"""

import re
import sys
import zipfile

ALLOWED = {
    "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "LGPL-2.1-or-later", "MIT", "GPL-3.0-or-later WITH GCC-exception-3.1",
}
JAR_LIST, INSIDE_LIST = "META-INF/THIRD-PARTY.txt", "META-INF/THIRD-PARTY-INSIDE.txt"
NATIVE = re.compile(r"([^/]+?)\.(?:so|dylib|dll|jnilib)[^/]*$")
ROW = re.compile(r"^(\S+) +(.+?)  +\S")
MAVEN = re.compile(r"^META-INF/maven/([^/]+)/([^/]+)/pom\.properties$")
OWN = "org.sparklora"


def main(path):
    with zipfile.ZipFile(path) as jar:
        names = jar.namelist()
        jars = jar.read(JAR_LIST).decode()
        rows = [ROW.match(line) for line in jar.read(INSIDE_LIST).decode().split("\n\n", 1)[1].splitlines()]
    licences = {row[1]: row[2] for row in rows}
    faults = [f"{INSIDE_LIST}: {name} has licence {licence}" for name, licence in licences.items() if licence not in ALLOWED]

    libraries = [(name, match[1]) for name in names if (match := NATIVE.search(name))]
    faults += [f"{name} is not in {INSIDE_LIST}" for name, library in libraries if library not in licences]

    modules = [":".join(match.groups()) for name in names if (match := MAVEN.match(name)) and match[1] != OWN]
    inside = [module for module in modules if f"({module}:" not in jars]
    faults += [f"{module} is neither in {JAR_LIST} nor in {INSIDE_LIST}" for module in inside if module not in licences]
    faults += [f"META-INF/{name} is missing" for name in ("LICENSE", "NOTICE") if f"META-INF/{name}" not in names]

    print(f"  {jars.count(chr(10) + '     (')} jars; in them {len(libraries)} native libraries and {len(inside)} of Java")
    for fault in faults:
        print(f"  {fault}")
    return bool(faults) or not libraries


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
