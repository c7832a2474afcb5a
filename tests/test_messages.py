"""What a rule says where the same finding has another cause."""

from __future__ import annotations

from pathlib import Path

from projects import script, write

from migration_guard.engine import lint
from migration_guard.model.finding import Finding


def found(folder: Path, code: str, body: str) -> Finding:
    """The finding of this code on a revision that comes behind one that makes the table crates."""
    made = script("a1", None, 'def upgrade():\n    op.create_table("crates", sa.Column("id", sa.Integer))\n')
    write(folder, {"a1": made, "b2": script("b2", "a1", body)}, url="postgresql://localhost/shop")
    (one,) = [one for one in lint([folder], folder).findings if one.code == code]
    return one


def test_nobody_reads_a_table_by_the_name_that_this_revision_gave_it(tmp_path: Path) -> None:
    body = """
    def upgrade():
        op.rename_table("crates", "crates_before")
        op.rename_table("crates_before", "crates_old")
        op.create_table("crates", sa.Column("id", sa.BigInteger))
        op.drop_table("crates_old")
    """
    dropped = found(tmp_path, "MG101", body)
    assert "the rows that crates had before this revision renamed it" in dropped.message
    assert "server" not in dropped.message


def test_a_type_that_is_looked_for_is_in_nobodys_way(tmp_path: Path) -> None:
    body = """
    def upgrade():
        kind = sa.dialects.postgresql.ENUM("new", "old", name="kind")
        kind.create(op.get_bind(){checks})
        op.add_column("crates", sa.Column("kind", kind))


    def downgrade():
        op.drop_column("crates", "kind")
    """
    left = found(tmp_path / "looked-for", "MG707", body.format(checks=", checkfirst=True"))
    assert "the next upgrade passes over it" in left.message
    assert (
        "so the next upgrade fails"
        in found(tmp_path / "made", "MG707", body.format(checks=", checkfirst=False")).message
    )
