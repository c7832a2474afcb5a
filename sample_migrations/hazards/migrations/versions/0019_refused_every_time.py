"""Statements that the database refuses, whatever it holds.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("kennels", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("name", sa.String(20)))
    op.create_table("dogs", sa.Column("kennel_id", sa.Integer(), sa.ForeignKey("kennels.id")))
    op.create_index("ix_dogs_kennel_id", "dogs", ["kennel_id"])
    op.create_table("owners", sa.Column("dog", sa.Text()))
    op.create_index("ix_owners_dog", "owners", ["dog"])
    op.create_foreign_key("fk_owners_dog", "owners", "kennels", ["dog"], ["id"])  # expect: MG310
    op.create_index("ix_kennels_title", "kennels", ["title"])  # expect: MG631
    op.add_column("kennels", sa.Column("name", sa.Text()))  # expect: MG632
    op.execute("CREATE VIEW kennel_names AS SELECT name FROM kennels")
    op.alter_column("kennels", "name", type_=sa.Text())  # expect: MG633
    op.add_column("dogs", sa.Column("tame", sa.Boolean(), server_default=sa.text("0")))  # expect: MG636
    op.add_column("dogs", sa.Column("born", sa.DateTime(), server_default="now()"))  # expect: MG209
    dogs = sa.table("dogs", sa.column("kennel_id"))
    op.execute(dogs.delete().where(dogs.c.kennel_id is None))  # expect: MG637
    op.execute("DELETE FROM dogs WHERE kennel_id IN (1, )")  # expect: MG634
    op.execute("UPDATE dogs SET kennel_id = :id WHERE kennel_id = 1", {"id": 2})  # expect: MG635
    op.execute("UPDATE dogs SET kennel_id = :id WHERE kennel_id = 1")  # expect: MG604


def downgrade() -> None:
    op.execute("DROP VIEW kennel_names")
    op.drop_table("owners")
    op.drop_table("kennels")  # expect: MG706
    op.drop_table("dogs")
