"""The five documents: their own samples are judged as a careful reader would, and what keeps to them is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from migration_guard.config import Overrides
from migration_guard.engine import lint

GUIDELINES = Path(__file__).parent / "guidelines"
HISTORIES = sorted(str(one.parent.relative_to(GUIDELINES)) for one in GUIDELINES.glob("*/*/migration-guard.toml"))

Found = tuple[str, str, str]
"""File, code, and what the finding is about: the table, and what of it."""

# What a careful reader of the document expects of its own sample.
EXPECTED: dict[str, list[Found]] = {
    "secrets-dashboard/sample": [
        # The document asks for no index of a foreign key; this is what everybody is told.
        ("20260216_0001_initial.py", "MG308", "audit_logs.actor_id audit_logs.project_id"),
        ("20260216_0001_initial.py", "MG308", "refresh_tokens.user_id"),
        ("20260216_0001_initial.py", "MG308", "secrets.project_id"),
        ("20260216_0001_initial.py", "MG918", "secrets.type secrets.encrypted_value"),
        ("20260216_0001_initial.py", "MG918", "users.email"),
        ("20260222_0002_add_user_preferences.py", "MG308", "user_preferences.user_id"),
        ("8c1d5e7f9a03_add_nickname_to_users.py", "MG008", ""),
        ("8c1d5e7f9a03_add_nickname_to_users.py", "MG014", ""),
        ("8c1d5e7f9a03_add_nickname_to_users.py", "MG201", "users.nickname"),
        ("8c1d5e7f9a03_add_nickname_to_users.py", "MG918", "users.nickname"),
    ],
    "multi-tenant/sample": [
        ("0a1b2c3d4e01_schemas.py", "MG916", ""),
        ("0a1b2c3d4e02_users_table_migration.py", "MG014", ""),
        ("0a1b2c3d4e02_users_table_migration.py", "MG308", "users.tenant_id"),
        ("0a1b2c3d4e02_users_table_migration.py", "MG906", "users.tenant_id users.created_at"),
        ("0a1b2c3d4e03_accounts.py", "MG308", "app.accounts.external_user_id"),
    ],
    "code-generation/sample": [
        ("a1b2c3d4e5f6_add_refresh_tokens.py", "MG902", "refresh_tokens.updated_at"),
        ("b2c3d4e5f6a7_index_expiry.py", "MG401", "ix_refresh_tokens_expires"),
    ],
    "data-layer/sample": [
        ("c0ffee000001_projects.py", "MG012", ""),
        ("c0ffee000001_projects.py", "MG904", "clients.created_at clients.updated_at"),
        ("c0ffee000001_projects.py", "MG904", "projects.created_at projects.updated_at"),
        ("c0ffee000001_projects.py", "MG909", "projects.ix_projects_client_id"),
        *[("c0ffee000001_projects.py", "MG915", one) for one in ("clients", "projects", "ix_projects_client_id") * 2],
    ],
    "data-layer/sample_sql": [
        ("c0ffee100001_projects.py", "MG915", one)
        for one in (
            *("clients", "projects", "daily_reports"),
            *("idx_projects_client_id", "idx_daily_reports_project_date", "idx_projects_active"),
            "idx_projects_name_gin",
        )
    ],
    "platform/sample": [],
}


def found(history: str) -> list[Found]:
    folder = GUIDELINES / history
    report = lint([folder / "versions"], folder, folder / "migration-guard.toml", Overrides(cache=False))
    assert report.summary.opaque == 0
    return sorted((Path(one.path).name, one.code, " ".join(one.objects)) for one in report.findings)


def test_every_sample_is_expected() -> None:
    assert [one for one in HISTORIES if "/sample" in one] == sorted(EXPECTED)


@pytest.mark.parametrize("history", EXPECTED)
def test_the_sample_of_a_document_is_judged_as_a_careful_reader_would(history: str) -> None:
    assert found(history) == sorted(EXPECTED[history])


@pytest.mark.parametrize("history", [one for one in HISTORIES if one.endswith("/conforming")])
def test_a_history_that_keeps_to_a_preset_is_left_alone(history: str) -> None:
    assert not found(history)


@pytest.mark.parametrize("history", HISTORIES)
def test_the_samples_load_in_alembic(history: str) -> None:
    revisions = [*ScriptDirectory(str(GUIDELINES / history)).walk_revisions()]
    assert len(revisions) == len([*(GUIDELINES / history / "versions").glob("*.py")])
