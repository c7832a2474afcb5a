"""
SARIF 2.1.0, for GitHub code scanning and other viewers.

What GitHub reads of it, and its limits:
https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from migration_guard.model.finding import Edit, Finding, Report, Severity, Span
from migration_guard.model.printable import printable
from migration_guard.report import as_json, rule_page
from migration_guard.report.locations import command, identities, rooted, worst_first
from migration_guard.rules import group_of, load
from migration_guard.rules._page import TO_WHOM, WHAT_HAPPENS
from migration_guard.version import __version__

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
INFORMATION = "https://pypi.org/project/migration-guard/"
# A later analysis by the same tool in the same category replaces the earlier one, and the category is for the workflow
# to choose: one in the file would win over its own.
TOOLS = {"lint": "migration-guard", "roundtrip": "migration-guard-roundtrip"}
RESULTS = 25_000  # GitHub refuses a run with more
DESCRIPTION = 1024  # characters that GitHub keeps of a rule's descriptions
MESSAGE = 8_000  # characters of a message: ours, so that a file stays below GitHub's 10 MB
LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
PROBLEMS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "recommendation"}
WIDTH = 100  # of the lines of a rule's page as plain text

Object = Mapping[str, object]


def render(report: Report) -> str:
    """The report as a log with one run. Of more results than GitHub takes, the worst are kept, and a note says so."""
    kept = worst_first(report.findings)[:RESULTS]
    rules = {finding.code: finding for finding in reversed(kept)}
    codes = sorted(rules)
    driver = {
        "name": TOOLS[command(report)],
        "informationUri": INFORMATION,
        "version": __version__,
        "semanticVersion": __version__,
        "rules": [_rule(rules[code]) for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(report, len(kept))],
        "results": [
            _result(finding, identity, codes.index(finding.code), _uri(rooted(finding.path, report)))
            for finding, identity in zip(kept, identities(kept), strict=True)
        ],
    }
    return as_json({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _invocation(report: Report, kept: int) -> Object:
    summary = report.summary
    unproven = [sentence for proof in summary.proofs for sentence in proof.unproven]
    said = [("error", sentence) for sentence in unproven] + [("note", note) for note in summary.notes]
    if kept < len(report.findings):
        said.append(("warning", f"Only the worst {kept} of {len(report.findings)} findings are here: GitHub's limit."))
    return {
        "executionSuccessful": not unproven,
        "toolExecutionNotifications": [{"level": level, "message": _text(text)} for level, text in said],
    }


def _rule(finding: Finding) -> Object:
    """A rule as its page tells it; one that is not known is named after its finding."""
    rule = load().get(finding.code)
    first = described = finding.slug
    help = {"text": finding.slug, "markdown": finding.slug}
    if rule is not None:
        page = rule.page()
        first, described = page.hazard, " ".join(page.section(one).prose for one in (WHAT_HAPPENS, TO_WHOM))
        help = {"text": rule_page.text(rule, width=WIDTH), "markdown": rule_page.markdown(rule)}
    severity = rule.severity if rule else finding.severity
    return {
        "id": finding.code,
        "name": "".join(word.capitalize() for word in finding.slug.split("-")),
        "shortDescription": {"text": _cut(first, DESCRIPTION)},
        "fullDescription": {"text": _cut(described, DESCRIPTION)},
        "help": help,
        "defaultConfiguration": {"level": LEVELS[severity]},
        "properties": {
            "tags": ["migrations", *filter(None, [group_of(finding.code)])],
            "problem.severity": PROBLEMS[severity],
        },
    }


def _result(finding: Finding, identity: str, index: int, uri: str) -> Object:
    location: dict[str, object] = {
        "physicalLocation": {
            "artifactLocation": {"uri": uri},
            "region": _region(finding.span or Span(1, 1, 1, 1)),
        }
    }
    if finding.revision:
        name = printable(finding.revision)
        inner = f"{name}.{finding.direction}" if finding.direction else name
        location["logicalLocations"] = [{"name": name, "fullyQualifiedName": inner, "kind": "revision"}]
    result = {
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": LEVELS[finding.severity],
        "message": _text("\n\n".join(filter(None, (finding.message, finding.help)))),
        "locations": [location],
        "partialFingerprints": {"migrationGuard/v1": identity},
    }
    fix = finding.fix
    if fix and fix.safe:
        edits = [edit for edit in fix.edits if isinstance(edit, Edit) and edit.text == printable(edit.text, lines=True)]
        if edits and len(edits) == len(fix.edits):
            result["fixes"] = [_fix(edits, uri)]
    return result


def _fix(edits: Sequence[Edit], uri: str) -> Object:
    replacements = [{"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.text}} for edit in edits]
    return {
        "description": {"text": "What `migration-guard lint --fix` does."},
        "artifactChanges": [{"artifactLocation": {"uri": uri}, "replacements": replacements}],
    }


def _region(span: Span) -> Object:
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }


def _uri(path: str) -> str:
    """A relative URI. What no file system says in UTF-8 is written as the bytes that Python knows it by."""
    return quote(path or ".", errors="surrogatepass")


def _text(text: str) -> Object:
    """A message. `[text](target)` would be a link in SARIF, and the code of others is no place to link to."""
    return {"text": _cut(printable(text, lines=True).replace("](", "] ("), MESSAGE)}


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 4]} ..."
