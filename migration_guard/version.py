"""The version of this package, for its reports and its caches."""

__version__ = "0.1.0"
