#!/usr/bin/env bash
# The documents: their site builds and every link leads somewhere (docs/site.sh), the page of all flags is what the
# declaration gives, and every shell block marked with <!-- run --> does what its page promises. A few minutes.
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

"$ROOT/docs/site.sh"
"$ROOT/ci/python_configs.sh" --check
unset SPARK_HOME # as on a fresh machine
cd "$ROOT"
# shellcheck disable=SC2046 # no page's name has blanks
python3 ci/docs_commands.py "$ROOT" "$WORK" $(grep -rl --include='*.md' '^<!-- run -->$' README.md docs | sort)
