"""kubernetes_schemas.py SWAGGER_JSON CRD_YAML FOLDER: JSON schemas for kubeconform, of Kubernetes' API and a custom resource.

One file a kind, FOLDER/KIND-GROUP-VERSION.json, complete in itself. No object may have fields that its type does not know, as the
API server's strict validation has it.
"""

import json
import sys
from pathlib import Path

import yaml

KINDS = (
    "io.k8s.api.core.v1.Namespace", "io.k8s.api.core.v1.ServiceAccount", "io.k8s.api.core.v1.PersistentVolumeClaim",
    "io.k8s.api.core.v1.Pod", "io.k8s.api.core.v1.Service", "io.k8s.api.core.v1.ConfigMap", "io.k8s.api.rbac.v1.Role",
    "io.k8s.api.rbac.v1.RoleBinding",
)
REFERENCE = "#/definitions/"


def closed(schema):
    """The same, with objects that have the named fields alone; in place."""
    if isinstance(schema, dict):
        for value in schema.values():
            closed(value)
        if isinstance(schema.get("properties"), dict) and not schema.get("x-kubernetes-preserve-unknown-fields"):
            schema.setdefault("additionalProperties", False)
        if schema.pop("x-kubernetes-int-or-string", False):
            schema.pop("type", None)
    elif isinstance(schema, list):
        for value in schema:
            closed(value)
    return schema


def reached(name, definitions, found):
    """The definitions that one refers to, itself included."""
    if name not in found:
        found[name] = definitions[name]
        for other in set(references(definitions[name])):
            reached(other, definitions, found)
    return found


def references(schema):
    if isinstance(schema, dict):
        reference = schema.get("$ref")
        if isinstance(reference, str):
            yield reference.removeprefix(REFERENCE)
        for value in schema.values():
            yield from references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from references(value)


def write(folder, kind, group, version, schema):
    name = "-".join(part for part in (kind, group, version) if part).lower()
    (folder / f"{name}.json").write_text(json.dumps(schema))


def main(swagger, crd, folder):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    definitions = closed(json.loads(Path(swagger).read_text())["definitions"])
    # The file format says string; its meaning is either.
    definitions["io.k8s.apimachinery.pkg.util.intstr.IntOrString"] = {"type": ["string", "integer"]}
    definitions["io.k8s.apimachinery.pkg.api.resource.Quantity"] = {"type": ["string", "number"]}
    for name in KINDS:
        identity = definitions[name]["x-kubernetes-group-version-kind"][0]
        schema = {**definitions[name], "definitions": reached(name, definitions, {})}
        write(folder, identity["kind"], identity["group"].split(".")[0], identity["version"], schema)
    resource = yaml.safe_load(Path(crd).read_text())["spec"]
    for version in resource["versions"]:
        schema = closed(version["schema"]["openAPIV3Schema"])
        # The API server knows these; the definition leaves them open.
        schema["properties"]["metadata"] = {**definitions["io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"]}
        schema["definitions"] = reached("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta", definitions, {})
        write(folder, resource["names"]["kind"], resource["group"].split(".")[0], version["name"], schema)


if __name__ == "__main__":
    main(*sys.argv[1:])
