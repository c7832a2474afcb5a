from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Finding, Severity
from migration_guard.model.trip import Trip
from migration_guard.rules import Context, Rule, Trait


class ModelsDiffer(Rule[Trip]):
    """
    The application's models and the database at the heads are not the same.

    The code maps a column that no migration makes, or a migration was forgotten: the first query that names it fails.
    Asked for with `--models`, found by Alembic's own comparison, with the options of env.py. The cases stand in
    tests/cases/models-differ.md.
    """

    code = "MG757"
    traits = (Trait.ABOUT_MODELS,)
    severity = Severity.WARNING
    enabled = False
    message = "The models and the database at the heads differ: {difference}"
    help = "Write the migration that is missing (alembic revision --autogenerate), or correct the model."

    def check(self, subject: Trip, context: Context) -> Iterator[Finding]:
        span = context.migration.revision_span
        for difference in subject.models:
            yield self.finding(subject, span=span, objects=[difference], difference=difference)
