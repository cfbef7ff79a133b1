#!/usr/bin/env bash
# Tells Spark which GPUs this machine has, as one JSON object: {"name": "gpu", "addresses": ["0", "1"]}.
# Spark runs it on each worker (spark.executor.resource.gpu.discoveryScript) and hands the addresses out to tasks.
set -euo pipefail

command -v nvidia-smi >/dev/null || {
  echo "gpu-discovery: there is no nvidia-smi on PATH; install NVIDIA's driver, or leave spark.*.resource.gpu out" >&2
  exit 1
}

# Where nvidia-smi fails, its standard output has the reason.
indices=$(nvidia-smi --query-gpu=index --format=csv,noheader) || {
  echo "gpu-discovery: nvidia-smi fails on $HOSTNAME: $indices; mend NVIDIA's driver, or leave spark.*.resource.gpu out" >&2
  exit 1
}
addresses=$(sed -e 's/[^0-9]//g' -e '/^$/d' -e 's/.*/"&"/' <<<"$indices" | paste -s -d , -)
printf '{"name": "gpu", "addresses": [%s]}\n' "$addresses"
