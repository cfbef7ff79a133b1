#!/usr/bin/env bash
# Prints where a Chromium is. Where there is none, apt-get installs it, if this user may.
set -euo pipefail
find_browser() {
  local name
  for name in chromium chromium-browser google-chrome; do
    command -v $name && return 0
  done
  return 1
}
find_browser && exit 0
if command -v apt-get >/dev/null && ((EUID == 0)); then
  echo "installing chromium ..." >&2
  apt-get install -y -q chromium >&2 || true
fi
find_browser || { echo "There is no chromium on PATH; install it, such as by apt-get install chromium" >&2 && exit 1; }
