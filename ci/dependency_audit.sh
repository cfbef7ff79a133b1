#!/usr/bin/env bash
# What could be newer: asks Maven Central for the newest release of every pinned dependency and plugin. Each that is older must have a
# reason in ci/dependency_audit.tsv; one without a reason, or a reason for something that is no longer old, ends it with 1. Known
# weaknesses are not looked up: that needs a database, such as OWASP's or OSV's.
#
#   ci/dependency_audit.sh            strictly, for a person and each night
#   ci/dependency_audit.sh RESULTS    for every build: a release of others since is told and ends nothing, since the project did not
#                                     change; without Maven Central it is skipped. RESULTS gets "passed", "failed" or "skipped dependency_audit"
set -euo pipefail
RESULTS=${1:-}
CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.."
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

ask() {
  mvn -B -N versions:display-dependency-updates versions:display-plugin-updates -DprocessDependencyManagement=true \
    -DprocessDependencies=false '-Dmaven.version.ignore=(?i).*[.-](alpha|beta|m|rc|cr|preview|dev|jre8|incubating)[.-]?\d*.*,2\d{7}\..*' \
    >"$WORK/versions.log" 2>&1 || {
    tail -n 20 "$WORK/versions.log"
    return 1
  }
  ! grep -m 1 'Could not transfer metadata' "$WORK/versions.log"
}

unanswered() {
  grep -q -E 'Could not transfer|could not be resolved|Unknown host|Cannot access' "$WORK/versions.log"
}

audit() { # [--releases-since]
  python3 ci/dependency_audit.py "$WORK/versions.log" ci/dependency_audit.tsv "$@"
}

if [[ -z $RESULTS ]]; then
  ask && audit
  exit
fi
result=failed
if ask; then
  ! audit --releases-since || result=passed
elif unanswered; then
  echo "The check dependency_audit is skipped: Maven Central does not answer, see above"
  result=skipped
fi
echo "$result dependency_audit" >>"$RESULTS"
[[ $result != failed ]]
