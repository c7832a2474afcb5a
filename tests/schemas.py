"""Checks files against the published schemas that come with check-jsonschema."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def check_schema(kind: str, file: Path) -> None:
    """Whether a YAML or JSON file fits: github-actions, github-workflows or gitlab-ci."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{kind}", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
