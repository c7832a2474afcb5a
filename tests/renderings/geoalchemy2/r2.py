"""r2"""
from alembic import op
import sqlalchemy as sa

revision = 'r2'
down_revision = 'r1'

from geoalchemy2 import Geometry


def upgrade():
    op.add_geospatial_column("owners", sa.Column("home", Geometry("POINT", 4326), nullable=True))
    op.create_geospatial_index("idx_owners_home", "owners", ["home"], unique=False, postgresql_using="gist")
    op.add_column("owners", sa.Column("work", Geometry("POINT", 4326)))
    op.drop_geospatial_column("shops", "area")


def downgrade():
    op.add_geospatial_column("shops", sa.Column("area", Geometry("POLYGON", 4326), nullable=True))
    op.drop_column("owners", "work")
    op.drop_geospatial_index("idx_owners_home", table_name="owners", column_name="home")
    op.drop_geospatial_column("owners", "home")
