"""PostgreSQL's statements, read with PostgreSQL's own parser."""
