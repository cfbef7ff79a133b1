#!/usr/bin/env bash
# What a release publishes: `mvn -Prelease deploy` of a copy of the sources into a folder, looked at as Maven Central would; the
# same bytes from another folder; a Maven project elsewhere that uses what was published; the licences of what is in the
# application's jar; the installation, as another user; the wheel; the wrapper; GitHub's workflows. A part of .ci/run --nightly.
#
#   ci/release_check.sh [RESULTS]   RESULTS gets a line "passed NAME" or "failed NAME" for each check
#
# Wants a built project. Maven's downloads are those of the user's repository, else the network's; nothing is put into it.
set -euo pipefail
RESULTS=${1:-/dev/null}
ROOT=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
WORK=$(mktemp -d)
trap 'chmod -R u+w "$WORK" && rm -rf "$WORK"' EXIT
ACTIONLINT=github.com/rhysd/actionlint/cmd/actionlint@v1.7.7
CACHE=${SPARK_LORA_CI_CACHE:-${HOME:-/tmp}/.cache/spark-lora-ci}/actionlint-${ACTIONLINT##*@}
LIBRARIES=text,hub,model,engine-nd4j,engine-torch,pipeline,data-prep,reward,train,observe,sweep
VERSION=$(sed -n 's|^  <version>\(.*\)</version>|\1|p' "$ROOT/pom.xml" | head -n 1)
mvn -B -q -f "$ROOT/pom.xml" -N help:evaluate -Dexpression=settings.localRepository "-Doutput=$WORK/local.txt"
LOCAL=$(<"$WORK/local.txt")

# Tracked files and new ones, as a commit would have them.
copy_sources() { # FOLDER
  mkdir -p "$1"
  (cd "$ROOT" && git ls-files -z --cached --others --exclude-standard | tar --null --files-from - --ignore-failed-read -cf - 2>/dev/null) | tar -xf - -C "$1"
}

deploy() { # SOURCES REPOSITORY ARGUMENTS…
  local sources=$1 repository=$2
  shift 2
  # Formats were looked at by `mvn verify`.
  (cd "$sources" && mvn -B -q -Prelease -DskipTests -Dspotless.check.skip -Dmaven.install.skip \
    "-DaltDeploymentRepository=here::file:$repository" "$@" deploy) >"$repository.log" 2>&1 || {
    tail -n 40 "$repository.log"
    return 1
  }
}

# ---------------------------------------------------------------------------------------------------------------------
# Checks

each_library_is_published_whole() {
  local module name pom
  deploy "$WORK/sources" "$WORK/repository"
  for module in ${LIBRARIES//,/ } parent spark-job; do
    name=$WORK/repository/org/sparklora/spark-lora-$module/$VERSION/spark-lora-$module-$VERSION
    [[ $module == parent ]] || ls "$name.jar" "$name-sources.jar" "$name-javadoc.jar" "$name.jar.sha1" >/dev/null
    ls "$name-cyclonedx.json" "$name-cyclonedx.xml" >/dev/null
  done
  # As Maven reads them, with what they inherit.
  mvn -B -q -f "$WORK/sources/pom.xml" help:effective-pom "-Doutput=$WORK/effective.xml"
  python3 "$ROOT/ci/release_poms.py" "$WORK/effective.xml"
  (cd "$WORK/sources/reward/target" && for jar in *.jar; do echo "$(<"$jar.sha256")  $jar"; done | sha256sum --check --quiet)
  find "$WORK/repository" -name '*.jar' ! -name '*-javadoc.jar' -print | while IFS= read -r jar; do
    # of several names unzip is content with one
    { unzip -l "$jar" META-INF/LICENSE && unzip -l "$jar" META-INF/NOTICE; } >/dev/null || [[ $jar == *-tests.jar || $jar == *-sources.jar ]]
  done
}

the_bytes_are_the_same_from_another_folder() {
  local file count=0
  copy_sources "$WORK/other place/sources"
  deploy "$WORK/other place/sources" "$WORK/other-repository" -pl text,hub,pipeline,reward
  while IFS= read -r file; do
    cmp "$WORK/repository/$file" "$WORK/other-repository/$file"
    count=$((count + 1))
  done < <(cd "$WORK/other-repository" && find . -name "*-$VERSION*" -type f)
  # and the application's jar, from the folder of `mvn verify`
  cmp "$ROOT/spark-job/target/spark-lora.jar" "$WORK/sources/spark-job/target/spark-lora.jar" || {
    echo "  Where target/ is of older sources it may hold files that are no longer among them: mvn clean, and build again"
    return 1
  }
  echo "  $count files and spark-lora.jar"
  ((count >= 40))
}

another_project_uses_hub_text_and_reward() {
  cp -r "$WORK/sources/examples/library" "$WORK/example" # beside no checkout
  cat >"$WORK/settings.xml" <<XML
<settings>
  <profiles><profile>
    <id>published</id>
    <repositories>
      <repository><id>published</id><url>file:$WORK/repository</url></repository>
      <repository><id>downloaded</id><url>file:$LOCAL</url></repository>
    </repositories>
    <pluginRepositories>
      <pluginRepository><id>downloaded</id><url>file:$LOCAL</url></pluginRepository>
    </pluginRepositories>
  </profile></profiles>
  <activeProfiles><activeProfile>published</activeProfile></activeProfiles>
</settings>
XML
  mvn -B -q -s "$WORK/settings.xml" -f "$WORK/example/pom.xml" "-Dmaven.repo.local=$WORK/local" package >"$WORK/example.log" 2>&1 || {
    tail -n 40 "$WORK/example.log"
    return 1
  }
  sed -n 's/.*testsuite .* name="\([^"]*\)".* tests="\([0-9]*\)".*failures="\([0-9]*\)".*/  \1: \2 tests, \3 failures/p' \
    "$WORK"/example/target/surefire-reports/TEST-*.xml
  ls "$WORK/example/target/lib" | sed 's/^/  /'
}

everything_in_the_application_jar_has_a_licence() {
  python3 "$ROOT/ci/release_licences.py" "$ROOT/spark-job/target/spark-lora.jar"
}

# Through a link, from a folder with a blank that cannot be written to, by a user without a name (where this is root) or home, in a
# locale with digits of its own: three steps of training.
an_installation_runs_for_every_user() {
  local installed="$WORK/some place/spark-lora" base as=()
  mkdir -p "$installed" "$WORK/user/tmp"
  tar -C "$installed" --strip-components 1 -xzf "$ROOT/$("$ROOT/ci/dist.sh")"
  ln -s "$installed/bin/spark-lora" "$WORK/spark-lora"
  chmod -R a-w "$installed"
  chmod a+rx "$WORK"
  chmod 1777 "$WORK/user" "$WORK/user/tmp"
  ((EUID != 0)) || as=(setpriv --reuid=54321 --regid=54321 --clear-groups)
  base=$installed/conf/quickstart
  (cd "$WORK/user" && env -u HOME -u SPARK_HOME -u SPARK_LORA_JAR CDPATH=/ \
    "SPARK_LORA_JAVA_OPTS=-Duser.language=ar -Duser.country=EG -Djava.io.tmpdir=$WORK/user/tmp" ${as[@]+"${as[@]}"} \
    "$WORK/spark-lora" sft --config "$base/sft.yaml" --model_name_or_path "$base/base" \
    --dataset_name "$base/gsm8k_heldout.jsonl.gz" --max_steps 3 --output_dir adapter) >"$WORK/user.log" 2>&1 || {
    tail -n 20 "$WORK/user.log"
    return 1
  }
  grep '^adapter: 3 steps, 11,871 tokens' "$WORK/user.log"
  ls "$WORK/user/adapter/adapter_model.safetensors"
}

the_wheel_is_the_package_of_the_version() {
  # beside no checkout, so that it names none
  mkdir "$WORK/wheel"
  cp -r "$WORK/sources/python" "$WORK/wheel/"
  (cd "$WORK/wheel/python" && SOURCE_DATE_EPOCH=1764000000 python3 -m pip wheel -q --disable-pip-version-check --no-deps --wheel-dir "$WORK" .)
  local wheel=$WORK/spark_lora-$VERSION-py3-none-any.whl
  unzip -p "$wheel" spark_lora/__init__.py | grep "^__version__ = \"$VERSION\"$" | sed 's/^/  /'
  unzip -p "$wheel" "spark_lora-$VERSION.dist-info/METADATA" | grep -E '^(Name|Version|License|Requires-Python|Project-URL):' | sed 's/^/  /'
}

the_wrapper_starts_the_pinned_maven() {
  local pinned
  pinned=$(sed -n 's|^distributionUrl=.*/apache-maven-\(.*\)-bin.zip|\1|p' "$ROOT/.mvn/wrapper/maven-wrapper.properties")
  (cd "$WORK/sources" && ./mvnw -v) | grep "Apache Maven $pinned"
}

the_workflows_are_valid() {
  "$CACHE/actionlint" "$ROOT"/.github/workflows/*.yml
  # that it would have said so
  sed 's/runs-on:/runs_on:/' "$ROOT/.github/workflows/build.yml" >"$WORK/build.yml"
  ! "$CACHE/actionlint" "$WORK/build.yml" >/dev/null
}

copy_sources "$WORK/sources"
# shellcheck source=ci/checks.sh
. "$ROOT/ci/checks.sh"
check each_library_is_published_whole
check the_bytes_are_the_same_from_another_folder
check another_project_uses_hub_text_and_reward
check everything_in_the_application_jar_has_a_licence
check an_installation_runs_for_every_user
check the_wheel_is_the_package_of_the_version
check the_wrapper_starts_the_pinned_maven
# It comes once from the Go module proxy, with its checksums.
if [[ -x $CACHE/actionlint ]] || { command -v go >/dev/null && (cd "$WORK" && GOBIN=$CACHE go install $ACTIONLINT) >"$WORK/go.log" 2>&1; }; then
  check the_workflows_are_valid
else
  echo "The check the_workflows_are_valid is skipped: $(tail -n 1 "$WORK/go.log" 2>/dev/null || echo "there is no go, which fetches actionlint")"
  echo "skipped the_workflows_are_valid" >>"$RESULTS"
fi
exit $FAILED
