"""MySQL's and MariaDB's catalogue."""
