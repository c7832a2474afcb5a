"""
Runs the step that is named: `python -I action prepare`.

Isolated, Python takes modules from itself and from this folder, and reads no PYTHONPATH: the workspace holds files of
whoever opens a pull request. https://docs.python.org/3/using/cmdline.html#cmdoption-I
"""

from __future__ import annotations

import sys
from importlib import import_module

from workflow import run

run(import_module(sys.argv.pop(1)).main)
