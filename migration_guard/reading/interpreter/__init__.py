"""What Python's expressions and statements are known to be, without running them. Knows no directives and no SQL."""
