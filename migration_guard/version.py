"""The version of this package, for its reports and its caches."""

__version__ = "0.1.0"
# Where the GitHub Action and the pre-commit hooks are taken from: owner and name on GitHub.
REPOSITORY = "migration-guard/migration-guard"
