#!/usr/bin/env bash
# Runs a step of this folder with the first Python on the path that is new enough, and never a module of the workspace.
# A step reads this file into its own shell: bash 3.2 on macOS, and on Windows that of Git, where the path of this file
# has backslashes and another bash may come first on the path.
set -euo pipefail

for python in python python3 python3.14 python3.13 python3.12 python3.11; do
    if "$python" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        PYTHONUTF8=1 exec "$python" -I -X utf8 "${BASH_SOURCE[0]%/*}" ${1+"$@"}
    fi
done
echo "::error title=migration-guard::There is no Python 3.11 or newer on the path. Set the input python-version."
exit 2
