from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Finding, Severity
from migration_guard.model.trip import Trip
from migration_guard.rules import Context, Rule, Trait


class ModelsDiffer(Rule[Trip]):
    """
    The application's models and the database at the heads are not the same.

    ## What happens

    The code maps a column that no migration makes, or a migration was forgotten. Found by Alembic's own comparison,
    with the options of env.py.

    ## To whom

    The first query that names what is missing: it fails. And the author of the next migration, whose autogenerate
    contains the forgotten one.

    ## When it is no hazard

    It is asked for with `--models` only. Without models in env.py (`target_metadata`) there is nothing to compare, and
    what `include_object` leaves out there is left out here.

    ## What to write instead

    Write the migration that is missing (`alembic revision --autogenerate`), or correct the model.

    ## Sources

    - What is compared, and what is not: https://alembic.sqlalchemy.org/en/latest/autogenerate.html
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
