#!/usr/bin/env bash
# Runs a script of this folder with the first Python on the path that is new enough. Works with the bash 3.2 of macOS and
# with that of Git for Windows, where the path of this file has backslashes.
set -euo pipefail

script=$1
shift
for python in python python3 python3.14 python3.13 python3.12 python3.11; do
    if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        PYTHONUTF8=1 exec "$python" "$(dirname "$0")/$script" "$@"
    fi
done
echo "::error title=migration-guard::There is no Python 3.11 or newer on the path. Set the input python-version."
exit 2
