# To be sourced by checks that need a hub: starts the loopback hub of pipeline's tests in a process of its own.
# Wants ROOT and WORK; sets LOOPBACK_ENDPOINT and LOOPBACK_CLASS_PATH.

start_loopback_hub() { # FLAGS of LoopbackHub
  "$ROOT/bin/spark-lora" --help >/dev/null # builds when something has changed, test classes included
  LOOPBACK_CLASS_PATH=$ROOT/hub/target/test-classes:$ROOT/spark-job/target/spark-lora.jar:$ROOT/spark-job/target/spark/*
  java -cp "$LOOPBACK_CLASS_PATH" org.sparklora.hub.loopback.LoopbackHub --port_file "$WORK/hub.port" "$@" \
    >"$WORK/hub.log" 2>&1 &
  LOOPBACK_PROCESS=$!
  until [[ -f $WORK/hub.port ]]; do
    kill -0 "$LOOPBACK_PROCESS" || { cat "$WORK/hub.log"; return 1; }
    sleep 0.1
  done
  LOOPBACK_ENDPOINT=$(<"$WORK/hub.port")
}

stop_loopback_hub() {
  [[ -z ${LOOPBACK_PROCESS:-} ]] || kill "$LOOPBACK_PROCESS" 2>/dev/null || true
}
