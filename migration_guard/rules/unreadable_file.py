from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Finding
from migration_guard.model.migration import History
from migration_guard.rules import Context, Rule, Trait


class UnreadableFile(Rule[History]):
    """
    A file among the migrations cannot be read, so nothing is known of what it does.

    Alembic imports every file of the folder: one that it cannot read stops each `upgrade`, and a migration that is not
    read here is not judged. Files that are no migrations, such as `__init__.py` and helper modules, are passed over.

    The cases stand in tests/cases/unreadable-file.md: broken syntax, bytes in another encoding, an empty file, no
    revision.
    """

    code = "MG001"
    traits = (Trait.UNCONDITIONAL,)
    message = "This file is not a migration that can be read, so it was not judged. {reason}"
    help = "Mend the file, or move it out of the folder of the versions."

    def check(self, history: History, context: Context) -> Iterator[Finding]:
        for file in history.unreadable:
            yield Finding(
                code=self.code,
                slug=self.slug(),
                severity=self.severity,
                message=self.message.format(reason=file.reason),
                help=self.help,
                path=file.path,
                span=file.span,
                statement=file.span,
                unconditional=True,
            )
