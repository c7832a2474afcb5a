"""SQLite's catalogue."""
