"""Puts the parts together: one report, one text for a comment, the SARIF files to upload, one exit code."""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path

from markdown import COMMENT, shortened
from workflow import DONE, FAILED, earlier, folder, given, may_only_read, output, tell, wanted, words


def main() -> int:
    """Write the files and hand on where they are."""
    parts = ["lint"] * (earlier("lint") == "true") + ["roundtrip"] * wanted("roundtrip")
    # A part that should have run and did not say how it ended has failed.
    codes = [int(earlier(f"{part}-code") or FAILED) for part in parts]
    output("exit-code", max(codes))
    output("findings", sum(counted(folder() / f"{part}.json") for part in parts))
    whole = "\n".join((folder() / f"{part}.md").read_text(encoding="utf-8") for part in parts)
    report, comment = folder() / "report.md", folder() / "comment.md"
    report.write_text(whole, encoding="utf-8")
    output("report", report)
    text = f"{marker()}\n{heading()}{whole}"
    comment.write_text(shortened(text, COMMENT, "The rest is in the summary of the job."), encoding="utf-8")
    output("comment-file", comment)
    output("name", name())
    upload(parts)
    return DONE


def counted(found: Path) -> int:
    """How many findings a report in JSON has."""
    return len(json.loads(found.read_text(encoding="utf-8"))["findings"]) if found.is_file() else 0


def upload(parts: list[str]) -> None:
    """Name the SARIF files that are to be uploaded."""
    if given("sarif") in ("", "false"):
        return
    if may_only_read():
        tell("notice", "No SARIF is uploaded: GitHub gives pull requests of forks and of Dependabot no right to write.")
        return
    for part in parts:
        file = Path(earlier("sarif")) / f"{part}.sarif"
        if file.is_file():
            output(f"upload-{part}", file)


def place() -> list[str]:
    """What tells this use of the action from the others in a pull request, as far as a person would name it."""
    where = given("working-directory")
    return [*([] if where in ("", ".") else [where]), *words("paths"), *filter(None, [given("shard")])]


def heading() -> str:
    """The first line that people see: where several comments are possible, which one this is."""
    names = " ".join(place()).replace("`", "")
    return f"`{names}`\n\n" if names else ""


def name() -> str:
    """The same in the letters that a category may have."""
    return re.sub(r"[^A-Za-z0-9.]+", "-", " ".join((os.environ.get("GITHUB_JOB", ""), *place()))).strip("-") or "all"


def marker() -> str:
    """What nobody sees: the comment that begins with it is ours to change, in this job, for these migrations."""
    job = [os.environ.get("GITHUB_WORKFLOW", ""), os.environ.get("GITHUB_JOB", "")]
    told = [*job, given("working-directory"), words("paths"), given("shard")]
    return f"<!-- migration-guard {hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]} -->"
