#!/usr/bin/env bash
# Builds the documents as a site with MkDocs Material, and fails where a link leads nowhere: to a page, a heading or a file
# of the repository. Needs Python 3 with its venv module and a package index, and Maven, once. Diagrams are Mermaid's text, which a
# browser draws; with a script of the site's own, so that it asks nobody else for anything.
#
#   docs/site.sh          target/site/index.html
#   docs/site.sh serve    the same, shown on http://127.0.0.1:8000
set -euo pipefail
export NO_MKDOCS_2_WARNING=1 # nothing a reader of the log can do
CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.."
PYTHON=$(ci/venv.sh docs)
PAGES=target/pages

# All documents and what they may link to, in the repository's layout; weights and other large files stay where they are.
rm -rf "$PAGES"
mkdir -p "$PAGES"
find ./*.md ./*.yml pom.xml LICENSE NOTICE bin ci conf docs notebooks python $(ls -d docker examples .github 2>/dev/null) \
  -name __pycache__ -prune -o -type f -size -1024k -print0 | tar --null -T - -cf - | tar -xf - -C "$PAGES"

MERMAID=11.14.0 # the newest WebJar of the line that Material draws with
DRAWING=${SPARK_LORA_CI_CACHE:-${HOME:-/tmp}/.cache/spark-lora-ci}/mermaid-$MERMAID.min.js
if [[ ! -f $DRAWING ]]; then
  jar=$(mktemp -d)
  trap 'rm -rf "$jar"' EXIT
  mvn -B -q -N dependency:copy "-Dartifact=org.webjars.npm:mermaid:$MERMAID" "-DoutputDirectory=$jar"
  unzip -p "$jar"/*.jar '*/dist/mermaid.min.js' >"$DRAWING.$$"
  mv "$DRAWING.$$" "$DRAWING"
fi
cp "$DRAWING" "$PAGES/docs/mermaid.min.js"

command=(build --strict)
[[ ${1:-} != serve ]] || command=(serve --strict)
"$PYTHON" -m mkdocs "${command[@]}"
[[ ${1:-} == serve ]] || echo "target/site/index.html has $(find target/site -name '*.html' | wc -l) pages"
