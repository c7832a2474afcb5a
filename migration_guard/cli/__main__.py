"""`python -m migration_guard.cli`: the same as the console script."""

from migration_guard.cli import main

if __name__ == "__main__":
    main()
