"""Reads projects, migrations and SQL into facts. Never imports or runs what it reads."""
