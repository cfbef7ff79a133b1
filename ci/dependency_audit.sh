#!/usr/bin/env bash
# What could be newer: asks Maven Central for the newest release of every pinned dependency and plugin. Each that is older must have a
# reason in ci/dependency_audit.tsv; one without a reason, or a reason for something that is no longer old, ends it with 1. Nightly, since
# its answer changes without the project. Known weaknesses are not looked up: that needs a database, such as OWASP's or OSV's.
#
#   ci/dependency_audit.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
mvn -B -N versions:display-dependency-updates versions:display-plugin-updates -DprocessDependencyManagement=true \
  -DprocessDependencies=false '-Dmaven.version.ignore=(?i).*[.-](alpha|beta|m|rc|cr|preview|dev|jre8|incubating)[.-]?\d*.*,2\d{7}\..*' \
  >"$WORK/versions.log" 2>&1 || {
  tail -n 20 "$WORK/versions.log"
  exit 1
}
python3 ci/dependency_audit.py "$WORK/versions.log" ci/dependency_audit.tsv
