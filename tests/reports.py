"""Reports of any text whatsoever."""

from __future__ import annotations

from golden import HOSTILE
from hypothesis import strategies as st

from migration_guard.model.finding import Edit, Examined, Finding, Fix, Proof, Report, Severity, Span, Summary

FINDING = Finding("MG401", "blocking-index-build", Severity.ERROR, "Hurts.", "Help.", "versions/a.py", fingerprint="f")

# Pieces that together are a command to the runner of a workflow, begin a line or move a cursor.
_PIECES = (
    *("::", ":", "#", "##[", "[", "]", "error", "set-env name=a", "\u00ad", "\ufe0f", " ", "\t", "\u00a0", "\u3000"),
    *(
        "\n",
        "\r",
        "\x0b",
        "\x0c",
        "\x1c",
        "\x1d",
        "\x1e",
        "\x85",
        "\u2028",
        "\u2029",
        "\x1b[2J",
        "\u202e",
        "`",
        '"',
        "%0A",
    ),
)
hostile = st.lists(st.sampled_from(_PIECES), max_size=9).map("".join) | st.sampled_from(
    ["::error::x", "\n::error::x", "##[error]x", "a\r\n  ::add-mask::x", "\u2028::group::x"]
)
words = (
    hostile
    | st.text(st.characters(codec=None), max_size=40)
    | st.sampled_from([HOSTILE, "", "\ud800", "\ufffe", "]]>", "\r"])
)
spans = st.builds(Span, *(st.integers(1, 9) for _ in range(4)))
findings = st.builds(
    Finding,
    code=st.sampled_from(["MG401", "MG102", "X1"]),
    slug=st.just("some-rule"),
    severity=st.sampled_from(Severity),
    message=words,
    help=words,
    path=words,
    span=st.none() | spans,
    revision=st.none() | words,
    fix=st.none() | st.builds(Fix, st.booleans(), st.tuples(st.builds(Edit, spans, words)), words),
    fingerprint=words,
)
reports = st.builds(
    Report,
    st.lists(findings, max_size=4).map(tuple),
    st.builds(
        Summary,
        notes=st.tuples(words),
        folder=words,
        examined=st.lists(st.builds(Examined, words, words), max_size=3).map(tuple),
        proofs=st.just(())
        | st.tuples(
            st.builds(Proof, words, unproven=st.tuples(words), one_way=st.tuples(words), not_reached=st.tuples(words))
        ),
    ),
)
