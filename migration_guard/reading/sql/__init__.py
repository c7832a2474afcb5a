"""SQL text as operations. Knows no values of Python."""
