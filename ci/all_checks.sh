#!/usr/bin/env bash
# Runs the checks of .ci/run that are not Maven's, one after another, on this checkout, which must be built (mvn -DskipTests package).
#
#   ci/all_checks.sh FOLDER [NAME…]   all checks unless named, such as "yarn_check s3_check"
#
# FOLDER receives for each check NAME.log, NAME.results (lines "passed NAME", "failed NAME", "skipped NAME") and NAME.seconds
# (seconds, CPU seconds of user and system). A second process with the same FOLDER, and without names, takes the checks that the first has not
# begun. A check whose tools cannot be installed is skipped, and the log says why. The exit status is 1 where a check failed.
set -euo pipefail
CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.."
(($# > 0)) || { echo "usage: ci/all_checks.sh FOLDER [NAME…]" >&2 && exit 2; }
FOLDER=$1
shift
# Scripts that write a line for each of their own checks into the file they are given, then scripts that are one check; the longest first.
LISTED=(yarn_check standalone_check s3_check standalone_gpu_check dependency_audit kubernetes_check)
LISTED_NIGHTLY=(release_check image_check slow_network_check vllm_check) # only by name, as .ci/run --nightly does
SINGLE=(python_check notebooks_check airflow_check docs_check mlflow_check peft_check averaging_check curate_check hub_check report_check tracking_check)
status=0
# The runs of checks end before most code has earned its second compilation (pom.xml, tests.compiler); this is of drivers.
LATE_SECOND_COMPILER=$(sed -n 's|.*<tests.second-compiler>\(.*\)</.*|\1|p' pom.xml)
export SPARK_LORA_JAVA_OPTS=$LATE_SECOND_COMPILER SPARK_SUBMIT_OPTS="$LATE_SECOND_COMPILER -XX:+UseSerialGC"

tools_of() { # NAME
  case $1 in
    standalone_check | standalone_gpu_check | yarn_check | slow_network_check | scale_check) ci/spark_home.sh ;;
    s3_check) ci/spark_home.sh && ci/venv.sh s3 ;;
    kubernetes_check) ci/spark_home.sh && ci/venv.sh hub ;;
    fault_matrix | soak) ci/spark_home.sh && ci/venv.sh notebooks ;;
    averaging_check) ci/venv.sh peft ;;
    lm_eval_check) ci/venv.sh lm_eval && ci/venv.sh smollm2 ;;
    report_check) ci/venv.sh report && ci/chromium.sh ;;
    *_check) [[ ! -f ci/${1%_check}-requirements.txt ]] || ci/venv.sh "${1%_check}" ;;
  esac
}

run() { # NAME RESULTS
  if ! tools_of "$1" >/dev/null; then
    echo "The check $1 is skipped: its tools cannot be installed, see above"
    echo "skipped $1" >"$2"
  elif [[ " ${LISTED[*]} ${LISTED_NIGHTLY[*]} " == *" $1 "* ]]; then
    "ci/$1.sh" "$2" || grep -q '^failed' "$2" || echo "failed $1" >>"$2" # where it broke off between two of its checks
  elif "ci/$1.sh"; then
    echo "passed $1" >"$2"
  else
    echo "failed $1" >"$2"
  fi
}

named=$#
(($# > 0)) || set -- "${LISTED[@]}" "${SINGLE[@]}"
mkdir -p "$FOLDER"
TIMEFORMAT='%0R %0U %0S'
for name; do
  [[ -x ci/$name.sh ]] || { echo "$name: there is no ci/$name.sh; the checks are ${LISTED[*]} ${SINGLE[*]}" >&2 && exit 2; }
  ((named == 0)) || rm -rf "$FOLDER/$name.begun" # a named check runs again, such as after a failure
  mkdir "$FOLDER/$name.begun" 2>/dev/null || continue # another process runs it, or did
  : >"$FOLDER/$name.results"
  { time run "$name" "$FOLDER/$name.results" >"$FOLDER/$name.log" 2>&1; } 2>"$FOLDER/$name.seconds"
  ! grep -q '^failed' "$FOLDER/$name.results" || status=1
  printf '\n%s: %s s\n%s\n' "$name" "$(cut -d ' ' -f 1 "$FOLDER/$name.seconds")" "$(cat "$FOLDER/$name.log" "$FOLDER/$name.results")"
done
exit "$status"
