#!/usr/bin/env bash
# ci/release_files.sh FOLDER: what is downloaded of a release, with checksums: the installation, the application's jar, each library's jars and bills of
# materials, the wheel. Of a clean checkout, with the wrapper's Maven. The release workflow attaches them; docs/releasing.md.
set -euo pipefail
FOLDER=$(mkdir -p "$1" && CDPATH='' cd "$1" && pwd -P)
CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.."
VERSION=$(sed -n 's|^  <version>\(.*\)</version>|\1|p' pom.xml | head -n 1)
./mvnw -B -q -Prelease -DskipTests clean verify
mkdir -p "$FOLDER" # clean has deleted target with all that was in it
cp spark-job/target/spark-lora.jar "$FOLDER/spark-lora-$VERSION.jar"
cp "$(ci/dist.sh)" "$FOLDER"
cp target/bom.json "$FOLDER/spark-lora-$VERSION-cyclonedx.json"
for module in text hub model engine-nd4j engine-torch pipeline data-prep reward train observe sweep spark-job; do
  cp "$module"/target/spark-lora-"$module-$VERSION"{,-sources,-javadoc}.jar "$FOLDER"
  cp "$module/target/bom.json" "$FOLDER/spark-lora-$module-$VERSION-cyclonedx.json"
done
# The wheel notes which checkout it was built from, whose jar it then finds; one for others must not.
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
cp -r python "$build/"
(cd "$build/python" && SOURCE_DATE_EPOCH=$(git -C "$OLDPWD" log -1 --format=%ct) \
  python3 -m pip wheel -q --disable-pip-version-check --no-deps --wheel-dir "$FOLDER" .)
(cd "$FOLDER" && find . -type f ! -name SHA256SUMS -printf '%P\n' | sort | xargs sha256sum >SHA256SUMS)
ls -l "$FOLDER"
