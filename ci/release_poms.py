"""release_poms.py EFFECTIVE_POMS: each module of the build has what Maven Central asks for.

https://central.sonatype.org/publish/requirements/
"""

import re
import sys
from xml.etree import ElementTree

NAMESPACE = "{http://maven.apache.org/POM/4.0.0}"
WANTED = (
    "name", "description", "url", "licenses/license/name", "licenses/license/url", "developers/developer/name",
    "developers/developer/organization", "scm/connection", "scm/developerConnection", "scm/url", "issueManagement/url",
)


def main(path):
    root = ElementTree.parse(path).getroot()
    projects = [root] if root.tag == f"{NAMESPACE}project" else root.findall(f"{NAMESPACE}project")
    urls = set()
    failed = False
    for project in projects:
        artifact = project.findtext(f"{NAMESPACE}artifactId")
        for name in WANTED:
            text = project.findtext("/".join(NAMESPACE + part for part in name.split("/")))
            if not text or "${" in text:
                print(f"  {artifact} has no {name}: {text}")
                failed = True
        urls.add(project.findtext(f"{NAMESPACE}url"))
        for dependency in project.iterfind(f"{NAMESPACE}dependencies/{NAMESPACE}dependency"):
            version = dependency.findtext(f"{NAMESPACE}version") or ""
            if re.search(r"SNAPSHOT|[\[(]", version):
                print(f"  {artifact} depends on {dependency.findtext(NAMESPACE + 'artifactId')} {version}")
                failed = True
    if len(urls) != 1:
        print(f"  modules have urls of their own: {sorted(map(str, urls))}")
        failed = True
    print(f"  {len(projects)} modules have {', '.join(WANTED)}")
    return failed or len(projects) < 10


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
