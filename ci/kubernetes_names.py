"""kubernetes_names.py ROOT: what conf/kubernetes names exists: files that docker/Dockerfile puts into the image, flags that the commands
have, volumes and accounts of base.yaml. And that its namespace admits the pods: Kubernetes' pod security standard "restricted". And that pods write to volumes alone, and ask for
their room."""

import sys
from pathlib import Path

import yaml

IMAGE_ROOT = "/opt/spark-lora/"
ADMITTED_VOLUMES = {"persistentVolumeClaim", "emptyDir", "configMap", "secret", "projected"}
# Scratch, and where Spark and its entry point write: the root file system is read-only.
WRITTEN = {"/scratch", "/tmp", "/opt/spark/work-dir"}
MAIN = "org.sparklora.spark.cli.Main"


def flags(root):
    """Commands by flag."""
    found = {}
    table = root / "pipeline/src/main/resources/org/sparklora/pipeline/config/flags.tsv"
    for line in table.read_text().splitlines():
        if line and not line.startswith("#"):
            columns = line.split("\t")
            found[columns[0]] = columns[4].split()
    return found


def documents(root):
    for path in sorted((root / "conf/kubernetes").glob("*.yaml")):
        for document in yaml.safe_load_all(path.read_text()):
            yield path.name, document


def check(root):
    known = flags(root)
    base = {(d["kind"], d["metadata"]["name"]) for name, d in documents(root) if name == "base.yaml"}
    applications = [(name, d["spec"]) for name, d in documents(root) if d["kind"] == "SparkApplication"]
    pods = [(name, d["spec"]) for name, d in documents(root) if d["kind"] == "Pod"]
    settings = [line.split() for line in (root / "conf/kubernetes/spark.conf").read_text().splitlines() if line and line[0] != "#"]

    for name, spec in applications:
        command, *arguments = spec["arguments"]
        for flag in (argument[2:] for argument in arguments if argument.startswith("--")):
            if flag != "config" and command not in known.get(flag, []):
                yield f"{name}: {command} has no flag {flag}"
        for text in [*arguments, *spec["sparkConf"].values()]:
            if text.startswith(IMAGE_ROOT) and not (root / text.removeprefix(IMAGE_ROOT)).is_file():
                yield f"{name}: {text} is not in the image"
        if spec["mainClass"] != MAIN or spec["mainApplicationFile"] != f"local://{IMAGE_ROOT}lib/spark-lora.jar":
            yield f"{name}: other class or jar"
        if not all(isinstance(value, str) for value in spec["sparkConf"].values()):
            yield f"{name}: a setting is no text"
        for pod in (spec["driver"], spec["executor"]):
            if ("ServiceAccount", pod["serviceAccount"]) not in base:
                yield f"{name}: no such account"
            yield from not_admitted(name, pod["podSecurityContext"], [pod])
        yield from mounts(name, spec, (spec["driver"], spec["executor"]), base)
    for name, spec in pods:
        if ("ServiceAccount", spec["serviceAccountName"]) not in base:
            yield f"{name}: no such account"
        yield from not_admitted(name, spec["securityContext"], spec["containers"])
        yield from mounts(name, spec, spec["containers"], base)

    keys = [key for key, *_ in settings]
    for key, *value in settings:
        if keys.count(key) > 1 or len(value) != 1:
            yield f"spark.conf: {key} is there twice or has no one value"
        elif key.endswith("podTemplateFile") and not (root / value[0]).is_file():
            yield f"spark.conf: {value[0]} is not there"
        elif value[0].startswith(IMAGE_ROOT) and not (root / value[0].removeprefix(IMAGE_ROOT)).is_file():
            yield f"spark.conf: {value[0]} is not in the image"
    if len(applications) != 3 or len(pods) != 2:
        yield f"{len(applications)} applications, {len(pods)} pods"
    print(f"  {len(applications)} applications, {len(pods)} pod templates, {len(settings)} settings")


def not_admitted(name, pod_context, containers):
    if pod_context["seccompProfile"]["type"] != "RuntimeDefault":
        yield f"{name}: its system calls are not filtered"
    for container in containers:
        context = container["securityContext"]
        if not context["runAsNonRoot"] or context["allowPrivilegeEscalation"] or context["capabilities"] != {"drop": ["ALL"]}:
            yield f"{name}: a container with privileges"
        if not context["readOnlyRootFilesystem"]:
            yield f"{name}: a container that could write into its image's layer"


def gibibytes(text):
    return int(text.removesuffix("Gi"))


def mounts(name, spec, containers, base):
    there = {volume["name"]: volume for volume in spec["volumes"]}
    for container in containers:
        for mount in container["volumeMounts"]:
            if mount["name"] not in there:
                yield f"{name}: no volume {mount['name']}"
        if not WRITTEN <= {mount["mountPath"] for mount in container["volumeMounts"]}:
            yield f"{name}: what is written needs volumes at {' '.join(sorted(WRITTEN))}"
        [same] = container["template"]["spec"]["containers"] if "template" in container else [container]
        asked = gibibytes(same["resources"]["requests"]["ephemeral-storage"])
        most = sum(gibibytes(volume["emptyDir"]["sizeLimit"]) for volume in there.values() if "emptyDir" in volume)
        if asked != most:
            yield f"{name}: a container asks for {asked} GiB of ephemeral storage, its volumes may grow to {most}"
    for volume in there.values():
        if not set(volume) - {"name"} <= ADMITTED_VOLUMES:
            yield f"{name}: volume {volume['name']} is not admitted"
        claim = volume.get("persistentVolumeClaim", {}).get("claimName")
        if claim and ("PersistentVolumeClaim", claim) not in base:
            yield f"{name}: no claim {claim}"


if __name__ == "__main__":
    faults = list(check(Path(sys.argv[1])))
    for fault in faults:
        print(f"  {fault}")
    sys.exit(bool(faults))
