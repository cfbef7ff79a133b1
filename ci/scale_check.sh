#!/usr/bin/env bash
# Curates and prepares a dataset of any size in 4 GiB, prints seconds, CPU seconds and peak memory, and compares the files with those of a
# run on two executors, of which it kills one among the sketches and one among the files. Not a part of .ci/run, but of .ci/run --nightly.
#
#   ci/scale_check.sh [MEGABYTES] [MODEL]   1000, which take ten minutes on two cores, and the quickstart's model unless told
#
# Needs about five times MEGABYTES of disk under TMPDIR. docs/data.md has the figures of 10 GB.
set -euo pipefail
# shellcheck source=ci/spark_cluster.sh
. "$(dirname "${BASH_SOURCE[0]}")/spark_cluster.sh"
MEGABYTES=${1:-1000}
MODEL=${2:-$ROOT/conf/quickstart/base}
MEMORY_MIB=4096
# A row of 50 MB is longer than a line, and than a text, may be: it is counted and left out.
CURATE=(--dataset_name "$WORK/rows.jsonl" --exact_duplicates --near_duplicates 0.8 --decontaminate "$WORK/questions.jsonl" --on_bad_rows skip)

measured() { # NAME COMMAND MORE…
  python3 - "$WORK/$1.log" "$MEMORY_MIB" "$ROOT/bin/spark-lora" "${@:2}" <<'PYTHON'
import resource, subprocess, sys, time

log, memory_mib, command = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
started = time.time()
with open(log, "w") as out:
    code = subprocess.run(command, stdout=out, stderr=out).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
if code:
    sys.exit("".join(open(log).readlines()[-40:]))
peak_mib = used.ru_maxrss >> 10
print(f"{command[1]}: {time.time() - started:.0f} s, {used.ru_utime + used.ru_stime:.0f} CPU s, peak memory {peak_mib} MiB", flush=True)
if peak_mib > memory_mib:
    sys.exit(f"more than {memory_mib} MiB")
PYTHON
}

has_begun_to() { # PATTERN: of a line of progress in the run's log
  grep -q -E "$1" "$WORK/killed.log" 2>/dev/null
}

digests() { # FOLDER: of its Parquet files
  (cd "$1" && find . -name '*.parquet' -exec sha256sum {} + | sort -k 2)
}

python3 "$ROOT/ci/scale_data.py" "$WORK/rows.jsonl" "$WORK/questions.jsonl" "$MEGABYTES" 1
export SPARK_LORA_HEAP=2g
measured curate curate "${CURATE[@]}" --output_dir "$WORK/curated" --master 'local[2]'
measured prep prep --model_name_or_path "$MODEL" --dataset_name "$WORK/curated" --output_dir "$WORK/prepared" --max_length 1024 --packing \
  --on_bad_rows skip --master 'local[2]'

EXECUTOR_OPTIONS="$EXECUTOR_OPTIONS -Dcheck.run=$WORK/killed"
(
  kill_an_executor killed has_begun_to '^sketch '
  kill_an_executor killed has_begun_to '^write '
) &
killer=$!
on_local_cluster 2 1 1024 killed curate "${CURATE[@]}" --output_dir "$WORK/killed"
wait "$killer"
lost=$(grep -o 'Lost executor [0-9]*' "$WORK/killed.log" | sort -u | wc -l) || true # none is a message below
((lost >= 2)) || { echo "$lost executors were lost, not two" >&2 && exit 1; }
diff <(digests "$WORK/curated") <(digests "$WORK/killed") >"$WORK/differences" || { head -n 4 "$WORK/differences" && exit 1; }
files=$(digests "$WORK/curated" | wc -l)
((files > 0)) || { echo "$WORK/curated holds no Parquet file" >&2 && exit 1; }
echo "the same bytes in $files files"
