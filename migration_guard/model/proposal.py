"""A file that is proposed to be written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ProposedFile:
    """A file as it would be: its whole text, and which part of that is new."""

    path: Path
    text: str
    added: str
    exists: bool
