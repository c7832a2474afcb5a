"""Keeps one comment on a pull request up to date, with GitHub's own program `gh`."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from workflow import DONE, FAILED, Refused, earlier, event, may_only_read, output, tell

# Others may write a comment that begins like ours; they do not get to have it updated.
OURS = '.[] | select(.user.login == "github-actions[bot]") | select(.body | startswith("{marker}")) | .id'


def main() -> int:
    """Post the comment, or change it. Where nothing was found and nothing was ever said, nothing is said."""
    number = event().get("pull_request", {}).get("number")
    if number is None:
        tell("notice", "This is no pull request: there is nothing to comment on.")
        return DONE
    try:
        say(int(number), Path(earlier("comment-file")))
    except Refused as refusal:
        if may_only_read():
            tell("notice", "No comment: GitHub gives pull requests of forks and of Dependabot no right to write.")
            return DONE
        tell("error", str(refusal))
        output("code", FAILED)
    return DONE


def say(number: int, file: Path) -> None:
    """Find the comment that begins like this one, and change it; else post this one. Raises Refused."""
    marker = file.read_text(encoding="utf-8").partition("\n")[0]
    comments = f"repos/{os.environ['GITHUB_REPOSITORY']}/issues"
    every = f"{comments}/{number}/comments?per_page=100"
    found = gh("--paginate", every, "--jq", OURS.format(marker=marker)).split()
    body = ("-F", f"body=@{file}", "--silent")
    if found:
        gh("-X", "PATCH", f"{comments}/comments/{found[0]}", *body)
    elif earlier("findings") != "0" or earlier("exit-code") != "0":
        gh("-X", "POST", f"{comments}/{number}/comments", *body)


def gh(*arguments: str) -> str:
    """What GitHub answers. Raises Refused."""
    program = shutil.which("gh")
    if program is None:
        raise Refused("The comment needs GitHub's program gh on the path. Install it, or leave out the input comment.")
    # On an enterprise's own server gh wants to be told where it is, and asks for the token under another name.
    host = urlsplit(os.environ.get("GITHUB_SERVER_URL", "")).hostname or "github.com"
    variables = os.environ | {"GH_HOST": host, "GH_ENTERPRISE_TOKEN": os.environ.get("GH_TOKEN", "")}
    done = subprocess.run([program, "api", *arguments], env=variables, capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise Refused(
            f"The comment could not be written: {said or f'gh ended with {done.returncode}'}."
            " Does the job have `permissions: pull-requests: write`?"
        )
    return done.stdout.decode("utf-8")
