"""The statements of MySQL, MariaDB and SQLite, read word by word."""
