"""The text of a Python file, decoded as Python does. Needs no libcst: reports show what nobody parsed."""

from __future__ import annotations

import codecs
import io
import tokenize

from migration_guard.model.finding import Span

_SLOW = ("punycode", "idna")
"""They decode names of hosts, in a time that grows with the square of the length."""


class UnreadableSource(Exception):
    """The text is not Python that can be read. The message is a whole sentence; `line` and `column` count from 1."""

    def __init__(self, reason: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(reason)
        self.line = line
        self.column = column

    @property
    def span(self) -> Span | None:
        """The place, where it is known."""
        if self.line is None:
            return None
        column = self.column or 1
        return Span(self.line, column, self.line, column)


class TooHeavySource(UnreadableSource):
    """Python that would take libcst's parser too long, or too much memory."""


def _encoding(content: bytes) -> str:
    """The encoding that Python would take; UTF-8 where none is declared, even if the bytes then turn out not to be."""
    try:
        return tokenize.detect_encoding(io.BytesIO(content).readline)[0]
    except SyntaxError as error:
        if "missing" in str(error.msg):
            return "utf-8"
        raise


def decode(content: bytes) -> str:
    """
    The text of a Python file: UTF-8 with or without BOM, or the encoding that PEP 263 lets it declare.

    Raises UnreadableSource where the bytes are not what they claim to be.
    """
    try:
        encoding = _encoding(content)
        if codecs.lookup(encoding).name in _SLOW:
            raise LookupError(encoding)
        text = content.decode(encoding)
    except SyntaxError as error:
        raise UnreadableSource(f"Its encoding cannot be told: {error.msg}.", 1, 1) from error
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UnreadableSource(
            f"Line {line} holds bytes that are not {error.encoding}; save the file as UTF-8, or declare its encoding.",
            line,
            1,
        ) from error
    except (LookupError, UnicodeError, ValueError, ArithmeticError) as error:
        raise UnreadableSource("Its encoding is none of texts. Save it as UTF-8.", 1, 1) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise UnreadableSource(f"Line {line} holds a null byte, which no Python source may.", line, 1)
    return text.removeprefix("\ufeff")
