"""The round trip: upgrade, downgrade, upgrade on a database of our own making. The only SQLAlchemy and Alembic here."""
