#!/usr/bin/env bash
# Make one environment for each peer: bash benchmarks/peers/setup.sh FOLDER (Python 3.11).
set -euo pipefail
folder="${1:?a folder for the environments, e.g. ../peers-env}"
here="$(cd "$(dirname "$0")" && pwd)"
for peer in dpmm mbi; do
  python3 -m venv "$folder/$peer"
  "$folder/$peer/bin/pip" install --quiet -r "$here/requirements/$peer.txt"
done
