#!/usr/bin/env bash
# Make one environment for each peer: bash benchmarks/peers/setup.sh FOLDER [PEER...] (Python 3.11).
set -euo pipefail
folder="${1:?a folder for the environments, e.g. ../peers-env}"
here="$(cd "$(dirname "$0")" && pwd)"
[ $# -gt 1 ] && peers=("${@:2}") || peers=(dpmm mbi)
for peer in "${peers[@]}"; do
  python3 -m venv "$folder/$peer"
  "$folder/$peer/bin/pip" install --quiet -r "$here/requirements/$peer.txt"
done
