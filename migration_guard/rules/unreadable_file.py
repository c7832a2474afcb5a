from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Finding
from migration_guard.model.migration import History
from migration_guard.rules import Context, Rule, Trait
from migration_guard.rules._word import Word


class UnreadableFile(Rule[History]):
    """
    A file among the migrations cannot be read, so nothing is known of what it does.

    ## What happens

    Its syntax is broken, its bytes are in another encoding, it is empty, or its revision does not stand in the source.
    Or it is no regular file of the repository: a pipe, a device, a link that leads nowhere or out, or a folder that
    cannot be opened. Such a thing is never read: anybody may have put it there.
    Alembic imports every file of the folder: one that it cannot read stops each `upgrade`. A migration that is not read
    here is not judged.

    ## To whom

    Whoever runs the next Alembic command. And whoever reads a report without findings and takes it for all clear.

    ## When it is no hazard

    Files that are no migrations, such as `__init__.py` and helper modules, are passed over. Nothing else is: this rule
    runs whatever is selected, its findings count whatever `--fail-on` says, and no baseline hides them.

    ## What to write instead

    Correct the file, write its revision as a literal, or move it out of the folder of the versions.

    ## Sources

    - Alembic's folder of versions: https://alembic.sqlalchemy.org/en/latest/tutorial.html
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
                message=self.message.format(reason=Word(file.reason)),
                help=self.help,
                path=file.path,
                span=file.span,
                statement=file.span,
                unconditional=True,
            )
