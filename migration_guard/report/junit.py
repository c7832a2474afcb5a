"""
JUnit XML, the test report that Jenkins, GitLab and others show: a case for each revision, failed by what is an error.

What readers make of it: https://docs.gitlab.com/ci/testing/unit_test_reports/#junit-xml-format-specification
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from migration_guard.model.finding import Finding, Report, Severity
from migration_guard.model.printable import printable
from migration_guard.report.locations import NOT_PROVEN, NOT_REACHED, ONE_WAY, Case, cases, command, rooted
from migration_guard.report.summary import closing


def render(report: Report) -> str:
    """
    The report as one suite. Warnings and notes stand in the output of their case. What a round trip could not prove is
    an error of the suite's own making; a revision that was not tried, or not proven without a finding, is skipped.
    """
    name = f"migration-guard {command(report)}"
    suite = Element("testsuite", name=name)
    for case in cases(report):
        _case(suite, case, report)
    for proof in report.summary.proofs:
        for sentence in proof.unproven:
            SubElement(_named(suite, f"not proven: {sentence}", report), "error", message=_clean(sentence))
    if not len(suite):
        # Jenkins takes a report without a case for a broken one.
        _named(suite, "nothing to judge", report)
    _counted(suite, report)
    SubElement(suite, "system-out").text = _clean("\n".join(_closing(report)))
    suites = Element("testsuites", suite.attrib)
    suites.append(suite)
    indent(suites)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{tostring(suites, encoding="unicode")}\n'


def _named(suite: Element, name: str, report: Report) -> Element:
    return SubElement(
        suite,
        "testcase",
        classname=f"migration-guard.{command(report)}",
        name=_clean(name).replace("\n", " "),
        time="0",
    )


def _case(suite: Element, case: Case, report: Report) -> None:
    path = rooted(case.path, report)
    where = f"({path})" if case.revision and path else path
    element = _named(suite, " ".join(filter(None, (case.revision, where))), report)
    if path:
        element.set("file", _clean(path))
    errors = [finding for finding in case.findings if finding.severity is Severity.ERROR]
    others = [finding for finding in case.findings if finding.severity is not Severity.ERROR]
    if errors:
        # One for all of them: readers expect no second failure in a case.
        message = errors[0].message if len(errors) == 1 else f"{len(errors)} errors: {_codes(errors)}"
        failure = SubElement(element, "failure", message=_clean(message), type=_clean(_codes(errors)))
        failure.text = _clean("\n\n".join(_outcome(finding, path) for finding in errors))
    elif case.state in (NOT_PROVEN, NOT_REACHED):
        SubElement(element, "skipped", message=case.state)
    said = [f"{case.state}."] if case.state == ONE_WAY else []
    said += [_outcome(finding, path) for finding in others]
    if said:
        SubElement(element, "system-out").text = _clean("\n\n".join(said))


def _counted(suite: Element, report: Report) -> None:
    every = suite.findall("testcase")
    suite.set("tests", str(len(every)))
    for name, element in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(sum(case.find(element) is not None for case in every)))
    suite.set("time", f"{report.summary.seconds:.3f}")


def _codes(findings: Sequence[Finding]) -> str:
    return ", ".join(dict.fromkeys(finding.code for finding in findings))


def _outcome(finding: Finding, path: str) -> str:
    place = f"{path}:{finding.span.line}:{finding.span.column}" if finding.span else path
    heading = f"{place}: {finding.severity} {finding.code} {finding.slug}"
    return "\n".join(filter(None, (heading, finding.message, finding.help)))


def _closing(report: Report) -> Iterator[str]:
    for sentence in closing(report):
        yield "".join(text for text, _ in sentence)


def _clean(text: str) -> str:
    """The text without the characters that XML 1.0 has no way to write."""
    return printable(text, lines=True)
