# For the scripts beside it: `check NAME MORE…` calls the function of this name, says how it went, appends that to the
# file $RESULTS, and leaves in FAILED what to exit with.
FAILED=0
check() {
  local status=0 started=$SECONDS
  echo "$*"
  set +e # in a condition bash would not stop a check at its first error
  (
    trap - EXIT
    set -e
    "$@"
  )
  status=$?
  set -e
  if ((status == 0)); then
    echo "  passed in $((SECONDS - started)) s"
    echo "passed $*" >>"$RESULTS"
  else
    echo "  FAILED after $((SECONDS - started)) s"
    echo "failed $*" >>"$RESULTS"
    FAILED=1
  fi
}
